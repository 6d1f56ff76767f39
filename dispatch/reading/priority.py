"""How soon a call must be worked on, and what makes it so."""

from __future__ import annotations

from dispatch.calls import Intent, Priority
from dispatch.reading.intents import Read

CATEGORIES = ("weapon", "violence", "child", "medical", "fire")
"""Lists of [priority] that sort what is urgent; the first that holds a word of the phrase names it."""


def priority_of(read: Read, intent: Intent) -> tuple[Priority, str | None, str | None]:
    """The priority; unless it is normal, what makes it so in a word, and the sentence that says why."""
    urgent = read.said("priority.urgent")
    if urgent and intent in (Intent.EMERGENCY, Intent.INCIDENT, Intent.SIGHTING):
        category = _category(read)
        return Priority.URGENT, category, f'Urgent ({category}) because of "{urgent.strip()}".'
    if intent is Intent.EMERGENCY:
        return Priority.URGENT, "emergency", "Urgent because it is an emergency."
    if intent in (Intent.INCIDENT, Intent.SIGHTING, Intent.CORRECTION):
        high = read.said("priority.high")
        if high and not read.said("priority.low"):
            return Priority.HIGH, "pressing", f'High priority because of "{high.strip()}".'
    return Priority.NORMAL, None, None


def _category(read: Read) -> str:
    """The first category of which any urgent phrase holds a word: "two are fighting, one has a knife" is a weapon."""
    words = read.scheme.words
    spans = words["priority.urgent"].find(read.message)
    for category in CATEGORIES:
        if any(words[f"priority.{category}"].find(read.message[span.start : span.end]) for span in spans):
            return category
    return "danger"
