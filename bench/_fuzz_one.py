"""One fuzz target under atheris, in a process of its own: `python -m bench._fuzz_one NAME LIBFUZZER-OPTION...`."""

from __future__ import annotations

import importlib
import sys
from typing import Any

OURS = ("radio_drivers", "gateway", "dispatch", "bench.fuzz_targets")
"""What is watched for new paths; not what it is built on."""


def main() -> None:
    """Fuzz until libFuzzer's own limits end the process; it never returns."""
    name, *options = sys.argv[1:]
    atheris: Any = importlib.import_module("atheris")  # only in the environment of `bench fuzz`
    with atheris.instrument_imports(include=list(OURS)):
        target = importlib.import_module(f"bench.fuzz_targets.{name}")
    atheris.Setup([name, *options], target.one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
