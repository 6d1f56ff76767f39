"""Downloads speech models: progress, resume, checksums, nothing half-done ever under a model's name.

Whisper models come file by file from their repository on the model hub, whose listing gives each file's SHA-256 (large files)
or Git blob hash (small ones). Vosk models are one ZIP each; Vosk's list gives its MD5. Everything is gathered in `.partial`
and moved to its name in one step when it is complete and checked.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import http.client
import json
import lzma
import os
import shutil
import stat
import struct
import time
import urllib.error
import urllib.request
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, Final, Literal
from urllib.parse import quote, urlsplit

from gateway.speech.models import KNOWN, KnownModel, known

_SOCKET_S: Final = 30.0
_BLOCK: Final = 1 << 18
_TRIES: Final = 6
"""Without a single new byte in between."""
_LIST_LIMIT: Final = 8 << 20
_ZIP_FILES: Final = 10_000
_ZIP_GROWTH: Final = 20
_ZIP_BYTES: Final = 8 << 30

_WHISPER_FILES: Final = ("model.bin", "config.json", "tokenizer.json", "preprocessor_config.json")
_WHISPER_NEEDED: Final = ("model.bin", "config.json", "tokenizer.json")


Kind = Literal["sha256", "git", "md5"]


# What zipfile lets through when the bytes make no sense; found by fuzzing.
_DAMAGED: Final = (
    zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, EOFError, RuntimeError, ValueError, OverflowError,
    zlib.error, struct.error, lzma.LZMAError, IndexError,
)  # fmt: skip
_DAMAGED_ERRNO: Final = {None, errno.EINVAL, errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENAMETOOLONG}


class FetchError(Exception):
    """A model could not be fetched; the text says why and what to do next."""


@dataclass(frozen=True, slots=True)
class Sources:
    """Where models come from; a mirror inside one's own network has the same paths."""

    hub: str = "https://huggingface.co"
    vosk: str = "https://alphacephei.com/vosk/models"


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """One file to download."""

    url: str
    name: str
    size: int
    kind: Kind
    checksum: str


Progress = Callable[[str, int, int], None]
"""File, bytes so far, bytes in all."""


def _quiet(file: str, done: int, size: int) -> None:
    """Nobody watches."""


def fetch(
    name: str,
    home: Path,
    *,
    sources: Sources | None = None,
    progress: Progress = _quiet,
    pause: Callable[[float], None] = time.sleep,
) -> Path:
    """Bring a model to `home`, going on with what an earlier try left.

    Args:
        name: of `gateway.speech.models.KNOWN` or of Vosk's list.
        home: the models folder.
        sources: mirrors.
        progress: told after each block.
        pause: waits between tries.

    Returns:
        The model's folder.

    Raises:
        FetchError: no such model, no network, a wrong checksum, a full disk, a hostile archive.
    """
    model = known(name)
    if model is None:
        raise FetchError(f"there is no model {name!r}; known are {', '.join(m.name for m in KNOWN)}")
    if model.source is None:
        raise FetchError(f"{model.name} comes with the package: there is nothing to fetch")
    target = home / model.name
    if target.is_dir():
        return target
    try:
        with _alone(home, model.name) as partial:
            loader = _Loader(progress, pause, _by_hand(model, target, sources or Sources()))
            if model.engine == "vosk":
                ready = _fetch_vosk(model.source, partial, sources or Sources(), loader)
            else:
                ready = _fetch_whisper(model.source, partial, sources or Sources(), loader)
            ready.rename(target)
            shutil.rmtree(partial, ignore_errors=True)
    except OSError as error:
        raise FetchError(f"{error.filename or home} can't be written: {error.strerror or error}") from error
    return target


def _by_hand(model: KnownModel, target: Path, sources: Sources) -> str:
    """What to do on a machine without a network."""
    if model.engine == "vosk":
        return f"by hand: get {sources.vosk}/{model.source}.zip elsewhere, unpack it, and copy the folder to {target}"
    return (
        f"by hand: get {', '.join(_WHISPER_NEEDED)} and vocabulary.* of {sources.hub}/{model.source} elsewhere, "
        f"and copy them into {target}"
    )


@contextmanager
def _alone(home: Path, name: str) -> Iterator[Path]:
    """The folder where this model is gathered, for one process at a time."""
    partial = home / ".partial" / name
    partial.mkdir(parents=True, exist_ok=True)
    lock = os.open(home / ".partial" / f"{name}.lock", os.O_CREAT | os.O_RDWR, 0o644)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise FetchError(f"{name} is being fetched by another process") from error
        yield partial
    finally:
        os.close(lock)


def _fetch_whisper(repository: str, partial: Path, sources: Sources, loader: _Loader) -> Path:
    listing = loader.get_json(f"{sources.hub}/api/models/{repository}/tree/main")
    files = []
    for entry in listing if isinstance(listing, list) else ():
        path = entry.get("path") if isinstance(entry, dict) else None
        if not isinstance(path, str) or not (path in _WHISPER_FILES or path in ("vocabulary.txt", "vocabulary.json")):
            continue
        large = entry.get("lfs")
        kind: Kind = "sha256" if isinstance(large, dict) else "git"
        checksum = large["oid"] if isinstance(large, dict) else entry["oid"]
        url = f"{sources.hub}/{repository}/resolve/main/{quote(path)}"
        files.append(RemoteFile(url, path, int(entry["size"]), kind, str(checksum).removeprefix("sha256:")))
    missing = set(_WHISPER_NEEDED) - {file.name for file in files}
    if missing:
        raise FetchError(
            f"{repository} on the model hub has no {', '.join(sorted(missing))}: it is no CTranslate2 Whisper model"
        )
    _room(partial, sum(file.size for file in files))
    ready = partial / "files"
    ready.mkdir(exist_ok=True)
    for file in files:
        loader.download(file, ready / file.name)
    return ready


def _fetch_vosk(name: str, partial: Path, sources: Sources, loader: _Loader) -> Path:
    listing = loader.get_json(f"{sources.vosk}/model-list.json")
    entries = [e for e in listing if isinstance(e, dict)] if isinstance(listing, list) else []
    entry = next((e for e in entries if e.get("name") == name), None)
    if entry is None:
        english = ", ".join(str(e["name"]) for e in entries if str(e.get("lang", "")).startswith("en") and "name" in e)
        raise FetchError(f"Vosk's list has no {name}; English ones are {english or 'not in it either'}")
    file = RemoteFile(f"{sources.vosk}/{name}.zip", f"{name}.zip", int(entry["size"]), "md5", str(entry["md5"]))
    _room(partial, file.size * 3)
    archive = partial / file.name
    loader.download(file, archive)
    ready = partial / "unpacked"
    shutil.rmtree(ready, ignore_errors=True)
    unpack(archive, ready)
    archive.unlink()
    inside = list(ready.iterdir())
    return inside[0] if len(inside) == 1 and inside[0].is_dir() else ready


def _room(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise FetchError(
            f"{folder} has room for {free >> 20} MB, and {needed >> 20} MB are needed: make room or use --folder"
        )


def unpack(archive: Path, target: Path) -> None:
    """Unpack a ZIP into a new folder, and nothing outside it.

    Raises:
        FetchError: it is no ZIP, or it holds paths, links or sizes that no model has.
    """
    try:
        with zipfile.ZipFile(archive) as source:
            members = source.infolist()
            limit = min(_ZIP_BYTES, archive.stat().st_size * _ZIP_GROWTH + (1 << 20))
            if len(members) > _ZIP_FILES:
                raise FetchError(f"{archive.name} holds {len(members)} files: that is no speech model")
            target.mkdir(parents=True)
            for member in members:
                path = PurePosixPath(member.filename.replace("\\", "/"))
                kind = stat.S_IFMT(member.external_attr >> 16)
                if path.is_absolute() or ".." in path.parts or ":" in member.filename or kind == stat.S_IFLNK:
                    raise FetchError(
                        f"{archive.name} holds the path {member.filename!r}, which leads out of its folder"
                    )
                place = target.joinpath(*path.parts)
                if member.is_dir():
                    place.mkdir(parents=True, exist_ok=True)
                    continue
                place.parent.mkdir(parents=True, exist_ok=True)
                with source.open(member) as packed, place.open("wb") as out:
                    while block := packed.read(_BLOCK):
                        limit -= len(block)
                        if limit < 0:
                            raise FetchError(
                                f"{archive.name} unpacks to far more than its size: that is no speech model"
                            )
                        out.write(block)
    except _DAMAGED as error:
        raise FetchError(f"{archive.name} is no ZIP archive that can be read: {error}") from error
    except OSError as error:
        if error.errno not in _DAMAGED_ERRNO:
            raise
        raise FetchError(f"{archive.name} is no ZIP archive that can be read: {error}") from error


class _Loader:
    """Downloads over HTTP, telling a person what is going on."""

    def __init__(self, progress: Progress, pause: Callable[[float], None], by_hand: str) -> None:
        self._progress = progress
        self._pause = pause
        self._by_hand = by_hand

    def get_json(self, url: str) -> Any:  # noqa: ANN401 - JSON
        """A listing.

        Raises:
            FetchError: not to be had, or no JSON.
        """
        body = b""
        for attempt in range(3):
            try:
                with _opened(url, {}) as answer:
                    body = answer.read(_LIST_LIMIT + 1)
                break
            except (urllib.error.HTTPError, ValueError) as error:
                raise FetchError(f"{url} can't be had: {error}; {self._by_hand}") from error
            except (OSError, http.client.HTTPException) as error:
                if attempt == 2 or isinstance(error, urllib.error.URLError):
                    raise self._no_network(url, error) from error
                self._pause(1.0)
        if len(body) > _LIST_LIMIT:
            raise FetchError(f"{url} is far too long for a list; {self._by_hand}")
        try:
            return json.loads(body)
        except ValueError as error:
            raise FetchError(
                f"{url} gave something that is no list (a sign-in page of the network?); {self._by_hand}"
            ) from error

    def download(self, file: RemoteFile, target: Path) -> None:
        """Bring one file, going on where an earlier try stopped, and check it.

        Raises:
            FetchError: not to be had, or not what its list says.
        """
        if target.is_file() and target.stat().st_size == file.size and _checksum(target, file) == file.checksum.lower():
            self._progress(file.name, file.size, file.size)
            return
        part = target.with_name(target.name + ".part")
        idle = 0
        while True:
            have = part.stat().st_size if part.exists() else 0
            if have >= file.size:
                break
            try:
                self._continue(file, part, have)
            except urllib.error.HTTPError as error:
                if error.code != http.client.REQUESTED_RANGE_NOT_SATISFIABLE or have == 0:
                    raise FetchError(f"{file.url} can't be had: {error}; {self._by_hand}") from error
                part.unlink()
            except (OSError, http.client.HTTPException) as error:
                if isinstance(error, OSError) and error.filename:  # our own disk, not the network
                    raise
                got = (part.stat().st_size if part.exists() else 0) > have
                idle = 0 if got else idle + 1
                if idle >= _TRIES or (have == 0 and not got and isinstance(error, urllib.error.URLError)):
                    raise self._no_network(file.url, error) from error
                self._pause(min(2.0**idle, 30.0) / 2)
        found = _checksum(part, file)
        if part.stat().st_size != file.size or found != file.checksum.lower():
            part.unlink()
            raise FetchError(
                f"{file.url} arrived with the wrong checksum ({found}, not {file.checksum}) and was thrown away: "
                f"try again; if it stays so, {self._by_hand}"
            )
        part.replace(target)

    def _continue(self, file: RemoteFile, part: Path, have: int) -> None:
        """One connection: append what comes."""
        with _opened(file.url, {"Range": f"bytes={have}-"} if have else {}) as answer:
            resumed = answer.status == http.client.PARTIAL_CONTENT and (
                answer.headers.get("Content-Range", "").startswith(f"bytes {have}-")
            )
            with part.open("ab" if resumed else "wb") as out:
                done = have if resumed else 0
                while block := answer.read1(_BLOCK):
                    out.write(block)
                    done += len(block)
                    self._progress(file.name, done, file.size)
                    if done > file.size:
                        return  # the checksum says the rest
        if done < file.size:
            raise http.client.IncompleteRead(b"", file.size - done)

    def _no_network(self, url: str, error: Exception) -> FetchError:
        reason = getattr(error, "reason", None) or error
        return FetchError(
            f"{urlsplit(url).hostname} can't be reached ({reason}). Without a network, {self._by_hand}. "
            "What has arrived so far is kept: the next try goes on from there"
        )


def _opened(url: str, headers: dict[str, str]) -> Any:  # noqa: ANN401 - http.client.HTTPResponse, typed loosely by urllib
    if urlsplit(url).scheme not in {"https", "http"}:
        raise FetchError(f"{url} is no web address")
    request = urllib.request.Request(url, headers={"User-Agent": "huecry", **headers})  # noqa: S310 - scheme checked above
    return urllib.request.urlopen(request, timeout=_SOCKET_S)  # noqa: S310


def _checksum(path: Path, file: RemoteFile) -> str:
    with path.open("rb") as source:
        if file.kind == "git":  # gitformat-loose: "blob", size, NUL, content
            start = f"blob {path.stat().st_size}\0".encode()
            return _digest(source, hashlib.sha1(start, usedforsecurity=False))
        if file.kind == "md5":
            return _digest(source, hashlib.md5(usedforsecurity=False))
        return _digest(source, hashlib.sha256())


def _digest(source: BinaryIO, digest: Any) -> str:  # noqa: ANN401 - hashlib's type has no public name
    while block := source.read(1 << 20):
        digest.update(block)
    return str(digest.hexdigest())
