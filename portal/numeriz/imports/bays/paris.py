"""Bays of the City of Paris: "stationnement-voie-publique-emplacements", Explore API, ODbL, metres."""

from __future__ import annotations

from datetime import time
from typing import Final

from portal.common.text import fold
from portal.numeriz.imports.bays.cells import LENGTHS_CM, WIDTHS_CM, Cells, position_of, slot_of
from portal.numeriz.imports.bays.opening import BayLayoutOfFile, Lines
from portal.numeriz.imports.documents import clean_text
from portal.numeriz.imports.tables import is_missing
from portal.numeriz.values import BayDraft, BayLayout, BayRegime, DeliveryHours, Issue
from portal.regulations.schedules import HolidayRule, TimeSlot, Weekday

# The rule of the City for a shared bay without hours of its own: free for all on Sundays and public holidays.
PARIS_HOURS: Final = DeliveryHours(
    frozenset(Weekday) - {Weekday.SUNDAY}, (TimeSlot(time(7), time(20)),), HolidayRule.EXCEPTED
)
_STAY_MIN: Final = 30

_REGIMES = {"zl permanente": BayRegime.PERMANENT, "zl periodique": BayRegime.PERIODIC}
_LAYOUTS = {"longitudinal": BayLayout.PARALLEL, "epi": BayLayout.ANGLED, "bataille": BayLayout.PERPENDICULAR}
_DETAILS = (
    "Localisation stationnement",
    "Parité",
    "Signalisation horizontale",
    "Signalisation verticale",
    "Conformité signalisation",
    "Type mobilier",
    "Date du relevé",
    "Dernière modification",
)


def _read(lines: Lines, source: str) -> BayDraft | None:
    [cells] = lines
    if fold(cells.row.raw("Régime prioritaire")) != "livraison":
        value = cells.text("Régime prioritaire", 40)
        cells.issues.append(Issue("not-a-delivery-bay", {"value": value}, cells.row.line))
        return None
    local_id = cells.text("Nouvel identifiant", 80) or cells.text("Ancien identifiant", 80)
    if not local_id:
        cells.doubt("bay-without-id")
        return None
    # This column is written latitude first, unlike every other.
    lat, _, lon = cells.row.raw("geo_point_2d").partition(",")
    place = position_of(lon, lat)
    if place is None:
        cells.issues.append(Issue("bay-without-place", {"name": local_id}, cells.row.line))
        return None
    regime = cells.choice("Régime particulier", _REGIMES, BayRegime.UNKNOWN)
    hours = _hours(cells)
    # Hours that are written and cannot be read are unknown: the rule is for bays without hours of their own.
    by_rule = regime is BayRegime.PERIODIC and not _written_hours(cells)
    return BayDraft(
        local_id=local_id,
        lon=place[0],
        lat=place[1],
        source=source,
        address=_address(cells),
        regime=regime,
        layout=cells.choice("Type de stationnement", _LAYOUTS, BayLayout.UNKNOWN),
        length_cm=cells.size_cm("Longueur", 100, LENGTHS_CM),
        width_cm=cells.size_cm("Largeur", 100, WIDTHS_CM),
        places=cells.whole("Nombre places réelles"),
        hours=(PARIS_HOURS,) if by_rule else hours,
        max_stay_min=_STAY_MIN,
        details=cells.details(_DETAILS),
        provenance={
            "source": source,
            "licence": "ODbL 1.0",
            "title": "Ville de Paris",
            "hours": "city rule" if by_rule else "file",
        },
    )


def _address(cells: Cells) -> str:
    number, complement = cells.text("Numéro voie", 10), cells.text("Complément numéro voie", 10)
    suffix = complement.lower() if fold(complement) in {"bis", "ter", "quater"} else ""
    street = f"{cells.text('Type voie', 40).lower()} {cells.text('Nom voie', 120).title()}"
    district = cells.text("Arrondissement", 3)
    return clean_text(f"{number} {suffix} {street}" + (f", Paris {district}" if district else ""), 255)


def _written_hours(cells: Cells) -> list[tuple[str, str]]:
    bands = [
        (cells.row.raw(f"Plage horaire {place}-Début"), cells.row.raw(f"Plage horaire {place}-Fin"))
        for place in (1, 2, 3)
    ]
    return [(start, end) for start, end in bands if not (is_missing(start) and is_missing(end))]


def _hours(cells: Cells) -> tuple[DeliveryHours, ...]:
    """The hours of the file; none when one of its bands cannot be read: the others would be part of the truth."""
    slots: list[TimeSlot] = []
    bands = _written_hours(cells)
    for start, end in bands:
        try:
            slots.append(slot_of(start, end))
        except ValueError:
            value = clean_text(f"{start}-{end}", 40)
            cells.issues.append(Issue("bad-hours", {"value": value}, cells.row.line))
    return (DeliveryHours(frozenset(), tuple(slots)),) if slots and len(slots) == len(bands) else ()


PARIS = BayLayoutOfFile("paris", frozenset({"Régime prioritaire", "geo_point_2d"}), _read).format()
