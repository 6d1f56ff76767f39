"""What becomes of a transmission, rule by rule, and what must never happen whatever is said."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from dispatch.calls import AlertKind, Call, DecisionKind, Intent, Match, Mention, MentionKind, Priority, Span
from dispatch.deliveries import LiveAlert
from dispatch.people import NoticeState, NoticeStatus
from dispatch.policy import RULES as TABLE
from dispatch.policy import PolicyRules, decide, which_end
from tests.dispatch.rules_town import NOW, PEOPLE, RULES, ZONE, deciding, live_alert, person

A, R, S, L = DecisionKind.ALERT, DecisionKind.REVIEW, DecisionKind.STAND_DOWN, DecisionKind.LOG


@pytest.mark.parametrize(
    ("text", "kind", "alert_kind", "named", "says"),
    [
        ("", L, None, [], "Nothing was understood"),
        ("Radio check, please.", L, None, [], "radio check"),
        ("Kettle's on, love.", L, None, [], "Chatter"),
        ("Kevin Marchwood has just walked in.", A, AlertKind.SIGHTING, [142], "notice in force"),
        ("Kevin Marchwood walked out with a coat.", A, AlertKind.INCIDENT, [142], "notice in force"),
        ("Kevin Marchwood and Denise Rookwell are outside.", A, AlertKind.SIGHTING, [142, 147], "Denise Rookwell"),
        ("Kevin Marchwood, and I think it's Denise Rookwell, are outside.", A, AlertKind.SIGHTING, [142], "for review"),
        ("FT zero one four two is outside.", A, AlertKind.SIGHTING, [142], "FT-0142"),
        ("Heads up, Kes is about.", A, AlertKind.SIGHTING, [142], "FT-0142"),
        # unsure
        ("It might be Kevin Marchwood outside.", R, None, [], "not sure"),
        ("Denise is outside with a bag.", R, None, [], "only a first name"),
        ("Ryan Tillwater is outside.", R, None, [], "below 85%"),
        ("Callum Braddock is outside.", R, None, [], "under 18"),
        ("Kevin Marchwood, he lives near my mum.", R, None, [], "please listen"),
        # notices that don't count
        ("Robin Oldcastle is outside.", L, None, [], "under appeal. Silent on air; the manager is told"),
        ("Nadia Fennimore is outside.", L, None, [], "has run out"),
        ("Piers Quenby is outside.", L, None, [], "withdrawn"),
        ("Ivor Thackstone is outside.", L, None, [], "only a warning"),
        ("Otis Pennywell is outside.", L, None, [], "no notice in force"),
        ("Nadia Fennimore and Kevin Marchwood are outside.", A, AlertKind.SIGHTING, [142], "FT-0142"),
        # denied
        ("That man outside is not Kevin Marchwood.", L, None, [], "not Kevin Marchwood"),
        ("Theft, blue coat, it's not Kes, I know Kes.", R, None, [], "nobody named"),
        # questions
        ("Is Kevin Marchwood still on the list?", L, None, [], "question"),
        ("Has anybody seen Kevin Marchwood?", L, None, [], "question"),
        # danger
        ("Urgent assistance at Crown Jewellers!", A, AlertKind.EMERGENCY, [], "without a name"),
        ("Urgent assistance, Kevin Marchwood has hold of her!", A, AlertKind.EMERGENCY, [142], "naming Kevin"),
        ("Urgent assistance, Nadia Fennimore is in the shop!", A, AlertKind.EMERGENCY, [], "without a name"),
        ("There is a man with a knife, threatening people.", A, AlertKind.INCIDENT, [], "urgent incident"),
        ("Missing child, boy aged four, answers to Kevin.", A, AlertKind.INCIDENT, [], "urgent incident"),
        ("Theft, male made off with meat, blue coat.", R, None, [], "nobody named"),
        ("A bag drop behind the bins.", L, None, [], "Nobody"),
        # corrections and the like with nothing to take back
        ("Correction, disregard my last.", L, None, [], "no alert is live"),
        ("Stand down, he has left.", L, None, [], "no alert is live"),
        ("Correction, it is Kevin Marchwood in the shop.", A, AlertKind.SIGHTING, [142], "correction names"),
    ],
)
def test_decisions(text: str, kind: DecisionKind, alert_kind: AlertKind | None, named: list[int], says: str) -> None:
    decision = deciding(text)
    assert (decision.kind, decision.alert_kind) == (kind, alert_kind), decision.reason
    assert sorted(m.person.offender_id for m in decision.named) == named
    assert says in decision.reason
    assert decision.ends == ()


KEVIN, DENISE = live_alert(731, 142), live_alert(732, 147, ago_s=60, caller="Star Clothing")
EMERGENCY = live_alert(733, kind=AlertKind.EMERGENCY, ago_s=30, caller="Crown Jewellers")
OTHER_CHANNEL = live_alert(734, 151, ago_s=10, caller="Fernley Sports", channel="north")


@pytest.mark.parametrize(
    ("text", "live", "kind", "alert_kind", "ends"),
    [
        # by the person named
        ("Stand down on Kes, he has left.", [KEVIN, DENISE], S, AlertKind.STAND_DOWN, [731]),
        ("Stand down on Ryan Tillwater, he has left.", [KEVIN], L, None, []),
        # by number
        ("Stand down alert seven three one.", [KEVIN, DENISE], S, AlertKind.STAND_DOWN, [731]),
        ("Disregard alert 732.", [KEVIN, DENISE], S, AlertKind.CORRECTION, [732]),
        # by the caller
        ("Corner Books to Control, stand down, he has left.", [KEVIN, DENISE], S, AlertKind.STAND_DOWN, [731]),
        ("Star Clothing to Control, disregard my last.", [KEVIN, DENISE], S, AlertKind.CORRECTION, [732]),
        # the newest of this channel
        ("Stand down, no further assistance.", [KEVIN, DENISE, OTHER_CHANNEL], S, AlertKind.STAND_DOWN, [732]),
        # an emergency ends by whoever raised it, not by anybody
        ("Stand down, no further assistance.", [EMERGENCY], L, None, []),
        ("Crown Jewellers to Control, stand down, police are here.", [EMERGENCY], S, AlertKind.STAND_DOWN, [733]),
        ("Stand down alert seven three three.", [EMERGENCY], S, AlertKind.STAND_DOWN, [733]),
        # denials
        ("That is not Kevin Marchwood.", [KEVIN, DENISE], S, AlertKind.CORRECTION, [731]),
        ("The man outside isn't Kes, I know Kes.", [KEVIN, DENISE], S, AlertKind.CORRECTION, [731]),
        ("Stand down, it wasn't Denise Rookwell after all.", [KEVIN, DENISE], S, AlertKind.CORRECTION, [732]),
        ("That is not Ryan Tillwater.", [KEVIN, DENISE], L, None, []),
        ("Theft, male in a blue coat. It's not Kes.", [KEVIN], S, AlertKind.CORRECTION, [731]),
        # somebody else instead
        ("Correction, not Kevin Marchwood, it's Denise Rookwell.", [KEVIN], A, AlertKind.CORRECTION, [731]),
        ("Man with a knife outside, fighting, it's not Kevin Marchwood.", [KEVIN], A, AlertKind.INCIDENT, [731]),
        # too old to be meant
        ("Stand down, he has left.", [live_alert(700, 142, ago_s=2000)], L, None, []),
        ("Stand down on Kes, he has left.", [live_alert(700, 142, ago_s=2000)], S, AlertKind.STAND_DOWN, [700]),
        ("Stand down on Kes, he has left.", [live_alert(700, 142, ago_s=7300)], L, None, []),
        # neither ends anything
        ("Heads up, Kes is about, heading towards the station.", [KEVIN], A, AlertKind.SIGHTING, []),
        ("Is Kevin Marchwood still on the list?", [KEVIN], L, None, []),
        ("Kettle's on, love.", [KEVIN], L, None, []),
    ],
)
def test_what_ends(
    text: str, live: Sequence[LiveAlert], kind: DecisionKind, alert_kind: AlertKind | None, ends: list[int]
) -> None:
    decision = deciding(text, live)
    assert (decision.kind, decision.alert_kind) == (kind, alert_kind), decision.reason
    assert [alert.number for alert in which_end(decision, live)] == ends, decision.reason
    if decision.alert_kind is AlertKind.CORRECTION:
        assert decision.priority is Priority.HIGH


def test_ryan_denied_by_first_name_ends_the_alert_about_him() -> None:
    ryan = live_alert(735, 151)
    decision = deciding("Correction, it was Bryan, not Ryan. Bryan Tillwater is in the shop.", [ryan])
    assert decision.alert_kind is AlertKind.CORRECTION
    assert [m.person.offender_id for m in decision.named] == [152]
    assert decision.ends == (ryan.alert_id,)


@pytest.mark.parametrize(
    ("text", "ago_s", "place", "repeats"),
    [
        ("Kevin Marchwood is on Mill Lane.", 60, "Mill Lane", True),
        ("Kevin Marchwood is about.", 60, "Mill Lane", True),
        ("Kevin Marchwood is on Castle Street.", 60, "Mill Lane", False),
        ("Kevin Marchwood is on Mill Lane heading towards the station.", 60, "Mill Lane", False),
        ("Kevin Marchwood is on Mill Lane.", 119, "Mill Lane", True),
        ("Kevin Marchwood is on Mill Lane.", 121, "Mill Lane", False),
        ("Kevin Marchwood made off with meat on Mill Lane.", 60, "Mill Lane", False),
        ("Kevin Marchwood and Denise Rookwell are on Mill Lane.", 60, "Mill Lane", False),
    ],
)
def test_what_was_just_said_is_not_said_again(text: str, ago_s: float, place: str, repeats: bool) -> None:
    before = live_alert(731, 142, ago_s=ago_s, place=place)
    decision = deciding(text, [before])
    assert decision.kind is A
    assert decision.repeats == (before.alert_id if repeats else None)
    assert ("alert 0731 has just said so" in decision.reason) is repeats


@pytest.mark.parametrize(("live", "kind"), [([KEVIN], L), ([], A), ([DENISE], A)])
def test_a_read_back_counts_only_when_the_sighting_was_missed(live: Sequence[LiveAlert], kind: DecisionKind) -> None:
    decision = deciding("Control to Corner Books, yes received, FT zero one four two, thank you.", live)
    assert decision.kind is kind


def test_a_repeated_emergency_is_not_announced_twice_by_control() -> None:
    text = "Control to all stations, received, urgent assistance at Crown Jewellers."
    assert deciding(text).kind is A
    assert deciding(text, [EMERGENCY]).kind is L


@pytest.mark.parametrize(
    ("now", "kind"),
    [
        (datetime(2026, 3, 31, 22, 59, 59, tzinfo=UTC), A),  # 23:59:59 in summer time, the last day
        (datetime(2026, 3, 31, 23, 0, tzinfo=UTC), L),  # midnight
        (datetime(2026, 1, 9, 23, 59, 59, tzinfo=UTC), L),  # the day before it was served
        (datetime(2026, 1, 10, 0, 0, tzinfo=UTC), A),
    ],
)
def test_the_last_minute_of_a_notice(now: datetime, kind: DecisionKind) -> None:
    people = [person(142, "Kevin Marchwood", served=date(2026, 1, 10), expires=date(2026, 3, 31))]
    assert deciding("Kevin Marchwood is outside.", now=now, people=people).kind is kind


@pytest.mark.parametrize(
    ("now", "kind"), [(datetime(2026, 11, 19, 23, 59, tzinfo=UTC), R), (datetime(2026, 11, 20, 0, 0, tzinfo=UTC), A)]
)
def test_the_eighteenth_birthday(now: datetime, kind: DecisionKind) -> None:
    people = [person(142, "Kevin Marchwood", born=date(2008, 11, 20))]
    assert deciding("Kevin Marchwood is outside.", now=now, people=people).kind is kind


def test_settings_refuse_unknown_keys() -> None:
    assert TypeAdapter(PolicyRules).validate_python({"alert_at": 0.9}) == PolicyRules(alert_at=0.9)
    with pytest.raises(ValidationError, match="alert_att"):
        TypeAdapter(PolicyRules).validate_python({"alert_att": 0.9})


def test_a_stricter_board_gets_fewer_alerts() -> None:
    call = Call("text", Intent.SIGHTING)
    match = _match(142, 0.9)
    for alert_at, kind in ((0.85, A), (0.95, R)):
        assert decide(call, [match], (), NOW, ZONE, PolicyRules(alert_at=alert_at)).kind is kind


def test_every_rule_has_its_turn() -> None:
    assert len(TABLE) == len(set(TABLE)) == 13


def _match(
    number: int,
    confidence: float,
    kind: MentionKind = MentionKind.FULL,
    notice: NoticeState = NoticeState.ACTIVE,
    *,
    negated: bool = False,
    hedged: bool = False,
) -> Match:
    who = next(p for p in PEOPLE if p.offender_id == number)
    mention = Mention(who.name, kind, Span(0, 4), who.name, negated=negated, hedged=hedged)
    return Match(mention, who, confidence, notice, number, "made up")


matches = st.lists(
    st.builds(
        _match,
        st.sampled_from([p.offender_id for p in PEOPLE]),
        st.floats(0, 1),
        st.sampled_from(MentionKind),
        st.sampled_from(NoticeState),
        negated=st.booleans(),
        hedged=st.booleans(),
    ),
    max_size=5,
    unique_by=lambda m: m.person.offender_id,
)
calls = st.builds(
    Call,
    text=st.sampled_from(["", "alert seven three one", "not him"]),
    intent=st.sampled_from(Intent),
    caller=st.sampled_from([None, "Corner Books"]),
    priority=st.sampled_from(Priority),
    read_back=st.booleans(),
)
lives = st.lists(st.sampled_from([KEVIN, DENISE, EMERGENCY, OTHER_CHANNEL]), unique=True)


@given(calls, matches, lives)
def test_whatever_is_said_nobody_is_named_who_must_not_be(
    call: Call, found: list[Match], live: list[LiveAlert]
) -> None:
    decision = decide(call, found, live, NOW, ZONE, RULES, "town")
    for match in decision.named:
        assert decision.kind is A
        assert not match.mention.negated
        assert not match.mention.hedged
        assert match.mention.kind is not MentionKind.FIRST
        assert match.notice is NoticeState.ACTIVE
        assert match.confidence >= RULES.alert_at
        assert not match.person.is_minor(NOW, ZONE)
    assert not any(match.mention.negated for match in decision.for_review)
    assert (decision.alert_kind is not None) == (decision.kind in (A, S))
    assert (decision.kind is S) <= bool(decision.ends)
    assert set(decision.ends) <= {alert.alert_id for alert in live}
    assert decision.reason.endswith(".")
    assert (
        not {m.person.offender_id for m in decision.named}
        & {offender for alert in which_end(decision, live) for offender in alert.offender_ids}
        or decision.alert_kind is not AlertKind.SIGHTING
    )


FRAMES = st.sampled_from(
    [
        "That is not {}.", "It isn't {}, I know {}.", "{}? No, it's not him.", "Corner Books to Control, it wasn't {} after all.",
        "Male in a blue coat on Mill Lane, not {}.", "it's not {} in the shop", "Definitely not {} outside, grey coat.",
        "He looks like {} but it isn't.", "I can rule out {}.", "We called him in as {}. It wasn't him.",
    ]
)  # fmt: skip
adults = st.sampled_from([p for p in PEOPLE if p.offender_id != 195])


@given(FRAMES, adults)
def test_a_denied_person_is_never_announced(frame: str, who: object) -> None:
    named = deciding(frame.replace("{}", who.name)).named  # type: ignore[attr-defined]  # from `adults`
    assert who not in [m.person for m in named]


@given(st.sampled_from(["{} is outside.", "Heads up, {} has just come in.", "that {} is back, black coat"]), adults)
def test_a_first_name_alone_is_never_announced(frame: str, who: object) -> None:
    decision = deciding(frame.replace("{}", who.first_name))  # type: ignore[attr-defined]  # as above
    assert decision.kind is not A
    assert decision.named == ()


@given(
    st.sampled_from(["{} is outside.", "{}, {}, is in the shop.", "theft by {}", "Help, {} won't let us out!"]),
    adults,
    st.integers(1, 4000),
)
def test_a_lapsed_notice_is_never_announced(frame: str, who: object, days: int) -> None:
    lapsed = [
        dataclasses.replace(
            p,
            notices=tuple(
                dataclasses.replace(
                    n, served_on=NOW.date() - timedelta(days=5000), expires_on=NOW.date() - timedelta(days=days)
                )
                for n in p.notices
            ),
        )
        for p in PEOPLE
    ]
    decision = deciding(frame.replace("{}", who.name), people=lapsed)  # type: ignore[attr-defined]  # as above
    assert decision.named == ()
    assert decision.for_review == ()


def test_a_notice_that_is_not_served_never_counts() -> None:
    for status in NoticeStatus:
        people = [person(142, "Kevin Marchwood", status=status, served=None)]
        assert deciding("Kevin Marchwood is outside.", people=people).kind is L
