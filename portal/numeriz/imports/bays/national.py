"""The national schema "aire-livraison" v1.0.0 (CEREMA), as its columns are named; Grand Lyon publishes it too."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from portal.common.errors import Invalid
from portal.common.text import fold
from portal.numeriz.imports.areas import read_outline
from portal.numeriz.imports.bays.cells import LENGTHS_CM, WIDTHS_CM, Cells, position_of, slot_of
from portal.numeriz.imports.bays.opening import BayLayoutOfFile, Lines
from portal.numeriz.imports.opening_hours import read_hours
from portal.numeriz.imports.tables import Row, is_missing
from portal.numeriz.imports.week import NotWeekly, Week
from portal.numeriz.values import BayDraft, BayLayout, BayRegime, DeliveryHours, Issue
from portal.regulations.schedules import Weekday

REGIMES: Final[Mapping[str, BayRegime]] = {
    "aire périodique": BayRegime.PERIODIC,
    "aire permanente": BayRegime.PERMANENT,
    "zone marchandises": BayRegime.GOODS_ZONE,
}
LAYOUTS: Final[Mapping[str, BayLayout]] = {
    "parallèle": BayLayout.PARALLEL,
    "épi": BayLayout.ANGLED,
    "bataille": BayLayout.PERPENDICULAR,
}
CDS_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DETAILS: Final = (
    "UUID",
    "ARR_PRESENT",
    "ARR_URL",
    "DATE_MAJ",
    "CODE_POSTAL",
    "COMMUNE",
    "PARITE_TROTTOIR",
    "LOCALISATION",
    "MARQUAGE_ETAT",
    "MARQUAGE_CONFORMITE",
    "PANNEAU_PRESENT",
    "PANNEAU_ETAT",
    "DUREE_CONTROLE",
    "EQUIPEMENTS",
    "IRVE_PUISSANCE",
    "ABAISSEMENT_TROTTOIR",
    "COMMENTAIRE",
)
"""Columns of the schema kept as text, under their own names."""
COMMENT: Final = "COMMENTAIRE"
_MADE_BY: Final = "Publié par "
_MADE_BY_AT_END = re.compile(rf"(?:^|\s*—\s*){_MADE_BY}(https?://\S+)$")

_REGIMES = {fold(name): regime for name, regime in REGIMES.items()}
_LAYOUTS = {fold(name): layout for name, layout in LAYOUTS.items()}
_ACTIVE = {"oui": True, "non": False, "true": True, "false": False, "1": True, "0": False}
_DAYS = {name: Weekday(place) for place, name in enumerate(CDS_DAYS)}


def with_maker(comment: str, portal_url: str) -> str:
    """A comment that ends with the portal that publishes the line: the schema has no other place for it."""
    return " — ".join(part for part in (comment, f"{_MADE_BY}{portal_url}") if part)


def _maker_of(row: Row) -> str:
    found = _MADE_BY_AT_END.search(row.text(COMMENT, 5_000))
    return "" if found is None else found[1]


def _details(cells: Cells) -> dict[str, str]:
    """What the source says beside; who published the line is not said of the bay."""
    found = cells.details(DETAILS)
    comment = _MADE_BY_AT_END.sub("", cells.text(COMMENT, 5_000))[:255]
    return {name: text for name, text in {**found, COMMENT: comment}.items() if text}


def _read(lines: Lines, source: str) -> BayDraft | None:
    [cells] = lines
    local_id = cells.text("ID", 80)
    if not local_id:
        cells.doubt("bay-without-id")
        return None
    place = position_of(cells.row.raw("LONGITUDE"), cells.row.raw("LATITUDE"))
    if place is None:
        cells.issues.append(Issue("bay-without-place", {"name": local_id}, cells.row.line))
        return None
    name = cells.text("NOM", 160)
    code, _, number = name.partition("_")
    outline = None
    if cells.text("GEOM_WKT", 20):
        outline, doubts = read_outline(cells.row.raw("GEOM_WKT"), place, cells.row.line)
        cells.issues += doubts
    return BayDraft(
        local_id=local_id,
        lon=place[0],
        lat=place[1],
        source=source,
        name=name,
        address=cells.text("ADRESSE"),
        # The name begins with the code of the commune or with the SIREN of the authority.
        insee_code=code if number and len(code) == 5 else "",
        outline=outline,
        regime=cells.choice("TYPE", _REGIMES, BayRegime.UNKNOWN),
        layout=cells.choice("DISPOSITION", _LAYOUTS, BayLayout.UNKNOWN),
        length_cm=cells.size_cm("LONGUEUR", 1, LENGTHS_CM),
        width_cm=cells.size_cm("LARGEUR", 1, WIDTHS_CM),
        hours=_hours(cells),
        max_stay_min=cells.whole("DUREE_MAX"),
        active=cells.choice("ACTIVE", _ACTIVE, True),
        details=_details(cells),
        provenance={"source": source, "format": "aire-livraison 1.0.0", "licence": "Licence Ouverte 2.0"},
    )


def _hours(cells: Cells) -> tuple[DeliveryHours, ...]:
    """The hours of the structured column, else of the opening-hours text; what nobody can read is reported."""
    found: list[tuple[DeliveryHours, ...]] = []
    for column, read in (("TEMPORALITE_CDS", read_cds_hours), ("TEMPORALITE_OSM", read_hours)):
        if is_missing(cells.row.raw(column)):
            continue
        try:
            found.append(read(cells.row.raw(column)))
        except Invalid:
            cells.issues.append(Issue("bad-hours", {"value": cells.text(column, 80)}, cells.row.line))
    if len(found) == 2 and not _same(*found):
        cells.issues.append(Issue("hours-differ", {"value": cells.text("TEMPORALITE_OSM", 80)}, cells.row.line))
    return found[0] if found else ()


def _same(first: tuple[DeliveryHours, ...], second: tuple[DeliveryHours, ...]) -> bool:
    try:
        return Week.of(first).days == Week.of(second).days
    except NotWeekly:
        return first == second


def read_cds_hours(text: str) -> tuple[DeliveryHours, ...]:
    """Read the spans of `TEMPORALITE_CDS`: `[{"days_of_week": ["mon"], "times_of_day": [["08:00", "12:00"]]}]`.

    Raises Invalid(`bad-hours`).
    """
    try:
        parts: list[Any] = json.loads(text)
        if not isinstance(parts, list) or not all(isinstance(part, dict) and part for part in parts):
            raise ValueError(text)
        return tuple(
            DeliveryHours(
                frozenset(_DAYS[day.lower()] for day in part.get("days_of_week", ())),
                tuple(slot_of(start, end) for start, end in part.get("times_of_day", ())),
            )
            for part in parts
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Invalid("bad-hours", value=text[:80]) from error


def _of_lyon(first: Mapping[str, str]) -> bool:
    return first.get("NOM", "").startswith("200046977_")


_COLUMNS = frozenset({"ID", "LONGITUDE", "LATITUDE"})

NATIONAL = BayLayoutOfFile("national", _COLUMNS, _read, maker=_maker_of).format()
GRAND_LYON = BayLayoutOfFile("grand-lyon", _COLUMNS, _read, sample=_of_lyon, maker=_maker_of).format()
"""The same columns; the name of the source is its own, so that its local ids meet no other's."""
