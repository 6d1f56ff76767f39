"""The way of one transmission, top to bottom.

    recorded -> heard -> read -> looked for -> held against the sound -> matched -> decided -> worded -> committed -> sent

Every arrow hands over one frozen value. What must not be lost is committed before the next step begins: the recording
before it gets here, the transcript as soon as it is there, the decision together with every delivery it leads to.
Whatever dies in between, `handle` can be called again for the same transmission and picks up where it stopped.
"""

from __future__ import annotations

import asyncio
import time
import wave
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog

from dispatch.calls import Call, Decision, Intent, Match, PlaceRead
from dispatch.deliveries import LiveAlert, NewAlert
from dispatch.fanout import ENDINGS, RadioOutlet, SmsContact, Wordings, fan_out, fan_out_ending
from dispatch.heard import Heard, HeardWord, Spotted, Wording
from dispatch.matching import (
    Claim,
    Fit,
    Register,
    Search,
    conclude,
    look_for,
    ways_to_spot,
    ways_to_spot_next,
    with_sounds,
)
from dispatch.matching.spotted import Spots
from dispatch.people import Person
from dispatch.policy import PolicyRules, decide, which_end
from dispatch.reading import read, with_names
from dispatch.scheme import Scheme
from dispatch.store.decisions import Committed
from dispatch.store.members import SmsContact as StoredContact
from dispatch.store.store import Store
from dispatch.store.transmissions import NewTranscript
from dispatch.wording import AlertText, ContentRules, compose
from gateway.recordings import read_wav
from gateway.scheme_source import SchemeSource
from gateway.speech import transcript as speech
from gateway.speech.transcript import Hints, Hypothesis, SpeechError, Transcriber, Transcript, Word
from gateway.transmission import EMERGENCY_BUTTON, Transmission

log = structlog.get_logger()

Clock = Callable[[], datetime]

SUGGESTED = 30
"""Names suggested when a call is heard again; places and members need room in the same prompt."""
MOST_WAYS = 9000
"""Ways of saying names that are looked for by their sounds, about 900 people; of a larger register only what words point at."""


@dataclass(frozen=True, slots=True)
class Handled:
    """Everything that came of one transmission; what screens, logs and `replay` show."""

    transmission: Transmission
    transcript: Transcript
    call: Call
    matches: tuple[Match, ...]
    decision: Decision
    text: AlertText | None
    alert: NewAlert | None
    committed: Committed
    timings_s: dict[str, float]
    decided_at: datetime


@dataclass(frozen=True, slots=True)
class Rules:
    """The scheme's settings that decide what becomes of a transmission."""

    policy: PolicyRules
    content: ContentRules
    zone: ZoneInfo
    alert_life: timedelta = timedelta(minutes=10)
    """A sighting older than this, counted from key-down, misleads more than it helps: nothing is sent after it."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What was said, whose end is what people are told and what an alert's life counts from; and when it was decided."""

    transmission: Transmission
    decided_at: datetime

    @property
    def said_at(self) -> datetime:
        """When it was said."""
        return self.transmission.ended_at


class Laps:
    """Seconds by stage."""

    def __init__(self) -> None:
        self.taken: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, stage: str) -> None:
        """The stage that ends now took this long."""
        now = time.perf_counter()
        self.taken[stage] = round(now - self._last, 4)
        self._last = now


class _Sound:
    """A transmission's audio, read from its file once, when it is first needed."""

    def __init__(self, transmission: Transmission) -> None:
        self.transmission = transmission
        self._pcm: bytes | None = None

    @property
    def number(self) -> int:
        """Of the transmission."""
        return self.transmission.transmission_id

    async def pcm(self) -> bytes:
        """Mono int16 little-endian at 16 kHz.

        Raises:
            OSError, wave.Error: the file is gone or damaged.
        """
        if self._pcm is None:
            if self.transmission.path is None:
                raise FileNotFoundError(f"transmission {self.number} has no recording")
            self._pcm = await asyncio.to_thread(read_wav, self.transmission.path)
        return self._pcm


@dataclass(frozen=True, slots=True)
class _Town:
    """What names are looked for in."""

    register: Register
    scheme: Scheme
    spots: Spots | None


class Pipeline:
    """Takes transmissions one at a time from recording to committed decision. Several may be under way at once."""

    def __init__(
        self,
        *,
        store: Store,
        transcriber: Transcriber,
        scheme: SchemeSource,
        rules: Rules,
        clock: Clock,
        outlets: Sequence[RadioOutlet] = (),
        texts: bool = False,
        topic_prefix: str | None = None,
        deliveries_committed: Callable[[], None] = lambda: None,
    ) -> None:
        self._store = store
        self._transcriber = transcriber
        self._scheme = scheme
        self._rules = rules
        self._clock = clock
        self._outlets = tuple(outlets)
        self._texts = texts
        self._topic_prefix = topic_prefix
        self._deliveries_committed = deliveries_committed
        self._prepared: tuple[Sequence[Person], Register] = ((), Register.of(()))

    async def handle(self, transmission: Transmission, early: Transcript | None = None) -> Handled:
        """Work on one transmission until its decision and deliveries are committed.

        Args:
            transmission: recorded and committed.
            early: the transcript, where the engine listened along while the guard was talking.

        Raises:
            SpeechError: it could not be heard this time.
            StoreError: nothing was decided; calling again is safe.
        """
        laps = Laps()
        people = await self._store.register.people()
        scheme = await self._scheme.scheme(people)
        register = await self._register(people)
        sound = _Sound(transmission)
        transcript = await self._hear(sound, early)
        laps.lap("hear")
        heard = as_heard(transcript, transmission.duration_s)
        call = with_caller(read(heard, scheme), transmission, scheme)
        laps.lap("read")
        call, spots = await self._spot(sound, register, call, scheme)
        search = await asyncio.to_thread(look_for, heard, call, register, scheme, spots)
        laps.lap("look")
        search, fits = await self._listen_again(sound, heard, search, _Town(register, scheme, spots))
        laps.lap("verify")
        now = self._clock()
        matches = await asyncio.to_thread(conclude, search, fits, now, self._rules.zone)
        call = with_names(call, matches)
        laps.lap("match")
        live = await self._store.decisions.live_alerts(now, self._rules.policy.live_s)
        decision = decide(call, matches, live, now, self._rules.zone, self._rules.policy, transmission.channel)
        laps.lap("decide")
        text, alert = await self._alert(call, decision, live, Moment(transmission, now), scheme)
        laps.lap("word")
        committed = await self._store.decisions.commit(
            transmission.transmission_id, call, matches, decision, alert, now, laps.taken
        )
        laps.lap("commit")
        if alert is not None:
            self._deliveries_committed()
        return Handled(
            transmission, transcript, call, matches, decision, text, alert, committed, laps.taken, self._clock()
        )

    async def hints(self) -> Hints:
        """Words worth suggesting to the speech engine now."""
        people = await self._store.register.people()
        return hints_for(people, await self._scheme.scheme(people))

    async def _register(self, people: Sequence[Person]) -> Register:
        """The register made ready for matching; anew only after it changed."""
        if self._prepared[0] is not people:
            self._prepared = people, await asyncio.to_thread(Register.of, people)
        return self._prepared[1]

    async def _hear(self, sound: _Sound, early: Transcript | None) -> Transcript:
        """The transcript: stored, heard along, or heard now with no name suggested; committed before anything is read."""
        if stored := await self._store.transmissions.transcript(sound.number):
            return from_store(stored)
        if early is not None:
            transcript = early
        elif sound.transmission.path is None:
            raise SpeechError(f"transmission {sound.number} has no recording and no transcript")
        else:
            transcript = await self._transcriber.transcribe(await sound.pcm(), Hints())
        await self._store.transmissions.save_transcript(sound.number, to_store(transcript))
        return transcript

    async def _spot(self, sound: _Sound, register: Register, call: Call, scheme: Scheme) -> tuple[Call, Spots | None]:
        """The call as its sounds tell what it is for, and where every name's sounds fit best; None where the engine can't tell."""
        if not self._transcriber.verifies or sound.transmission.path is None:
            return call, None
        ways = ways_to_spot(register, call, scheme.words)
        if not 0 < len(ways) <= MOST_WAYS:
            return call, None
        try:
            pcm = await sound.pcm()
            spots = await self._spots(pcm, ways)
            told = with_sounds(call, spots, scheme.words)
            if call.intent is Intent.UNINTELLIGIBLE and told is not call:
                spots = await self._spots(pcm, ways_to_spot(register, told, scheme.words))
            return told, {**spots, **await self._spots(pcm, ways_to_spot_next(register, told, spots))} or None
        except (SpeechError, OSError, wave.Error) as error:
            log.warning("names were not looked for by sound", transmission=sound.number, reason=str(error))
            return call, None

    async def _spots(self, pcm: bytes, ways: Sequence[str]) -> dict[str, Spotted]:
        found = await self._transcriber.spot(pcm, ways)
        spots = (Spotted(one.cost, one.sounds, one.start_s, one.end_s) for one in found)
        return dict(zip(ways, spots, strict=True)) if found else {}

    async def _listen_again(
        self, sound: _Sound, heard: Heard, search: Search, town: _Town
    ) -> tuple[Search, dict[Claim, Fit]]:
        """Hear the call once more with only the likely names suggested, and hold every likely name against the sound.

        Without it, as with an engine that can't or a worker that fails now, the words alone decide.
        """
        if not search.suspects or not self._transcriber.verifies or sound.transmission.path is None:
            return search, {}
        register, scheme = town.register, town.scheme
        hints = Hints(search.names[:SUGGESTED], tuple(place.name for place in scheme.places), tuple(scheme.members))
        try:
            pcm = await sound.pcm()
            spots = {**town.spots, **await self._spots(pcm, search.denials)} if town.spots else None
            again = await self._transcriber.listen_for(pcm, hints)
            heard = replace(heard, alternatives=(*heard.alternatives, *map(as_wording, again)))
            search = await asyncio.to_thread(look_for, heard, search.call, register, scheme, spots)
            asked = await asyncio.to_thread(search.claims)
            fits = await self._transcriber.weigh(pcm, [speech.Claim(one.text, one.start, one.end) for one in asked])
        except (SpeechError, OSError, wave.Error) as error:
            log.warning("names were not held against the sound", transmission=sound.number, reason=str(error))
            return search, {}
        found = (Fit(fit.before, fit.claimed, fit.after, fit.tokens) for fit in fits)
        return search, dict(zip(asked, found, strict=True))

    async def _alert(
        self, call: Call, decision: Decision, live: Sequence[LiveAlert], moment: Moment, scheme: Scheme
    ) -> tuple[AlertText | None, NewAlert | None]:
        """Wording and deliveries of what was decided; nothing where nobody is to be told."""
        if decision.alert_kind is None:
            return None, None
        ended = which_end(decision, live)
        number = await self._store.decisions.reserve_number()
        text = compose(decision, call, number, moment.said_at, self._rules.zone, scheme, self._rules.content, ended)
        text = replace(text, mqtt=text.mqtt | {"caller": call.caller} | told_by(moment.transmission))
        wordings = Wordings(text.voice, text.radio_text, text.sms, text.mqtt)
        place = call.place.name if call.place else None
        updates = None
        if decision.alert_kind in ENDINGS:
            deliveries = fan_out_ending(decision.alert_kind, wordings, ended, self._topic_prefix)
        else:
            contacts = [SmsContact(c.contact_id, c.phone) for c in await self._contacts()]
            updates = continued(decision, live)
            repeat = decision.repeats is not None
            deliveries = fan_out(
                decision.alert_kind, wordings, self._outlets, contacts, self._topic_prefix, repeat=repeat
            )
        return text, NewAlert(
            number=number,
            kind=decision.alert_kind,
            priority=decision.priority,
            created_at=moment.decided_at,
            expires_at=moment.said_at + self._rules.alert_life,
            offender_ids=tuple(match.person.offender_id for match in decision.named),
            notice_ids=tuple(match.notice_id for match in decision.named if match.notice_id is not None),
            place=place,
            summary=text.summary,
            deliveries=deliveries,
            ends=tuple(one.alert_id for one in ended),
            updates=updates.alert_id if updates else None,
        )

    async def _contacts(self) -> tuple[StoredContact, ...]:
        return await self._store.members.sms_contacts() if self._texts else ()


def with_caller(call: Call, transmission: Transmission, scheme: Scheme) -> Call:
    """Where nobody said who calls, the radio itself tells: its unit id belongs to a member, and that is where they are.

    Whose radio that is may be unknown when its button calls for help: then its number is told, which is all there is to go by.
    """
    unit = transmission.unit
    radio = scheme.radio(unit)
    if radio is None and unit and transmission.source == EMERGENCY_BUTTON:
        return replace(call, place=call.place or PlaceRead(f"radio {unit}", ""))
    if call.caller is not None or radio is None:
        return call
    row = scheme.place(radio.place) or scheme.place(radio.member)
    place = call.place or PlaceRead(radio.place, "", row.place_id if row else None)
    return replace(
        call, caller=radio.member, place=place, reasons=(*call.reasons, f"Radio {unit} is {radio.member}'s.")
    )


def told_by(transmission: Transmission) -> dict[str, object]:
    """What the radio itself told, for screens: it stands beside what was said."""
    return {
        "channel": transmission.channel,
        "unit": transmission.unit,
        "strength_dbm": transmission.strength_dbm,
        "signalling": list(transmission.signalling),
    }


def continued(decision: Decision, live: Sequence[LiveAlert]) -> LiveAlert | None:
    """The live alert about the same people, which this decision continues; the newest one."""
    named = {match.person.offender_id for match in decision.named}
    if not named:
        return None
    return next((one for one in live if named <= set(one.offender_ids)), None)


def hints_for(people: Sequence[Person], scheme: Scheme) -> Hints:
    """Words to suggest to an engine: who is on the register, where things are, who calls."""
    names = [person.name for person in people] + [alias for person in people for alias in person.aliases]
    return Hints(tuple(names), tuple(place.name for place in scheme.places), tuple(scheme.members))


def as_heard(transcript: Transcript, duration_s: float) -> Heard:
    """A transcript as `dispatch` takes it."""
    return Heard(
        text=transcript.text,
        words=tuple(HeardWord(w.text, w.start_s, w.end_s, w.probability) for w in transcript.words),
        alternatives=tuple(map(as_wording, transcript.hypotheses)),
        average_logprob=transcript.average_logprob,
        no_speech=transcript.no_speech,
        duration_s=duration_s,
    )


def as_wording(hypothesis: Hypothesis) -> Wording:
    """A hypothesis as `dispatch` takes it."""
    return Wording(hypothesis.text, hypothesis.score, hypothesis.biased, hypothesis.repeats, hypothesis.varied)


def to_store(transcript: Transcript) -> NewTranscript:
    """A transcript as the store keeps it."""
    heard = as_heard(transcript, 0.0)
    return NewTranscript(
        text=heard.text,
        words=heard.words,
        hypotheses=heard.alternatives,
        average_logprob=heard.average_logprob,
        no_speech=heard.no_speech,
        engine=transcript.engine,
        took_s=transcript.took_s,
    )


def from_store(stored: NewTranscript) -> Transcript:
    """A transcript that an earlier run kept."""
    return Transcript(
        text=stored.text,
        words=tuple(Word(w.text, w.start_s, w.end_s, w.probability) for w in stored.words),
        hypotheses=tuple(Hypothesis(h.text, h.score, h.biased, h.repeats, h.varied) for h in stored.hypotheses),
        average_logprob=stored.average_logprob,
        no_speech=stored.no_speech,
        engine=stored.engine,
        took_s=stored.took_s,
    )
