"""What the person looks like, in the speaker's words. IC codes are kept as spoken and never expanded."""

from __future__ import annotations

import re
from functools import lru_cache

from dispatch.calls import Description
from dispatch.phrases import fold
from dispatch.reading.plates import plate_in
from dispatch.scheme import PhraseTables, Scheme

_DIGIT = {"one": "1", "won": "1", "two": "2", "to": "2", "too": "2", "three": "3", "tree": "3", "free": "3", "four": "4",
          "for": "4", "five": "5", "six": "6", "seven": "7", "nine": "9", "zero": "0"}  # fmt: skip
_IC = re.compile(
    r"\b(?:i ?\.? ?c\.?|i'?c|i see|he see|eye see|i sea|eye c|icy|icey|aye c|isee)[ \-]?"
    r"(one|won|two|to|too|three|tree|free|four|for|five|six|seven|nine|zero|[0-79])(?:(?![a-z0-9])|(?=\d0'?s\b))"
)
_NUMBER = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
           "eleven": 11, "twelve": 12, "a": 1, "another": 1, "couple": 2, "several": 3}  # fmt: skip
_DECADE = r"(?:teens|twenties|thirties|forties|fifties|sixties|seventies|eighties|nineties|\d0'?s)"
_YEARS = (
    r"(?:\d{1,3}|(?:twenty|thirty|forty|fifty|sixty|seventy|eighty)(?:[ -](?:one|two|three|four|five|six|seven|eight|nine))?"
    r"|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen)"
)
_ROUND = r"(?:\d0|twenty|thirty|forty|fifty|sixty|seventy|eighty)"
_AGE = re.compile(
    rf"\b(?:(?:in )?(?:his |her |their )?((?:early|mid|late)[ -]?(?:to[ -]late[ -])?{_DECADE})|((?:in )?(?:his|her) {_DECADE})"
    rf"|(?<![a-z] )({_DECADE})\b|aged? (?:about |around )?({_YEARS})\b|((?:about|around|roughly) {_YEARS})(?=\s*(?:years|,|\.|$|ish| year))"
    # "About forty, stocky" without its comma, but not "about forty pounds".
    rf"|((?:about|around|roughly) {_ROUND}(?:[ -]five)?)(?! \w+s\b| (?:quid|people|men|women|pence|foot|feet|of)\b)(?= [a-z])"
    rf"|({_YEARS}) years? old|({_YEARS})[ -]?ish\b|({_YEARS})[ -]year[ -]old)"
)
_GROUP = re.compile(r"\bgroup of (?:about |around |at least )?(\w+)\b")
_OTHERS = re.compile(r"\b(one|two|three|four|five|six|\d|another|a couple of|a) ?(?:other|others|other \w+|more)\b")
_ANOTHER = re.compile(r"\b(?:and|with) another (?:\w+ )?(?:male|female|man|woman|lad|bloke|girl|one|youth|person)\b")
_COUPLE = re.compile(
    r"\b(?:a couple of|pair of|both) (?:\w+ )?(?:males|females|men|women|lads|girls|youths|kids|people|boys|teenagers)\b"
)
_SEVERAL = re.compile(
    r"\b(two|three|four|five|six|seven|eight|nine|ten|\d) (?:\w+ )?(males|females|men|women|lads|girls|youths|kids|teenagers|people|boys)\b"
)


_COUNTED = re.compile(r" (?:of|more|other|others|lads|people|men|women|males|females|girls|boys|youths|kids)\b")
_MALE = re.compile(r" (?:mail|male|female|man|woman)\b")


def _alternatives(listed: tuple[str, ...]) -> str:
    longest_first = sorted(listed, key=lambda phrase: -len(phrase))
    return "|".join(
        re.escape(phrase.strip()).replace(r"\ ", r"[ \-]").replace(r"\*", r"\w+") for phrase in longest_first
    )


@lru_cache(maxsize=8)
def _clothing(tables: PhraseTables) -> dict[str, re.Pattern[str]]:
    """For each kind of thing: adjectives and the thing."""
    colours = _alternatives(tables["description.colours"].listed)
    patterns = {}
    for kind in ("upper", "lower", "headwear", "carrying", "vehicle", "hair", "other"):
        things = _alternatives(tables[f"description.{kind}"].listed)
        patterns[kind] = re.compile(
            rf"\b(?:(?:{colours})(?:,? and |[ \-]+))*(?:{things})(?:e?s)?\b" if things else r"(?!)"
        )
    return patterns


def ic_code(folded: str) -> str | None:
    """The IC code spoken, as "IC1"."""
    hit = _IC.search(folded)
    if hit is None:
        return None
    said = hit.group(1)
    # "I see two of them" counts people; a code stands before "male", a comma or the end.
    if hit.group().startswith(("i see", "he see")):
        counted = _COUNTED.match(folded, hit.end())
        if counted or (said in ("to", "too", "for", "free") and not _MALE.match(folded, hit.end())):
            return None
    return f"IC{_DIGIT.get(said, said)}"


def _sex(folded: str, scheme: Scheme) -> str | None:
    words = scheme.words
    first: tuple[int, str] | None = None
    for sex, key in (("female", "description.female"), ("male", "description.male")):
        for span in words[key].find(folded):
            if first is None or span.start < first[0]:
                first = (span.start, sex)
    if re.search(r"\b(?:ic ?\d|i see \w+|i c \w+|icy \w+) (?:mail|mayo|mel)\b", folded):
        return "male"
    if first:
        return first[1]
    he = words["description.male_pronouns"].first(folded)
    she = words["description.female_pronouns"].first(folded)
    if bool(he) == bool(she):
        return None
    return "male" if he else "female"


def _age(folded: str, scheme: Scheme) -> str | None:
    hit = _AGE.search(folded)
    if hit:
        said = next(group for group in hit.groups() if group)
        if hit.group(4) or hit.group(7) or hit.group(8) or hit.group(9):
            said = f"aged {said}"
        return re.sub(r"^in (?:his |her )?|^(?:his|her) ", "", said)
    return scheme.words["description.age"].first(folded)


def _count(folded: str) -> int | None:
    def number(word: str) -> int | None:
        return int(word) if word.isdigit() and len(word) < 3 else _NUMBER.get(word)

    if (hit := _GROUP.search(folded)) and (size := number(hit.group(1))):
        return size
    if _ANOTHER.search(folded):
        return 2
    if hit := _OTHERS.search(folded):
        more = number(hit.group(1).replace("a couple of", "couple"))
        return more + 1 if more else None
    if hit := _SEVERAL.search(folded):
        return number(hit.group(1))
    if _COUPLE.search(folded):
        return 2
    return None


def describe(text: str, scheme: Scheme) -> Description:
    """Read the description."""
    folded = fold(text)
    clothing = _clothing(scheme.words)

    def worn(kind: str) -> str | None:
        hits = [hit.group().strip(" ,") for hit in clothing[kind].finditer(folded)]
        if not hits:
            return None
        return max(hits, key=lambda said: (said.count(" ") > 0, len(said))) if kind != "upper" else hits[0]

    upper, lower = worn("upper"), worn("lower")
    carrying = None
    for hit in clothing["carrying"].finditer(folded):
        if not re.match(r"\s+drop\b", folded[hit.end() :]) and not re.search(r"\bbag drop", folded[hit.start() :][:9]):
            carrying = hit.group()
            break
    vehicle = None
    for hit in clothing["vehicle"].finditer(folded):
        if not re.match(r"\s+(?:park|parks|factory|shop|rank)\b", folded[hit.end() :]):
            vehicle = hit.group()
            break
    plate = plate_in(folded, scheme)
    return Description(
        sex=_sex(folded, scheme),
        ic=ic_code(folded),
        age=_age(folded, scheme),
        build=scheme.words["description.build"].first(folded),
        height=scheme.words["description.height"].first(folded),
        hair=worn("hair"),
        upper=upper,
        lower=lower,
        headwear=worn("headwear"),
        carrying=carrying,
        vehicle=vehicle,
        plate=plate.text if plate else None,
        count=_count(folded),
        other=", ".join(dict.fromkeys(hit.group() for hit in clothing["other"].finditer(folded))) or None,
    )
