"""`huecry radio setup`: what is plugged in, how it is wired, how loud it is, and the settings that follow from it."""
