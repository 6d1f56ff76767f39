"""Control repeating what it was told: no second sighting."""

from __future__ import annotations

import re

from dispatch.phrases import tokens
from dispatch.reading.callers import is_control
from dispatch.reading.intents import Read

_OPENING_WORDS = 5
"""An acknowledgement stands among the first words of what is said behind the opening formula."""


def read_back(read: Read) -> bool:
    """Whether the call acknowledges what somebody else has just said."""
    acknowledgements = read.scheme.words["intent.read_back"]
    said = acknowledgements.first(read.folded)
    if said is None:
        return False
    if is_control(read.parties.caller, read.scheme):
        return True
    if is_control(read.parties.called, read.scheme):
        # Whoever calls control tells something; "received, Boots to Control" is rare and tells nothing.
        return read.message.strip(" ,.").startswith((said, f"yes {said}"))
    # Control's name is often misheard: "Can trawl to Boots, yes received, ...".
    words = tokens(read.message)
    opening = read.message[: words[min(len(words), _OPENING_WORDS) - 1].after] if words else ""
    return acknowledgements.first(opening) is not None and re.match(r"[\s,.]*(?:not|never)\b", opening) is None
