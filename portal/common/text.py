"""Text comparisons that ignore what people type differently."""

from __future__ import annotations

import re
import unicodedata

_NUMBER = re.compile(r"[0-9]{1,9}")
_NOT_WORD = re.compile(r"[^a-z0-9]+")


def fold(text: str) -> str:
    """Return text in lower case without accents, every run of other signs turned into one space.

    Used to compare headers, street names and search words: "  Châssis-N° " gives "chassis n".
    """
    decomposed = unicodedata.normalize("NFKD", text.replace("œ", "oe").replace("Œ", "OE"))
    bare = "".join(sign for sign in decomposed if not unicodedata.combining(sign))
    return _NOT_WORD.sub(" ", bare.casefold()).strip()


def whole_number(text: str | None) -> int | None:
    """Return the number that one to nine ASCII digits write, None for anything else."""
    return int(text) if text and _NUMBER.fullmatch(text) else None


def digits(text: str) -> str:
    """Return only the ASCII digits of text."""
    return "".join(sign for sign in text if sign in "0123456789")
