"""Documents of the form for tests: what a clerk would have typed, with places that were found."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import shapely
from sqlalchemy import update

from portal.db import unit_of_work
from portal.numeriz.codec import location_to_json
from portal.numeriz.models import OrderWork
from portal.numeriz.writing import get_work
from portal.regulations.measures import Direction, LocationKind, MeasureLocation

LINE = ((2.3700, 48.8620), (2.3720, 48.8622))


def written_place(
    label: str = "Rue des Tanneurs", line: tuple[tuple[float, float], ...] = LINE, kind: str = "street"
) -> dict[str, Any]:
    """A street that was found."""
    location = MeasureLocation(LocationKind.NAMED_STREET, label, shapely.LineString(line), Direction.BOTH)
    spec = {"streets": [{"name": label, "insee": "75103", "from": None, "to": None}], "direction": "both"}
    found = json.loads(json.dumps(location_to_json(location)))
    return {"kind": kind, "spec": spec, "found": found, "removed": [], "added": []}


def written_period(
    start: str = "2027-03-01T08:00", end: str | None = "2027-03-05T18:00", **more: Any
) -> dict[str, Any]:
    """A period as the form holds it."""
    return {"start": start, "end": end, "weekdays": [], "slots": [], "holidays": "ignored", **more}


def written_measure(**more: Any) -> dict[str, Any]:
    """A ban of all vehicles on a street, for some days."""
    return {
        "type": "noEntry",
        "max_speed_kmh": None,
        "places": [written_place()],
        "periods": [written_period()],
        "event": None,
        "vehicles": {"appliesTo": [], "except": []},
        **more,
    }


def written(*measures: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A document that can be published."""
    return {
        "identifier": "2027-T-12",
        "title": "Travaux rue des Tanneurs",
        "authority": "Ville d’essai",
        "category": "temporary",
        "subject": "roadworks",
        "subject_text": "",
        "url": "",
        "measures": list(measures) or [written_measure()],
        **more,
    }


def judge(territory_id: UUID, work_id: UUID, alarms: list[Any] | None = None) -> None:
    """Write what the impact page would have found for the words as they are now."""
    digest = get_work(territory_id, work_id).digest
    with unit_of_work() as uow:
        uow.session.execute(update(OrderWork).where(OrderWork.id == work_id).values(judged=digest, alarms=alarms or []))
