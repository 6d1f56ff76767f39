"""Analogue radios: a serial line for the key and the squelch, a sound device for the audio."""
