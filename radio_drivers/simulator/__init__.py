"""A software base station on a software radio channel, for demo, drills and tests."""
