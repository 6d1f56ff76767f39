"""Who gets an alert, by which channel. Values in, values out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from dispatch.calls import AlertKind
from dispatch.deliveries import ChannelKind, LiveAlert, NewDelivery

ENDINGS = frozenset({AlertKind.CORRECTION, AlertKind.STAND_DOWN})


@dataclass(frozen=True, slots=True)
class RadioOutlet:
    """A radio channel that alerts can go out on."""

    channel: str
    voice: bool = True
    text: bool = False
    text_max: int | None = None
    """Characters in one text message; longer ones are sent in numbered parts."""


@dataclass(frozen=True, slots=True)
class SmsContact:
    """Somebody who gets texts: has agreed to it, and has not texted STOP."""

    contact_id: int
    number: str
    """E.164."""


@dataclass(frozen=True, slots=True)
class Wordings:
    """One alert as each channel puts it. An empty wording means: not by this channel."""

    voice: str
    radio_text: str
    sms: str
    mqtt: Mapping[str, object]


def fan_out(
    kind: AlertKind,
    wordings: Wordings,
    outlets: Iterable[RadioOutlet],
    contacts: Iterable[SmsContact],
    topic_prefix: str | None,
    *,
    repeat: bool = False,
) -> tuple[NewDelivery, ...]:
    """Deliveries of a new alert: every radio outlet, every contact once, and the broker.

    Args:
        kind: a sighting, incident or emergency. For corrections and stand-downs see `fan_out_ending`.
        wordings: as each channel puts it.
        outlets: radio channels.
        contacts: who gets texts. Two contacts with one number get one text.
        topic_prefix: of the MQTT topics; None without a broker.
        repeat: it says only what a live alert has just said (`Decision.repeats`): only the broker is told. An emergency is never taken for a repeat.

    Raises:
        ValueError: `kind` ends an alert.
    """
    if kind in ENDINGS:
        raise ValueError(f"a {kind} goes to those that the ended alerts reached: fan_out_ending()")
    deliveries: list[NewDelivery] = []
    if not repeat or kind is AlertKind.EMERGENCY:
        for outlet in outlets:
            if outlet.voice and wordings.voice:
                deliveries.append(NewDelivery(ChannelKind.RADIO_VOICE, outlet.channel, wordings.voice))
            if outlet.text and wordings.radio_text:
                deliveries.append(NewDelivery(ChannelKind.RADIO_TEXT, outlet.channel, wordings.radio_text))
        if wordings.sms:
            deliveries += [
                NewDelivery(ChannelKind.SMS, contact.number, wordings.sms, contact.contact_id) for contact in contacts
            ]
    return _each_once(deliveries + _published(kind, wordings.mqtt, topic_prefix))


def fan_out_ending(
    kind: AlertKind, wordings: Wordings, ended: Sequence[LiveAlert], topic_prefix: str | None
) -> tuple[NewDelivery, ...]:
    """Deliveries of a correction or stand-down: exactly those whom the ended alerts reached, by the same channels.

    Whoever has texted STOP since then is not asked again here: the channel is refused by the provider and says so.

    Args:
        kind: correction or stand-down.
        wordings: as each channel puts it.
        ended: the alerts that it ends, with whom they reached.
        topic_prefix: of the MQTT topics; None without a broker. Screens are always told.

    Raises:
        ValueError: `kind` ends nothing.
    """
    if kind not in ENDINGS:
        raise ValueError(f"a {kind} ends no alert: fan_out()")
    body = {
        ChannelKind.RADIO_VOICE: wordings.voice,
        ChannelKind.RADIO_TEXT: wordings.radio_text,
        ChannelKind.SMS: wordings.sms,
    }
    deliveries = [
        NewDelivery(one.channel, one.recipient, body[one.channel], one.contact_id)
        for alert in ended
        for one in alert.reached
        if body.get(one.channel)
    ]
    return _each_once(deliveries + _published(kind, wordings.mqtt, topic_prefix))


def topic_of(kind: AlertKind, prefix: str) -> str:
    """`<prefix>/alert`, `<prefix>/correction` or `<prefix>/stand_down`."""
    return f"{prefix}/{kind if kind in ENDINGS else 'alert'}"


def _published(kind: AlertKind, payload: Mapping[str, object], prefix: str | None) -> list[NewDelivery]:
    if prefix is None:
        return []
    body = json.dumps(dict(payload), ensure_ascii=False, default=str)
    return [NewDelivery(ChannelKind.MQTT, topic_of(kind, prefix), body)]


def _each_once(deliveries: Iterable[NewDelivery]) -> tuple[NewDelivery, ...]:
    """One delivery for each channel and recipient, the first one, in order."""
    first: dict[tuple[ChannelKind, str], NewDelivery] = {}
    for one in deliveries:
        first.setdefault((one.channel, one.recipient), one)
    return tuple(first.values())
