"""Looking after a radio: telling it what to tell us, again and again; fetching texts; measuring; doubting a busy channel."""

from __future__ import annotations

from collections.abc import Coroutine

import structlog

from radio_drivers.control import Told
from radio_drivers.interface import LinkDown, RadioSettingsError, StrengthRead
from radio_drivers.tait import messages as m
from radio_drivers.tait.finding import RESTART_S, Finder
from radio_drivers.tait.hearing import Hearing
from radio_drivers.tait.protocol import Frame
from radio_drivers.tait.setup import Setup
from radio_drivers.tait.talking import Talking
from radio_drivers.tait.transactions import Refused

log = structlog.get_logger(__name__)

IDENTITY_S = 0.5
"""For the radio's versions and serial number, which are only for the log."""

TEXT_S = 1.0
"""A text that is given as it arrives comes so soon after it was announced."""

RESTARTS_TRIED = 3


class Tending:
    """One radio's upkeep.

    Args:
        setup: the radio.
        told: where signal strengths go.
        finder: of this link.
        hearing: what the radio says.
        talking: the transmitter; while it is keyed, nothing else is asked of the radio.
    """

    def __init__(self, setup: Setup, told: Told, finder: Finder, hearing: Hearing, talking: Talking) -> None:
        self._channel = setup.channel
        self._settings = setup.settings
        self._now = setup.now
        self._told = told
        self._finder = finder
        self._transactions = finder.transactions
        self._waiting = finder.transactions.waiting
        self._hearing = hearing
        self._talking = talking
        self._absent: set[str] = set()
        self.identity: dict[str, str] = {}
        """Software version and serial number."""

    def works(self) -> tuple[Coroutine[None, None, None], ...]:
        """What has to go on as long as the link stands. Each ends with `LinkDown`."""
        return (self._keep_told(), self._measure(), self._fetch_texts(), self._doubt_busy(), self._doubt_transmitting())

    async def begin(self, *, first: bool) -> None:
        """Everything that we want to hear.

        Args:
            first: since the program began: a text that lies in the radio may be from any time.

        Raises:
            RadioSettingsError: the radio can't say when the channel is busy.
            LinkDown.
        """
        await self._identify()
        await self._tell_all()
        if first:
            await self._tell("text messages", m.DROP_TEXT)
        else:
            await self._get_text()

    async def _identify(self) -> None:
        software = await self._transactions.try_once(m.GET_VERSIONS, _is_software, IDENTITY_S)
        if software is not None:
            self.identity["software"] = software.parameters[2:]
            await self._waiting.pause(0.1)  # the records after it
        serial = await self._transactions.try_once(m.GET_SERIAL, lambda f: isinstance(m.read(f), m.Serial), IDENTITY_S)
        if serial is not None:
            self.identity["serial"] = serial.parameters

    async def _tell_all(self) -> None:
        """Everything that a radio forgets when it restarts. All of it may be said again at any time."""
        if not await self._tell("PROGRESS messages", m.PROGRESS_ON) and self._settings.squelch == "radio":
            raise RadioSettingsError(
                'the radio gives no PROGRESS messages, so it can\'t say when the channel is busy: set tait.squelch = "vox"'
            )
        await self._tell("RING messages", m.RINGS_ON)
        await self._tell("text messages as they arrive", m.TEXTS_ON)
        if self._settings.text_ids:
            await self._tell("ids before text messages", m.TEXT_IDS_ON)
        await self._tell("channel changes", m.CHANNELS_ON)
        if self._hearing.radio_channel is None:
            await self._tell("the channel it is on", m.CHANNEL_NOW)
        await self._right_channel()

    async def _right_channel(self) -> None:
        wanted = self._settings.channel
        if wanted and self._hearing.radio_channel != m.same_channel(wanted):
            if await self._tell(f"channel {wanted}", m.go_to(wanted)) and self._hearing.radio_channel is not None:
                log.warning("the radio was put back to its channel", channel=self._channel, number=wanted)
            if "the channel it is on" in self._absent:
                self._hearing.radio_channel = m.same_channel(wanted)  # all that can be known

    async def _tell(self, what: str, command: Frame) -> bool:
        """Tell the radio one thing; a radio that can't do it is told so once in the log."""
        try:
            await self._transactions.tell(command)
        except Refused as error:
            if what not in self._absent:
                self._absent.add(what)
                log.warning("the radio can't do this", channel=self._channel, what=what, reason=str(error))
            return False
        return True

    async def _keep_told(self) -> None:
        hearing, talking = self._hearing, self._talking
        while True:
            await self._waiting.until(lambda: hearing.restarted, self._settings.keepalive_s)
            if hearing.restarted:
                if talking.keyed:
                    raise LinkDown("the radio restarted while it transmitted for us")
                hearing.restarted = False
                await self._until_back()
            elif talking.keyed:
                await self._waiting.until(lambda: not talking.keyed or hearing.restarted)
                continue
            try:
                await self._tell_all()
            except RadioSettingsError as error:
                raise LinkDown(str(error)) from error

    async def _until_back(self) -> None:
        for _ in range(RESTARTS_TRIED):
            if await self._finder.probe() is not None:
                return
            await self._waiting.pause(RESTART_S / 2)
        raise LinkDown("the radio restarted and doesn't answer since")

    async def _measure(self) -> None:
        hearing, every_s = self._hearing, self._settings.strength_s

        def wanted() -> bool:
            return hearing.busy and not self._talking.keyed

        while every_s:
            await self._waiting.until(wanted)
            call = hearing.busy_count
            try:
                reply = await self._transactions.ask(m.GET_STRENGTH, _is_strength)
            except Refused as error:
                log.info("this radio doesn't tell the signal strength", channel=self._channel, reason=str(error))
                return
            reading = m.read(reply)
            dbm = reading.dbm if isinstance(reading, m.Reading) else None
            if dbm is not None and hearing.busy and hearing.busy_count == call:
                self._told.event(StrengthRead(self._channel, self._now(), dbm))
            await self._waiting.until(lambda: not wanted() or hearing.busy_count != call, every_s)  # noqa: B023 awaited here

    async def _fetch_texts(self) -> None:
        """Where the radio doesn't give a text by itself, or it was damaged: get it, for the radio has room for one only."""
        hearing = self._hearing
        while True:
            await self._waiting.until(lambda: hearing.text_waits)
            if "text messages as they arrive" not in self._absent and await self._waiting.until(
                lambda: not hearing.text_waits, TEXT_S
            ):
                continue
            await self._get_text()
            hearing.text_waits = False

    async def _get_text(self) -> None:
        try:
            await self._transactions.ask(m.GET_TEXT, lambda f: isinstance(m.read(f), m.Text))
        except Refused as error:
            log.warning("a text could not be read", channel=self._channel, reason=str(error))
            await self._tell("text messages", m.DROP_TEXT)

    async def _doubt_busy(self) -> None:
        hearing = self._hearing
        while True:
            await self._waiting.until(lambda: hearing.busy)
            call = hearing.busy_count
            if not await self._waiting.until(
                lambda: not hearing.busy or hearing.busy_count != call,  # noqa: B023 awaited here
                self._settings.busy_max_s,
            ):
                hearing.silent_too_long()
                self._waiting.look()

    async def _doubt_transmitting(self) -> None:
        """Somebody at the base station's own microphone: the radio's timer ends that, so the end of it was lost."""
        hearing, talking = self._hearing, self._talking

        def theirs() -> bool:
            return hearing.transmitting and not talking.keyed

        while True:
            await self._waiting.until(theirs)
            if not await self._waiting.until(lambda: not theirs(), self._settings.busy_max_s):
                log.warning("the radio has been transmitting for too long; taking it for silent", channel=self._channel)
                hearing.not_transmitting()
                self._waiting.look()


def _is_software(frame: Frame) -> bool:
    message = m.read(frame)
    return isinstance(message, m.Version) and message.record == "01"


def _is_strength(frame: Frame) -> bool:
    message = m.read(frame)
    return isinstance(message, m.Reading) and message.what == m.STRENGTH
