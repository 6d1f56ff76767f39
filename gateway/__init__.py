"""Hears and shows: recorder, speech, pipeline, daemon and command line. The only package that knows the other two."""

__version__ = "0.1.0"
