"""A Twilio that remembers: the Messages part of its REST API, with faults on command.

In a test:      `with TwilioPeer() as twilio: ...; twilio.fail_next("drop")`
As a program:   `python -m tests.peers.twilio --port 8090 --state FILE`   (state survives a kill of either side)

By HTTP, without authentication, for whole-system tests: `GET /_peer/messages`, `POST /_peer/faults` with a JSON list.
"""

from __future__ import annotations

import argparse
import base64
import json
import socket
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlencode, urlsplit

from typing_extensions import override

ACCOUNT = "AC" + "5" * 32
TOKEN = "0123456789abcdef0123456789abcdef"  # an invented one

MESSAGES = {
    20003: (401, "Authenticate"),
    20404: (404, "The requested resource was not found"),
    21211: (400, "The 'To' number is not a valid phone number."),
    21602: (400, "Message body is required."),
    21603: (400, "A 'From' phone number is required."),
    21604: (400, "A 'To' phone number is required."),
    21610: (400, "Attempt to send to unsubscribed recipient"),
    21611: (429, "This 'From' number has exceeded the maximum number of queued messages"),
    21614: (400, "'To' number is not a valid mobile number"),
    21617: (400, "The concatenated message body exceeds the 1600 character limit"),
}


@dataclass
class Fault:
    """What happens to the next request of its method.

    Kinds: `500`, `503`, `429` (with `retry_after`), `drop` (stored, connection cut before the answer), `refuse` (cut
    before it is stored), `hang` (stored, answer after `seconds`), `garbage` (no JSON), or a Twilio error code.
    """

    kind: str
    method: str = "POST"
    retry_after: str | None = None
    seconds: float = 0.0


@dataclass
class State:
    """Everything Twilio knows, newest message last."""

    path: Path | None = None
    messages: list[dict[str, Any]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    opted_out: set[str] = field(default_factory=set)
    requests: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def load(self) -> None:
        """Take up what an earlier run of this program wrote."""
        if self.path is not None and self.path.exists():
            self.messages = json.loads(self.path.read_text())

    def save(self) -> None:
        """Write before answering, so that what was accepted outlives this program."""
        if self.path is not None:
            part = self.path.with_suffix(".part")
            part.write_text(json.dumps(self.messages))
            part.replace(self.path)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16  # head and body in one packet, or each answer waits 40 ms for the other side's acknowledgement
    server: _Server

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Silent."""

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        if self.path == "/_peer/faults":
            with self.server.state.lock:
                self.server.state.faults += [Fault(**one) for one in json.loads(raw)]
            return self._answer(200, {})
        form = dict(parse_qsl(raw, keep_blank_values=True))
        fault = self._enter(form)
        if fault is None:
            return None
        if fault.kind in MESSAGE_CODES:
            return self._error(int(fault.kind))
        made = self._create(form)
        if isinstance(made, int):
            return self._error(made)
        if fault.kind == "drop":
            return self._cut()
        if fault.kind == "hang":
            self.server.released.wait(fault.seconds)
        return self._answer(201, made)

    def do_GET(self) -> None:
        if self.path == "/_peer/messages":
            return self._answer(200, self.server.state.messages)
        query = dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
        if self._enter(query) is None:
            return None
        return self._answer(200, self._page(query))

    # -- what every request goes through

    def _enter(self, fields: dict[str, str]) -> Fault | None:
        """Authentication, address and faults; None when the request has been answered."""
        state = self.server.state
        with state.lock:
            state.requests.append((self.command, self.path, fields))
            fault = next((one for one in state.faults if one.method == self.command), Fault("none"))
            if fault in state.faults:
                state.faults.remove(fault)
        wanted = "Basic " + base64.b64encode(f"{self.server.account}:{self.server.token}".encode()).decode()
        if self.headers.get("Authorization") != wanted:
            self._error(20003)
        elif urlsplit(self.path).path != f"/2010-04-01/Accounts/{self.server.account}/Messages.json":
            self._error(20404)
        elif fault.kind in {"500", "503", "429"}:
            headers = {"Retry-After": fault.retry_after} if fault.retry_after is not None else {}
            body = {"code": 20429 if fault.kind == "429" else 20500, "message": "no", "status": int(fault.kind)}
            self._answer(int(fault.kind), body, headers)
        elif fault.kind == "refuse":
            self._cut()
        elif fault.kind == "garbage":
            self._raw(200 if self.command == "GET" else 201, b"<html>proxy</html>", {})
        else:
            return fault
        return None

    def _create(self, form: dict[str, str]) -> dict[str, Any] | int:
        state = self.server.state
        to, body = form.get("To", ""), form.get("Body", "")
        if not to:
            return 21604
        if not (form.get("From") or form.get("MessagingServiceSid")):
            return 21603
        if not body:
            return 21602
        if len(body) > 1600:
            return 21617
        if not (to.startswith("+") and to[1:].isdigit()):
            return 21211
        if to in state.opted_out:
            return 21610
        with state.lock:
            sid = f"SM{len(state.messages) + 1:032x}"
            now = format_datetime(datetime.now(UTC))
            message = {
                "account_sid": self.server.account,
                "api_version": "2010-04-01",
                "body": body,
                "date_created": now,
                "date_sent": None,  # it is queued
                "date_updated": now,
                "direction": "outbound-api",
                "error_code": None,
                "error_message": None,
                "from": form.get("From"),
                "messaging_service_sid": form.get("MessagingServiceSid"),
                "num_media": "0",
                "num_segments": "1",
                "price": None,
                "price_unit": "GBP",
                "sid": sid,
                "status": "accepted" if form.get("MessagingServiceSid") else "queued",
                "subresource_uris": {"media": f"{self._collection()}/{sid}/Media.json"},
                "to": to,
                "uri": f"{self._collection()}/{sid}.json",
            }
            state.messages.append(message)
            state.save()
        return message

    def _page(self, query: dict[str, str]) -> dict[str, Any]:
        found = [
            one
            for one in reversed(self.server.state.messages)
            if query.get("To") in {None, one["to"]}
            and query.get("From") in {None, one["from"]}
            and _sent_within(one["date_sent"], query)
        ]
        size, page = int(query.get("PageSize", 50)), int(query.get("Page", 0))
        shown = found[page * size : (page + 1) * size]
        more = (page + 1) * size < len(found)

        def uri(number: int) -> str:
            kept = {name: value for name, value in query.items() if name not in {"Page", "PageToken"}}
            return f"{self._collection()}.json?" + urlencode({**kept, "Page": number, "PageToken": f"PA{number}"})

        return {
            "end": page * size + len(shown) - 1,
            "first_page_uri": uri(0),
            "next_page_uri": uri(page + 1) if more else None,
            "page": page,
            "page_size": size,
            "previous_page_uri": uri(page - 1) if page else None,
            "start": page * size,
            "uri": uri(page),
            "messages": shown,
        }

    def _collection(self) -> str:
        return f"/2010-04-01/Accounts/{self.server.account}/Messages"

    # -- answers

    def _error(self, code: int) -> None:
        status, message = MESSAGES[code]
        info = f"https://www.twilio.com/docs/errors/{code}"
        self._answer(status, {"code": code, "message": message, "more_info": info, "status": status})

    def _answer(self, status: int, body: object, headers: dict[str, str] | None = None) -> None:
        self._raw(status, json.dumps(body).encode(), {"Content-Type": "application/json", **(headers or {})})

    def _raw(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        try:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except (BrokenPipeError, ConnectionResetError):  # the other side was killed or gave up: part of the tests
            self.close_connection = True

    def _cut(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)


MESSAGE_CODES = {str(code) for code in MESSAGES}


def _sent_within(date_sent: str | None, query: dict[str, str]) -> bool:
    """Twilio's DateSent filters, by day; a message that has not been sent yet has no date to match."""
    wanted = {sign: query[f"DateSent{sign}"] for sign in ("", "<", ">") if f"DateSent{sign}" in query}
    if not wanted:
        return True
    if date_sent is None:
        return False
    sent = parsedate_to_datetime(date_sent).date()
    for sign, text in wanted.items():
        day = datetime.fromisoformat(text).date()
        if (sign == "" and sent != day) or (sign == "<" and sent > day) or (sign == ">" and sent < day):
            return False
    return True


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, port: int, state: State, account: str, token: str) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.state = state
        self.account = account
        self.token = token
        self.released = threading.Event()


class TwilioPeer:
    """The server, in threads of this process."""

    def __init__(self, port: int = 0, state: Path | None = None, account: str = ACCOUNT, token: str = TOKEN) -> None:
        self.state = State(state)
        self.state.load()
        self._server = _Server(port, self.state, account, token)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), name="twilio peer", daemon=True
        )
        self.account, self.token = account, token

    @property
    def url(self) -> str:
        """For `SmsSettings.base_url`."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def texts(self) -> list[tuple[str, str]]:
        """Recipient and text of every message accepted, oldest first."""
        with self.state.lock:
            return [(one["to"], one["body"]) for one in self.state.messages]

    def fail_next(self, kind: str, times: int = 1, **more: Any) -> None:  # noqa: ANN401 - fields of Fault
        """Faults for the next requests, in order. See `Fault`."""
        with self.state.lock:
            self.state.faults += [Fault(kind, **more) for _ in range(times)]

    def age_all(self, by: timedelta) -> None:
        """Make every message older, as if time had passed."""
        with self.state.lock:
            for one in self.state.messages:
                one["date_created"] = format_datetime(parsedate_to_datetime(one["date_created"]) - by)

    def set_status(self, status: str) -> None:
        """Move every message on."""
        with self.state.lock:
            for one in self.state.messages:
                one["status"] = status
                one["date_sent"] = one["date_created"]

    def serve(self) -> None:
        """Serve in this thread until interrupted."""
        self._server.serve_forever(0.1)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


def main() -> None:
    """Run until killed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--account", default=ACCOUNT)
    parser.add_argument("--token", default=TOKEN)
    options = parser.parse_args()
    TwilioPeer(options.port, options.state, options.account, options.token).serve()


if __name__ == "__main__":
    main()
