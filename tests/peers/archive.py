"""An rdio-scanner compatible archive, in a thread: werkzeug reads the form, so that our uploads are judged by others' code."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from typing_extensions import override
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response


@dataclass
class Received:
    """One upload."""

    path: str
    fields: dict[str, str]
    audio: bytes
    audio_filename: str
    audio_type: str


class _Quiet(WSGIRequestHandler):
    @override
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing on the terminal."""


@dataclass
class Archive:
    """Answers as rdio-scanner does, or as `answers` says, one after the other.

    Args:
        port: 0 for any.
    """

    port: int = 0
    key: str = "archive-key-1"
    answers: list[tuple[int, str]] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    _server: BaseWSGIServer | None = None
    _thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self._server = make_server("127.0.0.1", self.port, self._app, threaded=True, request_handler=_Quiet)
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), name="archive", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        if self._server is None or self._thread is None:
            return
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._server = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _app(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        request = Request(environ)
        file = request.files.get("audio")
        got = Received(
            request.path,
            dict(request.form),
            file.read() if file else b"",
            (file.filename or "") if file else "",
            file.mimetype if file else "",
        )
        request.close()
        status, text = 200, "Call imported successfully.\n"
        if self.answers:
            status, text = self.answers.pop(0)
        elif got.fields.get("key") != self.key:
            status, text = 401, "Invalid API key for system 1 talkgroup 9001.\n"
        if status == 200:
            self.received.append(got)
        headers = {"Location": text.strip()} if 300 <= status < 400 else {}
        return Response(text, status, headers)(environ, start_response)
