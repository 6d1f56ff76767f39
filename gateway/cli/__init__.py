"""The `huecry` command line."""
