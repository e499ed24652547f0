"""A good row as a plain row of values: what is kept of it between the judging and the storing, and what is stored.

A plain row is a list: the values of `FIELDS` as JSON holds them, then the columns that were written.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from portal.fleet.drafts import VehicleDraft
from portal.fleet.models import AirClass, Category, Energy
from portal.fleet.plates import Plate, PlateScheme

PlainRow = list[Any]

FIELDS = (
    "plate",
    "plate_key",
    "plate_scheme",
    "country",
    "plate_valid_until",
    "label",
    "category",
    "gross_weight_kg",
    "combination_weight_kg",
    "axle_load_kg",
    "height_cm",
    "width_cm",
    "length_cm",
    "energy",
    "air_class",
    "hazmat",
)
"""The columns of a vehicle that a file or a form says, in the order of a plain row."""

KEY, COUNTRY, GIVEN = FIELDS.index("plate_key"), FIELDS.index("country"), len(FIELDS)
"""Places in a plain row."""


def plain_row(draft: VehicleDraft) -> PlainRow:
    """Return a draft as a plain row."""
    plate, until = draft.plate, draft.plate_valid_until
    return [
        plate.bare,
        plate.key,
        plate.scheme,
        plate.country,
        until and until.isoformat(),
        draft.label,
        draft.category,
        draft.gross_weight_kg,
        draft.combination_weight_kg,
        draft.axle_load_kg,
        draft.height_cm,
        draft.width_cm,
        draft.length_cm,
        draft.energy,
        draft.air_class,
        draft.hazmat,
        draft.given,
    ]


def draft_of(row: PlainRow) -> VehicleDraft:
    """Return the draft of a plain row."""
    bare, _key, scheme, country, until, label, category, *sizes, energy, air_class, hazmat, given = row
    gross_kg, combination_kg, axle_kg, height_cm, width_cm, length_cm = sizes
    return VehicleDraft(
        plate=Plate(bare, country, PlateScheme(scheme)),
        category=Category(category),
        plate_valid_until=until and date.fromisoformat(until),
        label=label,
        gross_weight_kg=gross_kg,
        combination_weight_kg=combination_kg,
        axle_load_kg=axle_kg,
        height_cm=height_cm,
        width_cm=width_cm,
        length_cm=length_cm,
        energy=energy and Energy(energy),
        air_class=air_class and AirClass(air_class),
        hazmat=hazmat,
        given=frozenset(given),
    )
