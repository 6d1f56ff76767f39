"""An invented town's afternoon on a software radio channel, through the real gateway."""
