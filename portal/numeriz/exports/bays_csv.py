"""Delivery bays as CSV in the national schema "aire-livraison" 1.0.0: comma, UTF-8, sizes in centimetres.

A value the bay's source gave and the model has no place for is written back from its details, under the name of its
column. Source: CEREMA/schema-aire-livraison, 8 January 2026.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import BinaryIO

import shapely
from shapely.geometry import Polygon

from portal.common.errors import Invalid
from portal.numeriz.exports.csv_text import csv_line
from portal.numeriz.exports.datex2_conditions import number
from portal.numeriz.exports.edition import BayRecord, Edition, Writer
from portal.numeriz.imports.bays.national import CDS_DAYS, COMMENT, LAYOUTS, REGIMES, with_maker
from portal.numeriz.imports.opening_hours import write_hours
from portal.numeriz.translate import _
from portal.numeriz.values import BayDraft, DeliveryHours
from portal.numeriz.words import span_words
from portal.regulations.schedules import HolidayRule

COLUMNS = (
    "ARR_PRESENT",
    "ARR_URL",
    "ACTIVE",
    "UUID",
    "ID",
    "NOM",
    "DATE_MAJ",
    "LONGITUDE",
    "LATITUDE",
    "GEOM_WKT",
    "ADRESSE",
    "CODE_POSTAL",
    "COMMUNE",
    "DISPOSITION",
    "PARITE_TROTTOIR",
    "LOCALISATION",
    "LONGUEUR",
    "LARGEUR",
    "MARQUAGE_ETAT",
    "MARQUAGE_CONFORMITE",
    "TYPE",
    "PANNEAU_PRESENT",
    "PANNEAU_ETAT",
    "DUREE_MAX",
    "DUREE_CONTROLE",
    "TEMPORALITE_CDS",
    "TEMPORALITE_OSM",
    "EQUIPEMENTS",
    "IRVE_PUISSANCE",
    "ABAISSEMENT_TROTTOIR",
    "COMMENTAIRE",
)
_REGIMES = {regime: name for name, regime in REGIMES.items()}
_LAYOUTS = {layout: name for name, layout in LAYOUTS.items()}


class BaysCsvWriter(Writer):
    """Writes one line per bay."""

    def __init__(self, stream: BinaryIO, edition: Edition) -> None:
        super().__init__(stream, edition)
        self._ids: set[str] = set()
        self.write_text(csv_line(COLUMNS))

    def bay(self, bay: BayRecord) -> None:
        """Write a bay. The schema wants an id once in a file: a second one of the same name is told by its source."""
        draft = bay.bay
        local_id = draft.local_id
        if local_id in self._ids:
            local_id = f"{bay.place.slug}:{draft.source}:{draft.local_id}"
        self._ids.add(local_id)
        # The schema knows no span out of use: whether the bay serves now is told, and the rest in words.
        out = [
            _("Hors d’usage %(when)s", when=span_words(span.start, span.end, bay.place.zone))
            + (f"\u00a0: {span.why}" if span.why else "")
            for span in bay.suspensions
        ]
        said = " — ".join([*out, *filter(None, [draft.details.get(COMMENT, "")])])
        serves = draft.active and not any(span.holds(self.edition.produced_at) for span in bay.suspensions)
        # Who made the line: this portal does not read it back as a bay of somebody else.
        comment = with_maker(said, self.edition.portal_url)
        cells = {**draft.details, **_cells(draft), "ACTIVE": "oui" if serves else "non"}
        cells |= {"ID": local_id, COMMENT: comment}
        self.write_text(csv_line([cells.get(column, "") for column in COLUMNS]))
        self.records += 1


def _cells(bay: BayDraft) -> dict[str, str]:
    """What the model says; a column it leaves out is that of the details."""
    said = {
        "NOM": bay.name,
        "ADRESSE": bay.address,
        "DISPOSITION": _LAYOUTS.get(bay.layout, ""),
        "LONGUEUR": _whole(bay.length_cm),
        "LARGEUR": _whole(bay.width_cm),
        "TYPE": _REGIMES.get(bay.regime, ""),
        "DUREE_MAX": _whole(bay.max_stay_min),
    }
    return {
        "LONGITUDE": number(bay.lon),
        "LATITUDE": number(bay.lat),
        "GEOM_WKT": _wkt(bay),
        **_hours(bay.hours),
        **{column: text for column, text in said.items() if text},
    }


def _whole(value: int | None) -> str:
    return "" if value is None else str(value)


def _wkt(bay: BayDraft) -> str:
    if not isinstance(bay.outline, Polygon) or bay.outline.is_empty:
        return ""
    points = shapely.get_coordinates(bay.outline.exterior)
    return f"POLYGON(({', '.join(f'{number(float(lon))} {number(float(lat))}' for lon, lat in points)}))"


def _hours(hours: Sequence[DeliveryHours]) -> dict[str, str]:
    """Both ways of writing hours, each where it can say them: time spans know no public holidays."""
    if not hours:
        return {"TEMPORALITE_CDS": "", "TEMPORALITE_OSM": ""}
    try:
        opening = write_hours(hours)
    except Invalid:
        opening = ""
    plain = all(part.holidays is HolidayRule.IGNORED for part in hours)
    return {"TEMPORALITE_CDS": _time_spans(hours) if plain else "", "TEMPORALITE_OSM": opening}


def _time_spans(hours: Sequence[DeliveryHours]) -> str:
    spans = [
        {
            **({"days_of_week": [CDS_DAYS[day] for day in sorted(part.weekdays)]} if part.weekdays else {}),
            **({"times_of_day": [[f"{s.start:%H:%M}", f"{s.end:%H:%M}"] for s in part.slots]} if part.slots else {}),
        }
        for part in hours
    ]
    return json.dumps(spans, separators=(",", ":"))
