"""Where sounds were said, by probabilities made by hand."""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.speech.spotting import GROUPS, MOST_A_STEP, MOST_SOUNDS, WORST, Ways, spot, spot_all, tables
from gateway.speech.transcript import Spotted

SOUNDS = "abcd"
STEP_S = 0.04
SURE, UNSURE = 0.96, 0.01

Floats = npt.NDArray[np.float32]


def heard(script: str) -> Floats:
    """A step for each character, which is nearly sure; "." is no sound. Shape (steps, 1 + sounds)."""
    rows = np.full((len(script), 1 + len(SOUNDS)), UNSURE, np.float32)
    for step, sound in enumerate(script):
        rows[step, SOUNDS.find(sound) + 1] = SURE
    return np.log(rows)


def spotted(script: str, *ways: str, start_s: float = 0.0) -> list[Spotted]:
    return spot_all(heard(script), ways, SOUNDS, STEP_S, start_s)


A_MISS = float(np.log(SURE / UNSURE))
"""What one step costs in which another sound is nearly sure."""


@pytest.mark.parametrize(
    ("script", "way", "first", "last"),
    [
        ("..abc...", "abc", 2, 4),
        ("aaabbb..", "ab", 2, 3),
        ("...a..b.c", "abc", 3, 8),
        ("ddd..ab.ddd", "ab", 5, 6),
        ("abab....abc", "abc", 8, 10),
        ("c", "c", 0, 0),
    ],
)
def test_what_was_said_is_found_at_its_time_and_costs_nothing(script: str, way: str, first: int, last: int) -> None:
    (found,) = spotted(script, way)
    assert found.cost == pytest.approx(0.0, abs=1e-6)
    assert found.sounds == len(way)
    assert found.end_s == pytest.approx(STEP_S * (script.index(way[-1], last) + 1))
    # As early as the last sound is there, and as early as the first one begins.
    assert found.start_s <= STEP_S * first + 1e-9
    assert set(script[round(found.start_s / STEP_S) : first + 1]) == {way[0]}


def test_times_count_from_where_the_first_step_begins() -> None:
    (found,) = spotted("..ab..", "ab", start_s=24.0)
    assert (found.start_s, found.end_s) == pytest.approx((24.08, 24.16))


def test_every_wrong_sound_costs_more() -> None:
    right, one, two, three = (found.cost for found in spotted("..abca..", "abca", "abda", "adda", "dddd"))
    assert right == pytest.approx(0.0, abs=1e-6)
    assert one == pytest.approx(A_MISS, abs=1e-4)
    assert right < one < two <= three


def test_the_same_sound_twice_needs_a_pause_between() -> None:
    assert spotted("ab.ba", "abba")[0].cost == pytest.approx(0.0, abs=1e-6)
    assert spotted("abbba", "abba")[0].cost == pytest.approx(A_MISS, abs=1e-4)
    assert spotted("abbba", "aba")[0].cost == pytest.approx(0.0, abs=1e-6)


def test_two_different_sounds_need_none_and_may_have_one() -> None:
    assert [found.cost for script in ("ab", "a...b") for found in spotted(script, "ab")] == pytest.approx(
        [0, 0], abs=1e-6
    )


def test_no_step_costs_more_than_it_may() -> None:
    steps = heard("a.c")
    steps[1] = [0.0, -50.0, -50.0, -50.0, -50.0]
    steps[0], steps[2] = [-60.0, 0.0, -60.0, -60.0, -60.0], [-60.0, -60.0, -60.0, 0.0, -60.0]
    (found,) = spot_all(steps, ("abc",), SOUNDS, STEP_S)
    assert found.cost == pytest.approx(MOST_A_STEP)


def test_names_of_all_lengths_come_back_in_their_order() -> None:
    long, longer = "abcdabcd", "abcdabcdabcdabcd"
    assert len("ab") <= GROUPS[0] < len(long) <= GROUPS[1] < len(longer) <= GROUPS[2]
    ways = (longer, "ab", long, "dc", "abc", longer, "a")
    found = spotted(f"..{longer}..", *ways)
    assert [one.sounds for one in found] == [len(way) for way in ways]
    assert [one.cost < 1e-3 for one in found] == [way != "dc" for way in ways]
    for one, way in zip(found, ways, strict=True):
        alone = spotted(f"..{longer}..", way)[0]
        assert (one.cost, one.start_s, one.end_s) == pytest.approx((alone.cost, alone.start_s, alone.end_s), abs=1e-5)


def test_a_name_that_is_too_long_is_cut() -> None:
    endless = "ab" * MOST_SOUNDS
    (found,) = spotted(endless[:MOST_SOUNDS] + "....", endless)
    assert found.sounds == MOST_SOUNDS
    assert found.cost == pytest.approx(0.0, abs=1e-5)


def test_what_has_no_sounds_or_does_not_go_in_fits_nowhere() -> None:
    nothing, unknown, whole, too_long = spotted("abc", "", "xyz?", "abc", "abcd")
    assert whole.cost < 1e-5
    assert min(nothing.cost, unknown.cost, too_long.cost) > 1e5
    assert spotted("abc", "?a b!")[0].sounds == 2, "what is no sound of the alphabet is left out"
    assert spotted("abc") == []
    assert spot_all(heard(""), ("ab",), SOUNDS, STEP_S)[0].cost > 1e5


def test_the_tables_of_a_register_are_kept() -> None:
    ways = ["abc", "dab", "abcdabcd"]
    assert tables(tuple(ways), SOUNDS) is tables(tuple(ways), SOUNDS)


def likeliest_path(steps: Floats, way: tuple[int, ...]) -> float | None:
    """The same by trying all there is: every run of columns that begins and ends with a sound and reads as the way."""
    costs = np.minimum(steps.max(axis=1, keepdims=True) - steps, MOST_A_STEP)
    found: list[float] = []
    for first, end in itertools.combinations(range(len(steps) + 1), 2):
        for path in itertools.product(range(steps.shape[1]), repeat=end - first):
            read = [now for now, last in zip(path, (0, *path), strict=False) if now and now != last]
            if path[0] and path[-1] and tuple(read) == way:
                found.append(sum(float(costs[first + at, column]) for at, column in enumerate(path)))
    return min(found, default=None)


@given(
    st.lists(st.lists(st.floats(0.001, 1.0), min_size=3, max_size=3), min_size=1, max_size=5),
    st.lists(st.lists(st.integers(1, 2), min_size=1, max_size=3).map(tuple), min_size=1, max_size=3),
)
def test_no_other_path_is_cheaper(rows: list[list[float]], ways: list[tuple[int, ...]]) -> None:
    shares = np.array(rows, np.float32)
    steps = np.log(shares / shares.sum(axis=1, keepdims=True))
    for found, way in zip(spot(steps, Ways.of(ways), STEP_S), ways, strict=True):
        best = likeliest_path(steps, way)
        if best is None:
            assert found.cost > 1e5
            continue
        assert found.cost == pytest.approx(best, abs=1e-4)
        if best > WORST * len(way):
            continue  # nobody asks where what was not said began
        first, end = round(found.start_s / STEP_S), round(found.end_s / STEP_S)
        assert likeliest_path(steps[first:end], way) == pytest.approx(best, abs=1e-4), "and it lies where it is said to"
