"""Passes recordings on to an archive that takes calls as rdio-scanner does. Off unless asked for: audio leaves the box."""
