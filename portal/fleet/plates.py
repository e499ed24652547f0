"""Registration plates: the schemes a French carrier meets, and how two typings of one plate are told equal.

Source: domain rules 4.6; SIV since 2009, FNI before, WW and W provisional series, foreign plates with their country.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from portal.common.errors import Invalid


class PlateScheme(StrEnum):
    """The numbering a plate follows; `special` is looked at by a person."""

    SIV = "siv"
    WW = "ww"
    W_GARAGE = "w_garage"
    FNI = "fni"
    FOREIGN = "foreign"
    SPECIAL = "special"

    @property
    def provisional(self) -> bool:
        """True when the plate is valid for a limited time only: an end date is asked."""
        return self is PlateScheme.WW or self is PlateScheme.W_GARAGE


# Told apart by their beginnings and lengths: the commonest comes first.
_PATTERNS = (
    (PlateScheme.SIV, re.compile(r"^(?!SS|WW)[A-HJ-NP-TV-Z]{2}(?!000)\d{3}(?!SS)[A-HJ-NP-TV-Z]{2}$")),
    (PlateScheme.WW, re.compile(r"^WW(?!000)\d{3}(?!SS)[A-HJ-NP-TV-Z]{2}$")),
    (PlateScheme.W_GARAGE, re.compile(r"^W(?!000)\d{3}(?!SS)[A-HJ-NP-TV-Z]{2}$")),
    (PlateScheme.FNI, re.compile(r"^\d{1,4}[A-Z]{1,3}(0[1-9]|[1-8]\d|9[0-5]|2[AB]|97[1-6])$")),
)
_BARE = re.compile(r"^(?=[A-Z]*[0-9])[A-Z0-9]{2,12}$")
_COUNTRY = re.compile(r"[A-Z]{2}")
_SEPARATORS = re.compile(r"[\s\-_.·•‐‑‒–—/\u00a0\u202f]+")


@dataclass(frozen=True, slots=True)
class Plate:
    """A plate in upper case without separators, its country (ISO 3166 alpha-2) and its scheme."""

    bare: str
    country: str
    scheme: PlateScheme

    @property
    def display(self) -> str:
        """The plate as it is painted: AB-123-CD for the French series of today, bare otherwise."""
        return display_plate(self.bare, self.scheme)

    @property
    def key(self) -> str:
        """What two typings of one plate have in common: see `plate_key`."""
        return _same_glyphs(self.bare)


def display_plate(bare: str, scheme: PlateScheme) -> str:
    """Return a bare plate with the dashes of its scheme."""
    if scheme in {PlateScheme.SIV, PlateScheme.WW}:
        return f"{bare[:2]}-{bare[2:5]}-{bare[5:]}"
    if scheme is PlateScheme.W_GARAGE:
        return f"{bare[:1]}-{bare[1:4]}-{bare[4:]}"
    return bare


def plate_key(text: str) -> str:
    """Return the comparison key of any typing: no separators, O read as 0 and I as 1."""
    return _same_glyphs(_strip(text))


def _same_glyphs(bare: str) -> str:
    return bare.replace("O", "0").replace("I", "1")


def _strip(text: str) -> str:
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return _SEPARATORS.sub("", text).upper()


def read_plate(text: str, country: str = "FR") -> Plate:
    """Read a plate in any typing.

    A French plate outside the civil series (diplomatic, military, agricultural) is kept as `special`.
    Raises Invalid with the code plate-missing, plate-malformed or country-malformed.
    """
    bare = _strip(text)
    if not bare:
        raise Invalid("plate-missing", field="plate")
    if not _BARE.match(bare):
        raise Invalid("plate-malformed", field="plate", value=text.strip()[:20])
    nation = country.strip().upper()
    if not _COUNTRY.fullmatch(nation):
        raise Invalid("country-malformed", field="country", value=country.strip()[:20])
    if nation != "FR":
        return Plate(bare, nation, PlateScheme.FOREIGN)
    for scheme, pattern in _PATTERNS:
        if pattern.match(bare):
            return Plate(bare, nation, scheme)
    return Plate(bare, nation, PlateScheme.SPECIAL)
