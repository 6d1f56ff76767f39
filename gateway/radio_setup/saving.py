"""Writes a settings file so that it is whole or as it was; mode and owner stay."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

NEW_FILE_MODE = 0o640
"""A settings file may hold a password one day; whoever runs the gateway reads it by its group."""


def read_settings(path: Path) -> str:
    """The file's text; empty when there is none yet.

    Raises:
        OSError, UnicodeDecodeError: it is there and can't be read.
    """
    try:
        return path.read_text("utf-8")
    except FileNotFoundError:
        return ""


def save_settings(path: Path, text: str) -> Path | None:
    """Replace the file; what it held stays beside it as `NAME.before-setup`.

    Args:
        path: the settings file; a link is followed, and stays one.
        text: what it shall hold.

    Returns:
        The copy of what was there, if anything was.

    Raises:
        OSError: it can't be written; it is as it was.
    """
    real = path.resolve()
    before = real.stat() if real.exists() else None
    copy = None
    if before is not None:
        copy = real.with_name(f"{real.name}.before-setup")
        _write(copy, real.read_bytes(), before)
    else:
        real.parent.mkdir(parents=True, exist_ok=True)
    _write(real, text.encode(), before)
    return copy


def _write(path: Path, data: bytes, like: os.stat_result | None) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            os.fchmod(file.fileno(), NEW_FILE_MODE if like is None else stat.S_IMODE(like.st_mode))
            if like is not None and (like.st_uid, like.st_gid) != (os.geteuid(), os.getegid()):
                os.fchown(file.fileno(), like.st_uid, like.st_gid)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
