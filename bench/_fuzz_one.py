"""One fuzz target under atheris, in a process of its own: `python -m bench._fuzz_one NAME LIBFUZZER-OPTION...`."""

from __future__ import annotations

import importlib
import logging
import sys
from typing import Any

import structlog

OURS = ("radio_drivers", "gateway", "dispatch", "bench.fuzz_targets")
"""What is watched for new paths; not what it is built on."""


def main() -> None:
    """Fuzz until libFuzzer's own limits end the process; it never returns."""
    name, *options = sys.argv[1:]
    atheris: Any = importlib.import_module("atheris")  # only in the environment of `bench fuzz`
    with atheris.instrument_imports(include=list(OURS)):
        target = importlib.import_module(f"bench.fuzz_targets.{name}")
    # What the parsers' owners log about rubbish is right, and would be most of the time spent.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    atheris.Setup([name, *options], target.one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
