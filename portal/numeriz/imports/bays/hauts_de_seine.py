"""Bays of the Hauts-de-Seine department: in metres and tonnes 0 means unknown, in hours 00:00-00:00 does."""

from __future__ import annotations

from portal.common.text import fold
from portal.numeriz.imports.bays.cells import LENGTHS_CM, WIDTHS_CM, Cells, position_of, slot_of
from portal.numeriz.imports.bays.opening import BayLayoutOfFile, Lines
from portal.numeriz.imports.documents import clean_text
from portal.numeriz.imports.tables import is_missing
from portal.numeriz.values import BayDraft, BayRegime, DeliveryHours, Issue

_NO_HOURS = ("00:00", "00:00")
_DETAILS = ("loc_num", "sens", "lim_vitesse")


def _read(lines: Lines, source: str) -> BayDraft | None:
    [cells] = lines
    # FONDS are kept for cash transport; another code is a place nobody can tell.
    if fold(cells.row.raw("type")) != "livraison":
        cells.issues.append(Issue("not-a-delivery-bay", {"value": cells.text("type", 40)}, cells.row.line))
        return None
    local_id = cells.text("id", 80)
    if not local_id:
        cells.doubt("bay-without-id")
        return None
    # This column is written latitude first; the other one holds the same point as GeoJSON.
    lat, _, lon = cells.row.raw("geo_point_2d").partition(",")
    place = position_of(lon, lat)
    if place is None:
        cells.issues.append(Issue("bay-without-place", {"name": local_id}, cells.row.line))
        return None
    hours = _hours(cells)
    town = f"{cells.text('cp', 5)} {cells.text('commune', 80).title()}".strip()
    return BayDraft(
        local_id=local_id,
        lon=place[0],
        lat=place[1],
        source=source,
        address=clean_text(", ".join(part for part in (cells.text("adresse", 160).title(), town) if part), 255),
        insee_code=cells.text("code_insee", 5),
        regime=BayRegime.PERIODIC if hours else BayRegime.UNKNOWN,
        length_cm=cells.size_cm("longueur", 100, LENGTHS_CM),
        width_cm=cells.size_cm("largeur", 100, WIDTHS_CM),
        max_gross_weight_kg=cells.weight_kg("tonnage"),
        hours=hours,
        details=cells.details(_DETAILS),
        provenance={
            "source": source,
            "licence": "Licence Ouverte 2.0",
            "title": "Département des Hauts-de-Seine",
        },
    )


def _hours(cells: Cells) -> tuple[DeliveryHours, ...]:
    start, end = cells.row.raw("h_debut"), cells.row.raw("h_fin")
    if (start, end) == _NO_HOURS or (is_missing(start) and is_missing(end)):
        return ()
    try:
        return (DeliveryHours(frozenset(), (slot_of(start, end),)),)
    except ValueError:
        value = clean_text(f"{start}-{end}", 40)
        cells.issues.append(Issue("bad-hours", {"value": value}, cells.row.line))
        return ()


HAUTS_DE_SEINE = BayLayoutOfFile(
    "hauts-de-seine", frozenset({"id", "type", "h_debut", "h_fin", "geo_point_2d"}), _read
).format()
