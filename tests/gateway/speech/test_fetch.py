"""Downloads from a real HTTP server that cuts connections, lies about checksums, or isn't there."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import random
import socket
import stat
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from typer.testing import CliRunner
from typing_extensions import override

from gateway.cli.models import app
from gateway.speech import fetch as fetching
from gateway.speech.fetch import FetchError, Sources, fetch, unpack

VOSK_NAME = "vosk-model-small-en-gb-0.15"
REPOSITORY = "Systran/faster-whisper-base.en"


@dataclass
class Site:
    """Files by path, and how badly they are served."""

    files: dict[str, bytes] = field(default_factory=dict)
    cut_after: list[int] = field(default_factory=list)
    """For each answer in turn: bytes of body after which the connection is cut. Then none is."""
    takes_ranges: bool = True
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    url: str = ""

    @property
    def sources(self) -> Sources:
        return Sources(self.url, f"{self.url}/vosk/models")


@pytest.fixture
def site() -> Iterator[Site]:
    served = Site()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            wanted = self.headers.get("Range")
            served.asked.append((self.path, wanted))
            body = served.files.get(self.path)
            if body is None:
                self.send_error(404)
                return
            start = 0
            if wanted and served.takes_ranges:
                start = int(wanted.removeprefix("bytes=").rstrip("-"))
                if start >= len(body):
                    self.send_error(416)
                    return
                self.send_response(206)
                self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
            else:
                self.send_response(200)
            rest = body[start:]
            self.send_header("Content-Length", str(len(rest)))
            self.end_headers()
            if served.cut_after and not self.path.endswith((".json", "/main")):
                self.wfile.write(rest[: served.cut_after.pop(0)])
                self.wfile.flush()
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True
                return
            self.wfile.write(rest)

        @override
        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    served.url = f"http://127.0.0.1:{server.server_port}"
    yield served
    server.shutdown()
    server.server_close()
    thread.join()


def zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in files.items():
            target.writestr(name, content)
    return out.getvalue()


def noise(size: int) -> bytes:
    return random.Random(4).randbytes(size)


def serve_vosk(site: Site, archive: bytes, md5: str | None = None) -> None:
    site.files["/vosk/models/model-list.json"] = json.dumps(
        [
            {"name": "vosk-model-de", "lang": "de", "md5": "0", "size": 1, "url": "x"},
            {
                "name": VOSK_NAME,
                "lang": "en-gb",
                "md5": md5 or hashlib.md5(archive, usedforsecurity=False).hexdigest(),
                "size": len(archive),
                "url": "https://elsewhere.example/model.zip",
            },
        ]
    ).encode()
    site.files[f"/vosk/models/{VOSK_NAME}.zip"] = archive


def serve_whisper(site: Site, files: dict[str, bytes]) -> None:
    listing: list[dict[str, Any]] = [{"type": "directory", "path": "onnx", "oid": "1", "size": 0}]
    for name, content in files.items():
        git = hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
        entry: dict[str, Any] = {"type": "file", "path": name, "oid": git, "size": len(content)}
        if len(content) > 10_000:
            entry["oid"] = "pointer"
            entry["lfs"] = {"oid": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 135}
        listing.append(entry)
        site.files[f"/{REPOSITORY}/resolve/main/{name}"] = content
    site.files[f"/api/models/{REPOSITORY}/tree/main"] = json.dumps(listing).encode()


WHISPER = {
    "model.bin": noise(900_000),
    "config.json": b'{"a": 1}',
    "tokenizer.json": b'{"b": 2}' * 3000,
    "vocabulary.txt": b"a\nb\n",
    "README.md": b"not wanted",
}
VOSK = {f"{VOSK_NAME}/am/final.mdl": noise(700_000), f"{VOSK_NAME}/conf/model.conf": b"x", f"{VOSK_NAME}/README": b"y"}


def no_pause(seconds: float) -> None:
    """Nobody waits in a test."""


def test_whisper_file_by_file(site: Site, tmp_path: Path) -> None:
    serve_whisper(site, WHISPER)
    told: dict[str, tuple[int, int]] = {}
    there = fetch(
        "base.en", tmp_path, sources=site.sources, progress=lambda f, done, size: told.__setitem__(f, (done, size))
    )
    assert there == tmp_path / "base.en"
    assert {file.name: file.read_bytes() for file in there.iterdir()} == {
        name: content for name, content in WHISPER.items() if name != "README.md"
    }
    assert told["model.bin"] == (900_000, 900_000)
    asked = len(site.asked)
    assert fetch("base.en", tmp_path, sources=site.sources) == there
    assert len(site.asked) == asked, "what is there isn't fetched again"


def test_vosk_as_an_archive(site: Site, tmp_path: Path) -> None:
    serve_vosk(site, zipped(VOSK))
    there = fetch("vosk-small-en-gb", tmp_path, sources=site.sources)
    assert (there / "am" / "final.mdl").read_bytes() == VOSK[f"{VOSK_NAME}/am/final.mdl"]
    assert (there / "README").read_bytes() == b"y"
    assert not list((tmp_path / ".partial").glob("*/*"))


def test_a_cut_connection_is_taken_up_where_it_was_cut(site: Site, tmp_path: Path) -> None:
    archive = zipped(VOSK)
    serve_vosk(site, archive)
    site.cut_after = [100_000, 1, 0, 300_000]
    fetch("vosk-small-en-gb", tmp_path, sources=site.sources, pause=no_pause)
    ranges = [wanted for path, wanted in site.asked if path.endswith(".zip")]
    assert ranges == [None, "bytes=100000-", "bytes=100001-", "bytes=100001-", "bytes=400001-"]


def test_what_an_earlier_try_left_is_used(site: Site, tmp_path: Path) -> None:
    serve_whisper(site, WHISPER)
    # One cut in the middle, then nothing arrives any more: given up, but nothing lost.
    site.cut_after = [400_000] + [0] * 50
    with pytest.raises(FetchError, match="the next try goes on from there"):
        fetch("base.en", tmp_path, sources=site.sources, pause=no_pause)
    assert not (tmp_path / "base.en").exists()
    site.cut_after, site.asked = [], []
    fetch("base.en", tmp_path, sources=site.sources, pause=no_pause)
    assert (f"/{REPOSITORY}/resolve/main/model.bin", "bytes=400000-") in site.asked


def test_a_server_without_ranges_starts_anew(site: Site, tmp_path: Path) -> None:
    serve_vosk(site, zipped(VOSK))
    site.takes_ranges = False
    site.cut_after = [100_000]
    there = fetch("vosk-small-en-gb", tmp_path, sources=site.sources, pause=no_pause)
    assert (there / "am" / "final.mdl").read_bytes() == VOSK[f"{VOSK_NAME}/am/final.mdl"]


def test_a_wrong_checksum_is_thrown_away(site: Site, tmp_path: Path) -> None:
    serve_vosk(site, zipped(VOSK), md5="0" * 32)
    with pytest.raises(FetchError, match="wrong checksum"):
        fetch("vosk-small-en-gb", tmp_path, sources=site.sources, pause=no_pause)
    assert not (tmp_path / "vosk-small-en-gb").exists()
    assert not [path for path in tmp_path.rglob("*") if path.suffix in {".zip", ".part"}]
    serve_whisper(site, WHISPER)
    site.files[f"/{REPOSITORY}/resolve/main/config.json"] = b'{"a": 2}'
    with pytest.raises(FetchError, match=r"config\.json arrived with the wrong checksum"):
        fetch("base.en", tmp_path, sources=site.sources, pause=no_pause)


def test_a_part_that_is_too_long_or_of_another_version_does_no_harm(site: Site, tmp_path: Path) -> None:
    archive = zipped(VOSK)
    serve_vosk(site, archive)
    part = tmp_path / ".partial" / "vosk-small-en-gb" / f"{VOSK_NAME}.zip.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(bytes(len(archive) + 5))
    with pytest.raises(FetchError, match="wrong checksum"):
        fetch("vosk-small-en-gb", tmp_path, sources=site.sources, pause=no_pause)
    assert fetch("vosk-small-en-gb", tmp_path, sources=site.sources, pause=no_pause).is_dir()


def test_no_network_says_what_to_do(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    nobody = Sources(f"http://127.0.0.1:{port}", f"http://127.0.0.1:{port}/vosk/models")
    with pytest.raises(FetchError) as error:
        fetch("vosk-small-en-gb", tmp_path, sources=nobody, pause=no_pause)
    assert "127.0.0.1 can't be reached" in str(error.value)
    assert f"copy the folder to {tmp_path / 'vosk-small-en-gb'}" in str(error.value)
    with pytest.raises(FetchError, match=r"vocabulary\.\* of .*base\.en elsewhere, and copy them into"):
        fetch("base.en", tmp_path, sources=nobody, pause=no_pause)


def test_lists_that_are_none(site: Site, tmp_path: Path) -> None:
    site.files["/vosk/models/model-list.json"] = b"<html>Please sign in"
    with pytest.raises(FetchError, match="sign-in page"):
        fetch("vosk-small-en-gb", tmp_path, sources=site.sources)
    site.files["/vosk/models/model-list.json"] = b'{"a": 1}'
    with pytest.raises(FetchError, match="Vosk's list has no"):
        fetch("vosk-small-en-gb", tmp_path, sources=site.sources)
    site.files[f"/api/models/{REPOSITORY}/tree/main"] = b"[]"
    with pytest.raises(FetchError, match="no CTranslate2 Whisper model"):
        fetch("base.en", tmp_path, sources=site.sources)
    with pytest.raises(FetchError, match="404"):
        fetch("small.en", tmp_path, sources=site.sources)


def test_two_at_once(site: Site, tmp_path: Path) -> None:
    with fetching._alone(tmp_path, "base.en"), pytest.raises(FetchError, match="another process"):
        fetch("base.en", tmp_path, sources=site.sources)


def test_a_full_disk_is_said_before_the_download(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    serve_whisper(site, WHISPER)
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("Usage", (), {"free": 1000})())
    with pytest.raises(FetchError, match="make room"):
        fetch("base.en", tmp_path, sources=site.sources)


def test_the_command(site: Site, tmp_path: Path) -> None:
    serve_vosk(site, zipped(VOSK))
    result = CliRunner().invoke(app, ["fetch", VOSK_NAME, "--folder", str(tmp_path), "--mirror", f"{site.url}/"])
    assert result.exit_code == 0, result.output
    assert 'model = "vosk-model-small-en-gb-0.15"' in result.output
    assert (tmp_path / "vosk-small-en-gb" / "am" / "final.mdl").is_file()


def link(name: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as target:
        entry = zipfile.ZipInfo(name)
        entry.external_attr = (stat.S_IFLNK | 0o777) << 16
        target.writestr(entry, "/etc/passwd")
    return out.getvalue()


@pytest.mark.parametrize(
    ("archive", "says"),
    [
        (zipped({"../evil": b"x"}), "leads out"),
        (zipped({"a/../../evil": b"x"}), "leads out"),
        (zipped({"/etc/evil": b"x"}), "leads out"),
        (zipped({"a\\..\\..\\evil": b"x"}), "leads out"),
        (link("model/passwd"), "leads out"),
        (zipped({"bomb": bytes(60_000_000)}), "far more than its size"),
        (b"PK\x03\x04 not really", "no ZIP"),
        (b"", "no ZIP"),
    ],
)
def test_hostile_archives(archive: bytes, says: str, tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(archive)
    with pytest.raises(FetchError, match=says):
        unpack(tmp_path / "a.zip", tmp_path / "inner" / "out")
    assert not list(tmp_path.rglob("evil*"))


@given(st.binary(max_size=300), st.integers(0, 400), st.binary(max_size=4))
@example(b"", 186, b"\x01")
def test_damaged_archives_never_surprise(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, at: int, damage: bytes
) -> None:
    folder = tmp_path_factory.mktemp("zip")
    archive = zipped({"m/a": content, "m/b": b"b"})
    (folder / "a.zip").write_bytes(archive[:at] + damage + archive[at + len(damage) :])
    with contextlib.suppress(FetchError):
        unpack(folder / "a.zip", folder / "out")
    assert {path.name for path in folder.iterdir()} <= {"a.zip", "out"}
