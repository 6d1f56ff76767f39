"""The second Python environment of `bench fuzz`: atheris beside the gateway's own packages, which stay as they are."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import sysconfig
from pathlib import Path

from bench._names_environment import REPOSITORY, find_uv

REQUIREMENTS = REPOSITORY / "bench/fuzz-requirements.txt"
ENVIRONMENT = REPOSITORY / ".cache/fuzz-env"


def prepare_environment(folder: Path = ENVIRONMENT) -> Path:
    """Make the environment if it is missing or its list has changed; returns its `python`.

    Raises:
        EnvironmentIncompleteError: no uv.
        subprocess.CalledProcessError: atheris could not be installed; uv's words are on the terminal.
    """
    python, stamp = folder / "bin/python", folder / "fuzz-stamp"
    ours = sysconfig.get_path("purelib")
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes() + sys.version.encode() + ours.encode()).hexdigest()
    if python.exists() and stamp.is_file() and stamp.read_text() == wanted:
        return python
    uv = find_uv()
    print(f"bringing atheris into {folder} (once)", file=sys.stderr)
    quiet = ["--quiet", "--no-config", "--no-progress"]
    subprocess.run([uv, "venv", *quiet, "--clear", "--python", sys.executable, str(folder)], check=True)
    subprocess.run(
        [uv, "pip", "install", *quiet, "--no-deps", "--python", str(python), "-r", str(REQUIREMENTS)], check=True
    )
    # What the parsers import is taken from where it is; atheris stays out of there.
    packages = next(folder.glob("lib/python3*/site-packages"))
    (packages / "huecry-own.pth").write_text(f"{ours}\n")
    stamp.write_text(wanted)
    return python
