"""One transmission as a JSON object: what `huecry replay` writes and what screens get over MQTT.

Measurements rely on the fields, so they only ever grow.
"""

from __future__ import annotations

from typing import Any

from dispatch.calls import DecisionKind, Match
from gateway.pipeline import Handled


def record_of(handled: Handled, latency_s: float, review_at: float) -> dict[str, Any]:
    """The JSON object of one transmission.

    Args:
        handled: everything that came of it.
        latency_s: from the last audio sample handed in to the decision committed.
        review_at: confidence from which a match is one of the `people`; below it is a candidate.
    """
    call, decision, transcript = handled.call, handled.decision, handled.transcript
    people = [match for match in handled.matches if match.confidence >= review_at or match.mention.negated]
    candidates = [match for match in handled.matches if match not in people]
    text = handled.text if decision.kind is DecisionKind.ALERT else None
    return {
        "duration_s": round(handled.transmission.duration_s, 3),
        "unit": handled.transmission.unit,
        "strength_dbm": handled.transmission.strength_dbm,
        "signalling": list(handled.transmission.signalling),
        "transcript": transcript.text,
        "intent": call.intent.value,
        "people": [_person(match) for match in people],
        "candidates": [_person(match) for match in candidates],
        "caller": call.caller,
        "place": call.place.name if call.place else None,
        "heading": call.heading,
        "description": call.description.parts() or None,
        "priority": call.priority.value,
        "priority_reason": call.priority_reason,
        "decision": decision.kind.value,
        "decision_reason": decision.reason,
        "alert": text
        and {"radio_voice": text.voice, "radio_text": text.radio_text, "sms": text.sms, "mqtt": text.mqtt},
        "latency_s": round(latency_s, 4),
        "engine": transcript.engine,
        "timings_s": handled.timings_s,
    }


def _person(match: Match) -> dict[str, Any]:
    return {
        "said": match.mention.said,
        "reference": match.person.reference,
        "name": match.person.name,
        "kind": match.mention.kind.value,
        "confidence": round(match.confidence, 4),
        "negated": match.mention.negated,
        "notice": match.notice.value,
        "reason": match.reason,
    }
