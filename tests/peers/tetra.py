"""A TETRA radio's PEI in software: the dialogue of EN 300 392-5 as two open programs describe it, with the habits of real radios.

It echoes until told not to, answers late, says other things between a command and its `OK`, loses its service profiles when it
restarts, asks for a message's payload or doesn't, and forgets to mention what some radios leave out.
"""

from __future__ import annotations

import asyncio
import os
import pty
import random
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

END = b"\r\n"
BITS_MAX = 1_184


@dataclass
class Habits:
    """How this radio behaves."""

    prompts: bool = True
    """Asks for a message's payload with `>`."""
    blank: bool = True
    """A blank after the colon."""
    slow_s: Callable[[], float] = lambda: 0.0
    """How late it answers."""
    refuses: tuple[str, ...] = ()
    """Commands that begin so get ERROR."""
    ignores: tuple[str, ...] = ()
    """Commands that begin so get no answer."""
    beside: list[str] = field(default_factory=list)
    """Lines said between the next command and its OK."""
    grant: str = "at once"
    """Or `refused`, `queued`, `never`: what the network makes of our wish to talk."""
    tells_sent: bool = True
    """`+CMGS: 0,4,n` when a message went out."""
    delivery: int | None = 0
    """Delivery status reported a second after a text that asks for it; None: no report."""
    fails: bool = False
    """`+CMGS: 0,5,n`: messages don't go out."""
    strength: str = "18,99"
    group: str = "02340000100000500"


class TetraRadio:
    """One radio. What it sends goes to `send`; its delays run on the event loop's clock."""

    def __init__(self, habits: Habits | None = None) -> None:
        self.habits = habits or Habits()
        self.send: Callable[[bytes], None] = lambda data: None
        self.heard: list[str] = []
        """Commands, in order."""
        self.messages: list[tuple[str, int, str]] = []
        """Destination, bits, hex digits."""
        self.on_air = False
        """It transmits for us."""
        self.call: int | None = None
        self.reset()

    def reset(self) -> None:
        """Off and on: echo again, no profiles, and nobody is told."""
        self.echo = True
        self.profiles: set[str] = set()
        self._line = bytearray()
        self._message: tuple[str, int] | None = None
        self._service: str | None = None

    @property
    def listening(self) -> bool:
        """It tells us of calls and texts."""
        return "0,0" in self.profiles and "3,130" in self.profiles

    # -- what happens on the air

    def say(self, *lines: str) -> None:
        """Unsolicited lines."""
        for line in lines:
            self._send((line if self.habits.blank else line.replace(": ", ":", 1)).encode("latin-1") + END)

    def incoming(self, caller: str = "1001", group: str = "500", priority: int = 0, call: int = 1) -> None:
        """Somebody calls a group."""
        self.call = call
        if "0,0" in self.profiles:
            full = f"0234000010000{int(caller):04d}"
            self.say(f"+CTICN: {call},0,0,5,{full},1,1,0,1,1,5,0234000010000{int(group):04d},{priority}")

    def talks(self, who: str | None = "1001", call: int = 1) -> None:
        """Somebody else may talk now."""
        if "0,0" in self.profiles:
            self.say(f"+CTXG: {call},3,0,0" + (f",5,0234000010000{int(who):04d}" if who else ""))

    def stops(self, call: int = 1) -> None:
        """The talker let go."""
        if "0,0" in self.profiles:
            self.say(f"+CDTXC: {call},0")

    def ends(self, call: int = 1, cause: int = 13) -> None:
        """The call is over."""
        self.call, self.on_air = None, False
        if "0,0" in self.profiles:
            self.say(f"+CTCR: {call},{cause}")

    def text(self, payload: str, source: str = "1001", destination: str = "1002", service: int = 12) -> None:
        """A message arrives."""
        wanted = "2,20" if service == 13 else f"3,{int(payload[:2], 16)}"
        if wanted in self.profiles:
            self.say(f"+CTSDSR: {service},{source},0,{destination},0,{4 * len(payload)}", payload)

    # -- what we are told

    def receive(self, data: bytes) -> None:
        """Bytes from the gateway."""
        for byte in data:
            if self._message is not None:
                self._payload(byte)
            elif byte in b"\r\n":
                line = self._line.decode("latin-1")
                self._line.clear()
                if line:
                    self._command(line)
            else:
                self._line.append(byte)

    def _command(self, line: str) -> None:
        self.heard.append(line)
        if self.echo:
            self._send(line.encode("latin-1") + END)
        if line.startswith(self.habits.ignores or "\0"):
            return
        if not line.upper().startswith("AT"):
            self._answer("+CME ERROR: 35")
            return
        if line.startswith(self.habits.refuses or "\0"):
            self._answer("ERROR")
            return
        try:
            self._obey(line)
        except ValueError:  # half a command, or two in one
            self._answer("ERROR")

    def _obey(self, line: str) -> None:
        name, _, value = line.partition("=")
        match name:
            case "ATE0":
                self.echo = False
                self._answer("OK")
            case "AT+CTSP":
                _, _, service = value.partition(",")
                self.profiles.add(service)
                self._answer("OK")
            case "AT+CTOM?":
                self._answer("+CTOM: 0", "OK")
            case "AT+CNUMF?":
                self._answer("+CNUMF: 6,02340000100001002", "OK")
            case "AT+CTGS?":
                self._answer(f"+CTGS: 1,{self.habits.group}", "OK")
            case "AT+CSQ?" | "AT+CSQ":
                self._answer(f"+CSQ: {self.habits.strength}", "OK")
            case "AT+CMGS" if value == "?":
                self._answer(f"+CMGS: (0-16777214),(8-{BITS_MAX})", "OK")
            case "AT+CMGS":
                self._begin_message(value)
            case "AT+CTSDS":
                self._service = value
                self._answer("OK")
            case "AT+CTXD":
                call = int(value.split(",", maxsplit=1)[0])
                self._answer("OK" if call == self.call else "ERROR")
                if call == self.call:
                    self._wants_to_talk(call)
            case "AT+CUTXC":
                running = self.call is not None and int(value) == self.call
                self.on_air = False
                self._answer("OK" if running else "ERROR")
            case "ATH":
                self.on_air, self.call = False, None
                self._answer("OK")
            case "AT" | "ATZ" | "AT+CSCS" | "AT+CTSDC":
                self._answer("OK")
            case _ if line.startswith("ATD"):
                self._answer("OK", "+CTOCP: 7,1,0,1,0,0,1,1")
                self.call = 7
                self._wants_to_talk(7)
            case _:
                self._answer("ERROR")

    def _wants_to_talk(self, call: int) -> None:
        match self.habits.grant:
            case "at once":
                self._after(0.05, lambda: self._grant(call))
            case "refused":
                self._answer(f"+CTXG: {call},1,0,0")
            case "queued":
                self._answer(f"+CTXG: {call},2,0,0")
                self._after(2.0, lambda: self._grant(call))
            case _:
                pass

    def _grant(self, call: int) -> None:
        if self.call == call:
            self.on_air = True
            self.say(f"+CTXG: {call},0,0,0")

    def _begin_message(self, value: str) -> None:
        destination, _, bits = value.partition(",")
        if int(bits) > BITS_MAX or self._service is None:
            self._answer("+CMS ERROR: 305")
            return
        self._message = (destination, int(bits))
        if self.habits.prompts:
            self._after(self.habits.slow_s(), lambda: self._send(b"> "))

    def _payload(self, byte: int) -> None:
        destination, bits = self._message or ("", 0)
        if byte == 0x1B:
            self._message = None
            self._line.clear()
        elif byte == 0x1A:
            digits = self._line.decode("latin-1")
            self._message = None
            self._line.clear()
            self._take(destination, bits, digits)
        elif byte not in b"\r\n":
            self._line.append(byte)

    def _take(self, destination: str, bits: int, digits: str) -> None:
        if 4 * len(digits) != bits or not set(digits) <= set("0123456789ABCDEF"):
            self._answer("+CMS ERROR: 304")
            return
        self.messages.append((destination, bits, digits))
        number = len(self.messages) % 256
        self._answer(f"+CMGS: 0,0,{number}", "OK")
        if self.habits.tells_sent:
            self._after(0.4, lambda: self.say(f"+CMGS: 0,{5 if self.habits.fails else 4},{number}"))
        asked = len(digits) >= 8 and digits[:2] in {"82", "89"} and digits[2:4] in {"04", "06"}
        if asked and self.habits.delivery is not None:
            report = f"{digits[:2]}10{self.habits.delivery:02X}{digits[4:6]}"
            self._after(1.0, lambda: self.text(report, source=destination))

    def _answer(self, *lines: str) -> None:
        beside, self.habits.beside = self.habits.beside, []
        self._after(self.habits.slow_s(), lambda: self.say(*beside, *lines))

    def _after(self, seconds: float, call: Callable[[], None]) -> None:
        if seconds:
            asyncio.get_running_loop().call_later(seconds, call)
        else:
            call()

    def _send(self, data: bytes) -> None:
        self.send(data)


class MemoryLink:
    """A serial link without a port, that can be cut after any byte of either direction. Fits `radio_drivers.serial_link.Link`."""

    def __init__(self, radio: TetraRadio, *, cut_after: int | None = None, piece: int | None = None) -> None:
        self.radio = radio
        self.cut_after = cut_after
        self.piece = piece
        self.carried = 0
        self.lines: dict[str, bool] = {}
        self.opened = 0
        self._on_bytes: Callable[[bytes], None] | None = None
        self._on_lost: Callable[[str], None] = lambda reason: None
        self._out = b""
        self._scheduled = False

    async def open(self, on_bytes: Callable[[bytes], None], on_lost: Callable[[str], None]) -> None:
        self.opened += 1
        self._on_bytes, self._on_lost = on_bytes, on_lost
        self.radio.send = self._from_radio
        await asyncio.sleep(0)

    def write(self, data: bytes) -> None:
        if self._on_bytes is not None:
            asyncio.get_running_loop().call_soon(self._to_radio, data)

    async def line(self, name: str, on: bool) -> None:
        self.lines[name] = on
        await asyncio.sleep(0)

    async def close(self) -> None:
        self._on_bytes = None
        await asyncio.sleep(0)

    def cut(self) -> None:
        """The plug is pulled."""
        if self._on_bytes is not None:
            self._on_bytes = None
            self._on_lost("the plug was pulled")

    def _through(self, data: bytes) -> bytes:
        if self.cut_after is None or self.carried + len(data) <= self.cut_after:
            self.carried += len(data)
            return data
        passed = data[: self.cut_after - self.carried]
        self.carried, self.cut_after = 0, None
        asyncio.get_running_loop().call_soon(self.cut)
        return passed

    def _to_radio(self, data: bytes) -> None:
        if self._on_bytes is not None:
            self.radio.receive(self._through(data))

    def _from_radio(self, data: bytes) -> None:
        self._out += data
        if not self._scheduled:
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self._deliver)

    def _deliver(self) -> None:
        self._scheduled = False
        data, self._out = self._out, b""
        if self._on_bytes is None:
            return
        for piece in _pieces(self._through(data), self.piece):
            if self._on_bytes is not None:
                self._on_bytes(piece)


def _pieces(data: bytes, size: int | None) -> Iterator[bytes]:
    if size is None:
        yield data
        return
    for start in range(0, len(data), size):
        yield data[start : start + size]


class Terminal:
    """The radio at the end of a pseudo-terminal, served by the running event loop."""

    def __init__(self, radio: TetraRadio, seed: int = 1) -> None:
        self.radio = radio
        self.lose = 0.0
        """This share of all bytes is lost, either way."""
        self._dice = random.Random(seed)
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.path = os.ttyname(self._slave)
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._master, self._readable)
        radio.send = self._send

    def hang_up(self) -> None:
        """The plug is pulled."""
        if self._master >= 0:
            self.radio.send = lambda data: None
            self._loop.remove_reader(self._master)
            os.close(self._master)
            os.close(self._slave)
            self._master = -1

    def _through(self, data: bytes) -> bytes:
        return bytes(byte for byte in data if self._dice.random() >= self.lose)

    def _send(self, data: bytes) -> None:
        os.write(self._master, self._through(data))

    def _readable(self) -> None:
        try:
            data = os.read(self._master, 4096)
        except OSError:  # nobody has it open
            return
        self.radio.receive(self._through(data))


@contextmanager
def on_terminal(radio: TetraRadio, *, seed: int = 1) -> Iterator[Terminal]:
    """A radio on a pseudo-terminal."""
    terminal = Terminal(radio, seed)
    try:
        yield terminal
    finally:
        terminal.hang_up()
