"""What a call is for when nothing in its words says so, but somebody on the register is surely named in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dispatch.calls import Call, Intent, Match, MentionKind

SURE = 0.9
"""From this confidence a name says what a call is for."""
_WHOLE = (MentionKind.FULL, MentionKind.REF)
_AROUND = 8
"""Words beside a spelled name from which somebody is reported; a name spelled and little else answers a question."""


def with_names(call: Call, matches: Sequence[Match]) -> Call:
    """The call, read as a sighting if it says nothing of what it is for and somebody is surely named by a whole name.

    Where the engine made nothing of the rest, the name is still what the guard pressed talk for: nobody says first name and
    surname of a banned person for small talk. A surname or nickname alone might be a colleague's and changes nothing.
    """
    if not call.unread:
        return call
    sure = next((match for match in matches if match.confidence >= SURE and _says_enough(match, call)), None)
    if sure is None:
        return call
    why = f"Read as sighting because {sure.person.reference} is surely named and nothing else was understood."
    return replace(call, intent=Intent.SIGHTING, unread=False, reasons=(*call.reasons, why))


def _says_enough(match: Match, call: Call) -> bool:
    mention = match.mention
    if mention.negated or mention.hedged:
        return False
    around = call.text[: mention.span.start] + call.text[mention.span.end :]
    spelled = mention.kind is MentionKind.SPELLED and call.intent is Intent.SIGHTING
    return mention.kind in _WHOLE or (spelled and len(around.split()) >= _AROUND)
