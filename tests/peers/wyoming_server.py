"""Foreign Wyoming servers as processes of their own: the protocol's own library (PyPI `wyoming`) with real engines behind it.

    async with WyomingServer("sphinx") as server:      # speech to text by pocketsphinx, its en-us model inside the wheel
    async with WyomingServer("espeak") as server:      # text to speech by Debian's espeak-ng, at its own 22050 Hz
    async with WyomingServer("parrot", text="...") as server:   # hears the same in everything
    async with WyomingServer("parrot", text="...", dies=True)   # kills itself in the middle of the second call

`kill()`, `freeze()` (SIGSTOP: the kernel still takes connections, nobody answers), `thaw()` and `start()` may be called in any order;
the port stays. `calls` counts the calls that were heard or spoken to the end.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import os
import signal
import subprocess
import sys
import wave
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from pocketsphinx import Decoder
from typing_extensions import override
from wyoming.asr import Transcribe, Transcript
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.event import Event
from wyoming.info import AsrModel, AsrProgram, Attribution, Describe, Info, TtsProgram, TtsVoice
from wyoming.server import AsyncEventHandler, AsyncServer
from wyoming.tts import Synthesize

from tests.peers.ports import free_port, wait_until_listening

ROOT = Path(__file__).resolve().parents[2]
_BY = Attribution("nobody", "")


class WyomingServer:
    """One server on a free loopback port.

    Args:
        engine: "sphinx", "espeak" or "parrot".
        text: what a parrot hears.
        dies: it kills itself when the audio of its second call has come, before the answer.
    """

    def __init__(self, engine: str, *, text: str = "", dies: bool = False) -> None:
        self.port = free_port()
        self.url = f"tcp://127.0.0.1:{self.port}"
        self._argv = [
            sys.executable, "-m", "tests.peers.wyoming_server", engine, str(self.port), text, *(["--dies"] if dies else [])
        ]  # fmt: skip
        self._process: subprocess.Popen[bytes] | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.kill()

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.poll() is None

    async def start(self) -> None:
        """Start it (again) and wait until it listens."""
        await asyncio.to_thread(self._start)

    async def kill(self) -> None:
        """End it at once, connections and all."""
        await asyncio.to_thread(self._end)

    def freeze(self) -> None:
        """Let it hang."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    def _start(self) -> None:
        self._end()
        self._process = subprocess.Popen(self._argv, cwd=ROOT, env={**os.environ, "PYTHONUNBUFFERED": "1"})
        wait_until_listening(self.port, 20)

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)


def asr_info(name: str, model: str) -> Info:
    """What a speech engine says of itself."""
    one = AsrModel(model, _BY, installed=True, description=None, version=None, languages=["en"])
    return Info(asr=[AsrProgram(name, _BY, installed=True, description=None, version="1", models=[one])])


def tts_info(name: str, voice: str) -> Info:
    """What a voice says of itself."""
    one = TtsVoice(voice, _BY, installed=True, description=None, version=None, languages=["en"])
    return Info(tts=[TtsProgram(name, _BY, installed=True, description=None, version="1", voices=[one])])


class Ear(AsyncEventHandler):
    """Collects the audio of a call and answers with its text."""

    calls = 0

    def __init__(
        self, text: str, decoder: Decoder | None, dies: bool, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        super().__init__(reader, writer)
        self._text = text
        self._decoder = decoder
        self._dies = dies
        self._audio = bytearray()
        self._form: tuple[int, int, int] | None = None

    @override
    async def handle_event(self, event: Event) -> bool:
        if Describe.is_type(event.type):
            await self.write_event(asr_info("pocketsphinx" if self._decoder else "parrot", "en-us").event())
        elif Transcribe.is_type(event.type):
            assert Transcribe.from_event(event).language == "en"
        elif AudioStart.is_type(event.type):
            start = AudioStart.from_event(event)
            self._form = (start.rate, start.width, start.channels)
        elif AudioChunk.is_type(event.type):
            chunk = AudioChunk.from_event(event)
            assert self._form == (chunk.rate, chunk.width, chunk.channels) == (16_000, 2, 1)
            assert 1 <= chunk.samples <= 2048
            self._audio += chunk.audio
        elif AudioStop.is_type(event.type):
            # A trial by silence is no call: what dies at the second call must not do so at a trial.
            if any(self._audio):
                Ear.calls += 1
                if self._dies and Ear.calls == 2:
                    os.kill(os.getpid(), signal.SIGKILL)
            await self.write_event(Transcript(self._heard(), language="en").event())
            self._audio.clear()
        return True

    def _heard(self) -> str:
        if self._decoder is None:
            return self._text if any(self._audio) else ""
        self._decoder.start_utt()
        self._decoder.process_raw(bytes(self._audio), full_utt=True)
        self._decoder.end_utt()
        found = self._decoder.hyp()
        return found.hypstr if found is not None else ""


class Mouth(AsyncEventHandler):
    """Speaks by espeak-ng."""

    @override
    async def handle_event(self, event: Event) -> bool:
        if Describe.is_type(event.type):
            await self.write_event(tts_info("espeak", "en-gb").event())
        elif Synthesize.is_type(event.type):
            text = Synthesize.from_event(event).text
            done = await asyncio.to_thread(
                subprocess.run,
                ["espeak-ng", "--stdin", "--stdout"],
                input=text.encode(),
                capture_output=True,
                check=True,
            )
            with wave.open(io.BytesIO(done.stdout)) as file:
                form: dict[str, Any] = {"rate": file.getframerate(), "width": file.getsampwidth(), "channels": 1}
            samples = done.stdout[44:]
            await self.write_event(AudioStart(**form).event())
            for at in range(0, len(samples), 4096):
                await self.write_event(AudioChunk(**form, audio=samples[at : at + 4096]).event())
            await self.write_event(AudioStop().event())
        return True


def main() -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("engine", choices=["sphinx", "espeak", "parrot"])
    parser.add_argument("port", type=int)
    parser.add_argument("text")
    parser.add_argument("--dies", action="store_true")
    arguments = parser.parse_args()
    decoder = None
    if arguments.engine == "sphinx":
        decoder = Decoder(samprate=16_000, loglevel="FATAL")
    handler = Mouth if arguments.engine == "espeak" else partial(Ear, arguments.text, decoder, arguments.dies)
    server = AsyncServer.from_uri(f"tcp://127.0.0.1:{arguments.port}")
    asyncio.run(server.run(handler))


if __name__ == "__main__":
    main()
