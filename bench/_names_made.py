"""Names and calls that are made up, for measurements: as many as are wanted, the same for the same seed."""

# ruff: noqa: SIM905 - lists of words are read as words

from __future__ import annotations

import random
from collections.abc import Iterator

FIRST = (
    "Aaron Abigail Adam Aisha Alan Aleksander Alice Amber Andrew Angela Anna Anthony Ashley Barry Bartosz Ben Bethany Brian Bryan Callum "
    "Carl Chantelle Charlotte Chloe Christopher Ciaran Claire Colin Connor Craig Curtis Damian Daniel Darren David Dawid Dean Deepak Derek "
    "Donna Dwayne Dylan Edward Elaine Emily Emma Ethan Fatima Fiona Frank Gareth Gary Gavin Gemma George Grace Graham Grant Hannah Harpreet "
    "Harry Hassan Hayley Heather Helen Holly Ian Imran Isaac Ivan Jack Jacek Jade Jake James Jamie Jane Jason Jenna Jodie John Jordan Joshua "
    "Julie Karen Karl Kate Kayleigh Keith Kelly Kevin Kieran Kirsty Kwame Kyle Lauren Leah Lee Leon Lewis Liam Linda Lisa Louise Lucy Luke "
    "Magdalena Malcolm Marcin Marcus Marek Maria Mark Martin Matthew Megan Michael Michelle Mohammed Molly Naomi Natalie Nathan Neil Niamh "
    "Nicholas Nicola Olivia Oluwaseun Oscar Owen Patrick Paul Pawel Peter Philip Piotr Rachel Rebecca Reece Rhys Richard Robert Rory Ross "
    "Ryan Samantha Sarah Scott Sean Shane Sharon Shaun Sian Simon Siobhan Sophie Stacey Stephen Steven Stuart Tariq Terry Thomas Tracy "
    "Tyler Tyrone Vikram Wayne William Wojciech Zoe"
).split()
_START = (
    "Ack Ald Ash Bad Barn Beck Ben Black Bow Brack Brad Brom Burn Cald Car Chad Clay Cob Col Cran Cul Dal Dar Den Dray Dun East Eck Eg El "
    "Fair Farn Fen Fern Flax Ful Gar Gil Glad Gol Gran Had Hal Har Hather Haver Haw Hazel Hes Hol Hux Ing Kel Ken Kil Kirk Lang Lav Led "
    "Lin Lock Lud Mal Mar Mel Mid Mort Nether New Nor Oak Ol Or Pel Pen Pick Pos Quar Rad Raven Red Rid Ros Rush Sal Scar Sed Shel Sil "
    "Stan Sten Sut Tal Tam Thorn Til Tipple Tor Tref Tun Ul Up Ver Wal War Wat Wen Wick Win Wool Wor Yar Yel"
).split()
_END = (
    "worth ton ham ley field wick stock ford well wood bury by thwaite more bridge land den combe ridge shaw gate stone brook hurst bourne "
    "dale man son smith leigh croft cott ker ling ning ney ster ville wright low way burn bank mont ric win gold"
).split()
_OTHER_END = {
    "Nowo Kowal Wisn Wojc Przy Zaj Krzes Dab": "czyk ski ewski owski dworek byla rowicz niak kiewicz".split(),
    "Oko Ade Ogun Chukwu Eze Bala Ola": "ro yemi banjo sanya dele kwo wale kunle gun tola".split(),
    "Mah Chau Dhal Bhat Sidd Rah Gup": "mood dhry iwal tacharya iqui man ta jan esh arani".split(),
    "Mc Mac O'Fal O'Con Fitz": "Allen Crae Dermid Gowan Innes Killop Nally Quaid Tavish Vane".split(),
}
_WORDS = (
    "control corner books bakery receiving over please can you put a camera on the taxi rank he she has just walked in with grey hoodie black "
    "cap white trainers heading towards station market square gone out of side door two bottles whisky and is back again by tills still "
    "here now i think that it might be him there was outside bank they are near church green jumper blue rucksack going down hill past we "
    "have lady who lost her little boy copy will wait until get number one four listed asked to leave before last week"
).split()


def surname(chance: random.Random) -> str:
    """One surname: mostly English in shape, some of the other shapes a town's register holds, some double-barrelled."""
    if chance.random() < 0.12:
        starts, ends = chance.choice(list(_OTHER_END.items()))
        return chance.choice(starts.split()) + chance.choice(ends)
    whole = chance.choice(_START) + ("er" if chance.random() < 0.15 else "") + chance.choice(_END)
    return f"{whole}-{surname(chance)}" if chance.random() < 0.02 else whole


def full_names(number: int, seed: int = 3) -> list[str]:
    """So many different full names."""
    chance = random.Random(seed)
    found: dict[str, None] = {}
    while len(found) < number:
        found[f"{chance.choice(FIRST)} {surname(chance)}"] = None
    return list(found)


def carrier(chance: random.Random, words: int) -> list[str]:
    """Words as they are said on a shop radio, without sense."""
    return [chance.choice(_WORDS) for _ in range(words)]


def hypotheses(chance: random.Random, number: int, words: int, *put: list[str]) -> Iterator[list[str]]:
    """An n-best list: one call in `number` wordings that differ in one to three words; `put[i]` stands in the middle of the i-th."""
    best = carrier(chance, words)
    at = chance.randrange(2, max(3, words - 3))
    for i in range(number):
        wording = list(best)
        for _ in range(chance.randint(1, 3) if i else 0):
            wording[chance.randrange(len(wording))] = chance.choice(_WORDS)
        if put:
            wording[at : at + 2] = put[i % len(put)]
        yield wording
