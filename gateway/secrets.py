"""Secrets come from a file of their own, from a systemd credential, or from the environment: not from the main file.

For each secret key, here `sms.auth_token`, in this order:

1. the value itself (variable `HUECRY_SMS__AUTH_TOKEN`, or the TOML file, which is allowed but not advised);
2. `sms.auth_token_file`: the file's text without the line end;
3. the systemd credential `sms.auth_token` (`LoadCredential=sms.auth_token:/etc/huecry/...`), found in
   `$CREDENTIALS_DIRECTORY`. For a radio the name holds the radio's: `radio.town.password`. A folder handed over as
   `LoadCredential=huecry:/etc/huecry/credentials` arrives with `huecry_` before each file's name (systemd.exec(5)).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from gateway.settings_keys import Key

MAX_BYTES = 64 * 1024
"""No password, token or database URL is longer: a larger file is a mistake."""


def read_secret(path: Path) -> str:
    """A secret's text without the line end.

    Raises:
        ValueError: the file can't be read, is empty, is not text or is far too long; the text never shows its content.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ValueError(f"can't read {path}: {error.strerror or error}") from error
    if len(raw) > MAX_BYTES:
        raise ValueError(f"{path} is far too long for a secret")
    try:
        text = raw.decode().rstrip("\r\n")
    except UnicodeDecodeError:
        # Not chained: the original error carries the bytes.
        raise ValueError(f"{path} is not UTF-8 text") from None
    if not text:
        raise ValueError(f"{path} is empty")
    return text


def _fill(table: dict[str, Any], name: str, credential: Path | None) -> None:
    given, file = table.get(name), table.pop(f"{name}_file", None)
    if given is not None and file is not None:
        raise ValueError(f"{name} and {name}_file are both given: keep one")
    if file is not None:
        table[name] = read_secret(Path(file).expanduser())
    elif given is None and credential is not None:
        table[name] = read_secret(credential)


def _credential(folder: Path, name: str) -> Path | None:
    return next((path for path in (folder / name, folder / f"huecry_{name}") if path.is_file()), None)


def fill_secrets(data: dict[str, Any], keys: Iterable[Key], environ: Mapping[str, str]) -> list[tuple[str, str]]:
    """Put the text of secret files and credentials where the values belong.

    Args:
        data: the settings as read; its tables are changed in place.
        keys: every valid key.
        environ: for `CREDENTIALS_DIRECTORY`.

    Returns:
        What went wrong: (dotted key, reason).
    """
    folder = environ.get("CREDENTIALS_DIRECTORY")
    keys = list(keys)
    arrays = {key.path for key in keys if key.many}
    wrong = []
    for key in keys:
        if not key.secret:
            continue
        # A section exists whether written or not, but a credential makes no radio.
        create = folder is not None and key.path[:1] not in arrays
        for label, table in _tables(data, key.path[:-1], create=create):
            credential = _credential(Path(folder), ".".join((*label, key.path[-1]))) if folder else None
            try:
                _fill(table, key.path[-1], credential)
            except ValueError as error:
                wrong.append((key.dotted, str(error)))
    return wrong


def _tables(data: object, path: tuple[str, ...], *, create: bool) -> list[tuple[tuple[str, ...], dict[str, Any]]]:
    """The tables at a path with the names that lead there; an array gives each of its tables, by its `name`."""
    here: list[tuple[tuple[str, ...], Any]] = [((), data)]
    for part in path:
        deeper: list[tuple[tuple[str, ...], Any]] = []
        for label, table in here:
            if not isinstance(table, dict):
                continue
            inner = table.setdefault(part, {}) if create else table.get(part)
            if isinstance(inner, list | tuple):
                deeper += [((*label, part, str(t.get("name"))), t) for t in inner if isinstance(t, dict)]
            elif inner is not None:
                deeper.append(((*label, part), inner))
        here = deeper
    return [(label, table) for label, table in here if isinstance(table, dict)]
