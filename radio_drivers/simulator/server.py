"""Lets other processes be radios on a software channel. Protocol: `wire`, docs/radios/simulator.md."""

from __future__ import annotations

import asyncio
import ipaddress
from datetime import datetime
from pathlib import Path

import structlog

from radio_drivers.interface import RATE, RadioSettingsError
from radio_drivers.simulator.air import SoftwareChannel
from radio_drivers.simulator.radio import HeardText, HeardTransmission, SoftwareRadio
from radio_drivers.simulator.wire import Message, Reader, WireError, encode, split_address

log = structlog.get_logger(__name__)

CLIENTS_MAX = 64
WAITING_MAX = 256
"""Messages for a client that doesn't read; then it is disconnected."""
COMMANDS_MAX = 4
READ_BYTES = 65_536


class AirServer:
    """A small server on this machine's own addresses.

    Args:
        channel: the channel to be on.
        listen: "127.0.0.1:4711", "127.0.0.1:0" or "unix:/path".
        address_file: where to write the address that was taken; empty for nowhere.
    """

    def __init__(self, channel: SoftwareChannel, listen: str, address_file: str = "") -> None:
        self._channel = channel
        self._listen = listen
        self._address_file = address_file
        self._clients: set[asyncio.Task[None]] = set()
        self.address: str | None = None
        """Where it listens; None while it doesn't."""

    async def run(self) -> None:
        """Serve until cancelled.

        Raises:
            RadioSettingsError: `listen` is no address, not of this machine, or taken.
        """
        server, address = await self._open()
        try:
            if self._address_file:
                await asyncio.to_thread(_write_whole, Path(self._address_file), f"{address}\n")
            log.info("other processes can talk on the channel", channel=self._channel.name, address=address)
            self.address = address
            await asyncio.get_running_loop().create_future()
        except OSError as error:
            raise RadioSettingsError(
                f"radio channel {self._channel.name}: address_file can't be written: {error}"
            ) from error
        finally:
            self.address = None
            server.close()
            for client in self._clients:
                client.cancel()
            if self._clients:
                await asyncio.wait(set(self._clients))

    async def _open(self) -> tuple[asyncio.Server, str]:
        try:
            if self._address_file:  # that of an earlier life must not be read
                await asyncio.to_thread(Path(self._address_file).unlink, missing_ok=True)
            where = split_address(self._listen)
            if isinstance(where, str):
                await asyncio.to_thread(_remove_socket, Path(where))
                return await asyncio.start_unix_server(self._connected, where), f"unix:{where}"
            _only_here(where[0])
            server = await asyncio.start_server(self._connected, *where)
        except (OSError, ValueError) as error:
            raise RadioSettingsError(
                f"radio channel {self._channel.name}: listen = {self._listen!r} can't be used: {error}"
            ) from error
        host, port = server.sockets[0].getsockname()[:2]
        return server, f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._clients) >= CLIENTS_MAX:
            writer.close()
            return
        client = asyncio.create_task(self._serve(reader, writer), name=f"air client {self._channel.name}")
        self._clients.add(client)
        client.add_done_callback(self._clients.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await _Client(self._channel, reader, writer).serve()
        finally:
            writer.close()


class _Client:
    """One connection, one radio."""

    def __init__(self, channel: SoftwareChannel, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._channel = channel
        self._reader = reader
        self._writer = writer
        self._in: asyncio.Queue[Message] = asyncio.Queue(COMMANDS_MAX)
        self._out: asyncio.Queue[Message] = asyncio.Queue(WAITING_MAX)
        self._radio: SoftwareRadio | None = None
        self._occupying = 0

    async def serve(self) -> None:
        """Until it hangs up or says something that can't be understood."""
        parts = [
            asyncio.create_task(work(), name=f"air client {work.__name__}")
            for work in (self._read, self._obey_all, self._write)
        ]
        try:
            await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for part in parts:
                part.cancel()
            await asyncio.wait(parts)
            if self._radio is not None:
                self._radio.leave()
            for _ in range(self._occupying):
                self._channel.occupy(on=False)
        for error in [part.exception() for part in parts if not part.cancelled()]:
            if isinstance(error, WireError | ValueError):
                self._writer.write(encode(Message({"event": "error", "reason": f"{error}; goodbye"})))
            elif isinstance(error, OSError):
                log.info("a process on the channel went away", channel=self._channel.name, reason=str(error))
            elif error is not None:
                raise error

    async def _read(self) -> None:
        # Apart from obeying: a process that is killed in mid-word must let go of its key at once.
        wire = Reader()
        while data := await self._reader.read(READ_BYTES):
            for message in wire.feed(data):
                await self._in.put(message)

    async def _obey_all(self) -> None:
        while True:
            await self._obey(await self._in.get())

    async def _write(self) -> None:
        while True:
            self._writer.write(encode(await self._out.get()))
            await self._writer.drain()

    async def _obey(self, message: Message) -> None:
        what = message.text("do")
        if what == "join":
            self._join(message)
            return
        radio = self._radio
        if radio is None:
            raise WireError('the first message must be {"do":"join","unit":...}')
        began = self._channel.clock.now()
        match what:
            case "say":
                await radio.say(message.pcm)
            case "emergency":
                await radio.press_emergency()
            case "text":
                to = message.fields.get("to")
                await radio.send_text(message.text("text"), message.text("to") if to is not None else None)
            case "occupy":
                self._occupy(on=message.fields.get("on") is True)
            case "lose_link":
                self._channel.lose_link(message.text("reason"))
            case "restore_link":
                self._channel.restore_link()
            case _:
                raise WireError(f"unknown command {what[:40]!r}")
        self._tell("done", do=what, at=_time(began), ended=_time(self._channel.clock.now()))

    def _join(self, message: Message) -> None:
        if self._radio is not None:
            raise WireError("this connection has joined already: one connection is one radio")
        radio = SoftwareRadio(
            message.text("unit"),
            on_opened=lambda unit, at: self._tell("opened", unit=unit, at=_time(at)),
            on_heard=self._heard,
            on_text=self._text,
            on_emergency=lambda unit, at: self._tell("emergency", unit=unit, at=_time(at)),
        )
        self._radio = radio.join(self._channel)
        self._tell("joined", channel=self._channel.name, unit=radio.unit, rate=RATE)

    def _occupy(self, *, on: bool) -> None:
        if on or self._occupying:
            self._channel.occupy(on=on)
            self._occupying += 1 if on else -1

    def _heard(self, heard: HeardTransmission) -> None:
        fields = {"units": list(heard.units), "at": _time(heard.at), "ended": _time(heard.ended_at)}
        self._put(Message({"event": "heard", **fields}, heard.pcm))
        if self._radio is not None:
            self._radio.heard.clear()  # it has been handed on; a drill of a day must not fill the memory

    def _text(self, text: HeardText) -> None:
        self._tell("text", unit=text.unit, at=_time(text.at), text=text.text)

    def _tell(self, event: str, **fields: object) -> None:
        self._put(Message({"event": event, **fields}))

    def _put(self, message: Message) -> None:
        try:
            self._out.put_nowait(message)
        except asyncio.QueueFull:
            self._writer.transport.abort()  # it stopped reading; the channel goes on without it


def _time(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds")


def _only_here(host: str) -> None:
    if host != "localhost" and not ipaddress.ip_address(host).is_loopback:
        raise ValueError("there is no password, so only addresses of this machine are allowed: 127.0.0.1, ::1, unix:")


def _remove_socket(path: Path) -> None:
    """What a killed process left."""
    if path.is_socket():
        path.unlink()


def _write_whole(path: Path, text: str) -> None:
    """Under another name first: who waits for the file must not read half an address."""
    part = path.with_name(f"{path.name}.part")
    part.write_text(text)
    part.replace(path)
