"""How French addresses are written, and what in them is the same. Pure functions on texts.

Names of streets and what people type go through the same steps: accents and case folded, abbreviations written out,
small words set apart. A house number is a number and its suffix: "12 bis" is (12, "bis").
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from portal.common.text import fold

SMALL_WORDS = frozenset(("a", "au", "aux", "d", "de", "des", "du", "en", "et", "l", "la", "le", "les", "s", "sur"))
_ABBREVIATIONS: dict[str, tuple[str, ...]] = {
    "all": ("allee",),
    "av": ("avenue",),
    "ave": ("avenue",),
    "bat": ("batiment",),
    "bd": ("boulevard",),
    "bld": ("boulevard",),
    "blvd": ("boulevard",),
    "boul": ("boulevard",),
    "bvd": ("boulevard",),
    "cap": ("capitaine",),
    "car": ("carrefour",),
    "cdt": ("commandant",),
    "ch": ("chemin",),
    "che": ("chemin",),
    "chem": ("chemin",),
    "cite": ("cite",),
    "cne": ("capitaine",),
    "col": ("colonel",),
    "crs": ("cours",),
    "dr": ("docteur",),
    "esp": ("esplanade",),
    "fbg": ("faubourg",),
    "fg": ("faubourg",),
    "gal": ("general", "galerie"),
    "gen": ("general",),
    "gl": ("general",),
    "imp": ("impasse",),
    "lot": ("lotissement",),
    "mal": ("marechal",),
    "mgr": ("monseigneur",),
    "pas": ("passage",),
    "pass": ("passage",),
    "pdt": ("president",),
    "pl": ("place",),
    "pr": ("professeur",),
    "prof": ("professeur",),
    "prom": ("promenade",),
    "pte": ("porte",),
    "q": ("quai",),
    "qu": ("quai",),
    "r": ("rue",),
    "res": ("residence",),
    "rpt": ("rond",),
    "rte": ("route",),
    "sgt": ("sergent",),
    "sq": ("square",),
    "st": ("saint",),
    "ste": ("sainte",),
    "vla": ("villa",),
    "zac": ("zac",),
    "zi": ("zi",),
}
_SUFFIXES = {"b": "bis", "bis": "bis", "t": "ter", "ter": "ter", "q": "quater", "quater": "quater"}
_NUMBER = re.compile(r"(\d{1,4})([a-z]{0,6})")
_POSTCODE = re.compile(r"\d{5}")


@dataclass(frozen=True, slots=True, order=True)
class HouseNumber:
    """A house number; suffix is "" or lower case ("bis", "ter", "c")."""

    number: int
    suffix: str = ""

    def __str__(self) -> str:
        joint = " " if len(self.suffix) > 1 else ""
        return f"{self.number}{joint}{self.suffix if joint else self.suffix.upper()}"


@dataclass(frozen=True, slots=True)
class AddressQuery:
    """What somebody typed, read: the number if any, the words to find, the postcode if any.

    words: the significant words, each as the forms it may stand for, the typed one first.
    """

    house_number: HouseNumber | None
    words: tuple[tuple[str, ...], ...]
    postcode: str | None


def name_words(name: str) -> list[str]:
    """Return the words of a street or place name in their long forms, small words left out unless they are all.

    "Bd. St-Martin" gives ["boulevard", "saint", "martin"]; "Rue de l'Île" gives ["rue", "ile"].
    """
    every = [_ABBREVIATIONS.get(word, (word,))[0] for word in fold(name).split()]
    return [word for word in every if word not in SMALL_WORDS] or every


def read_house_numbers(text: str) -> list[HouseNumber]:
    """Return the numbers of an `addr:housenumber` value: "12;14", "12-16" and "12 bis" are understood."""
    found = []
    for part in re.split(r"[;,/\-–]", text):
        numbers, _rest = _leading_number(fold(part).split())
        if numbers:
            found.append(numbers)
    return found


def read_query(text: str) -> AddressQuery:
    """Read what somebody typed. A number counts as a house number when it comes first and words follow it."""
    words = fold(text).split()
    house_number, rest = _leading_number(words)
    if not any(not word.isdigit() for word in rest):
        house_number, rest = None, words
    postcode = next((word for word in rest if _POSTCODE.fullmatch(word)), None)
    rest = [word for word in rest if word != postcode and word != "cedex"]
    forms = tuple(_forms(word, is_first=position == 0) for position, word in enumerate(rest) if word not in SMALL_WORDS)
    return AddressQuery(house_number, forms, postcode)


def _forms(word: str, *, is_first: bool) -> tuple[str, ...]:
    # A lone "r" or "q" inside a name is an initial; at the start it is the kind of street.
    if len(word) == 1 and not is_first:
        return (word,)
    return (word, *(form for form in _ABBREVIATIONS.get(word, ()) if form != word))


def _leading_number(words: Sequence[str]) -> tuple[HouseNumber | None, list[str]]:
    """Split a leading house number from the words after it."""
    if not words:
        return None, []
    match = _NUMBER.fullmatch(words[0])
    if match is None:
        return None, list(words)
    number, suffix = int(match[1]), match[2]
    if number == 0 or (suffix and suffix not in _SUFFIXES and len(suffix) > 1):
        return None, list(words)
    if suffix:
        return HouseNumber(number, _SUFFIXES.get(suffix, suffix)), list(words[1:])
    following = words[1] if len(words) > 1 else ""
    if following in {"bis", "ter", "quater"} or (len(following) == 1 and following in "abcdefgt" and len(words) != 2):
        return HouseNumber(number, _SUFFIXES.get(following, following)), list(words[2:])
    if len(words) == 2 and len(following) == 1 and following.isalpha() and following != "r":
        return HouseNumber(number, _SUFFIXES.get(following, following)), []
    return HouseNumber(number), list(words[1:])
