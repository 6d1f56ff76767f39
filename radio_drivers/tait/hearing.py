"""What the radio says by itself, turned into what the gateway wants to know. No I/O; the state of radio and channel is here."""

from __future__ import annotations

import re

import structlog

from radio_drivers.control import Told
from radio_drivers.interface import EmergencyPressed, Signalled, TextReceived
from radio_drivers.line.squelch import Change
from radio_drivers.tait.messages import Kind, Message, Progress, Refusal, Ring, Text, channel_of
from radio_drivers.tait.settings import UNIT
from radio_drivers.tait.setup import Setup

log = structlog.get_logger(__name__)

SYSTEM = "Tait"


class Hearing:
    """One radio's state, from its messages.

    Args:
        setup: the radio.
        told: where it is reported.
    """

    def __init__(self, setup: Setup, told: Told) -> None:
        settings = setup.settings
        self._channel = setup.channel
        self._told = told
        self._clock = setup.clock
        self._now = setup.now
        self._tells_squelch = settings.squelch == "radio"
        self._sender = _sender_pattern(settings.text_sender)
        self._emergency_status = frozenset(settings.emergency_status)
        self._texter: str | None = None
        """Who sent the text that RING has announced."""
        self._stunned = False
        self.busy = False
        """Somebody else transmits."""
        self.busy_count = 0
        """Which transmission of others this is, since the link was made."""
        self.transmitting = False
        """The radio transmits, whoever keyed it."""
        self.inhibited = 0
        """How often it refused to transmit."""
        self.text_waits = False
        """A text was announced and hasn't come yet."""
        self.text_receipt: bool | None = None
        """What became of our last text to one radio. False proves nothing."""
        self.restarted = False
        """The radio forgot what it was told; whoever tells it again puts this back."""
        self.radio_channel: str | None = None
        """As last told, without zeros in front."""

    def take(self, message: Message, at_s: float) -> None:
        """One message.

        Args:
            message: what the radio said.
            at_s: when its first byte was sent, on the clock.
        """
        match message:
            case Progress():
                self._progress(message, at_s)
            case Ring():
                self._ring(message)
            case Text():
                self._text(message)
            case Refusal(system=True):
                log.error("the radio reports a fault of its own", channel=self._channel, fault=message.reason)
            case _:
                pass

    def silent_too_long(self) -> None:
        """The channel has been busy for longer than anybody talks."""
        log.warning("the channel has been busy for too long; taking it for clear", channel=self._channel)
        self._squelch(on=False, at_s=self._clock())

    def not_transmitting(self) -> None:
        """The radio's transmitter is off, though it didn't say so."""
        self.transmitting = False

    def link_lost(self) -> None:
        """Nothing is known any more."""
        self._squelch(on=False, at_s=self._clock())
        self.transmitting = False

    def signalled(
        self, text: str, *, unit: str | None = None, to: str | None = None, status: str | None = None
    ) -> None:
        """Report something worth a line in the log."""
        self._told.event(Signalled(self._channel, self._now(), SYSTEM, text, unit, to, status))

    def _progress(self, message: Progress, at_s: float) -> None:
        match message.kind:
            case Kind.BUSY:
                if self.busy:  # its end was lost; one transmission must not become the next one's beginning
                    self._squelch(on=False, at_s=at_s)
                self._squelch(on=True, at_s=at_s)
            case Kind.CLEAR:
                self._squelch(on=False, at_s=at_s)
            case Kind.PTT_ON:
                self.transmitting = True
            case Kind.PTT_OFF:
                self.transmitting = False
            case Kind.INHIBITED:
                self.inhibited += 1
            case Kind.EMERGENCY:
                self._told.event(EmergencyPressed(self._channel, self._now()))
                self.signalled("emergency at the base station's own radio")
            case Kind.EMERGENCY_OVER:
                self.signalled("end of the emergency at the base station's own radio")
            case Kind.CALL_RECEIPT:
                self.signalled(f"selective call {'' if message.parameter == '1' else 'not '}acknowledged")
            case Kind.TEXT_RECEIPT:
                self.text_receipt = message.parameter == "1"
            case Kind.RESTARTED:
                self._restarted(message.parameter, at_s)
            case Kind.CHANNEL:
                self._channel_told(message)
            case Kind.STUNNED | Kind.REVIVED:
                self._stunned = message.kind == Kind.STUNNED
                log.error("the radio was stunned" if self._stunned else "the radio was revived", channel=self._channel)
                self.signalled("radio stunned" if self._stunned else "radio revived")
            case _:
                log.debug("the radio says", channel=self._channel, progress=message)

    def _squelch(self, *, on: bool, at_s: float) -> None:
        if on == self.busy:
            return
        self.busy = on
        self.busy_count += on
        if self._tells_squelch:
            self._told.squelch(Change(on, at_s))

    def _restarted(self, mode: str, at_s: float) -> None:
        log.warning("the radio restarted", channel=self._channel, mode=mode)
        self._squelch(on=False, at_s=at_s)
        self.transmitting = False
        self.text_waits = False
        self.radio_channel = None
        self.restarted = True

    def _channel_told(self, message: Progress) -> None:
        number = channel_of(message)
        if number == self.radio_channel and number is not None:
            return
        known, self.radio_channel = self.radio_channel, number
        if number is None:
            log.error("the radio is on a channel that isn't programmed", channel=self._channel)
            self.signalled("radio on an invalid channel")
        elif known is None:
            log.info("the radio's channel", channel=self._channel, number=number)
        else:
            self.signalled(f"radio changed from channel {known} to {number}")

    def _ring(self, ring: Ring) -> None:
        emergency = ring.emergency or ring.status in self._emergency_status
        if emergency:  # before anything else
            self._told.event(EmergencyPressed(self._channel, self._now(), ring.caller))
        if ring.text_waits:
            self.text_waits = True
            self._texter = ring.caller
            if not emergency:
                return
        text = f"emergency {ring.what}" if emergency else ring.what
        if ring.status is not None:
            text += f" {ring.status}" if ring.what == "status" else f", status {ring.status}"
        self.signalled(text, unit=ring.caller, to=ring.called, status=ring.status)

    def _text(self, message: Text) -> None:
        self.text_waits = False
        unit, self._texter = self._texter, None
        text = message.text
        if not text:
            return
        if self._sender is not None and (found := self._sender.match(text)):
            text, unit = text[found.end() :].strip(), found["unit"]
        self._told.event(TextReceived(self._channel, self._now(), text, unit))


def _sender_pattern(prefix: str) -> re.Pattern[str] | None:
    if not prefix:
        return None
    before, _, after = prefix.partition(UNIT)
    return re.compile(rf"{re.escape(before)}(?P<unit>[0-9A-Za-z]{{1,8}}){re.escape(after)}")
