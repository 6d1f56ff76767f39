"""What a transmission is for.

First the sure phrases, from the most pressing to the least: the first list of which a phrase was said decides. Where none was,
every trace is weighed: phrases slightly misheard, phrases in the engine's other hypotheses, single words that go with an
intent, and what else was read (somebody described, moving, at a place). On noisy radio the second way is the usual one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from dispatch.calls import Description, Intent, PlaceRead
from dispatch.phrases import clause_end, sentence, tokens
from dispatch.reading.callers import Parties, is_control
from dispatch.reading.spelling import letter_of
from dispatch.scheme import Scheme


@dataclass(frozen=True, slots=True)
class Read:
    """What the other rules have found out so far."""

    folded: str
    scheme: Scheme
    parties: Parties
    place: PlaceRead | None
    heading: str | None
    description: Description
    names_somebody: bool
    """A reference or a spelled name was read."""
    gives_reference: bool
    """A reference was read. A name spelled and nothing else rather answers a question."""
    corrects: str | None = None
    """Words that take an earlier call back."""
    points_at: str | None = None
    """ "It's" with a name behind."""
    denies: str | None = None
    """Whom the call says it is not."""
    guesses: str | None = None
    """Words in which somebody is named as a guess."""
    others: tuple[tuple[str, float], ...] = ()
    """The engine's other unbiased hypotheses, folded, each with its share of the weight of all (0-1)."""

    @property
    def start(self) -> int:
        """Where the call begins behind its opening formula."""
        return self.parties.span.end if self.parties.span and self.parties.called else 0

    @property
    def message(self) -> str:
        """The folded text behind the opening formula."""
        return self.folded[self.start :]

    def said(self, key: str) -> str | None:
        """The first phrase of a list that stands in the text outside the opening formula."""
        return self.scheme.words[key].first(self.message)


Rule = tuple[Intent, Callable[[Read], str | None]]


def _emergency(read: Read) -> str | None:
    for text in dict.fromkeys((read.folded, read.message, _without_control(read))):
        words = tokens(text)
        opening = " ".join(token.text for token in words[:2])
        first = read.scheme.words["intent.emergency_first"].first(opening) if words else None
        if first and opening.startswith(first) and not read.said("intent.radio_check"):
            after = text[text.index(words[0].text) + len(words[0].text) :].strip(" ,!.")
            if first != "help" or not after.startswith(("with", "needed with", "on till", "on the till")):
                return first
    no_cries = read.scheme.words["intent.emergency_not"].find(read.message)
    for span in read.scheme.words["intent.emergency"].find(read.message):
        if not any(span.overlaps(other) for other in no_cries):
            return read.message[span.start : span.end]
    return None


def _without_control(read: Read) -> str:
    """What is said behind "Control" at the very start."""
    first = tokens(read.message)[:1]
    called = bool(first) and is_control(first[0].text, read.scheme)
    return read.message[first[0].after :] if called else read.message


def _correction(read: Read) -> str | None:
    said = read.corrects or read.said("intent.correction")
    weak = said in _WEAK_CORRECTIONS or (said is not None and said.endswith("after all"))
    if weak and read.said("intent.stand_down"):
        return None
    return said


_WEAK_CORRECTIONS = frozenset({"wasn't him", "wasn't her", "false alarm", "it wasn't him", "it wasn't her"})


_ASKS = re.compile(
    r"\W*(?:and |so )?(?:has|have|is|are|was|were|did|does|do|any|anyone|anybody|who|what|where|when|which|why|how)\b"
)


def asks_whether_over(read: Read) -> bool:
    """A question that holds the words of a stand-down: "has she been found?"."""
    return _ASKS.match(read.message) is not None


def _stand_down(read: Read) -> str | None:
    """What ends it, unless it is asked: "is he in custody?" ends nothing."""
    said = read.said("intent.stand_down")
    return None if said and asks_whether_over(read) and not read.message.lstrip(" ,.").startswith(said) else said


def _request(read: Read) -> str | None:
    said = read.said("intent.request")
    if said is None:
        return None
    # "Keep an eye out" and the like go with sightings; a question is one only if nobody is seen anywhere.
    worn = set(read.description.parts()) - {"sex", "count", "vehicle"}
    if said in _WEAK_REQUESTS and (worn or read.heading):
        return None
    return None if tells_besides(read, read.message.find(said)) else said


_WORN = ("description.upper", "description.lower", "description.headwear")


def tells_besides(read: Read, position: int) -> bool:
    """Beside the sentence at `position`, another one says that somebody is somewhere: "Anyone near the bank? I've got Kes here"."""
    asked = sentence(read.message, position)
    rest = read.message[: asked.start] + " . " + read.message[asked.end :]
    weak = read.scheme.words.words("intent.presence_weak")
    here = any(rest[hit.start : hit.end] not in weak for hit in read.scheme.words["intent.presence"].find(rest))
    return here or any(read.scheme.words[key].first(rest) for key in _WORN)


_OPENS_A_QUESTION = re.compile(
    r"(?:^\W*|[.!?|]\s+)(?:(?:and|so|sorry|control|hello|morning|hi|please|just)\b[ ,]*)*"
    r"(?:what|which|where|who|whose|how|when|why|do|does|did|are|were|has|have|had|am|should|will|would|shall|may"
    r"|anyone|anybody|any|(?:is|was)(?! (?:that|this|it|in|at|on|by|outside|inside|near)\b))(?:'s|'re|n't)?\b[^.!?|]*\?"
)


def _question(read: Read) -> str | None:
    """Nothing but a question: "is he allowed in the library?". Who asks "is that ...?" sees somebody, and friends ask friends."""
    asked = _OPENS_A_QUESTION.search(read.message)
    if asked is None or read.said("intent.chatter") or tells_besides(read, asked.end() - 1):
        return None
    return asked.group().strip(" .!?|") + "?"


_WEAK_REQUESTS = frozenset(
    {"keep an eye out", "look out for", "if you see", "can you check", "could you check", "phone number", "what time"}
)


def _weak_request(read: Read) -> str | None:
    said = read.said("intent.request_weak")
    if said is None:
        return None
    # "Could someone look at our shutter, it's stuck": who begins with a question mostly asks.
    asks_first = read.message.lstrip(" ,.").startswith(said)
    return None if somebody_somewhere(read, weak=not asks_first) else said


def _gone(read: Read) -> str | None:
    """Somebody is gone, which ends it; said with a heading or clothes, or of somebody who is here, it tells where to look."""
    worn = set(read.description.parts()) - {"sex", "count", "vehicle"}
    if read.heading or worn or asks_whether_over(read):
        return None
    for hit in read.scheme.words["intent.stand_down_weak"].find(read.message):
        said = read.message[hit.start : hit.end]
        # "She's gone round the back" is no end.
        whole = not said.endswith("gone") or clause_end(read.message, hit.end) <= hit.end + 1
        if whole and not _strong_presence(read, said):
            return said
    return None


def _strong_presence(read: Read, beside: str) -> bool:
    """Somebody is somewhere, in words other than `beside`."""
    weak = read.scheme.words.words("intent.presence_weak")
    here = (read.message[hit.start : hit.end] for hit in read.scheme.words["intent.presence"].find(read.message))
    return any(phrase not in weak and phrase not in beside for phrase in here)


_TELLS, _TELLS_ANYBODY = 8, 16
_TELLS_FRIENDS = 12
"""So many words to control are small talk no more for having one friendly word in them."""
_FRIENDLY = 2
"""So many different words of small talk make a long call one."""


def tells(read: Read) -> bool:
    """More words than small talk has: addressed to control or everybody a few will do, else more."""
    count = len(tokens(read.message))
    return count >= (_TELLS if read.parties.called else _TELLS_ANYBODY) and not asks_whether_over(read)


def _chatter(read: Read) -> str | None:
    said = read.said("intent.chatter")
    if said is None:
        return None
    friendly = {read.message[hit.start : hit.end] for hit in read.scheme.words["intent.chatter"].find(read.message)}
    if tells(read) and len(tokens(read.message)) >= _TELLS_FRIENDS and len(friendly) < _FRIENDLY:
        return None
    return None if somebody_somewhere(read, weak=False) or read.names_somebody else said


POINTING = frozenset({"it's", "its", "that's"})
"""Said of anything: "it's the same every Tuesday"."""
_LETTERS, _BESIDE = 3, 8
"""So many words of the alphabet, at least, has an answer that spells a name, and so many others at most."""


def _answer(read: Read) -> str | None:
    """A name spelled and nothing else, to nobody by name: what was asked for, within an exchange. Nobody is seen anywhere."""
    words = [token.text for token in tokens(read.message)]
    spelled = [word for word in words if letter_of(word)]
    if len(spelled) < _LETTERS or len(words) - len(spelled) > _BESIDE:
        return None
    if read.gives_reference or read.parties.called or somebody_somewhere(read, weak=False):
        return None
    here = {read.message[hit.start : hit.end] for hit in read.scheme.words["intent.presence"].find(read.message)}
    return None if here - POINTING else " ".join(spelled)


def somebody_somewhere(read: Read, *, weak: bool = True) -> bool:
    """Somebody is described, moving or at a place. `weak`: words like "outside" are enough."""
    parts = set(read.description.parts()) - {"sex"}
    if parts or read.heading:
        return True
    presence = read.said("intent.presence")
    return presence is not None and (weak or presence not in read.scheme.words.words("intent.presence_weak"))


SURE: tuple[Rule, ...] = (
    (Intent.EMERGENCY, _emergency),
    (Intent.CORRECTION, _correction),
    (Intent.STAND_DOWN, _stand_down),
    (Intent.RADIO_CHECK, lambda read: read.said("intent.radio_check")),
    (Intent.INCIDENT, lambda read: read.said("intent.incident")),
    (Intent.REQUEST, _request),
    (Intent.REQUEST, _question),
)
"""Top to bottom: the first that applies decides."""
UNSURE: tuple[Rule, ...] = (
    (Intent.STAND_DOWN, _gone),
    (Intent.REQUEST, _weak_request),
    (Intent.REQUEST, _answer),
    (Intent.CHATTER, _chatter),
)
"""Apply where the traces of nothing else are strong."""


def sure_intent(read: Read) -> tuple[Intent, str] | None:
    """The intent of which a sure phrase was said, and that phrase."""
    for intent, rule in SURE:
        said = rule(read)
        if said is not None:
            return intent, said
    return None
