"""Alerts as text messages to radios."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol

from typing_extensions import override

from dispatch.deliveries import Channel, ChannelKind, DeliveryFailed, LeasedDelivery, Receipt, ReceiptKind

SHORTEST_USEFUL = 12
"""Characters. Below this, numbering the parts leaves no room for words."""
MOST_PARTS = 9


class TextRefused(Exception):
    """The radio did not take a text. `retryable`: the link is down just now."""

    def __init__(self, detail: str, *, retryable: bool) -> None:
        super().__init__(detail)
        self.detail = detail
        self.retryable = retryable


class TextRadio(Protocol):
    """Whatever sends text to every radio on a channel."""

    @property
    def text_max(self) -> int | None:
        """Characters in one message; None when there is no limit."""
        ...

    async def send_text(self, text: str) -> None:
        """Send to all.

        Raises:
            TextRefused.
        """
        ...


def split_text(text: str, most: int | None) -> tuple[str, ...]:
    """Parts of at most `most` characters, numbered `1/3 `, broken between words where that is possible.

    A text that needs more than nine parts ends with the ninth, and says so with "...".

    Raises:
        ValueError: `most` is below `SHORTEST_USEFUL`.
    """
    text = " ".join(text.split())
    if most is not None and most < SHORTEST_USEFUL:
        raise ValueError(f"messages of {most} characters are too short to split text into")
    if most is None or len(text) <= most:
        return (text,) if text else ()
    room = most - len("1/9 ")
    parts: list[str] = []
    while text and len(parts) < MOST_PARTS:
        if len(text) <= room:
            parts.append(text)
            text = ""
            break
        space = text.rfind(" ", 1, room + 1)
        # A word that would leave most of a message empty is broken instead.
        end = space if space > room // 2 else room
        parts.append(text[:end].rstrip())
        text = text[end:].lstrip()
    if text:
        parts[-1] = parts[-1][: room - 3].rstrip() + "..."
    return tuple(f"{number}/{len(parts)} {part}" for number, part in enumerate(parts, 1))


class RadioTextChannel(Channel):
    """Sends alerts as text on radio channels.

    Args:
        radios: channel name -> what sends its text.
        clock: aware UTC now.
    """

    def __init__(self, radios: Mapping[str, TextRadio], clock: Callable[[], datetime]) -> None:
        self._radios = dict(radios)
        self._clock = clock
        self._sent: dict[int, int] = {}

    @property
    @override
    def kind(self) -> ChannelKind:
        """Text on the radio."""
        return ChannelKind.RADIO_TEXT

    @override
    async def deliver(self, delivery: LeasedDelivery) -> Receipt:
        """Send one alert. A further try goes on after the last part that was taken.

        Raises:
            DeliveryFailed: not all parts were sent.
        """
        radio = self._radios.get(delivery.recipient)
        if radio is None:
            raise DeliveryFailed(f"no radio channel is called {delivery.recipient!r} (any more)", retryable=False)
        try:
            parts = split_text(delivery.body, radio.text_max)
        except ValueError as error:
            raise DeliveryFailed(str(error), retryable=False) from error
        for number, part in enumerate(parts, 1):
            if number <= self._sent.get(delivery.delivery_id, 0):
                continue
            try:
                await radio.send_text(part)
            except TextRefused as refused:
                if not refused.retryable:
                    self._sent.pop(delivery.delivery_id, None)
                raise DeliveryFailed(refused.detail, retryable=refused.retryable) from refused
            self._sent[delivery.delivery_id] = number
        self._sent.pop(delivery.delivery_id, None)
        return Receipt(ReceiptKind.ACCEPTED, self._clock(), detail=f"{len(parts)} message(s)")

    @override
    async def find(self, delivery: LeasedDelivery) -> Receipt | None:
        """None: a radio keeps no record of what it sent."""
        return None
