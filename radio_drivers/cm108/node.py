"""The device node of a HID device: reports out by a thread, reports in by the event loop."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import fcntl
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from radio_drivers.cm108.devices import SYSFS, choose_hid_device, list_hid_devices
from radio_drivers.cm108.settings import Cm108Settings
from radio_drivers.deadman import DeadMan
from radio_drivers.interface import LinkDown, RadioError, RadioSettingsError

CLOSE_S = 3.0
"""A write stuck in a dying USB bus is left behind after this (the kernel gives up after 5 s); its thread closes the node."""

READ = 64
"""Bytes asked for at once; the kernel gives one report."""


class HidNode:
    """One opening of a node. All writes go through one thread, in order: the kernel waits for the USB bus in each.

    Args:
        settings: which device.
        sysfs: where the kernel lists them.
    """

    def __init__(self, settings: Cm108Settings, sysfs: Path = SYSFS) -> None:
        self._settings = settings
        self._sysfs = sysfs
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="cm108")
        self._path = ""
        self._fd: int | None = None
        self._reading: int | None = None
        self._deadman = DeadMan()

    async def open(self, first: bytes) -> None:
        """Find and open it, and write a first report before anything else; and again when we have died.

        Raises:
            RadioSettingsError: it doesn't exist, or isn't ours to open.
            LinkDown: it is there and can't be used now.
        """
        fd = await asyncio.get_running_loop().run_in_executor(self._thread, self._open, first)
        await self._deadman.watch(fd, first)

    def listen(self, on_report: Callable[[bytes], None], on_lost: Callable[[str], None]) -> None:
        """Pass on what comes in.

        Args:
            on_report: called in the event loop with what one read gave.
            on_lost: called in the event loop, once, when the device has gone.
        """
        if self._fd is None:
            raise LinkDown(f"{self._path} is not open")
        self._reading = self._fd
        asyncio.get_running_loop().add_reader(self._fd, self._read, self._fd, on_report, on_lost)

    async def write(self, report: bytes) -> None:
        """Write one report; returns when the device took it.

        Raises:
            LinkDown: it didn't.
        """
        await asyncio.get_running_loop().run_in_executor(self._thread, self._write, report)

    async def close(self, last: bytes) -> None:
        """Write a last report and let go of it. Never raises."""
        self._stop_reading()
        await self._deadman.stand_down()
        closing = asyncio.get_running_loop().run_in_executor(self._thread, self._close, last)
        try:
            await asyncio.wait({closing}, timeout=CLOSE_S)
            if closing.done():
                await asyncio.to_thread(self._thread.shutdown)
        finally:
            self._thread.shutdown(wait=False)

    def _open(self, first: bytes) -> int:
        self._path = choose_hid_device(self._settings, self._sysfs)
        try:
            self._fd = os.open(self._path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
            # A radio and its key belong to one channel; the kernel would let two have it.
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise LinkDown(f"{self._path} is held by another channel or program") from error
        except OSError as error:
            raise self._explained(error) from error
        self._write(first)
        return self._fd

    def _write(self, report: bytes) -> None:
        if self._fd is None:
            raise LinkDown(f"{self._path or 'the CM108 interface'} is not open")
        try:
            written = os.write(self._fd, report)
        except OSError as error:
            raise LinkDown(f"{self._path} took no report: {error.strerror}") from error
        if written != len(report):
            raise LinkDown(f"{self._path} took {written} of {len(report)} bytes")

    def _close(self, last: bytes) -> None:
        fd = self._fd
        if fd is None:
            return
        with contextlib.suppress(RadioError):
            self._write(last)
        self._fd = None
        with contextlib.suppress(OSError):
            os.close(fd)

    def _read(self, fd: int, on_report: Callable[[bytes], None], on_lost: Callable[[str], None]) -> None:
        try:
            data = os.read(fd, READ)
        except BlockingIOError:
            return
        except OSError as error:
            self._stop_reading()
            on_lost(f"{self._path} has gone: {error.strerror}")
            return
        if not data:
            self._stop_reading()
            on_lost(f"{self._path} has gone")
            return
        on_report(data)

    def _stop_reading(self) -> None:
        if self._reading is not None:
            asyncio.get_running_loop().remove_reader(self._reading)
            self._reading = None

    def _explained(self, error: OSError) -> RadioError:
        if error.errno in {errno.ENOENT, errno.ENODEV, errno.ENXIO}:
            there = "; ".join(map(str, list_hid_devices(self._sysfs))) or "none"
            return RadioSettingsError(f"{self._path} not found; HID devices here: {there}")
        if error.errno in {errno.EACCES, errno.EPERM}:
            return RadioSettingsError(
                f"{self._path} may not be opened by this user: install systemd/60-huecry-radio.rules and plug the interface "
                "out and in again, or add the user to the node's group (usually audio)"
            )
        if error.errno in {errno.EISDIR, errno.ENOTDIR, errno.EINVAL}:
            return RadioSettingsError(
                f"cm108.device: {self._path} is no device; it is usually /dev/hidraw0 or the like"
            )
        return LinkDown(f"{self._path} can't be opened: {error.strerror}")
