"""What can only be judged across sections: settings that are each valid, and together can't work."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from gateway.speech.wyoming.client import address_of
from radio_drivers.upload.settings import both_claim

if TYPE_CHECKING:
    from gateway.settings import RadioSettings, Settings

CONTROLS = {"rigctld", "cm108", "svxlink", "tait", "tetra"}
"""Drivers that press talk themselves and have their voice on the sound card of `[radio.line]`."""

Location = tuple[str | int, ...]


@runtime_checkable
class Judged(Protocol):
    """A section that can say what keeps it from working, beyond what its types say."""

    def problems(self) -> tuple[str, ...]:
        """One sentence each, naming the key."""
        ...


def contradictions(settings: Settings) -> Iterator[tuple[Location, str]]:
    """Where and why the settings can't work together."""
    for name in type(settings).model_fields:
        section = getattr(settings, name)
        if isinstance(section, Judged):
            yield from (((name,), reason) for reason in section.problems())
    yield from _thresholds(settings)
    yield from _time_on_the_air(settings)
    yield from _controls(settings)
    yield from _uploads(settings)
    yield from _archive(settings)
    yield from _trunk_recorders(settings)
    yield from _engines_elsewhere(settings)


def _engines_elsewhere(settings: Settings) -> Iterator[tuple[Location, str]]:
    for table, url in (("speech", settings.speech.url), ("voice", settings.voice.url)):
        if url is not None:
            try:
                address_of(url)
            except ValueError as error:
                yield (table, "url"), f"is {error}"


def _controls(settings: Settings) -> Iterator[tuple[Location, str]]:
    """Drivers that press talk over a port of their own, with the sound card of `[radio.line]`."""
    for index, radio in enumerate(settings.radio):
        if radio.driver not in CONTROLS:
            continue
        if radio.line.port is not None:
            reason = f"must not be set with this driver: what `{radio.driver}` describes presses talk"
            yield ("radio", index, "line", "port"), reason
        if radio.driver == "svxlink" and radio.svxlink.ptt_pty is None and radio.svxlink.squelch_pty is None:
            yield (
                ("radio", index, "svxlink", "ptt_pty"),
                "is not set, nor is squelch_pty: give the paths of svxlink's terminals",
            )
        if radio.driver == "tait" and radio.tait.port is None:
            yield (
                ("radio", index, "tait", "port"),
                'is not set: give the radio\'s data port, for instance "/dev/ttyUSB0"',
            )
        if radio.driver != "tetra":
            continue
        if radio.tetra.port is None:
            yield ("radio", index, "tetra", "port"), 'is not set: give the radio\'s PEI, for instance "/dev/ttyACM0"'
        if radio.tetra.transmits and radio.tetra.key_max_s <= radio.keying.time_out_s:
            reason = (
                f"is {radio.tetra.key_max_s:g} s and must be more than keying.time_out_s ({radio.keying.time_out_s:g} s): "
                "it would cut announcements off"
            )
            yield ("radio", index, "tetra", "key_max_s"), reason


def _uploads(settings: Settings) -> Iterator[tuple[Location, str]]:
    radios = [(index, radio) for index, radio in enumerate(settings.radio) if radio.driver == "upload"]
    for (_, one), (index, other) in combinations(radios, 2):
        if both_claim(one.upload, other.upload):
            reason = (
                f"{one.name} and {other.name} both take the same calls: give them keys of their own, or different systems "
                "or talkgroups"
            )
            yield ("radio", index, "upload"), reason


def _trunk_recorders(settings: Settings) -> Iterator[tuple[Location, str]]:
    radios = [(index, radio) for index, radio in enumerate(settings.radio) if radio.driver == "trunk-recorder"]
    for (_, one), (index, other) in combinations(radios, 2):
        if one.trunk_recorder.shares_calls_with(other.trunk_recorder):
            reason = (
                f"{one.name} and {other.name} both take the same calls, which would be told twice: give them different systems "
                "or talkgroups"
            )
            yield ("radio", index, "trunk_recorder"), reason


def _archive(settings: Settings) -> Iterator[tuple[Location, str]]:
    if not settings.archive.enabled:
        return
    if settings.secrets.archive_key is None:
        yield ("archive", "enabled"), "needs the archive's API key: secrets.archive_key_file, or a systemd credential"
    names = {radio.name for radio in settings.radio}
    for channel in settings.archive.talkgroups:
        if channel not in names:
            yield ("archive", "talkgroups"), f"names {channel}, and there is no radio of that name"


def _thresholds(settings: Settings) -> Iterator[tuple[Location, str]]:
    policy = settings.policy
    for name in ("alert_at", "review_at", "end_at"):
        value = getattr(policy, name)
        if not 0.0 <= value <= 1.0:
            yield ("policy", name), f"is a probability, 0 to 1, but it is {value:g}"
    if policy.review_at > policy.alert_at:
        reason = (
            f"must not be above policy.alert_at ({policy.alert_at:g}): what is sure enough for the air needs no review"
        )
        yield ("policy", "review_at"), reason


def _call_s(radio: RadioSettings) -> float:
    """How much longer signalling makes an announcement."""
    if not radio.signalling.sends:
        return 0.0
    from radio_drivers.signalling.calls import extra_s  # brings numpy, which most settings do without

    return round(extra_s(radio.signalling), 1)


def _time_on_the_air(settings: Settings) -> Iterator[tuple[Location, str]]:
    for index, radio in enumerate(settings.radio):
        keying = radio.keying
        call_s = _call_s(radio)
        needed = keying.lead_in_s + call_s + settings.voice.max_s + keying.tail_s
        if needed > keying.time_out_s:
            beside = "lead-in, tail and the call before it" if call_s else "lead-in and tail"
            reason = (
                f"is {keying.time_out_s:g} s, too short for an announcement of voice.max_s with {beside} "
                f"({needed:g} s): its end would be cut off"
            )
            yield ("radio", index, "keying", "time_out_s"), reason
        waits = 2 if radio.mmdvm.topic else 1  # first for whom MMDVMHost hears, then for whom the base station hears
        longest = waits * keying.busy_wait_s + keying.time_out_s
        if longest > settings.outbox.try_limit_s:
            reason = (
                f"and time_out_s together ({longest:g} s) are more than outbox.try_limit_s "
                f"({settings.outbox.try_limit_s:g} s): a try would be cut off on the air"
            )
            yield ("radio", index, "keying", "busy_wait_s"), reason
