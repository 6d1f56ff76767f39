"""What a call is for when nothing in its words says so, but somebody on the register is surely named in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dispatch.calls import Call, Intent, Match, MentionKind

SURE = 0.9
"""From this confidence a name says what a call is for."""
_WHOLE = (MentionKind.FULL, MentionKind.REF)
_WHOLE_IN_LONG = (*_WHOLE, MentionKind.SPELLED)
"""A name spelled and little else answers a question; with much around it somebody is reported."""


def with_names(call: Call, matches: Sequence[Match]) -> Call:
    """The call, read as a sighting if it says nothing of what it is for and somebody is surely named by a whole name.

    Where the engine made nothing of the rest, the name is still what the guard pressed talk for: nobody says first name and
    surname of a banned person for small talk. A surname or nickname alone might be a colleague's and changes nothing.
    """
    if not call.unread:
        return call
    whole = _WHOLE_IN_LONG if call.intent is Intent.SIGHTING else _WHOLE
    sure = next(
        (
            match
            for match in matches
            if match.confidence >= SURE
            and match.mention.kind in whole
            and not (match.mention.negated or match.mention.hedged)
        ),
        None,
    )
    if sure is None:
        return call
    why = f"Read as sighting because {sure.person.reference} is surely named and nothing else was understood."
    return replace(call, intent=Intent.SIGHTING, unread=False, reasons=(*call.reasons, why))
