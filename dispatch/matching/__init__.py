"""Mentions tied to people on the register, with a probability and a reason."""

from dispatch.matching.claims import Claim, Fit
from dispatch.matching.matcher import Search, conclude, look_for, match, ways_to_spot, ways_to_spot_next
from dispatch.matching.register import Register
from dispatch.matching.sounded_phrases import with_sounds

__all__ = [
    "Claim",
    "Fit",
    "Register",
    "Search",
    "conclude",
    "look_for",
    "match",
    "ways_to_spot",
    "ways_to_spot_next",
    "with_sounds",
]
