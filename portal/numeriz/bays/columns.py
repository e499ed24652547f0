"""The columns of a spreadsheet of bays: what their titles may be, how their cells are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from portal.common.errors import Invalid
from portal.common.text import fold
from portal.common.units import decimal_number, metres_to_cm, tonnes_to_kg
from portal.numeriz.bays.fields import SIZES, read_place, read_text, read_whole
from portal.numeriz.bays.plain_hours import read_plain_hours
from portal.numeriz.imports.bays.national import read_cds_hours
from portal.numeriz.imports.tables import is_missing
from portal.numeriz.values import BayLayout, BayRegime

_REGIMES: Final = {
    BayRegime.PERMANENT: ("permanent", "permanente", "aire permanente", "sanctuarisee", "aire sanctuarisee"),
    BayRegime.PERIODIC: ("periodique", "aire periodique", "partagee", "aire partagee"),
    BayRegime.GOODS_ZONE: ("zone marchandises", "marchandises"),
    BayRegime.UNKNOWN: ("inconnu", "inconnue"),
}
_LAYOUTS: Final = {
    BayLayout.PARALLEL: ("parallele", "longitudinal", "longitudinale", "en long", "en creneau"),
    BayLayout.ANGLED: ("epi", "en epi"),
    BayLayout.PERPENDICULAR: ("bataille", "en bataille", "perpendiculaire"),
    BayLayout.UNKNOWN: ("inconnu", "inconnue"),
}
_YES, _NO = frozenset({"oui", "1", "vrai", "true", "x", "o"}), frozenset({"non", "0", "faux", "false", "n"})


@dataclass(frozen=True, slots=True)
class SheetColumn:
    """One column of ours. key: a field of `BayFields`, or lat, lon, position. read: the text of a cell to its value,
    raising Invalid. aliases: folded titles. example: for the sample file."""

    key: str
    label: LazyString
    aliases: tuple[str, ...]
    read: Callable[[str], Any]
    example: str = ""


def _named[T](known: Mapping[T, tuple[str, ...]]) -> Callable[[str], T]:
    by_name = {name: value for value, names in known.items() for name in names}

    def read(text: str) -> T:
        if fold(text) not in by_name:
            raise Invalid("unread")
        return by_name[fold(text)]

    return read


def _in_range(key: str, to_whole: Callable[[Decimal], int | None]) -> Callable[[str], int]:
    def read(text: str) -> int:
        bare = text.strip().lower().rstrip(".")
        for unit in ("cm", "m", "kg", "t"):
            bare = bare.removesuffix(unit)
        size = to_whole(decimal_number(bare))
        if size is None or size not in SIZES[key]:
            raise Invalid("unread")
        return size

    return read


def _length(number: Decimal) -> int | None:
    """Metres below 100, centimetres from there on: no bay is 100 m long, none is shorter than a metre."""
    return metres_to_cm(number) if number < 100 else int(number)


def _width(number: Decimal) -> int | None:
    """Metres up to 10, centimetres from 50 on; between the two nobody knows."""
    return metres_to_cm(number) if number <= 10 else int(number) if number >= 50 else None


def _weight(number: Decimal) -> int | None:
    """Tonnes up to 60, kilograms from 500 on."""
    return tonnes_to_kg(number) if number <= 60 else int(number) if number >= 500 else None


def _whole(key: str) -> Callable[[str], int]:
    def read(text: str) -> int:
        number = read_whole(text, key)
        if number is None or number not in SIZES[key]:
            raise Invalid("unread")
        return number

    return read


def _degrees(text: str) -> str:
    decimal_number(text)
    return text


def _position(text: str) -> str:
    read_place(text, "", None)
    return text


def _yes(text: str) -> bool:
    if fold(text) not in _YES | _NO:
        raise Invalid("unread")
    return fold(text) in _YES


def _hours(text: str) -> Any:
    return read_cds_hours(text) if text.lstrip().startswith("[") else read_plain_hours(text)


def _code(text: str) -> str:
    return text.strip().upper()


def _text(most: int) -> Callable[[str], str]:
    def read(text: str) -> str:
        found = read_text(text, most)
        if len(found) > most:
            raise Invalid("unread")
        return found

    return read


COLUMNS: Final = (
    SheetColumn("local_id", _l("Identifiant"), ("identifiant", "id", "reference", "ref", "numero"), _text(80), "A-1"),
    SheetColumn("address", _l("Adresse"), ("adresse", "rue", "voie", "lieu"), _text(255), "12 rue du Port"),
    SheetColumn("lat", _l("Latitude"), ("latitude", "lat", "y"), _degrees, "48.8625"),
    SheetColumn("lon", _l("Longitude"), ("longitude", "lon", "lng", "long", "x"), _degrees, "2.3610"),
    SheetColumn("position", _l("Latitude et longitude"), ("coordonnees", "position", "geo point 2d", "gps"), _position),
    SheetColumn("regime", _l("Régime"), ("regime", "type", "statut"), _named(_REGIMES), "périodique"),
    SheetColumn(
        "hours",
        _l("Horaires des livraisons"),
        ("horaires", "horaire", "heures", "horaires des livraisons", "plages", "temporalite osm", "temporalite cds"),
        _hours,
        "du lundi au samedi de 6 h à 11 h 30",
    ),
    SheetColumn("layout", _l("Disposition"), ("disposition", "stationnement"), _named(_LAYOUTS), "parallèle"),
    SheetColumn(
        "length_cm", _l("Longueur"), ("longueur", "longueur m", "longueur cm"), _in_range("length_cm", _length), "12,5"
    ),
    SheetColumn("width_cm", _l("Largeur"), ("largeur", "largeur m", "largeur cm"), _in_range("width_cm", _width), "2"),
    SheetColumn("places", _l("Places"), ("places", "nombre de places", "nb places"), _whole("places"), "1"),
    SheetColumn(
        "max_stay_min",
        _l("Arrêt maximal (min)"),
        ("arret maximal min", "duree max", "duree", "duree maximale", "arret maximal"),
        _whole("max_stay_min"),
        "30",
    ),
    SheetColumn(
        "max_gross_weight_kg",
        _l("PTAC maximal"),
        ("ptac", "ptac maximal", "ptac max", "tonnage", "poids"),
        _in_range("max_gross_weight_kg", _weight),
        "19",
    ),
    SheetColumn("name", _l("Nom"), ("nom", "libelle"), _text(160)),
    SheetColumn("insee_code", _l("Code INSEE"), ("code insee", "insee", "code commune"), _code),
    SheetColumn("comment", _l("Commentaire"), ("commentaire", "remarque", "observations"), _text(255)),
    SheetColumn("active", _l("En service"), ("en service", "active", "actif"), _yes, "oui"),
)
BY_KEY: Final[Mapping[str, SheetColumn]] = {column.key: column for column in COLUMNS}
_BY_TITLE: Final = {title: column for column in COLUMNS for title in column.aliases}


def column_of(title: str) -> SheetColumn | None:
    """The column of ours that a title names, whatever its case, accents and signs."""
    return _BY_TITLE.get(fold(title[:80]))


def says_nothing(text: str) -> bool:
    """Tell whether a cell is empty, or holds a sign that stands for nothing."""
    return is_missing(text)
