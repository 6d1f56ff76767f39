"""Puts an MMDVMHost beside the driver that has the channel's sound; together they are one base station."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import datetime

import structlog
from typing_extensions import override

from radio_drivers.around import DriverAround
from radio_drivers.eventqueue import EventQueue
from radio_drivers.interface import (
    ChannelBusy,
    EmergencyPressed,
    KeyingRules,
    RadioDriver,
    RadioEvent,
    RadioSettingsError,
    TransmitEnded,
    TransmitStarted,
)
from radio_drivers.keying import LOOK_S
from radio_drivers.mmdvm.protocol import decode
from radio_drivers.mmdvm.settings import MmdvmSettings
from radio_drivers.mmdvm.talkers import Talkers
from radio_drivers.mqtt.broker import Received
from radio_drivers.mqtt.complaints import Complaints
from radio_drivers.mqtt.protocol import BadPayload
from radio_drivers.mqtt.reception import Moment
from radio_drivers.mqtt.session import Session
from radio_drivers.mqtt.settings import topic_part
from radio_drivers.reconnect import LinkState, backoff, utc_now

log = structlog.get_logger(__name__)

QUEUE_S = 700.0
"""Seconds of sound for a reader that is slow; as much as the driver with the longest recordings keeps."""

SETTINGS_RETRY_S = 30.0
"""A broker that doesn't let us in is asked again after this; the channel itself goes on without."""


class MmdvmDriver(DriverAround):
    """A base station with an MMDVMHost beside it; see `radio_drivers.interface.RadioDriver` for the contract.

    Sound, key and link are those of `inner`. MMDVMHost adds who talks, how strong, emergencies, and that the channel is
    busy; when its broker is away the channel goes on without that, and the log says so.

    Args:
        inner: the driver that has the sound.
        settings: MMDVMHost's broker and name.
        rules: manners on the channel.
        password: of `settings.username`, already taken from its secret.
        now: the time in UTC.
        clock: seconds that never jump.
        sleep: waits on that clock.
        delays: makes a fresh back-off for reconnecting.
    """

    def __init__(
        self,
        inner: RadioDriver,
        settings: MmdvmSettings,
        rules: KeyingRules,
        password: str | None = None,
        *,
        now: Callable[[], datetime] = utc_now,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        delays: Callable[[], Iterator[float]] = backoff,
    ) -> None:
        super().__init__(inner)
        self._settings = settings
        self._rules = rules
        self._now = now
        self._clock = clock
        self._sleep = sleep
        self._queue = EventQueue(QUEUE_S)
        self._talkers = Talkers(inner.channel, settings)
        self._complaints = Complaints(inner.channel)
        self._ours = False
        label = f"{inner.channel} (MMDVMHost)"
        self._link = LinkState(label, _nobody, now=now, delays=delays)
        self._session = Session(
            label,
            settings,
            password,
            client_id=settings.client_id or f"huecry-{topic_part(inner.channel)}-mmdvm",
            topics={f"{settings.topic}/json": False},
            receive=self._receive,
            link=self._link,
            lost=self._talkers.gone,
        )

    @property
    def companion_connected(self) -> bool:
        """MMDVMHost's broker can be reached."""
        return self._link.connected

    @property
    @override
    def busy(self) -> bool:
        """Somebody else is talking, by what either of them knows."""
        return self._inner.busy or (not self._ours and self._talkers.busy(self._clock()))

    @property
    def bad_payloads(self) -> int:
        """MMDVMHost's messages since the start that could not be read."""
        return self._complaints.count

    @override
    def events(self) -> AsyncIterator[RadioEvent]:
        """Everything received by both, in order of arrival."""
        return self._queue

    @override
    async def run(self) -> None:
        """Hold both links until cancelled.

        Raises:
            RadioSettingsError: of the driver that has the sound.
        """
        wrong: RadioSettingsError | None = None
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._inner.run(), name=f"link {self.channel}")
                group.create_task(self._pass_on(), name=f"sound {self.channel}")
                group.create_task(self._hold_session(), name=f"mmdvm {self.channel}")
        except* RadioSettingsError as several:
            found = several.exceptions[0]
            wrong = found if isinstance(found, RadioSettingsError) else RadioSettingsError(str(found))
        if wrong is not None:
            raise wrong

    @override
    async def send_voice(self, pcm: bytes) -> None:
        """As the driver that has the sound, once nobody talks by what MMDVMHost knows either."""
        await self._until_clear()
        await self._inner.send_voice(pcm)

    async def _until_clear(self) -> None:
        asked = self._clock()
        while self.busy:
            if self._clock() - asked >= self._rules.busy_wait_s:
                raise ChannelBusy(
                    f"{self.channel}: by MMDVMHost somebody kept talking for {self._rules.busy_wait_s:g} s; not sent"
                )
            await self._sleep(LOOK_S)

    async def _pass_on(self) -> None:
        async for event in self._inner.events():
            match event:
                case TransmitStarted():
                    self._ours = True
                case TransmitEnded():
                    self._ours = False
                    self._talkers.gone()  # what it heard meanwhile was us
                case _:
                    pass
            self._queue.put(event)

    async def _hold_session(self) -> None:
        while True:
            try:
                await self._session.run()
            except RadioSettingsError as error:
                log.warning(
                    "MMDVMHost can't be followed; the channel goes on without", channel=self.channel, why=str(error)
                )
            await self._sleep(SETTINGS_RETRY_S)

    async def _receive(self, message: Received) -> None:
        if message.retained:
            self._complaints.report(BadPayload("json", "retained, so nobody knows when it was said; ignored"))
            return
        frame = decode(message.payload)
        if isinstance(frame, BadPayload):
            self._complaints.report(frame)
            return
        for event in self._talkers.take(frame, Moment(self._now(), self._clock())):
            # While we talk it hears us; an emergency counts all the same.
            if not self._ours or isinstance(event, EmergencyPressed):
                self._queue.put(event)


def _nobody(_: RadioEvent) -> None:
    """The channel's own link events are those of the driver that has the sound."""
