"""What uploaders are answered. They compare the texts: rdio-scanner's `server/api.go`, SDRTrunk's `RdioScannerBroadcaster`."""

from __future__ import annotations

from dataclasses import dataclass

from radio_drivers.upload.call import Claim


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and text of a response."""

    status: int
    text: str
    retry_s: int | None = None
    """Seconds after which another try makes sense."""
    allow: str = ""
    """Methods that would have been right."""

    @property
    def taken(self) -> bool:
        """The call is ours now."""
        return self.status == 200


IMPORTED = Answer(200, "Call imported successfully.\n")

DUPLICATE = Answer(200, "duplicate call rejected\n")
"""SDRTrunk takes these words, with 200, for "somebody else has sent it"; trunk-recorder takes any 2xx for done."""

WRONG_METHOD = Answer(405, "Unsupported method\n", allow="POST")
WRONG_TYPE = Answer(400, "Invalid content-type")
NOT_MULTIPART = Answer(400, "Not a multipart content")
NOWHERE = Answer(404, "Not found: calls are posted to /api/call-upload or /api/trunk-recorder-call-upload.\n")
BUSY = Answer(503, "The gateway has too many uploads in hand; try again.\n", retry_s=5)
NOT_STORED = Answer(503, "The gateway can't store the call just now; try again.\n", retry_s=30)
BROKEN = Answer(500, "The gateway has stumbled over this upload; its log says how.\n")
TOO_SLOW = Answer(408, "The upload took too long.\n")


def wrong_key(claim: Claim) -> Answer:
    """The key is unknown, or doesn't cover this system and talkgroup. Which of both is for the log alone."""
    return Answer(401, f"Invalid API key for system {claim.system} talkgroup {claim.talkgroup}.\n")


def incomplete(what: str) -> Answer:
    """A part is missing."""
    return Answer(417, f"Incomplete call data: no {what}\n")


def broken_form(reason: str) -> Answer:
    """The form can't be read."""
    return Answer(417, f"multipart: {reason}\n")


def too_large(most_mb: float) -> Answer:
    """More than is taken."""
    return Answer(413, f"The upload is too large: at most {most_mb:g} MB of audio are taken (audio_max_mb).\n")


def too_many(a_minute: int, retry_s: float) -> Answer:
    """One key sends more than it may."""
    wait_s = max(1, round(retry_s))
    text = f"Too many calls: {a_minute} a minute are taken from one key (calls_per_minute). Try again in {wait_s} s.\n"
    return Answer(429, text, retry_s=wait_s)


def unreadable(reason: str) -> Answer:
    """The audio can't be played."""
    return Answer(415, f"The audio can't be read: {reason}\n")
