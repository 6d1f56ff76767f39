"""The nightly drill: every name on the register spoken to the gateway's own ears, to learn which would be missed.

`calls` says what is spoken, `channel` makes radio of it, `run` plays it, `findings` judges and advises, `memory` keeps what
the last nights found.
"""
