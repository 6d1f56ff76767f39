"""What `huecry doctor` finds: facts in, findings out, no I/O. The facts come from `gateway.doctor_probes`.

Each check gives what it found and, unless all is well, how to mend it: one sentence that can be acted on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path

from gateway.settings import SchemeSettings


class Level(StrEnum):
    """How bad a finding is."""

    OK = "OK"
    WARN = "WARN"
    """It works, but something is missing that will be missed."""
    FAIL = "FAIL"
    """It does not work like this."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's table."""

    part: str
    level: Level
    text: str
    mend: str = ""
    """What to do; empty when all is well."""


def ok(part: str, text: str) -> Finding:
    """All is well."""
    return Finding(part, Level.OK, text)


def warn(part: str, text: str, mend: str) -> Finding:
    """Works, but."""
    return Finding(part, Level.WARN, text, mend)


def fail(part: str, text: str, mend: str) -> Finding:
    """Does not work."""
    return Finding(part, Level.FAIL, text, mend)


def worst(findings: Iterable[Finding]) -> Level:
    """The worst level among them."""
    levels = {finding.level for finding in findings}
    return next((level for level in (Level.FAIL, Level.WARN) if level in levels), Level.OK)


def check_file(file: Path | None, mode: int | None, *, holds_secret: bool, packaged: Path) -> Finding:
    """The settings file: there, and not open to all when it holds a secret.

    Args:
        file: the one in use.
        mode: its mode as from stat(2).
        holds_secret: a password or token is written in it.
        packaged: the commented file that comes with Hue and Cry.
    """
    part = "configuration"
    if file is None:
        return warn(
            part,
            "no settings file: the defaults hold",
            f"copy {packaged} to /etc/huecry/huecry.toml and describe your radio in it",
        )
    if holds_secret and mode is not None and mode & 0o077:
        return warn(
            part,
            f"{file} holds a password or token and others may read it",
            f"move it to a file of its own (docs/configuration.md, Secrets), or: chmod 600 {file}",
        )
    return ok(part, str(file))


def check_recording_notice(scheme: SchemeSettings, today: date) -> Finding:
    """Members have been told that they are recorded (UK GDPR articles 13 and 14)."""
    part, given = "recording notice", scheme.recording_notice_given_on
    if given is None:
        return warn(
            part,
            "not recorded that members know that radio traffic is recorded",
            "tell all members in writing, then set scheme.recording_notice_given_on to that day",
        )
    if given > today:
        return warn(part, f"is dated {given}, which is still to come", "correct scheme.recording_notice_given_on")
    return ok(part, f"given on {given}")


def check_policy_document(scheme: SchemeSettings, today: date) -> Finding:
    """The appropriate policy document is accepted (Data Protection Act 2018, schedule 1, part 4)."""
    part, accepted = "policy document", scheme.policy_document_accepted_on
    if accepted is None:
        return warn(
            part,
            "no accepted policy document is recorded",
            "have the scheme's board accept it, then set scheme.policy_document_accepted_on and ..._by",
        )
    if accepted > today:
        return warn(part, f"is dated {accepted}, which is still to come", "correct scheme.policy_document_accepted_on")
    if not scheme.policy_document_accepted_by:
        return warn(part, f"accepted on {accepted}, nobody named", "set scheme.policy_document_accepted_by")
    return ok(part, f"accepted on {accepted} by {scheme.policy_document_accepted_by}")


def check_clock(synchronised: bool | None) -> Finding:
    """Notices end on a day and alerts after minutes: the clock must be right. None: nobody could say."""
    if synchronised is None:
        return warn("clock", "can't tell whether it is synchronised", "check that chrony or systemd-timesyncd runs")
    if not synchronised:
        return warn("clock", "is not synchronised", "apt-get install systemd-timesyncd; timedatectl set-ntp true")
    return ok("clock", "synchronised")


LEAST_FREE = 200 * 1000**2
"""Bytes. An hour and three quarters of speech, or the database's growth of months: below it recordings may soon fail."""
GOOD_FREE = 2 * 1000**3
"""Bytes. Over 17 hours of speech at 32 kB a second."""


def check_disk(folder: Path, free: int | None, *, writable: bool) -> Finding:
    """Room and right to keep recordings. `free` in bytes; None when it can't be told."""
    part = "storage"
    if not writable:
        return fail(
            part,
            f"{folder} can't be written by this user",
            f"give it to the gateway's user (chown huecry {folder}), or set paths.state_dir",
        )
    if free is None:
        return warn(part, f"can't tell how much room {folder} has", "check that its disk is mounted")
    room = f"{folder} has {free / 1000**3:.1f} GB free"
    if free < LEAST_FREE:
        return fail(part, room, "make room: recordings need 2 MB a minute of speech")
    if free < GOOD_FREE:
        return warn(part, room, "make room soon: recordings need 2 MB a minute of speech")
    return ok(part, room)


def check_database(name: str, found: str | None, wanted: str, pending: Sequence[str], error: str | None) -> Finding:
    """The database opens and is of our version. `error` when it could not be asked."""
    part = "database"
    if error is not None:
        return fail(part, error, "see database.url in the settings; for PostgreSQL check that the server runs")
    if found is None:
        return ok(part, f"{name} will be made at the first start")
    if pending:
        return warn(
            part,
            f"{name} is of version {found}, {len(pending)} steps behind {wanted}",
            "it is brought up to date at the next start; make a backup first (docs/install.md)",
        )
    return ok(part, f"{name}, version {found}")


def check_radios(names: Sequence[str]) -> Finding:
    """There is a radio to listen to."""
    if names:
        return ok("radios", ", ".join(names))
    return fail(
        "radios",
        "none is configured",
        "add a [[radio]] table (docs/install.md, part 5); without a radio `huecry demo` and `huecry replay` work",
    )


def check_serial(
    radio: str, port: str, *, key: str = "line.port", exists: bool, allowed: bool, others: Sequence[str]
) -> Finding:
    """A serial port under /dev is there and ours to open. `key`: its setting; `others`: ports that are there."""
    part = f"radio {radio}"
    if not exists:
        there = f"; there are: {', '.join(others)}" if others else "; there are none: is the adapter plugged in?"
        return fail(part, f"serial port {port} does not exist{there}", f"plug it in, or correct radio.{key}")
    if not allowed:
        return fail(
            part,
            f"serial port {port} can't be opened by this user",
            "add the user to the port's group: usermod -aG dialout huecry (and sign in again)",
        )
    return ok(part, f"serial port {port}")


def check_reached(part: str, what: str, error: str | None, mend: str) -> Finding:
    """Something on the network answers."""
    return ok(part, f"{what} answers") if error is None else fail(part, f"{what}: {error}", mend)


def check_sound(radio: str, direction: str, key: str, chosen: str | None, error: str | None) -> Finding:
    """A sound device is there."""
    part = f"radio {radio}"
    if error is not None:
        return fail(part, f"sound {direction}: {error}", f"list devices with `arecord -l`, then set radio.line.{key}")
    return ok(part, f"sound {direction}: {chosen or 'the default device'}")


def check_model(label: str, took_s: float | None, error: str | None) -> Finding:
    """The speech engine loads its model."""
    if error is not None:
        return fail("speech", error, "choose one with `huecry models list`, get it with `huecry models fetch`")
    return ok("speech", f"{label} loads" + (f" in {took_s:.1f} s" if took_s is not None else ""))


def check_elsewhere(part: str, where: str, what: str | None, took_s: float | None, error: str | None) -> Finding:
    """An engine on another machine does its work. Without it the one here stands in, so its absence is a warning.

    Args:
        part: which.
        where: the setting and the address in it.
        what: what it says it is.
        took_s: how long a moment's work took.
        error: what went wrong.
    """
    if error is not None:
        stop = "" if error.endswith("?") else "."
        return warn(part, f"{error}{stop} The engine here stands in", f"start that server, or correct {where}")
    return ok(part, f"{what} answers" + (f" and works, in {took_s:.1f} s" if took_s is not None else ""))


def check_voice(engine: str | None, error: str | None, *, fallback: bool) -> Finding:
    """Something can speak announcements."""
    if engine is None:
        return fail("voice", error or "no voice is there", "install huecry again, or: apt-get install espeak-ng")
    if fallback:
        return warn("voice", f"only {engine} is there, which is harder to understand", "install huecry again")
    return ok("voice", engine)


def check_sms(*, enabled: bool, token: bool, answer: str | None, error: str | None) -> Finding:
    """Text messages can be sent. `answer` and `error` are Twilio's, when it was asked."""
    part = "text messages"
    if not enabled:
        return ok(part, "switched off (sms.enabled)")
    if not token:
        return fail(
            part,
            "Twilio's auth token is missing",
            "put it in a file and name it in secrets.sms_auth_token_file, or give the credential secrets.sms_auth_token",
        )
    if error is not None:
        return fail(part, f"Twilio: {error}", "compare sms.account_sid and the token with the Twilio console")
    if answer is not None:
        return ok(part, f"Twilio knows the account ({answer})")
    return ok(part, "settings are complete; ask Twilio itself with --online")
