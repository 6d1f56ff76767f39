"""Signalling in the audio: selective calls, DTMF, MDC-1200 and CTCSS, heard and sent. Pure but for `driver.py`."""
