"""Messages written into a folder, one text file each: for the demo, drills, and whoever wants to see before they send."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from typing_extensions import override

from dispatch.deliveries import Channel, ChannelKind, DeliveryFailed, LeasedDelivery, Receipt, ReceiptKind

_UNSAFE = re.compile(r"[^A-Za-z0-9+-]+")


class FolderChannel(Channel):
    """Takes the place of a channel of any kind.

    Args:
        kind: which deliveries it takes.
        folder: where the files go; made if need be. A file's name tells alert and recipient, so a message is there once.
        clock: aware UTC now.
    """

    def __init__(self, kind: ChannelKind, folder: Path, clock: Callable[[], datetime]) -> None:
        self._kind = kind
        self._folder = folder
        self._clock = clock

    @property
    @override
    def kind(self) -> ChannelKind:
        """The kind that it stands for."""
        return self._kind

    @override
    async def deliver(self, delivery: LeasedDelivery) -> Receipt:
        """Write the message.

        Raises:
            DeliveryFailed: the folder can't be written just now.
        """
        path = self._path(delivery)
        try:
            await asyncio.to_thread(_write, path, f"To: {delivery.recipient}\n\n{delivery.body}\n")
        except OSError as error:
            raise DeliveryFailed(f"{path} can't be written: {error.strerror or error}", retryable=True) from error
        return Receipt(ReceiptKind.ACCEPTED, self._clock(), provider_id=path.name)

    @override
    async def find(self, delivery: LeasedDelivery) -> Receipt | None:
        """Whether the message is there already."""
        path = self._path(delivery)
        if not await asyncio.to_thread(path.is_file):
            return None
        return Receipt(ReceiptKind.ACCEPTED, self._clock(), provider_id=path.name)

    def _path(self, delivery: LeasedDelivery) -> Path:
        recipient = _UNSAFE.sub("-", delivery.recipient)
        return self._folder / f"alert-{delivery.alert_number:04d}-{delivery.alert_kind}-to-{recipient}.txt"


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)
