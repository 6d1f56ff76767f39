"""Transcripts and hints as the JSON between the daemon and its speech workers."""

from __future__ import annotations

from dataclasses import asdict

from gateway.speech.framing import Header
from gateway.speech.transcript import Claim, Fit, Hints, Hypothesis, Spotted, Transcript, Word


def transcript_to(transcript: Transcript) -> Header:
    """As plain JSON."""
    return asdict(transcript)


def transcript_from(header: Header) -> Transcript:
    """Back from plain JSON.

    Raises:
        KeyError, TypeError, ValueError: not a transcript.
    """
    return Transcript(
        text=str(header["text"]),
        words=tuple(Word(**word) for word in header["words"]),
        hypotheses=hypotheses_from(header["hypotheses"]),
        average_logprob=float(header["average_logprob"]),
        no_speech=float(header["no_speech"]),
        engine=str(header["engine"]),
        took_s=float(header["took_s"]),
    )


def hints_to(hints: Hints) -> Header:
    """As plain JSON."""
    return asdict(hints)


def hints_from(header: Header | None) -> Hints:
    """Back from plain JSON; None is no hints."""
    if not header:
        return Hints()
    return Hints(*(tuple(map(str, header.get(group, ()))) for group in ("names", "places", "callers")))


def hypotheses_from(rows: list[Header]) -> tuple[Hypothesis, ...]:
    """Wordings from plain JSON; `dataclasses.asdict` makes them.

    Raises:
        TypeError: not wordings.
    """
    return tuple(Hypothesis(**row) for row in rows)


def claims_from(rows: list[Header]) -> list[Claim]:
    """Claims from plain JSON; `dataclasses.asdict` makes them.

    Raises:
        TypeError: not claims.
    """
    return [Claim(**row) for row in rows]


def fits_from(rows: list[Header]) -> list[Fit]:
    """Fits from plain JSON; `dataclasses.asdict` makes them.

    Raises:
        TypeError: not fits.
    """
    return [Fit(**row) for row in rows]


def spotted_from(rows: list[Header]) -> list[Spotted]:
    """Places of sounds from plain JSON; `dataclasses.asdict` makes them.

    Raises:
        TypeError: not such places.
    """
    return [Spotted(**row) for row in rows]
