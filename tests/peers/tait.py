"""A Tait TM8110 or TM8200 as its data port shows it: the radio, and lines to it (in memory, pseudo-terminal, TCP), good and bad.

Made from the maker's protocol manual (MMA-00038-02) and from what the authors of packet-net/packet.net measured on two TM8110. It
shares no code with the driver. Radio and lines live in the event loop of the test.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import random
import sys
import termios
import tty
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Literal

from typing_extensions import override

ANSWER_S = 0.014
"""From a command to its prompt."""

PTT_S = 0.02
CALL_S = 0.6
"""How long a selective call or a text is on the air."""

ACK_S, NO_ACK_S = 1.6, 6.0
REFRACTORY_S = 9.0
BOOT_S = 5.5
BOOT_NOISE = b"\x9c\xfe\r"
LINE_MAX = 260

TCGETS2 = 0x802C542A
"""Linux, asm-generic/ioctls.h."""


def framed(ident: str, parameters: str = "") -> bytes:
    """A frame with its CR, made by the book: add everything up, keep eight bits, take the two's complement."""
    body = f"{ident}{len(parameters):02X}{parameters}".encode("latin-1")
    return body + summed_up(body) + b"\r"


def summed_up(body: bytes) -> bytes:
    """The checksum of what stands before it."""
    total = 0
    for byte in body:
        total = (total + byte) % 256
    return f"{(256 - total) % 256:02X}".encode()


class TaitRadio:
    """The radio. Construct it in a running event loop.

    Args:
        model: a TM8110, or a TM8200, which measures no signal strength.
        seed: for its noise.
    """

    def __init__(self, model: Literal["TM8110", "TM8200"] = "TM8110", seed: int = 1) -> None:
        self._loop = asyncio.get_running_loop()
        self._random = random.Random(seed)
        self.model = model
        self.send: Callable[[bytes], None] = lambda _: None
        """Bytes to the host; whoever is the line sets it."""
        # How it is programmed.
        self.baud = 28_800
        self.mode: Literal["command", "transparent", "ccr", "off"] = "command"
        self.refuses: dict[str, int] = {}
        """Commands (ident and parameters, or the beginning of them) -> error code."""
        self.late_s = 0.005
        """From the prompt to the error of a refused command."""
        self.strict = True
        """A command before the last one's prompt is refused as not ready."""
        self.prompts_after_messages = True
        self.prompts_before_messages = False
        self.empty_line: bytes = b"."
        self.tells_restart = True
        self.inhibited = self.inhibits_calls = False
        self.ignores_key = False
        self.auto_acks = True
        self.reachable = {"52000001"}
        """Ids of radios within range."""
        # What it was told; lost on restart.
        self.progress = self.rings = self.texts_out = self.text_ids = self.channel_progress = False
        # What it does.
        self.keyed = False
        self.on_air = False
        """A selective call or a text is being sent."""
        self.busy = False
        self.emergency_mode = False
        self.channel = "0007"
        self.buffer = ""
        self.dbm = -90.0
        # What the test looks at.
        self.heard: list[str] = []
        """Commands that arrived whole, as ident and parameters."""
        self.accepted: list[str] = []
        self.keyings: list[tuple[float, bool]] = []
        self.sent_texts: list[tuple[str, str]] = []
        self.called: list[str] = []
        self.lost_texts: list[str] = []
        self.connections: list[asyncio.Transport] = []
        self.on_the_air: bytes = b""
        """What went through the transparent mode."""
        self._line = b""
        self._pending = False
        self._acked_since_send = False
        self._acked_at = float("-inf")
        self._byte_at = float("-inf")
        self._quiet_before_plus = False
        self._pluses: list[float] = []

    @property
    def ready(self) -> bool:
        """In command mode."""
        return self.mode == "command"

    # The line

    def receive(self, data: bytes) -> None:
        """Bytes from the host."""
        if self.mode == "off":
            return
        for byte in data:
            if self.mode == "transparent":
                self._transparent(byte)
            elif byte == 13:
                line, self._line = self._line, b""
                if self.mode == "ccr":
                    self._ccr(line)
                else:
                    self._take(line)
            elif len(self._line) <= LINE_MAX:
                self._line += bytes([byte])
            self._byte_at = self._loop.time()

    def message(self, ident: str, parameters: str = "") -> None:
        """Say something unasked."""
        if self.mode != "command":
            return
        before = b"." if self.prompts_before_messages else b""
        after = b"." if self.prompts_after_messages else b""
        self.send(before + framed(ident, parameters) + after)

    def _take(self, line: bytes) -> None:
        if self._pending and self.strict:
            self.send(framed("e", "005") + b".")
            return
        self._pending = True
        self._loop.call_later(ANSWER_S, self._answer, line)

    def _answer(self, line: bytes) -> None:
        self._pending = False
        if self.mode != "command":
            return
        if not line:
            self.send(self.empty_line)
            return
        self.send(b".")
        code, replies = self._judge(line)
        if code is not None:
            self._loop.call_later(self.late_s, self._raw, framed("e", f"0{code:02X}") + b".")
        for reply in replies:
            self._raw(reply + b".")

    def _raw(self, data: bytes) -> None:
        if self.mode == "command":
            self.send(data)

    def _judge(self, line: bytes) -> tuple[int | None, list[bytes]]:
        if len(line) > LINE_MAX:
            return 0x03, []
        text = line.decode("latin-1")
        ident, size, parameters = text[:1], text[1:3], text[3:-2]
        if len(line) < 5 or summed_up(line[:-2]) != line[-2:]:
            return 0x02, []
        if size != f"{len(parameters):02X}":
            return 0x05, []
        said = ident + parameters
        self.heard.append(said)
        for beginning, refusal in self.refuses.items():
            if said.startswith(beginning):
                return refusal, []
        code, replies = self._obey(ident, parameters)
        if code is None:
            self.accepted.append(said)
        return code, replies

    # Commands

    def _obey(self, ident: str, parameters: str) -> tuple[int | None, list[bytes]]:
        match ident:
            case "q":
                return self._query(parameters)
            case "f":
                return self._function(parameters), []
            case "c" if parameters == "1":
                self.buffer = ""
            case "c":
                self.emergency_mode = False
            case "g" if self.emergency_mode:
                return 0x05, []
            case "g":
                self.turn_to(parameters.zfill(4))
            case "d" if self.inhibits_calls:
                self._loop.call_later(PTT_S, self._progress, "02")
            case "d":
                self.called.append(parameters)
                self._transmit_for(CALL_S)
            case "s":
                return self._send_text(parameters[2:10], parameters[10:], 32), []
            case "a":
                return self._send_text(parameters[5:13], parameters[13:], 128 if parameters[3:5] == "04" else 32), []
            case _:
                return 0x01, []
        return None, []

    def _query(self, parameters: str) -> tuple[int | None, list[bytes]]:
        match parameters:
            case "" | "0":
                return None, [framed("m", "13203.02" if self.model == "TM8110" else "12103.04")]
            case "1":
                text, self.buffer = self.buffer, ""
                return None, [framed("s", text)]
            case "3":
                records = ("TMAB12-B100_0201", "QMA1F_std_02.18.00.00", "QMA1G_std_01.00", "QMA1H_std_01.02")
                return None, [framed("v", f"{number:02}{text}") for number, text in enumerate(records)]
            case "4":
                return None, [framed("n", "19001189")]
            case "5063" | "5064" if self.model == "TM8110":
                self.dbm += self._random.uniform(-0.5, 0.5)
                dbm = self.dbm if self.busy else -128.5
                return None, [framed("j", f"{parameters[1:]}{round(dbm * 10)}")]
            case "5047" if self.model == "TM8110":
                return None, [framed("j", "04727"), framed("j", "047470")]
            case _:
                return 0x03, []

    def _function(self, parameters: str) -> int | None:
        match parameters:
            case "031" | "030":
                self.rings = parameters[-1] == "1"
            case "041" | "040":
                self.progress = parameters[-1] == "1"
            case "051" | "050":
                self.channel_progress = parameters[-1] == "1"
            case "052":
                self._loop.call_later(0.002, self._tell_channel)
            case "101" | "100":
                self.texts_out = parameters[-1] == "1"
            case "121" | "120":
                self.text_ids = parameters[-1] == "1"
            case "91" if self.inhibited:
                self._loop.call_later(PTT_S, self._progress, "02")
            case "91":
                self._key(on=not self.ignores_key)
            case "90":
                self._key(on=False)
            case _:
                return 0x03
        return None

    def _key(self, *, on: bool) -> None:
        if on != self.keyed:
            self.keyed = on
            self.keyings.append((self._loop.time(), on))
            self._loop.call_later(PTT_S, self._progress, "07" if on else "08")

    def _send_text(self, destination: str, text: str, most: int) -> int | None:
        if len(text) > most:
            return 0x03
        if self.inhibited:
            self._loop.call_later(PTT_S, self._progress, "02")
            return None
        self.sent_texts.append((destination, text))
        self._transmit_for(CALL_S)
        if "*" in destination or not self.auto_acks:
            return None
        now = self._loop.time()
        deaf = self._acked_since_send or now - self._acked_at < REFRACTORY_S
        self._acked_since_send = False
        if destination in self.reachable and not deaf:
            self._loop.call_later(ACK_S, self._progress, "1D1")
        else:
            self._loop.call_later(NO_ACK_S, self._progress, "1D0")
        return None

    def _transmit_for(self, seconds: float) -> None:
        self._loop.call_later(PTT_S, self._on_air, True)
        self._loop.call_later(PTT_S + seconds, self._on_air, False)

    def _on_air(self, on: bool) -> None:
        self.on_air = on
        self._progress("07" if on else "08")

    def _progress(self, parameters: str) -> None:
        if self.progress:
            self.message("p", parameters)

    def _tell_channel(self) -> None:
        self.message("p", f"210{self.channel if self.model == 'TM8110' else self.channel.zfill(6)}")

    # Other modes

    def _transparent(self, byte: int) -> None:
        now = self._loop.time()
        if byte == ord("+") and (self._pluses or now - self._byte_at >= 2.0):
            self._pluses = [at for at in self._pluses if now - at < 2.0] + [now]
            if len(self._pluses) == 3:
                self._loop.call_later(2.0, self._escaped, now)
        else:
            self._pluses = []
        self.on_the_air += bytes([byte])

    def _escaped(self, since: float) -> None:
        if self._byte_at <= since and self.mode == "transparent":
            self.mode = "command"
            self.send(b".")

    def _ccr(self, line: bytes) -> None:
        if line.endswith(b"^"):
            self.restart(BOOT_S)
        else:
            self.send(framed("-", f"02{line[:1].decode('latin-1')}"))

    # What happens to it

    def carrier(self, on: bool, dbm: float | None = None) -> None:
        """Somebody begins or stops transmitting."""
        self.busy = on
        self.dbm = dbm if dbm is not None else self.dbm
        self._progress("05" if on else "06")

    def ring(self, types: str = "0000", status: str = "FF", caller: str = "", category: str = "0") -> None:
        """Somebody calls."""
        if self.rings:
            self.message("r", f"{category}{types}{status}{caller}")

    def text(self, text: str, caller: str = "") -> None:
        """A text arrives."""
        self._progress("19")
        if self.buffer or self.mode != "command":
            self.lost_texts.append(text)
            return
        if self.auto_acks:
            self._acked_since_send, self._acked_at = True, self._loop.time()
        self.ring("4000", caller=caller, category="1")
        if self.texts_out:
            self.message("s", text)
        else:
            self.buffer = text

    def turn_to(self, channel: str) -> None:
        """Somebody, or the host, changes channel."""
        self.channel = channel
        if self.channel_progress:
            self._tell_channel()

    def say(self, parameters: str) -> None:
        """Any PROGRESS message, if they are on."""
        self._progress(parameters)

    def restart(self, boot_s: float = BOOT_S, mode: Literal["command", "transparent"] = "command") -> None:
        """Power goes and comes: everything that it was told is forgotten, and the transmitter is off."""
        self.mode = "off"
        self.progress = self.rings = self.texts_out = self.text_ids = self.channel_progress = False
        self.busy = self._acked_since_send = False
        self._acked_at = float("-inf")
        self._line, self._pending, self.buffer = b"", False, ""
        if self.keyed:
            self.keyed = False
            self.keyings.append((self._loop.time(), False))
        self.send(BOOT_NOISE)
        self._loop.call_later(boot_s, self._up, mode)

    def _up(self, mode: Literal["command", "transparent"]) -> None:
        self.mode = mode
        if self.tells_restart and mode == "command":
            self.message("p", "1F0")


@dataclass
class BadLine:
    """What a line does to bytes: loses some, changes some, cuts them into pieces."""

    seed: int
    drop: float = 0.0
    garble: float = 0.0
    split: bool = False
    _random: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    def through(self, data: bytes) -> list[bytes]:
        """What is left of it."""
        out = bytearray()
        for byte in data:
            chance = self._random.random()
            if chance >= self.drop:
                out.append(self._random.randrange(256) if chance < self.drop + self.garble else byte)
        if not self.split:
            return [bytes(out)] if out else []
        pieces = []
        while out:
            cut = self._random.randint(1, len(out))
            pieces.append(bytes(out[:cut]))
            del out[:cut]
        return pieces


class MemoryLine:
    """Makes links to one radio, in memory. Each goes with the one before it.

    Args:
        radio: at the other end.
        quality: what it does to bytes, either way.
        paced: bytes take the time they take.
    """

    def __init__(self, radio: TaitRadio, quality: BadLine | None = None, *, paced: bool = False) -> None:
        self.radio = radio
        self.quality = quality or BadLine(0)
        self.paced = paced
        self.cut_after: int | None = None
        """The link breaks after so many more bytes, counted both ways."""
        self.dead = False
        """Nothing gets through, and nobody says so."""
        self.unplugged = False
        """It can't be opened."""
        self.opened: list[int] = []
        """Speeds at which it was opened."""
        self.passed = 0
        """Bytes that got through, both ways."""
        self.written: list[bytes] = []
        self.link: MemoryLink | None = None

    def make(self, baud: int) -> MemoryLink:
        """For `TaitControl(make_link=...)`."""
        return MemoryLink(self, baud)

    def cut(self, reason: str = "the plug was pulled") -> None:
        """Break the link."""
        if self.link is not None:
            link, self.link = self.link, None
            link.broken(reason)


class MemoryLink:
    """One link, as `radio_drivers.serial_link.Link`."""

    def __init__(self, line: MemoryLine, baud: int) -> None:
        self._line = line
        self._baud = baud
        self._loop = asyncio.get_running_loop()
        self._on_bytes: Callable[[bytes], None] | None = None
        self._on_lost: Callable[[str], None] | None = None
        self._free_at = {True: 0.0, False: 0.0}
        self._noise = random.Random(baud)

    async def open(self, on_bytes: Callable[[bytes], None], on_lost: Callable[[str], None]) -> None:
        if self._line.unplugged:
            from radio_drivers.interface import LinkDown

            raise LinkDown("serial port '/dev/ttyTAIT' not found")
        assert self._line.link is None, "opened twice"
        self._line.opened.append(self._baud)
        self._on_bytes, self._on_lost = on_bytes, on_lost
        self._line.link = self
        self._line.radio.send = self._from_radio

    def write(self, data: bytes) -> None:
        if self._line.link is self:
            self._line.written.append(data)
            self._carry(data, to_host=False)

    async def line(self, name: str, on: bool) -> None:
        raise AssertionError("a Tait radio's modem lines are its flow control")

    async def close(self) -> None:
        if self._line.link is self:
            self._line.link = None
        self._on_bytes = self._on_lost = None

    def broken(self, reason: str) -> None:
        if self._on_lost is not None:
            self._loop.call_soon(self._on_lost, reason)

    def _from_radio(self, data: bytes) -> None:
        self._carry(data, to_host=True)

    def _carry(self, data: bytes, *, to_host: bool) -> None:
        if self._line.dead:
            return
        for piece in self._line.quality.through(data):
            if not self._line.paced:
                self._loop.call_soon(self._arrive, piece, to_host)
                continue
            for byte in piece:
                at = max(self._loop.time(), self._free_at[to_host]) + 10 / self._line.radio.baud
                self._free_at[to_host] = at
                self._loop.call_at(at, self._arrive, bytes([byte]), to_host)

    def _arrive(self, data: bytes, to_host: bool) -> None:
        line = self._line
        if line.dead or (to_host and line.link is not self):
            return
        if line.cut_after is not None:
            data = data[: line.cut_after]
            line.cut_after -= len(data)
        line.passed += len(data)
        if self._baud != line.radio.baud:
            data = bytes(self._noise.randrange(1, 256) for _ in data)
        if not to_host:
            line.radio.receive(data)
        elif self._on_bytes is not None and data:
            self._on_bytes(data)
        if line.cut_after == 0:
            line.cut_after = None
            line.cut()


class Pty:
    """A radio on a pseudo-terminal of this machine."""

    def __init__(self, radio: TaitRadio, quality: BadLine | None = None) -> None:
        self.radio = radio
        self._quality = quality or BadLine(0)
        self._loop = asyncio.get_running_loop()
        self.master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self.master, False)
        self.path = os.ttyname(self._slave)
        self._loop.add_reader(self.master, self._readable)
        radio.send = self._send

    @property
    def speed(self) -> int:
        """As the other side has set it: `c_ospeed` of Linux' `struct termios2`, for 28800 has no number of its own."""
        attributes = fcntl.ioctl(self._slave, TCGETS2, bytes(44))
        return int.from_bytes(attributes[40:44], sys.byteorder)

    @property
    def flow(self) -> str:
        """Flow control as the other side has set it."""
        input_flags, _, control_flags, *_ = termios.tcgetattr(self._slave)
        return "rtscts" if control_flags & termios.CRTSCTS else "xonxoff" if input_flags & termios.IXON else "none"

    def hang_up(self) -> None:
        """The adapter is unplugged."""
        if self.master >= 0:
            self.radio.send = lambda _: None
            self._loop.remove_reader(self.master)
            os.close(self.master)
            os.close(self._slave)
            self.master = -1

    def _send(self, data: bytes) -> None:
        for piece in self._quality.through(data):
            os.write(self.master, piece)

    def _readable(self) -> None:
        with contextlib.suppress(OSError):
            for piece in self._quality.through(os.read(self.master, 4096)):
                self.radio.receive(piece)


@contextlib.asynccontextmanager
async def on_a_pty(radio: TaitRadio, quality: BadLine | None = None) -> AsyncIterator[Pty]:
    """The radio on a pseudo-terminal."""
    pty = Pty(radio, quality)
    try:
        yield pty
    finally:
        pty.hang_up()


class TcpPort(asyncio.Protocol):
    """A radio behind a serial port server that passes bytes on as they are."""

    def __init__(self, radio: TaitRadio) -> None:
        self._radio = radio

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._radio.send = transport.write
        self._radio.connections.append(transport)

    @override
    def data_received(self, data: bytes) -> None:
        self._radio.receive(data)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        if not any(not connection.is_closing() for connection in self._radio.connections):
            self._radio.send = lambda _: None

    @staticmethod
    def cut(radio: TaitRadio) -> None:
        """Every connection to the radio breaks."""
        while radio.connections:
            radio.connections.pop().abort()
