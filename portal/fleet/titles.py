"""What the title of a column names: which column of ours, and in which unit its values are."""

from __future__ import annotations

import re
from collections.abc import Mapping

from portal.common.text import fold
from portal.fleet.columns import COLUMNS, Column, unit_named, units_of

_BY_HEADER: Mapping[str, Column] = {
    name: column for column in COLUMNS for name in (column.key.replace("_", " "), *column.aliases.split(", "))
}

_UNIT = r"(kgs?|kilos?|tonnes?|t|cms?|mm|m[eè]tres?|m)"
_UNIT_IN_HEADER = re.compile(
    rf"[\[(]\s*(?:en\s+|in\s+)?{_UNIT}\s*[\])]|\b(?:en|in)\s+{_UNIT}\s*$|[\s_/,:-]{_UNIT}\s*$", re.IGNORECASE
)
_IN_BRACKETS = re.compile(r"[\[(]([^\])]*)[\])]")
# What titles say in brackets beside a unit, folded.
_BESIDE = (
    "f 1, f1, f 2, f2, f 3, f3, case f 1, case f 2, case f 3, champ f 2, champ f 3, carte grise, hors tout, ht, max, "
    "maxi, maximum, maximal, maximale, total, totale, chargement compris, avec chargement, remorque comprise, "
    "sans retroviseurs, hors retroviseurs, facultatif, facultative, optionnel, optionnelle, obligatoire, si connu, "
    "si connue, overall, laden, optional, required, mandatory"
)
_NO_UNIT = frozenset((*_BY_HEADER, *_BESIDE.split(", ")))


def find_column(header: str) -> tuple[Column, str | None] | None:
    """Return the column a header names, whatever its case, accents and signs, and the unit written in it, if any.

    "Hauteur (cm)" gives the height with cm; "Couleur" gives None.
    """
    header = header[:200]
    found = _UNIT_IN_HEADER.search(header)
    if found:
        unit = unit_named(next(word for word in found.groups() if word))
        column = _named(header[: found.start()] + header[found.end() :])
        if column is not None and unit in units_of(column):
            return column, unit
    column = _named(header)
    return None if column is None else (column, None)


def strange_unit(header: str) -> str | None:
    """Return the words in brackets of a title that may be a unit, and are none the values of its column are read in.

    "Height (in)" gives in; "Hauteur (cm)", "Hauteur (hors tout)" and "Couleur (RAL)" give None.
    """
    found = find_column(header)
    if found is None or found[1] is not None or not units_of(found[0]) or fold(header) in _BY_HEADER:
        return None
    said = map(fold, _IN_BRACKETS.findall(header[:200]))
    return next((words for words in said if words and words not in _NO_UNIT and not words.isdigit()), None)


def _named(header: str) -> Column | None:
    return _BY_HEADER.get(fold(header)) or _BY_HEADER.get(fold(_IN_BRACKETS.sub(" ", header)))
