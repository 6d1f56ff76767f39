"""How far the archive has got: one number in one file, whole or not there."""

from __future__ import annotations

import json
import os
from pathlib import Path


def read_progress(path: Path) -> int | None:
    """The last transmission that is done with; None where that is not known.

    Raises:
        OSError: the file is there and can't be read.
    """
    try:
        data = json.loads(path.read_bytes()[:4_096])
    except (FileNotFoundError, ValueError):
        return None
    after = data.get("after") if isinstance(data, dict) else None
    return after if isinstance(after, int) and not isinstance(after, bool) and after >= 0 else None


def write_progress(path: Path, after: int) -> None:
    """Remember it.

    Raises:
        OSError: the disk refused; what was there before is still there.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".part")
    with temporary.open("w") as file:
        json.dump({"after": after}, file)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
