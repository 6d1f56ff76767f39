"""Where uploads are judged: form, key, completeness, rate, and which channel a call belongs to."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import structlog

from radio_drivers.upload import answers
from radio_drivers.upload.answers import Answer
from radio_drivers.upload.call import Call, Incomplete, call_of, claim_of, meta_of
from radio_drivers.upload.form import BadForm, Form, FormReader, FormTooLarge, boundary_of
from radio_drivers.upload.http import Aborted, Request
from radio_drivers.upload.rate import Rate
from radio_drivers.upload.settings import Source, UploadSettings

log = structlog.get_logger(__name__)

CALL_UPLOAD = "/api/call-upload"
TRUNK_RECORDER_UPLOAD = "/api/trunk-recorder-call-upload"

OVERHEAD = 400_000
"""Bytes of a body beside its audio: all the text that is taken, and the parts' heads."""

IN_HAND_MAX = 96_000_000
"""Bytes of all unfinished uploads together: memory is shared with the speech engine."""

LINES_A_MINUTE = 60
"""Whoever can reach the port must not fill the journal: more complaints than this are answered, but not logged."""


class Taker(Protocol):
    """A channel that takes calls."""

    @property
    def channel(self) -> str:
        """Its name in the configuration."""
        ...

    @property
    def settings(self) -> UploadSettings:
        """What it takes."""
        ...

    async def take(self, call: Call, source: Source) -> Answer:
        """Enter a call."""
        ...


@dataclass(frozen=True, slots=True)
class _Held:
    """A key, as it is compared."""

    digest: bytes
    source: Source
    taker: Taker


class Desk:
    """One address' uploads. Takers come and go.

    Args:
        clock: seconds that never jump.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._takers: list[Taker] = []
        self._rates: dict[bytes, Rate] = {}
        self._lines = Rate(LINES_A_MINUTE, clock)
        self._in_hand = 0

    @property
    def takers(self) -> int:
        """How many there are."""
        return len(self._takers)

    @property
    def in_hand(self) -> int:
        """Bytes of unfinished uploads."""
        return self._in_hand

    def add(self, taker: Taker) -> None:
        """A channel takes calls from now on."""
        self._takers.append(taker)

    def remove(self, taker: Taker) -> None:
        """It does no longer."""
        self._takers.remove(taker)

    async def handle(self, request: Request) -> Answer:
        """The answer to a request.

        Raises:
            Aborted, TooSlow: the sender went away; nothing was entered.
        """
        path = request.path.rstrip("/")
        if path not in {CALL_UPLOAD, TRUNK_RECORDER_UPLOAD}:
            return answers.NOWHERE
        if request.method != "POST":
            return answers.WRONG_METHOD
        try:
            boundary = boundary_of(request.content_types)
        except BadForm:
            return answers.WRONG_TYPE
        if boundary is None:
            return answers.NOT_MULTIPART
        most_mb = max((taker.settings.audio_max_mb for taker in self._takers), default=1.0)
        try:
            form = await self._read(request, boundary, int(most_mb * 1_000_000))
        except FormTooLarge as error:
            self._warn("an upload is too large", peer=request.peer, why=str(error))
            return answers.too_large(most_mb) if str(error) == "audio" else answers.broken_form(str(error))
        except BadForm as error:
            self._warn("an upload can't be read", peer=request.peer, why=str(error))
            return answers.broken_form(str(error))
        if form is None:
            return answers.BUSY
        return await self._judge(form, request.peer, with_meta=path == TRUNK_RECORDER_UPLOAD)

    async def _read(self, request: Request, boundary: bytes, audio_max: int) -> Form | None:
        """The whole form; None where there is no room for it now."""
        if request.length is not None and request.length > audio_max + OVERHEAD:
            raise FormTooLarge("audio")
        reader = FormReader(boundary, audio_max)
        held = total = 0
        try:
            async for piece in request.body:
                total += len(piece)
                if total > audio_max + OVERHEAD:
                    raise FormTooLarge("audio")
                reader.feed(piece)
                self._in_hand += reader.held - held
                held = reader.held
                if self._in_hand > IN_HAND_MAX:
                    self._warn("too many uploads at once; one is put off", peer=request.peer)
                    return None
            return reader.finish()
        except Aborted:
            self._warn("an upload broke off; nothing of it was entered", peer=request.peer, bytes=total)
            raise
        finally:
            self._in_hand -= held

    async def _judge(self, form: Form, peer: str, *, with_meta: bool) -> Answer:
        meta = meta_of(form) if with_meta else None
        claim = claim_of(form, meta)
        holders = self._holders(claim.key)
        if not holders:
            self._warn("an upload with an unknown API key", peer=peer, system=claim.system)
            return answers.wrong_key(claim)
        call = call_of(form, meta)
        if isinstance(call, Incomplete):
            if "test" not in form.values:
                self._warn("an upload is incomplete", peer=peer, source=holders[0].source.name, missing=call.what)
            return answers.incomplete(call.what)
        chosen = _whose(call, holders)
        if chosen is None:
            self._warn(
                "an upload that belongs to no channel: see systems and talkgroups",
                source=holders[0].source.name,
                system=call.system,
                talkgroup=call.talkgroup,
            )
            return answers.wrong_key(claim)
        settings = chosen.taker.settings
        if len(call.audio) > settings.audio_max_bytes:
            return answers.too_large(settings.audio_max_mb)
        rate = self._rates.setdefault(chosen.digest, Rate(settings.calls_per_minute, self._clock))
        wait_s = rate.wait_s()
        if wait_s:
            self._warn("a recorder uploads too many calls; they are put off", source=chosen.source.name, peer=peer)
            return answers.too_many(settings.calls_per_minute, wait_s)
        return await chosen.taker.take(call, chosen.source)

    def _warn(self, event: str, **more: object) -> None:
        """A line in the log, unless there are too many already."""
        if not self._lines.wait_s():
            log.warning(event, **more)

    def _holders(self, key: str) -> list[_Held]:
        """Every channel that has this key. Takes as long for a wrong key as for a right one, however much of it is right."""
        given = hashlib.sha256(key.encode()).digest()
        found = []
        for taker in self._takers:
            for source in taker.settings.sources:
                digest = hashlib.sha256(source.key.encode()).digest()
                if hmac.compare_digest(digest, given):
                    found.append(_Held(digest, source, taker))
        return found if key else []


def _whose(call: Call, holders: list[_Held]) -> _Held | None:
    """The channel that names this call's talkgroup or system before one that takes everything."""
    best: _Held | None = None
    best_rank = -1
    groups = {call.talkgroup, *call.patches}
    for held in holders:
        settings = held.taker.settings
        if settings.systems and call.system not in settings.systems:
            continue
        if settings.talkgroups and not groups & set(settings.talkgroups):
            continue
        rank = 4 * (call.talkgroup in settings.talkgroups) + 2 * bool(settings.talkgroups) + bool(settings.systems)
        if rank > best_rank:
            best, best_rank = held, rank
    return best
