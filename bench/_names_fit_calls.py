"""Calls to fit the confidence model on: frames of words with a person, somebody else, or nobody put in.

The people are a third register, drawn by the corpus's `make_register.py` with its own seed, so neither set that figures are reported on is
touched (the second mix, of short names, is drawn with another seed): the frames use shops and places of the tuning half only. Two in five calls name nobody on the register: no name at all, places, staff,
and innocent people, some of whom sound much like somebody who is on it. Those teach the model what a false match looks like.
"""

from __future__ import annotations

import csv
import datetime as dt
import importlib
import json
import random
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench._names_corpus import DATA, Call, Plan, corpus_folder
from bench._names_environment import CACHE
from bench._names_voices import FITTING

PEOPLE = 150
CALLS = 420
ON_REGISTER = 0.6
TODAY = dt.date(2026, 11, 22)
"""Ages and notices are counted from here, so the register never changes."""


@dataclass(frozen=True, slots=True)
class Mix:
    """Of which kinds the names are."""

    name: str
    """Of the folder, and of the calls' numbers by its first letter."""
    seed: int
    """Of people and calls."""
    nicknamed: bool
    """Everybody gets a nickname of one or two syllables from names_data/nicknames.txt."""
    full: int
    ref: int
    last: int
    spelled: int
    alias: int
    """Shares of the kinds, where the person can be named so."""


FULL = Mix("fit", 77, nicknamed=False, full=6, ref=1, last=3, spelled=2, alias=4)
SHORT = Mix("short", 78, nicknamed=True, full=3, ref=0, last=4, spelled=0, alias=9)
"""Few sounds to go by: the model must learn how little they prove, and when they are enough."""
MIXES = (FULL, SHORT)

SHOPS = ("Next", "Argos", "Clarks", "Morrisons", "Claire's", "Nando's", "Vision Express", "the Halifax", "Smiggle", "Burger King", "the card shop",
         "Holland and Barrett", "the bakery", "the phone repair shop", "the toy shop", "the butchers", "the opticians", "the shoe shop", "the game shop")  # fmt: skip
PLACES = (
    "the High Street",
    "the Orchards",
    "Spital Street",
    "the Priory",
    "Instone Road",
    "Central Park",
    "Market Street",
    "Acacia Hall",
    "Kent Road",
)
LOOKS = ("grey tracksuit", "IC1, thirties, black cap", "blue fleece and jeans", "long brown coat", "red jacket, white trainers", "green parka with the hood up",
         "IC3, tall, yellow hoodie", "carrying a rucksack", "with a pushchair", "pushing a bike", "very thin, grey beanie", "striped shirt", "two bags for life",
         "camouflage coat", "a mask over the face", "short, about fifty", "dark glasses", "IC4, beard, black gilet", "maroon jumper", "leather jacket")  # fmt: skip

SIGHTINGS = (
    "Control, {shop} here, {name} is in by the tills, {looks}, over.",
    "{shop} to all, {name} has just gone past towards {place}, {looks}.",
    "Anybody near {place}? {name} is stood there now, {looks}.",
    "Morning Control, I can see {name} outside {shop}, {looks}.",
    "{shop} to Control, {name}'s back again and won't leave.",
    "Control from {shop}, it's {name}, {looks}, could you send someone?",
    "Just so you all know, {name} is walking round {place} with another one, {looks}.",
    "{shop} calling Control, we have {name} on the shop floor, {looks}.",
    "Guard at {place}, {name} came by me a minute ago, {looks}.",
    "That's {name} coming out of {shop}, {looks}, heading to {place}.",
    "Eyes on {name} please, {place}, {looks}.",
    "Hello Control, {name} has sat down in our doorway, {looks}, can you get a warden along?",
    "{name}, {looks}, now at {place}.",
    "All units from {shop}, be aware of {name} in the area of {place}.",
    "Yeah, {shop}, got {name} on camera by the back door.",
)
INCIDENTS = (
    "{shop} to Control, theft, {name} has made off with a basket of stuff towards {place}, {looks}.",
    "{name} has just smashed a shelf in {shop}, {looks}, we need the police.",
    "Shoplifting at {shop}, {name}, out of the door and up {place}.",
)
ENDINGS = (
    "{shop} to Control, stand down, {name} has left by bus.",
    "Control to all, {name} has been detained at {place}, thank you.",
)
REQUESTS = ("{shop} to Control, is {name} still banned?", "Has anyone round {place} seen {name} today?")
DENIALS = (
    "{shop}, correction, that was not {name}, somebody else in a {colour} coat.",
    "Disregard my last, it isn't {name}, sorry Control.",
)
NOBODY = (
    ("incident", "{shop} to Control, a man I don't know is asking people for money at {place}, {looks}."),
    ("radio_check", "Control, radio check from {shop} please."),
    ("incident", "{shop} here, there's a group of kids throwing things off the wall at {place}."),
    ("chatter", "Control to {shop}, received, a warden is walking up from {place} now."),
    ("incident", "{shop}, lady, IC1, seventies, has fallen over outside, ambulance is coming."),
    ("sighting", "All shops, a female, {looks}, is going round with dodgy twenties, last seen {place}."),
    ("incident", "Theft at {shop}, three lads, {looks}, never seen them before, gone down {place}."),
    ("chatter", "{shop} to Control, alarm test in five minutes, nothing to worry about."),
    ("request", "Can {shop} turn their radio down, it's coming through the wall."),
    ("incident", "Lost child at {place}, boy of five, red coat, blue shoes, his mum is with me."),
    ("chatter", "The lorry's blocking {place} again, tell {shop} the delivery will be late."),
    ("radio_check", "Control, {shop}, signing off, see you all in the morning."),
)
STAFF = (
    "{first}, are you on your break yet?",
    "Ask {first} in {shop} to bring the keys over.",
    "Thanks {first}, see you tomorrow.",
    "Control to {shop}, is {first} about?",
)

INNOCENT_FIRST = (
    "Peter",
    "Susan",
    "Derek",
    "Angela",
    "Graham",
    "Wendy",
    "Martin",
    "Janet",
    "Philip",
    "Karen",
    "Simon",
    "Helen",
    "Colin",
    "Rachel",
    "Stephen",
    "Pauline",
    "Alan",
    "Lorraine",
)
INNOCENT_LAST = (
    "Barlow",
    "Harding",
    "Whitmore",
    "Stapleton",
    "Goodwin",
    "Lawson",
    "Hargrove",
    "Matthews",
    "Coleridge",
    "Prentice",
    "Denham",
    "Rowbottom",
    "Sinclair",
    "Beaumont",
)
ALIKE = {
    "Whitlock": "Wedlock", "Marsden": "Marston", "Okafor": "Oakford", "Pemberton": "Pendleton", "Hargreaves": "Hargrave", "Duffield": "Driffield",
    "Mackintosh": "McIntyre", "Osbourne": "Osgood", "Tattersall": "Tatterton", "Popescu": "Pepperdew", "Brannigan": "Branagh", "Sutcliffe": "Suttcombe",
    "Radcliffe": "Ratchford", "Ashdown": "Ashton", "Fairbrother": "Fairweather", "Lockyer": "Locker", "Penfold": "Penford", "Dunmore": "Dunmow",
    "Eastwood": "Eastward", "Gillespie": "Gilhespy", "Hathaway": "Hadaway", "Jarrold": "Jerrold", "Langridge": "Langwith", "Mulholland": "Mulhearn",
    "Northcott": "Norcross", "Oldroyd": "Holroyd", "Quigley": "Quickley", "Rushworth": "Rushmore", "Stanyard": "Stannard", "Tillotson": "Tillson",
    "Underhill": "Underwood", "Yardley": "Yeardsley", "Costello": "Castellow", "Enright": "Wainwright", "Greenhalgh": "Greenhough", "Kinsella": "Kinsley",
    "Smith": "Smythson", "Jones": "Joyce", "Taylor": "Tyler", "Brown": "Browning", "Harris": "Harrison", "Hall": "Hallam", "Cook": "Cooper",
}  # fmt: skip
"""Surname on the register -> one that isn't, and sounds like it."""

_DIGITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
_NATO = dict(zip("abcdefghijklmnopqrstuvwxyz", ["Alpha", "Bravo", "Charlie", "Delta", "Echo", "Foxtrot", "Golf", "Hotel", "India", "Juliet", "Kilo", "Lima", "Mike", "November", "Oscar", "Papa", "Quebec", "Romeo", "Sierra", "Tango", "Uniform", "Victor", "Whiskey", "X-ray", "Yankee", "Zulu"], strict=True))  # fmt: skip

Person = dict[str, str]
"""A row of the register's CSV."""


def spelled(name: str) -> str:
    """NATO words for each letter; other characters are left out."""
    return " ".join(_NATO[letter] for letter in name.lower() if letter in _NATO)


def spoken_reference(reference: str, draw: random.Random) -> str:
    """`DT-0142` as "zero one four two", now and then with a word before it."""
    digits = " ".join(_DIGITS[int(digit)] for digit in re.sub(r"\D", "", reference))
    return draw.choice(("", "", "number ", "DT ")) + digits


def thinned(drawn: Sequence[Person]) -> list[Person]:
    """Two of three who share an earlier one's surname are left out, and a second bearer of a nickname loses it.

    The maker has 78 surnames; without this hardly anybody could be meant by the surname alone.
    """
    people: list[Person] = []
    for number, one in enumerate(drawn):
        shared = any(other["last_name"] == one["last_name"] for other in people)
        if shared and number % 3:
            continue
        taken = {other["aliases"] for other in people}
        people.append({**one, "aliases": "" if one["aliases"] in taken else one["aliases"]})
    return people


def nicknamed(people: Sequence[Person]) -> list[Person]:
    """Each with a nickname of their own in the place of any other; the last have none when the list is at its end."""
    text = (DATA / "nicknames.txt").read_text(encoding="utf-8")
    names = [line for line in text.splitlines() if line and not line.startswith("#")]
    names += [""] * (len(people) - len(names))
    return [{**one, "aliases": name} for one, name in zip(people, names, strict=False)]


def mention(person: Person, people: Sequence[Person], mix: Mix, draw: random.Random) -> tuple[str, str]:
    """How the person is named here, and of which kind that is; never in a way that fits somebody else of the register too."""
    first, last, alias = person["first_name"], person["last_name"], person["aliases"].split(";")[0]
    kinds = ["full"] * mix.full + ["ref"] * mix.ref
    if sum(one["last_name"] == last for one in people) == 1:
        kinds += ["last"] * mix.last + ["spelled"] * mix.spelled
    if alias and sum(alias in one["aliases"].split(";") for one in people) == 1:
        kinds += ["alias"] * mix.alias
    kind = draw.choice(kinds)
    said = {
        "full": f"{first} {last}", "last": last, "ref": spoken_reference(person["reference"], draw),
        "spelled": spelled(last), "alias": alias,
    }[kind]  # fmt: skip
    return said, kind


def innocent(people: Sequence[Person], draw: random.Random) -> str:
    """A name of nobody on the register; three in five sound like somebody who is, or share the surname."""
    taken = {(one["first_name"], one["last_name"]) for one in people}
    while True:
        like = draw.choice(people)
        first, last = draw.choice(
            (
                (like["first_name"], ALIKE.get(like["last_name"], draw.choice(INNOCENT_LAST))),
                (draw.choice(INNOCENT_FIRST), ALIKE.get(like["last_name"], draw.choice(INNOCENT_LAST))),
                (draw.choice(INNOCENT_FIRST), like["last_name"]),
                (draw.choice(INNOCENT_FIRST), draw.choice(INNOCENT_LAST)),
                (draw.choice(INNOCENT_FIRST), draw.choice(INNOCENT_LAST)),
            )
        )
        if (first, last) not in taken:
            return f"{first} {last}"


def calls(people: Sequence[Person], count: int, mix: Mix = FULL) -> list[Call]:
    """The written calls, in the format of calls-*.jsonl."""
    draw = random.Random(mix.seed)
    made: list[Call] = []
    for number in range(count):
        persons: list[dict[str, Any]] = []
        frames: tuple[str, ...]
        frames, intent = draw.choices(
            ((SIGHTINGS, "sighting"), (INCIDENTS, "incident"), (ENDINGS, "stand_down"), (REQUESTS, "request"), (DENIALS, "correction")),
            weights=(70, 14, 5, 5, 6),
        )[0]  # fmt: skip
        words = {
            "shop": draw.choice(SHOPS),
            "place": draw.choice(PLACES),
            "looks": draw.choice(LOOKS),
            "colour": draw.choice(("red", "black", "blue")),
        }
        if draw.random() < ON_REGISTER:
            person = draw.choice(people)
            words["name"], kind = mention(person, people, mix, draw)
            name, reference = f"{person['first_name']} {person['last_name']}", person["reference"]
            persons.append(
                {
                    "said": words["name"],
                    "name": name,
                    "kind": kind,
                    "negated": frames is DENIALS,
                    "reference": reference,
                }
            )
        else:
            other = draw.random()
            if other < 0.45:
                words["name"] = innocent(people, draw)
                persons.append(
                    {
                        "said": words["name"],
                        "name": words["name"],
                        "kind": "full",
                        "negated": frames is DENIALS,
                        "reference": None,
                    }
                )
            elif other < 0.6:
                frames, intent = STAFF, "chatter"
                words["first"] = draw.choice([*INNOCENT_FIRST, *(one["first_name"] for one in people)])
            else:
                intent, frame = draw.choice(NOBODY)
                frames = (frame,)
        text = draw.choice(frames).format(**words)
        made.append(
            {"id": f"{mix.name[0].upper()}{number + 1:04d}", "text": text[0].upper() + text[1:], "intent": intent, "people": persons, "place": words["place"],
             "heading": None, "description": {}, "priority": "normal", "tags": ["fit"]}
        )  # fmt: skip
    return made


def write(folder: Path, corpus: Path | None = None, count: int = CALLS, mix: Mix = FULL) -> tuple[Path, Path]:
    """Make calls-fit.jsonl and register-fit.csv in the folder; their paths.

    Args:
        folder: where to.
        corpus: the test corpus, whose `make_register.py` draws the people; see `corpus_folder`.
        count: how many calls.
        mix: how they are named, and the seed of it all.

    Raises:
        CorpusMissingError: see `corpus_folder`.
    """
    place = str(corpus_folder(corpus).resolve())
    if place not in sys.path:
        sys.path.insert(0, place)
    maker = importlib.import_module("make_register")
    folder.mkdir(parents=True, exist_ok=True)
    drawn = maker.register(PEOPLE, mix.seed, TODAY, "DT")
    people = thinned([{key: str(value) for key, value in row.items()} for row in drawn])
    if mix.nicknamed:
        people = nicknamed(people)
    register, written = folder / "register-fit.csv", folder / "calls-fit.jsonl"
    with register.open("w", newline="", encoding="utf-8") as out:
        table = csv.DictWriter(out, list(people[0]))
        table.writeheader()
        table.writerows(people)
    lines = "".join(json.dumps(call, ensure_ascii=False) + "\n" for call in calls(people, count, mix))
    written.write_text(lines, encoding="utf-8")
    return written, register


def fit_plan(mix: Mix = FULL, cache: Path = CACHE, corpus: Path | None = None) -> Plan:
    """The fitting corpus, its calls and register written anew: one clip a call, voice and channel drawn.

    Raises:
        CorpusMissingError: see `corpus_folder`.
    """
    folder = cache / mix.name
    written, register = write(folder, corpus, mix=mix)
    return Plan(written, register, folder, FITTING, per_segment=1, seed=mix.seed, voices_per_segment=1)
