"""A base station joined by svxlink's pseudo-terminals."""

from __future__ import annotations

import asyncio
import contextlib

from radio_drivers.control import Told
from radio_drivers.deadman import DeadMan
from radio_drivers.interface import LinkDown, NotSupported
from radio_drivers.line.pushed import PushedSquelch
from radio_drivers.svxlink.protocol import key_letter, levels
from radio_drivers.svxlink.settings import SvxlinkSettings
from radio_drivers.svxlink.terminals import NobodyThere, Pty, make, take


class SvxlinkControl:
    """One base station. See `radio_drivers.control.Control` for the contract.

    Args:
        settings: which terminals, and which side of them is ours.
    """

    def __init__(self, settings: SvxlinkSettings) -> None:
        self._settings = settings
        self._terminals: dict[str, Pty] = {}
        self._squelch: PushedSquelch | None = None
        self._reading: int | None = None
        self._opening: asyncio.Task[None] | None = None
        self._deadman = DeadMan()

    @property
    def tells_squelch(self) -> bool:
        """The other side has a terminal to tell it on."""
        return self._settings.heard_pty is not None

    @property
    def squelch_late_s(self) -> float:
        """Debounce or hang, whichever is longer."""
        return max(self._settings.debounce_ms, self._settings.hang_ms) / 1000

    @property
    def transmits(self) -> bool:
        """We have a terminal to press talk on."""
        return self._settings.key_pty is not None

    @property
    def text_max(self) -> int | None:
        """Svxlink has no text messages."""
        return None

    async def open(self, told: Told) -> None:
        """Make or take the terminals with the key up, and listen.

        Raises:
            RadioSettingsError, LinkDown: as `make` and `take`.
        """
        settings = self._settings
        # `close` waits for it when we are cancelled meanwhile: what it makes must be taken away.
        self._opening = asyncio.create_task(asyncio.to_thread(self._open_terminals), name="open svxlink terminals")
        await asyncio.shield(self._opening)
        if settings.heard_pty is not None:
            self._listen(self._terminals[settings.heard_pty], told)
        await self.key(on=False)
        if settings.we_are == "radio" and settings.key_pty is not None:
            # In svxlink's place our terminals hang up when we die; here svxlink would go on hearing us.
            release = key_letter(settings.we_are, on=False)
            await self._deadman.watch(self._terminals[settings.key_pty].fd, release)

    async def key(self, on: bool) -> None:
        """Press or release talk.

        Raises:
            LinkDown: pressing, and nobody is there to be told.
        """
        path = self._settings.key_pty
        terminal = self._terminals.get(path or "")
        if terminal is None:
            if on:
                raise LinkDown(f"{path or 'the terminal'} is not open")
            return
        try:
            terminal.write(key_letter(self._settings.we_are, on=on))
        except NobodyThere:
            if on:
                raise

    async def send_text(self, text: str, to: str | None) -> None:  # noqa: ARG002 the contract's arguments
        """Not something these terminals can do.

        Raises:
            NotSupported: always.
        """
        raise NotSupported("svxlink's terminals carry no text")

    async def close(self) -> None:
        """Release the key and let go of the terminals."""
        opening, self._opening = self._opening, None
        if opening is not None:
            await asyncio.wait({opening})
            opening.exception()  # seen, even where a cancellation went on instead of it
        with contextlib.suppress(LinkDown):
            await self.key(on=False)
        await self._deadman.stand_down()
        squelch, self._squelch = self._squelch, None
        if squelch is not None:
            squelch.stop()
        self._stop_reading()
        terminals, self._terminals = self._terminals, {}
        closing = asyncio.create_task(
            asyncio.to_thread(_close, list(terminals.values())), name="close svxlink terminals"
        )
        await asyncio.wait({closing})

    def _open_terminals(self) -> None:
        settings = self._settings
        for path in dict.fromkeys((settings.heard_pty, settings.key_pty)):
            if path is None:
                continue
            if settings.we_are == "radio":
                self._terminals[path] = take(path)
            else:
                self._terminals[path] = make(path, settings.group, held=path == settings.heard_pty)

    def _listen(self, terminal: Pty, told: Told) -> None:
        settings = self._settings
        squelch = PushedSquelch(settings.debounce_ms / 1000, settings.hang_ms / 1000, told.squelch)
        self._squelch = squelch

        def follow(data: bytes) -> None:
            # Several letters at once were said before we came: only how things are now counts.
            for level in levels(settings.we_are, data)[-1:]:
                squelch.level(level)

        def readable() -> None:
            try:
                data = terminal.read()
            except LinkDown as error:
                self._stop_reading()
                told.lost(str(error))
                return
            follow(data)

        follow(terminal.read())
        self._reading = terminal.fd
        asyncio.get_running_loop().add_reader(terminal.fd, readable)

    def _stop_reading(self) -> None:
        if self._reading is not None:
            asyncio.get_running_loop().remove_reader(self._reading)
            self._reading = None


def _close(terminals: list[Pty]) -> None:
    for terminal in terminals:
        terminal.close()
