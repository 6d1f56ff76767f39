"""Mentions tied to people on the register, with a probability and a reason."""

from dispatch.matching.matcher import match
from dispatch.matching.register import Register

__all__ = ["Register", "match"]
