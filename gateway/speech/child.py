"""The worker's side: a process that loads a model, then answers one message after the other until its parent is gone.

Native libraries print. The stream that carries the answers is therefore taken away from file descriptor 1 before anything
else is imported; whatever prints there afterwards ends up on stderr, which the daemon logs.
"""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import sys
from collections.abc import Callable
from typing import BinaryIO, Final

from gateway.speech.framing import FramingError, Header, encode, read_message

Handler = Callable[[Header, bytes], tuple[Header, bytes]]
"""Answers one request. What it raises goes back as an error; `RefusedError` without a traceback in the log."""

log = logging.getLogger(__name__)

EXIT_SETTINGS: Final = 78
"""sysexits.h EX_CONFIG: starting again can't help."""

_PR_SET_PDEATHSIG: Final = 1  # linux/prctl.h


class RefusedError(Exception):
    """This request can't be answered, and the worker is fine."""


class CannotStartError(Exception):
    """The settings can't work as they are (a missing model): starting again can't help."""


def take_stdout() -> tuple[BinaryIO, BinaryIO]:
    """Keep stdin and stdout for messages; descriptor 1 becomes stderr for everyone else.

    Returns:
        The stream of requests and the stream of answers.
    """
    answers = os.fdopen(os.dup(1), "wb")
    requests = os.fdopen(os.dup(0), "rb")
    os.dup2(2, 1)
    sys.stdout = sys.stderr  # not the same as the line above: sys.stdout would keep its lines until its buffer is full
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return requests, answers


def follow_parent(parent: int) -> None:
    """Die with the parent, even if it was killed with -9; the daemon alone decides about Ctrl-C and SIGTERM."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it died before prctl was called
        os._exit(1)
    # systemd sends SIGTERM to every process of the unit, a terminal sends SIGINT to the whole group: the daemon
    # finishes what is in hand and then closes our stdin.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


def serve(requests: BinaryIO, answers: BinaryIO, load: Callable[[], tuple[Handler, Header]]) -> int:
    """Load, say so, answer until the requests end.

    The first message out is `{"ready": true, ...}` with what `load` tells about itself, or `{"error": ..., "fatal": true}`.

    Returns:
        The exit code.
    """
    try:
        handler, about = load()
    except CannotStartError as error:
        answers.write(encode({"ready": False, "fatal": True, "error": str(error)}))
        answers.flush()
        return EXIT_SETTINGS
    answers.write(encode({"ready": True, **about}))
    answers.flush()
    while True:
        try:
            message = read_message(requests)
        except FramingError as error:
            log.error(  # noqa: TRY400 - the stream is at fault, a traceback tells nothing
                "the daemon sent no message: %s", error
            )
            return 1
        if message is None:
            return 0
        header, payload = message
        if header.get("op") == "ping":
            answer, body = Header(), b""
        else:
            try:
                answer, body = handler(header, payload)
            except RefusedError as error:
                answer, body = {"error": str(error)}, b""
            except Exception as error:  # the process boundary: a bug costs this request, not the loaded model
                log.exception("request %r failed", header.get("op"))
                answer, body = {"error": f"{type(error).__name__}: {error}"}, b""
        answers.write(encode({**answer, "id": header.get("id")}, body))
        answers.flush()


def run(parent: int, niceness: int, load: Callable[[], tuple[Handler, Header]]) -> int:
    """Everything a worker's `main` does. Call it before importing anything native."""
    requests, answers = take_stdout()
    follow_parent(parent)
    os.nice(niceness)
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(message)s")
    try:
        return serve(requests, answers, load)
    except BrokenPipeError:  # the daemon went away while we answered
        return 1
