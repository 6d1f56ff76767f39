"""The Python environment of `bench fit_sounds`: torch, which nothing else here needs. The gateway's own stays as it is."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

from bench._names_environment import REPOSITORY

REQUIREMENTS = REPOSITORY / "bench/sounds-requirements.txt"
ENVIRONMENT = REPOSITORY / ".cache/sounds-env"


def prepare_environment(folder: Path = ENVIRONMENT) -> Path:
    """Make the environment if it is missing or its list has changed; returns its `python`.

    With venv and pip, because torch's own wheels for the processor alone lie outside PyPI and pip is what people point at them.

    Raises:
        subprocess.CalledProcessError: torch could not be installed; pip's words are on the terminal.
    """
    python, stamp = folder / "bin/python", folder / "sounds-stamp"
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes() + sys.version.encode()).hexdigest()
    if python.exists() and stamp.is_file() and stamp.read_text() == wanted:
        return python
    print(f"bringing torch into {folder} (some minutes, once)", file=sys.stderr)
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
    subprocess.run([str(python), "-m", "pip", "install", "--quiet", "-r", str(REQUIREMENTS)], check=True)
    stamp.write_text(wanted)
    return python
