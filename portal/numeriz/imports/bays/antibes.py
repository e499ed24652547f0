"""Version 0 of the national schema, as Antibes publishes it: one line per bay and time band, metres.

The lines of one place are one bay. Where the weight allowed changes with the hour, the bay keeps the smallest and the
rest as text: it never promises a lorry a place that is forbidden at its hour.
"""

from __future__ import annotations

from typing import Final

from portal.common.errors import Invalid
from portal.common.text import fold
from portal.numeriz.codec import digest
from portal.numeriz.imports.areas import read_outline
from portal.numeriz.imports.bays.cells import LENGTHS_CM, WIDTHS_CM, Cells, position_of
from portal.numeriz.imports.bays.opening import BayLayoutOfFile, Lines
from portal.numeriz.imports.opening_hours import read_hours
from portal.numeriz.imports.tables import Row, is_missing
from portal.numeriz.imports.week import NotWeekly, Week
from portal.numeriz.values import BayDraft, BayLayout, BayRegime, DeliveryHours, Issue

_LAYOUTS: Final = {
    "en long": BayLayout.PARALLEL,
    "longitudinal": BayLayout.PARALLEL,
    "en epi": BayLayout.ANGLED,
    "en bataille": BayLayout.PERPENDICULAR,
}
_PLACE: Final = ("COLL_INSEE", "ARR_REF", "EMPRISE_DESIGNATION", "EMPRISE_COTE", "GEOM_XY", "GEOM_WKT")
_DETAILS: Final = (
    "COLL_NOM",
    "ARR_REF",
    "ARR_DATE",
    "ARR_URL",
    "REGL_ARTICLE",
    "INTERV_REGIME",
    "INTERV_DISQUE",
    "EMPRISE_ZONE",
    "EMPRISE_COTE",
    "EMPRISE_DEBATTEMENT",
    "STATIONNEMENT_LOCALISATION",
    "IRVE_PRESENCE",
    "IRVE_PUISSANCE",
)


def _key(row: Row) -> str:
    return digest([fold(row.raw(column)) if column.startswith("EMPRISE") else row.raw(column) for column in _PLACE])


def _read(lines: Lines, source: str) -> BayDraft | None:
    first = lines[0]
    name = first.text("EMPRISE_DESIGNATION", 160)
    if not name:
        first.doubt("bay-without-id")
        return None
    lon, _, lat = first.row.raw("GEOM_XY").partition(",")
    place = position_of(lon, lat)
    outline = None
    if first.text("GEOM_WKT", 20):
        outline, issues = read_outline(first.row.raw("GEOM_WKT"), place, first.row.line)
        first.issues += issues
    if place is None and outline is not None:
        centre = outline.representative_point()
        place = centre.x, centre.y
    if place is None:
        first.issues.append(Issue("bay-without-place", {"name": name}, first.row.line))
        return None
    hours = _hours(lines)
    stays = [stay for cells in lines if (stay := cells.whole("INTERV_DUREE")) is not None]
    return BayDraft(
        # The numbers of this version count lines, not bays.
        local_id=f"{first.text('COLL_INSEE', 5)}-{_key(first.row)[:16]}",
        lon=place[0],
        lat=place[1],
        source=source,
        name=name,
        address=name,
        insee_code=first.text("COLL_INSEE", 5),
        outline=outline,
        regime=BayRegime.PERIODIC if hours else BayRegime.UNKNOWN,
        layout=first.choice("STATIONNEMENT_TYPE", _LAYOUTS, BayLayout.UNKNOWN),
        length_cm=first.size_cm("EMPRISE_LONGUEUR", 100, LENGTHS_CM),
        width_cm=first.size_cm("EMPRISE_LARGEUR", 100, WIDTHS_CM),
        max_gross_weight_kg=_weight(lines),
        hours=hours,
        max_stay_min=min(stays) if len(stays) == len(lines) else None,
        details={**first.details(_DETAILS), "INTERV_JH": _bands(lines)},
        provenance={"source": source, "format": "aire-livraison 0", "licence": "Licence Ouverte 2.0"},
    )


def _hours(lines: Lines) -> tuple[DeliveryHours, ...]:
    """The hours of all lines together; none when one of them is not known."""
    week = Week.empty()
    for cells in lines:
        text = cells.row.raw("INTERV_JH")
        if is_missing(text):
            return ()
        try:
            for kind, spans in Week.of(read_hours(text)).days.items():
                week.add([kind], spans)
        except (Invalid, NotWeekly):
            cells.issues.append(Issue("bad-hours", {"value": cells.text("INTERV_JH", 80)}, cells.row.line))
            return ()
    return week.hours()


def _weight(lines: Lines) -> int | None:
    weights = [cells.weight_kg("VEH_TONNAGE") for cells in lines]
    known = [weight for weight in weights if weight is not None]
    if len(set(weights)) > 1:
        first = lines[0]
        shown = {"name": first.text("EMPRISE_DESIGNATION", 80), "value": _bands(lines)[:160]}
        first.issues.append(Issue("limits-by-hours", shown, first.row.line))
    return min(known, default=None)


def _bands(lines: Lines) -> str:
    return " ; ".join(_band(cells) for cells in lines)


def _band(cells: Cells) -> str:
    weight = cells.text("VEH_TONNAGE", 10)
    return f"{cells.text('INTERV_JH', 80)} ({weight} t)" if weight else cells.text("INTERV_JH", 80)


ANTIBES = BayLayoutOfFile(
    "antibes", frozenset({"COLL_INSEE", "INTERV_JH", "EMPRISE_DESIGNATION", "GEOM_XY"}), _read, key=_key
).format()
