"""What is written, in which form, and what is not."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from gateway.logs import set_up_logging


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def test_json_for_machines_with_the_journals_priorities() -> None:
    out = io.StringIO()
    set_up_logging("info", "auto", stream=out, environ={"JOURNAL_STREAM": "8:1"})
    structlog.get_logger().warning("behind", waiting=3)
    logging.getLogger("somelib").error("library %s", "speaks")
    structlog.get_logger().debug("too small")
    first, second = out.getvalue().splitlines()
    assert first.startswith("<4>{")
    assert json.loads(first[3:]) | {"timestamp": ""} == {
        "event": "behind",
        "level": "warning",
        "waiting": 3,
        "timestamp": "",
    }
    assert second.startswith("<3>{")
    assert json.loads(second[3:])["event"] == "library speaks"


def test_plain_json_without_the_journal() -> None:
    out = io.StringIO()
    set_up_logging("info", "auto", stream=out, environ={})
    structlog.get_logger().info("hello")
    assert json.loads(out.getvalue())["event"] == "hello"


def test_lines_for_people() -> None:
    out = io.StringIO()
    set_up_logging("debug", "console", stream=out)
    structlog.get_logger().debug("hello", channel="town")
    assert "hello" in out.getvalue()
    assert "channel=town" in out.getvalue()


@pytest.mark.parametrize("form", ["json", "console"])
def test_tracebacks_never_show_variables(form: str) -> None:
    out = io.StringIO()
    set_up_logging("info", "json" if form == "json" else "console", stream=out)
    password = "hunter" + "2"
    try:
        raise RuntimeError("oops")
    except RuntimeError:
        structlog.get_logger().exception("failed")
    assert "oops" in out.getvalue()
    assert password not in out.getvalue()


def test_libraries_that_log_numbers_and_texts_are_kept_down() -> None:
    out = io.StringIO()
    set_up_logging("debug", "json", stream=out)
    logging.getLogger("twilio.http_client").info("Data: To=+447700900123")
    assert not out.getvalue()
