"""Where each part of an order at work is written."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import url_for

from portal.numeriz.writing.form.parts import MEASURE_PARTS, Part, Spot

ENDPOINTS = {
    Part.WHO: "numeriz.edit_work",
    Part.WHAT: "numeriz.edit_what",
    Part.WHERE: "numeriz.edit_where",
    Part.WHEN: "numeriz.edit_when",
    Part.WHOM: "numeriz.edit_whom",
}
CHECK = "verifier"
"""Argument of the address that shows what is not filled in yet as well."""


def spot_url(territory: str, work_id: UUID, spot: Spot, **arguments: str | int | None) -> str:
    """The page of a part. territory: its slug."""
    values: dict[str, Any] = {"territory": territory, "work_id": work_id, **arguments}
    if spot.at is not None:
        values["at"] = spot.at + 1
    return url_for(ENDPOINTS[spot.part], **values)


def spot_of(field: str) -> Spot:
    """The part in which a fault of this field is repaired."""
    steps = field.split(".")
    if steps[0] != "measures" or len(steps) < 2 or not steps[1].isdecimal():
        return Spot(Part.WHO)
    at = int(steps[1])
    return next((Spot(part, at) for part in MEASURE_PARTS if Spot(part, at).holds(field)), Spot(Part.WHAT, at))


def fault_url(territory: str, work_id: UUID, field: str) -> str:
    """The page where a fault of this field is repaired; it shows every fault it has."""
    spot = spot_of(field)
    steps = field.split(".")
    if spot.part is Part.WHERE and len(steps) > 3 and steps[3].isdecimal():
        values: dict[str, Any] = {"at": (spot.at or 0) + 1, "place": int(steps[3]) + 1, CHECK: 1}
        return url_for("numeriz.edit_place", territory=territory, work_id=work_id, **values)
    return spot_url(territory, work_id, spot, **{CHECK: 1})
