"""One link to a TETRA radio, from open to close: what the radio says, what goes on by itself, and what it is asked."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime

import structlog

from radio_drivers.control import Told
from radio_drivers.interface import EmergencyPressed, LinkDown, NotSupported, Signalled, StrengthRead
from radio_drivers.line.squelch import Change
from radio_drivers.serial_link import Link
from radio_drivers.tetra import protocol as pei
from radio_drivers.tetra.dialogue import Dialogue, NoAnswer
from radio_drivers.tetra.inbox import SYSTEM, Emergencies, Inbox
from radio_drivers.tetra.press import Press
from radio_drivers.tetra.services import Services
from radio_drivers.tetra.settings import TetraSettings
from radio_drivers.tetra.talk import Called, Silence, Talk, Talking, Turn
from radio_drivers.tetra.texting import Texting

log = structlog.get_logger(__name__)

CHORES_MAX = 64
"""Delivery reports to send and the like; what comes beyond that is dropped."""

CLOSE_S = 3.0
"""So long we try to release the key as we go."""


class Session:
    """From `open` to `close`: what is known of the radio ends with the link.

    Args:
        channel: the channel's name in the configuration.
        settings: port, key, texts, emergencies.
        link: the way to the radio.
        told: where to report.
        now: the time in UTC.
        clock: seconds that never jump; those of `Change`.
    """

    def __init__(
        self,
        channel: str,
        settings: TetraSettings,
        link: Link,
        told: Told,
        *,
        now: Callable[[], datetime],
        clock: Callable[[], float],
    ) -> None:
        self._channel = channel
        self._settings = settings
        self._link = link
        self._told = told
        self._now = now
        self._clock = clock
        self._parser = pei.PeiParser()
        self._dialogue = Dialogue(link.write, settings.answer_s)
        self._talk = Talk(settings.groups, call_is_talk=settings.call_is_talk)
        self._emergencies = Emergencies(settings, clock)
        self._inbox = Inbox(channel, settings, self._emergencies, now=now, clock=clock)
        self._press = Press(channel, settings, self._dialogue.ask, self._talk, selected_group=lambda: self._group)
        self._services = Services(channel, settings, self._dialogue.ask)
        self.texting = Texting(settings, self._dialogue.ask)
        self._chores: asyncio.Queue[Callable[[], Awaitable[None]]] = asyncio.Queue(CHORES_MAX)
        self._somebody_talks = asyncio.Event()
        self._attend = asyncio.Event()
        self._mode: int | None = None
        self._group: str | None = None
        self._line_on = False
        self._is_open = False
        self._reason: str | None = None
        self._working: asyncio.Task[None] | None = None
        self._key_timer: asyncio.TimerHandle | None = None
        self._talk_timer: asyncio.TimerHandle | None = None

    # -- life

    async def open(self) -> None:
        """As `Control.open`."""
        await self._link.open(self._on_bytes, self._on_lost)
        self._working = asyncio.create_task(self._work(), name=f"TETRA radio {self._channel}")
        self._working.add_done_callback(self._worked)
        if self._settings.ptt == "pei":
            await self._dialogue.ask("ATH")  # a gateway that died talking may have left the key down
        await self._services.begin()
        if self._reason is not None:
            raise LinkDown(self._reason)
        self._is_open = True

    async def close(self) -> None:
        """As `Control.close`."""
        self._is_open = False
        try:
            if self._reason is None and self._working is not None and not self._working.done():
                async with asyncio.timeout(CLOSE_S):
                    await self.release()
        except (LinkDown, TimeoutError) as error:
            log.warning("the key may not have been released", channel=self._channel, problem=str(error))
        finally:
            for timer in (self._key_timer, self._talk_timer):
                if timer is not None:
                    timer.cancel()
            try:
                if self._working is not None:
                    self._working.cancel()
                    await asyncio.wait({self._working})
            finally:
                for event in self._inbox.rest():
                    self._told.event(event)
                await self._link.close()

    async def _work(self) -> None:
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._dialogue.run(), name=f"TETRA commands {self._channel}")
                tasks.create_task(self._keep_alive(), name=f"TETRA keep-alive {self._channel}")
                tasks.create_task(self._measure(), name=f"TETRA strength {self._channel}")
                tasks.create_task(self._do_chores(), name=f"TETRA answers {self._channel}")
        except* LinkDown as group:
            self._on_lost(str(group.exceptions[0]))

    def _worked(self, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None:  # ours to mend, but the radio must not be silent until then
            log.error("the TETRA radio's task failed", channel=self._channel, exc_info=error)
            self._on_lost(f"{type(error).__name__} in the TETRA driver")

    def _on_lost(self, reason: str) -> None:
        if self._reason is not None:
            return
        self._reason = reason
        self._press.lost(reason)
        self.texting.lost(reason)
        if self._working is not None:
            self._working.cancel()
        if self._is_open:
            self._told.lost(reason)

    # -- what goes on by itself

    async def _keep_alive(self) -> None:
        while True:
            try:
                async with asyncio.timeout(self._settings.keep_alive_s):
                    await self._attend.wait()
            except TimeoutError:
                pass
            self._attend.clear()
            if not self._is_open:
                continue
            # No answer: the dialogue itself finds out whether the radio has gone.
            with contextlib.suppress(NoAnswer):
                await self._dialogue.ask("AT")
            if not self._talk.talking and not self._press.wanted and self._services.stale(self._clock()):
                self.texting.forget_service()
                await self._services.again()
            for event in self._inbox.late():
                self._told.event(event)

    async def _measure(self) -> None:
        if not self._settings.strength_s:
            return
        questions = ["AT+CSQ?", "AT+CSQ"]  # both are found
        while questions:
            await self._somebody_talks.wait()
            try:
                known = (await self._dialogue.ask(questions[0])).ok
            except NoAnswer:
                known = False
            if known:
                await asyncio.sleep(self._settings.strength_s)
            else:
                questions.pop(0)

    async def _do_chores(self) -> None:
        while True:
            chore = await self._chores.get()
            try:
                await chore()
            except LinkDown as error:  # where the radio has gone, the dialogue says so
                log.warning("could not answer the radio", channel=self._channel, problem=str(error))

    def _later(self, chore: Callable[[], Coroutine[None, None, None]]) -> None:
        if self._chores.full():
            log.warning("too much to answer at once; left out", channel=self._channel)
            return
        self._chores.put_nowait(chore)

    # -- the key

    async def press(self) -> None:
        """As `Control.key`, pressing."""
        if self._reason is not None:
            raise LinkDown(self._reason)
        self._end_key_timer()
        # The radio's own timer, where it has one, is longer than our announcements.
        self._key_timer = asyncio.get_running_loop().call_later(self._settings.key_max_s, self._pressed_too_long)
        if self._settings.ptt == "pei":
            await self._press.press()
        else:
            await self._set_line(on=True)

    async def release(self) -> None:
        """As `Control.key`, releasing."""
        if self._reason is None:
            await self._press.release()
        if self._line_on:
            await self._set_line(on=False)
        self._end_key_timer()

    async def _set_line(self, *, on: bool) -> None:
        ptt = self._settings.ptt
        if ptt == "rts" or ptt == "dtr":  # noqa: PLR1714 mypy narrows by ==, not by a set
            self._line_on = self._line_on or on  # before the order: a lost answer must still lead to a release
            await self._link.line(ptt, on=on)
            self._line_on = on

    def _pressed_too_long(self) -> None:
        if self._press.wanted or self._line_on:
            log.error("the key was down too long and is released (tetra.key_max_s)", channel=self._channel)
            self._later(self.release)

    def _end_key_timer(self) -> None:
        if self._key_timer is not None:
            self._key_timer.cancel()
            self._key_timer = None

    # -- texts

    async def send_text(self, text: str, to: str | None) -> None:
        """As `Control.send_text`."""
        if self._reason is not None:
            raise LinkDown(self._reason)
        whom = to or self._settings.text_to or self._settings.group or self._group
        if not whom:
            raise NotSupported(
                f"{self._channel}: nobody to write to; set tetra.text_to, or select a group on the radio"
            )
        await self.texting.text(text, whom, report=self._settings.text_report and to is not None)

    # -- what the radio says

    def _on_bytes(self, data: bytes) -> None:
        for frame in self._parser.feed(data):
            self._dialogue.feed(frame)
            self._on_frame(frame)

    def _on_frame(self, frame: pei.Frame) -> None:
        match frame:
            case pei.Message():
                self._on_message(frame)
            case pei.SendReport():
                self.texting.on_sent(frame)
            case pei.Grant() | pei.CallUp() | pei.CallEnded() | pei.IncomingCall() | pei.TalkEnded():
                self._on_call(frame)
            case pei.Strength(dbm):
                if dbm is not None and self._talk.talking:
                    self._told.event(StrengthRead(self._channel, self._now(), dbm))
            case pei.Mode(mode):
                self._mode = mode
            case pei.Group(group):
                self._group = group
            case pei.Identity(unit):
                log.debug("the radio's own number", channel=self._channel, unit=unit)
            case pei.SendLimit(bits):
                self.texting.limit(bits)
            case pei.Echo():
                if self._services.echoed():
                    self._attend.set()
            case pei.Unknown(line):
                # Not the line itself: it may be what somebody wrote.
                log.debug("the radio said something else", channel=self._channel, begins=line[:12])
            case pei.Done() | pei.Prompt():
                pass

    def _on_message(self, message: pei.Message) -> None:
        received = self._inbox.take(message)
        for event in received.events:
            self._told.event(event)
        if received.report is not None:
            self.texting.on_report(received.report)
        for to, payload in received.answers:
            self._later(lambda to=to, payload=payload: self.texting.answer(to, payload))  # type: ignore[misc]  # mypy can't infer it

    def _on_call(self, frame: pei.Grant | pei.CallUp | pei.CallEnded | pei.IncomingCall | pei.TalkEnded) -> None:
        if isinstance(frame, pei.Grant | pei.CallUp | pei.CallEnded) and self._press.on_call(frame):
            log.warning("the network let us talk when nobody asked; giving it back", channel=self._channel)
            self._later(self._press.give_back)
        for turn in self._talk.feed(frame, called=self._press.group if self._press.wanted else None):
            self._on_turn(turn)

    def _on_turn(self, turn: Turn) -> None:
        match turn:
            case Called(unit, group, priority):
                if self._emergencies.by_priority(priority, self._mode):
                    if self._emergencies.pressed(unit):
                        self._told.event(EmergencyPressed(self._channel, self._now(), unit))
                    self._signal(f"emergency call, priority {priority}", unit, group)
            case Talking(unit, group):
                self._squelch(open_=True)
                if unit is not None or group is not None:
                    self._signal("talks", unit, group)
                self._somebody_talks.set()
                self._talk_timer = asyncio.get_running_loop().call_later(
                    self._settings.talk_max_s, self._talked_too_long
                )
            case Silence():
                self._somebody_talks.clear()
                if self._talk_timer is not None:
                    self._talk_timer.cancel()
                self._squelch(open_=False)

    def _squelch(self, *, open_: bool) -> None:
        if self._settings.squelch == "pei":
            self._told.squelch(Change(open_, self._clock()))

    def _signal(self, what: str, unit: str | None, group: str | None) -> None:
        said = " ".join(part for part in (unit, what, f"to {group}" if group else None) if part)
        self._told.event(Signalled(self._channel, self._now(), SYSTEM, said, unit=unit, to=group))

    def _talked_too_long(self) -> None:
        log.warning("nobody talks that long: its end was lost (tetra.talk_max_s)", channel=self._channel)
        for turn in self._talk.give_up():
            self._on_turn(turn)
