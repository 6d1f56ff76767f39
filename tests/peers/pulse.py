"""A sound card made of software: PulseAudio with two null sinks, and PortAudio led to it.

    somebody's voice -> sink "air" -> its monitor = what the radio hears      (PortAudio device "radio_hears")
    what we say      -> PortAudio device "radio_says" -> sink "mouth" -> its monitor = what goes on the air

Runs without a desktop, without D-Bus, as root or not. Needs Debian's pulseaudio, pulseaudio-utils and libasound2-plugins.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

RATE = 48_000

SCRIPT = """\
load-module module-native-protocol-unix socket={folder}/socket auth-anonymous=1
load-module module-null-sink sink_name=air rate=48000 channels=1
load-module module-null-sink sink_name=mouth rate=48000 channels=1
"""

ALSA = """\
pcm_type.pulse { lib "libasound_module_pcm_pulse.so" }
pcm.radio_hears { type pulse server "unix:FOLDER/socket" device "air.monitor" hint { show on description "radio_hears" } }
pcm.radio_says { type pulse server "unix:FOLDER/socket" device "mouth" hint { show on description "radio_says" } }
pcm.!default { type asym playback.pcm "radio_says" capture.pcm "radio_hears" hint { show on description "default" } }
"""


FORMAT = ("--raw", "--format=s16le", f"--rate={RATE}", "--channels=1")
HEARD_SOON = "--latency-msec=20"
PLAYED_WHOLE = "--latency-msec=500"  # a busy machine may not look after a player for a while


class Recording:
    """What a recorder hears, with the times at which it came."""

    def __init__(self, recorder: subprocess.Popen[bytes]) -> None:
        self._recorder = recorder
        self._running = threading.Event()
        self.blocks: list[tuple[float, bytes]] = []
        """`time.monotonic` of arrival; mono int16 at `RATE`."""
        self._thread = threading.Thread(target=self._read, name="recording")
        self._thread.start()
        if not self._running.wait(5):
            raise TimeoutError("the recorder hears nothing, not even silence")

    def stop(self) -> bytes:
        """All of it."""
        self._recorder.terminate()
        self._thread.join()
        return b"".join(pcm for _, pcm in self.blocks)

    def _read(self) -> None:
        pipe = self._recorder.stdout
        while pipe is not None and (pcm := pipe.read(2 * RATE // 100)):
            self.blocks.append((time.monotonic(), pcm))
            self._running.set()


class Pulse:
    """A PulseAudio server of its own in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._server: subprocess.Popen[bytes] | None = None
        self._players: list[subprocess.Popen[bytes]] = []

    @property
    def environment(self) -> dict[str, str]:
        """What PortAudio and PulseAudio's own programs must see."""
        return {
            "HOME": str(self.folder),
            "XDG_RUNTIME_DIR": str(self.folder),
            "XDG_CONFIG_HOME": str(self.folder),
            "PULSE_SERVER": f"unix:{self.folder}/socket",
            "ALSA_CONFIG_PATH": str(self.folder / "asound.conf"),
        }

    def start(self) -> None:
        self.folder.chmod(0o700)
        (self.folder / "script").write_text(SCRIPT.format(folder=self.folder))
        (self.folder / "asound.conf").write_text(ALSA.replace("FOLDER", str(self.folder)))
        with (self.folder / "log").open("ab") as log:
            self._server = subprocess.Popen(
                ["pulseaudio", "-n", "-F", "script", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no"],
                cwd=self.folder,
                env={**os.environ, **self.environment},
                stdout=subprocess.DEVNULL,
                stderr=log,
            )
        deadline = time.monotonic() + 10
        while self._control("info", check=False).returncode:
            if time.monotonic() > deadline or self._server.poll() is not None:
                raise RuntimeError(f"pulseaudio didn't start: {(self.folder / 'log').read_text()}")
            time.sleep(0.05)
        # A null sink that sleeps works in steps of two seconds; one that is listened to does what a sound card does.
        for sink in ("air", "mouth"):
            self._run("parec", f"--device={sink}.monitor", HEARD_SOON, *FORMAT)

    def stop(self) -> None:
        for process in [*self._players, *([self._server] if self._server else [])]:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    with contextlib.suppress(BrokenPipeError):
                        pipe.close()
        self._players.clear()
        self._server = None

    def say(self, pcm: bytes) -> subprocess.Popen[bytes]:
        """Somebody talks: mono int16 at `RATE`. Returns at once; the program ends when all has been played."""
        recording = self.folder / f"voice{len(self._players)}.raw"
        recording.write_bytes(pcm)
        return self._run("pacat", "--playback", "--device=air", PLAYED_WHOLE, *FORMAT, str(recording))

    def record(self) -> Recording:
        """What goes on the air from now on. Returns when the recorder is running."""
        return Recording(self._run("parec", "--device=mouth.monitor", HEARD_SOON, *FORMAT, stdout=subprocess.PIPE))

    def _run(self, *command: str, stdout: int = subprocess.DEVNULL) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            command, env={**os.environ, **self.environment}, stdout=stdout, stderr=subprocess.DEVNULL
        )
        self._players.append(process)
        return process

    def _control(self, *command: str, check: bool = True) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            ["pactl", *command], env={**os.environ, **self.environment}, capture_output=True, check=check, timeout=10
        )


@contextlib.contextmanager
def pulse(folder: Path) -> Iterator[Pulse]:
    """A running server, killed afterwards."""
    server = Pulse(folder)
    server.start()
    try:
        yield server
    finally:
        server.stop()
