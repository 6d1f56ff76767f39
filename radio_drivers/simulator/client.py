"""A radio in another process, on the channel of a gateway that runs with `driver = "simulator"`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime

from radio_drivers.interface import RadioError
from radio_drivers.simulator.radio import HeardText, HeardTransmission
from radio_drivers.simulator.wire import Message, Reader, WireError, encode, split_address

READ_BYTES = 65_536


class SimulatorGoneError(RadioError):
    """The gateway's end of the connection is closed, or it refused what was sent; the text says which."""


class SimulatorClient:
    """One radio. Made by `SimulatorClient.connect`.

    Attributes:
        channel: the channel's name.
        opened: units that keyed up, in order; one is added as soon as the squelch opens.
        heard: transmissions, whole.
        texts: text messages.
        emergencies: units whose button was pressed.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._turn = asyncio.Lock()
        self._answer: asyncio.Future[Mapping[str, object]] | None = None
        self._changed = asyncio.Event()
        self._gone: str | None = None
        self.channel = ""
        self.opened: list[str] = []
        self.heard: list[HeardTransmission] = []
        self.texts: list[HeardText] = []
        self.emergencies: list[str] = []

    @classmethod
    @asynccontextmanager
    async def connect(cls, address: str, unit: str) -> AsyncIterator[SimulatorClient]:
        """Connect to "HOST:PORT" or "unix:/path" and join as `unit`.

        Raises:
            OSError: nobody listens there.
            SimulatorGoneError: the unit id is taken.
        """
        where = split_address(address)
        if isinstance(where, str):
            reader, writer = await asyncio.open_unix_connection(where)
        else:
            reader, writer = await asyncio.open_connection(*where)
        client = cls(reader, writer)
        reading = asyncio.create_task(client._read(), name=f"simulator client {unit}")
        try:
            joined = await client._ask({"do": "join", "unit": unit})
            client.channel = str(joined.get("channel", ""))
            yield client
        finally:
            reading.cancel()
            await asyncio.wait({reading})
            writer.close()

    async def say(self, pcm: bytes) -> None:
        """Press talk, speak, let go; returns when it was all on the air. Mono int16 little-endian at 16 kHz.

        Raises:
            SimulatorGoneError: as with all of these methods.
        """
        await self._ask({"do": "say"}, pcm)

    async def press_emergency(self) -> None:
        """Press the emergency button."""
        await self._ask({"do": "emergency"})

    async def send_text(self, text: str, to: str | None = None) -> None:
        """Send a text message to one unit or to all."""
        await self._ask({"do": "text", "text": text, "to": to})

    async def occupy(self, *, on: bool) -> None:
        """Begin or end another system's carrier on the channel."""
        await self._ask({"do": "occupy", "on": on})

    async def lose_link(self, reason: str = "the cable was pulled out") -> None:
        """Cut the gateway off from its base station."""
        await self._ask({"do": "lose_link", "reason": reason})

    async def restore_link(self) -> None:
        """Mend that."""
        await self._ask({"do": "restore_link"})

    async def wait_opened(self, count: int = 1) -> None:
        """Wait until its squelch has opened so often."""
        await self._until(lambda: len(self.opened) >= count)

    async def wait_heard(self, count: int = 1) -> list[HeardTransmission]:
        """Wait until it has heard so many whole transmissions; returns all of them."""
        await self._until(lambda: len(self.heard) >= count)
        return list(self.heard)

    async def wait_text(self, count: int = 1) -> list[HeardText]:
        """Wait until so many text messages came; returns all of them."""
        await self._until(lambda: len(self.texts) >= count)
        return list(self.texts)

    async def _until(self, true: Callable[[], bool]) -> None:
        while not true():
            if self._gone is not None:
                raise SimulatorGoneError(self._gone)
            self._changed.clear()
            await self._changed.wait()

    async def _ask(self, fields: Mapping[str, object], pcm: bytes = b"") -> Mapping[str, object]:
        async with self._turn:
            if self._gone is not None:
                raise SimulatorGoneError(self._gone)
            self._answer = asyncio.get_running_loop().create_future()
            self._writer.write(encode(Message(fields, pcm)))
            return await self._answer

    async def _read(self) -> None:
        wire = Reader()
        reason = "the gateway closed the connection"
        try:
            while data := await self._reader.read(READ_BYTES):
                for message in wire.feed(data):
                    if message.fields.get("event") == "error":
                        reason = f"the gateway refused: {message.fields.get('reason')}"
                    self._take(message)
        except (OSError, WireError, ValueError) as error:
            reason = f"the connection to the gateway broke: {error}"
        finally:
            self._gone = reason
            self._changed.set()
            if self._answer is not None and not self._answer.done():
                self._answer.set_exception(SimulatorGoneError(reason))

    def _take(self, message: Message) -> None:
        match message.fields.get("event"):
            case "joined" | "done":
                if self._answer is not None and not self._answer.done():
                    self._answer.set_result(message.fields)
            case "opened":
                self.opened.append(message.text("unit"))
            case "heard":
                self.heard.append(_heard(message))
            case "text":
                self.texts.append(HeardText(message.text("unit"), _time(message, "at"), message.text("text")))
            case "emergency":
                self.emergencies.append(message.text("unit"))
            case _:
                pass  # a later gateway may tell more
        self._changed.set()


def _heard(message: Message) -> HeardTransmission:
    units = message.fields.get("units")
    names = tuple(str(unit) for unit in units) if isinstance(units, list) else ()
    return HeardTransmission(names, _time(message, "at"), _time(message, "ended"), message.pcm)


def _time(message: Message, name: str) -> datetime:
    return datetime.fromisoformat(message.text(name))
