"""Sets up logging once: lines for people on a terminal, JSON with journal priorities for systemd."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any, Literal, TextIO

import structlog

PRIORITIES = {"debug": 7, "info": 6, "warning": 4, "error": 3, "critical": 2}
"""sd-daemon(3): a line that begins with <N> is kept with that priority, so `journalctl -p warning` works."""

TALKATIVE = ("twilio", "httpx", "urllib3", "aiomqtt", "mqtt", "sqlalchemy", "alembic", "faster_whisper", "matplotlib")
"""Libraries that log telephone numbers, message texts or SQL below WARNING: personal data stays out of the journal."""

_TRACEBACKS = structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False))
"""Without local variables: they hold names, numbers and passwords."""


def _with_priority(_: object, __: str, event: MutableMapping[str, Any] | str) -> str:
    line = str(event)
    level = line.split('"level": "', 1)[-1].split('"', 1)[0]
    return f"<{PRIORITIES.get(level, 6)}>{line}"


def set_up_logging(
    level: Literal["debug", "info", "warning", "error"] = "info",
    form: Literal["auto", "console", "json"] = "auto",
    *,
    stream: TextIO | None = None,
    environ: Mapping[str, str] = os.environ,
) -> None:
    """Log to `stream` (standard error) from now on, our own events and those of libraries.

    Args:
        level: the least that is written.
        form: `auto` is console on a terminal and JSON elsewhere.
        stream: a text stream.
        environ: for `JOURNAL_STREAM`, set by systemd when standard error is the journal.
    """
    stream = stream or sys.stderr
    as_json = form == "json" or (form == "auto" and not stream.isatty())
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.ExtraAdder(),
    ]
    finish: list[structlog.typing.Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if as_json:
        finish += [_TRACEBACKS, structlog.processors.JSONRenderer(default=str)]
        if "JOURNAL_STREAM" in environ:
            finish.append(_with_priority)
    else:
        finish.append(
            structlog.dev.ConsoleRenderer(colors=stream.isatty(), exception_formatter=structlog.dev.plain_traceback)
        )

    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.processors.StackInfoRenderer(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=finish))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
