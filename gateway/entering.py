"""Enters what reaches the gateway without going through the recorder, and what an earlier run left undone."""

from __future__ import annotations

import hashlib
import uuid
from datetime import datetime
from pathlib import Path

from dispatch.store.store import Store
from dispatch.store.transmissions import NewTranscript, NewTransmission, StoredTransmission
from gateway.transmission import EMERGENCY_BUTTON, Transmission
from radio_drivers.interface import EmergencyPressed, TextReceived


class Entering:
    """Puts rows into the store so that the pipeline finds everything there is to work on."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def emergency(self, event: EmergencyPressed) -> Transmission:
        """An emergency button: a call of its own at once, whether or not anybody speaks afterwards."""
        who = f" on radio {event.unit}" if event.unit else ""
        return await self._wordless(
            event.channel, event.unit, event.at, f"Emergency button pressed{who}.", EMERGENCY_BUTTON, urgent=True
        )

    async def text(self, event: TextReceived) -> Transmission:
        """A text message from a radio is read like speech that was heard perfectly."""
        return await self._wordless(event.channel, event.unit, event.at, event.text, "radio text", urgent=False)

    async def _wordless(
        self, channel: str, unit: str | None, at: datetime, text: str, source: str, *, urgent: bool
    ) -> Transmission:
        uid = uuid.uuid4().hex
        new = NewTransmission(
            uid=uid,
            channel=channel,
            unit=unit,
            strength_dbm=None,
            started_at=at,
            ended_at=at,
            duration_s=0.0,
            audio_path="",
            sha256=hashlib.sha256(text.encode()).hexdigest(),
            source=source,
        )
        row = await self._store.transmissions.record(new)
        transcript = NewTranscript(text, (), (), 0.0, 0.0, source, 0.0)
        await self._store.transmissions.save_transcript(row, transcript)
        return Transmission(row, uid, channel, unit, at, at, 0.0, None, urgent, source)

    async def unfinished(self) -> list[Transmission]:
        """What is in the store and has no decision yet, newest first."""
        return [from_row(row) for row in await self._store.transmissions.unfinished()]

    async def failed(self, transmission: Transmission, why: str, attempts: int) -> bool:
        """Count a failed attempt at hearing; after `attempts` of them leave it to a person. Says whether it was left."""
        tried = await self._store.transmissions.count_attempt(transmission.transmission_id)
        if tried < attempts:
            return False
        await self._store.transmissions.mark_failed(transmission.transmission_id, why)
        return True


def from_row(row: StoredTransmission) -> Transmission:
    """A stored transmission as the pipeline takes it."""
    return Transmission(
        transmission_id=row.transmission_id,
        uid=row.uid,
        channel=row.channel,
        unit=row.unit,
        started_at=row.started_at,
        ended_at=row.ended_at,
        duration_s=row.duration_s,
        path=Path(row.audio_path) if row.audio_path else None,
        urgent=row.source == EMERGENCY_BUTTON,
        source=row.source,
        strength_dbm=row.strength_dbm,
        signalling=row.signalling,
    )
