"""PortAudio: which sound devices there are, and streams from and to them.

`sounddevice` is imported inside functions only, because the import fails where PortAudio isn't installed. Everything
here blocks: call it off the event loop.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Literal, Protocol

from typing_extensions import Buffer

from radio_drivers.interface import LinkDown, RadioSettingsError

BLOCK_S = 0.04
"""Long enough to cost next to nothing (25 calls a second), short against a pre-roll of 300 ms."""

Direction = Literal["input", "output"]

LATENCY_S: dict[Direction, float] = {"input": 0.15, "output": 0.2}
"""Buffers of the sound card. Over PulseAudio, PortAudio takes 0.5 % of a core with these while listening. Less on the way
in saves nobody any time, since a squelch takes 200 ms to be sure that talk has ended; less on the way out tears holes into
announcements when the machine is busy (seen with 0.1)."""


@dataclass(frozen=True, slots=True)
class SoundDevice:
    """A sound device of this machine."""

    name: str
    """What `sound_in` and `sound_out` look in."""
    inputs: int
    """Channels it can record."""
    outputs: int
    """Channels it can play."""
    rate: float
    """Hertz, its own choice."""


class BlockTimes(Protocol):
    """PortAudio's clock, as a callback gets it."""

    outputBufferDacTime: float  # noqa: N815 PortAudio's name
    currentTime: float  # noqa: N815 PortAudio's name


Callback = Callable[[Buffer, int, BlockTimes, object], None]
"""Called in a thread of PortAudio's: the block's bytes, its frames, its times, its troubles."""


class Stream(Protocol):
    """What we use of sounddevice's streams."""

    samplerate: float
    channels: int

    def start(self) -> None:
        """Begin calling back."""
        ...

    def close(self) -> None:
        """Stop at once and let go of the device."""
        ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which device, and how."""

    direction: Direction
    name: str | None
    """Part of the device's name; None for the system's default."""
    rate: int
    """Hertz, if the device will."""


class _Library:
    """PortAudio is one per process, not thread-safe, and knows only the devices of the moment it was started."""

    def __init__(self) -> None:
        self.one_at_a_time = threading.Lock()
        self.streams = 0

    def look_again(self, sounddevice: ModuleType) -> None:
        """Find devices plugged in meanwhile, unless streams are open (another radio's): it would tear them down."""
        if not self.streams:
            sounddevice._terminate()  # noqa: SLF001 the only way to enumerate again, and it has no public name
            sounddevice._initialize()  # noqa: SLF001 as above


_library = _Library()


def open_stream(wanted: Wanted, callback: Callback, on_end: Callable[[], None]) -> Stream:
    """Start a stream of raw int16 in blocks of `BLOCK_S`.

    Args:
        wanted: which device.
        callback: called for each block.
        on_end: called in a thread of PortAudio's when the stream has ended, by itself or by `close_stream`.

    Raises:
        RadioSettingsError: there is no such device, or no PortAudio.
        LinkDown: it is there and can't be opened.
    """
    with _library.one_at_a_time:
        sounddevice = _sounddevice()
        _library.look_again(sounddevice)
        stream = _started(sounddevice, wanted, callback, on_end)
        _library.streams += 1
        return stream


def close_stream(stream: Stream) -> None:
    """Stop a stream at once and let go of its device."""
    with _library.one_at_a_time:
        _library.streams -= 1
        stream.close()


def list_sound_devices() -> list[SoundDevice]:
    """The sound devices of this machine. Blocks: call it off the event loop.

    Raises:
        RadioSettingsError: PortAudio isn't installed.
    """
    with _library.one_at_a_time:
        sounddevice = _sounddevice()
        _library.look_again(sounddevice)
        return _devices(sounddevice)


def _sounddevice() -> ModuleType:
    try:
        import sounddevice  # noqa: TID251 this is the one place
    except OSError as error:
        raise RadioSettingsError(
            f"sound needs PortAudio, which isn't installed ({error}): apt-get install libportaudio2"
        ) from error
    module: ModuleType = sounddevice
    return module


def _devices(sounddevice: ModuleType) -> list[SoundDevice]:
    return [
        SoundDevice(
            device["name"], device["max_input_channels"], device["max_output_channels"], device["default_samplerate"]
        )
        for device in sounddevice.query_devices()
    ]


def choose_device(devices: list[SoundDevice], direction: Direction, name: str | None) -> int | None:
    """The index of the device that `name` is a part of; None for the system's default.

    Args:
        devices: all of them, by index.
        direction: what it must be able to do.
        name: any part of the name, upper or lower case; the whole name wins over parts.

    Raises:
        RadioSettingsError: none matches, or several do.
    """
    key = "sound_in" if direction == "input" else "sound_out"
    able = {
        index: device
        for index, device in enumerate(devices)
        if (device.inputs if direction == "input" else device.outputs) > 0
    }
    there = "; ".join(device.name for device in able.values()) or "none"
    if not able:
        raise RadioSettingsError(f"{key}: no sound device here has an {direction}")
    if name is None:
        return None
    exact = [index for index, device in able.items() if device.name == name]
    found = exact or [index for index, device in able.items() if name.casefold() in device.name.casefold()]
    if not found:
        raise RadioSettingsError(f"{key}: sound device {name!r} not found; there are: {there}")
    if len(found) > 1:
        raise RadioSettingsError(
            f"{key}: {name!r} fits several sound devices, write more of the name; there are: {there}"
        )
    return found[0]


def _started(sounddevice: ModuleType, wanted: Wanted, callback: Callback, on_end: Callable[[], None]) -> Stream:
    index = choose_device(_devices(sounddevice), wanted.direction, wanted.name)
    try:
        own_rate = int(sounddevice.query_devices(index, wanted.direction)["default_samplerate"])
    except (ValueError, sounddevice.PortAudioError) as error:
        raise RadioSettingsError(f"there is no default sound {wanted.direction}: name one ({error})") from error
    kind = sounddevice.RawInputStream if wanted.direction == "input" else sounddevice.RawOutputStream
    problem: Exception | None = None
    for channels in (1, 2):  # some USB cards offer even their microphone in stereo only
        for rate in dict.fromkeys((wanted.rate, own_rate)):
            try:
                stream: Stream = kind(
                    samplerate=rate,
                    blocksize=int(rate * BLOCK_S),
                    device=index,
                    channels=channels,
                    dtype="int16",
                    latency=LATENCY_S[wanted.direction],
                    callback=callback,
                    finished_callback=on_end,
                )
            except (ValueError, sounddevice.PortAudioError) as error:
                problem = error
                continue
            try:
                stream.start()
            except sounddevice.PortAudioError as error:
                stream.close()
                problem = error
                continue
            return stream
    raise LinkDown(f"sound {wanted.direction} {wanted.name or 'default'!r} can't be opened: {problem}")
