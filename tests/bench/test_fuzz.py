"""The fuzzing bench without atheris: its targets take anything, and what libFuzzer says is read rightly."""

from __future__ import annotations

import importlib
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.fuzz import INPUT_S, Outcome, read_outcome, targets

ALL = targets()


def target(name: str) -> Callable[[bytes], None]:
    """A target's function."""
    one_input: Callable[[bytes], None] = importlib.import_module(f"bench.fuzz_targets.{name}").one_input
    return one_input


def test_the_parsers_that_read_what_others_send_are_targets() -> None:
    assert {"tetra", "tait", "mqtt", "wav", "simulator", "register", "speech_framing", "wyoming"} <= set(ALL)


@pytest.mark.parametrize("name", ALL)
def test_the_seeds_of_a_target_and_cuts_of_them_are_taken(name: str) -> None:
    one_input = target(name)
    one_input(b"")
    for seed in getattr(importlib.import_module(f"bench.fuzz_targets.{name}"), "SEEDS", ()):
        assert isinstance(seed, bytes)
        cuts = 40 if len(seed) <= 2_000 else 2  # sound is long, and one sample more or less of it is nothing
        for end in range(0, len(seed) + 1, max(1, len(seed) // cuts)):
            one_input(seed[:end])


@pytest.mark.parametrize("name", ALL)
@settings(max_examples=60)
@given(data=st.binary(max_size=600))
def test_a_target_takes_anything(name: str, data: bytes) -> None:
    target(name)(data)


CLEAN = """\
INFO: Running with entropic power schedule (0xFF, 100).
#2      INITED cov: 40 ft: 40 corp: 1/1b exec/s: 0 rss: 98Mb
#14161  DONE   cov: 236 ft: 900 corp: 132/9021b lim: 4096 exec/s: 1416 rss: 121Mb
Done 14161 runs in 10 second(s)
stat::number_of_executed_units: 14161
stat::average_exec_per_sec:     1416
stat::new_units_added:          200
stat::slowest_unit_time_sec:    0
stat::peak_rss_mb:              121
"""

CRASHED = """\
#2      INITED cov: 40 ft: 40 corp: 1/1b exec/s: 0 rss: 98Mb

 === Uncaught Python exception: ===
ValueError: it went wrong
Traceback (most recent call last):
  File "bench/fuzz_targets/tetra.py", line 44, in one_input
ValueError: it went wrong

==12==ERROR: libFuzzer: fuzz target exited
artifact_prefix='/tmp/x/'; Test unit written to /tmp/x/crash-da39
stat::number_of_executed_units: 812
stat::peak_rss_mb:              99
"""


def test_a_clean_run() -> None:
    assert read_outcome("tetra", 10, 0, CLEAN, None) == Outcome("tetra", 10, 14161, 132, 236, 121, "clean")


def test_a_crash_names_the_error_and_the_input() -> None:
    outcome = read_outcome("tetra", 10, 77, CRASHED, ("crash-da39", b"\x01\xff"))
    assert (outcome.verdict, outcome.problem, outcome.input_hex) == ("crash", "ValueError: it went wrong", "01ff")
    assert (outcome.executions, outcome.edges) == (812, 40)


@pytest.mark.parametrize(("kept", "verdict"), [("timeout-1", "hang"), ("oom-1", "too much memory")])
def test_a_hang_and_a_glutton_are_told_apart(kept: str, verdict: str) -> None:
    assert read_outcome("tetra", INPUT_S, 70, CLEAN, (kept, b"x")).verdict == verdict


def test_a_target_that_cannot_even_be_imported_is_not_clean() -> None:
    outcome = read_outcome("tetra", 10, 1, "Traceback ...\nModuleNotFoundError: No module named 'x'\n", None)
    assert (outcome.verdict, outcome.problem) == ("did not start", "ModuleNotFoundError: No module named 'x'")
