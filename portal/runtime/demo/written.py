"""What the town's clerks write themselves: an order in force, one half written, a model, a bay out of use for works."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask

from portal.common.actor import Actor
from portal.numeriz.api import list_bays
from portal.numeriz.bays.suspending import Suspending, suspend_bay
from portal.numeriz.codec import location_to_json
from portal.numeriz.impact.keeping import ask_impact, sign_work
from portal.numeriz.places import resolve_place
from portal.numeriz.writing import get_work, publish_work, save_as_model, start_work
from portal.runtime.demo.jobs import run_waiting_jobs
from portal.territories.api import TerritoryView
from portal.territories.demo_town import Town

_WORKS_DAYS = 12
_STREETS = 2


def write_law(app: Flask, territory: TerritoryView, town: Town, staff: Mapping[str, Actor], today: date) -> None:
    """Add them through the services, as the clerk and the supervisor would on their pages."""
    clerk = staff["agent"]
    # Streets with many doors: an order there has something to say.
    doors = Counter(address.street for address in town.addresses)
    works, removal = (street for street, _ in doors.most_common(_STREETS))
    document = _document(territory, works, today)
    work_id = start_work(clerk, territory.id, document=document)
    ask_impact(territory.id, work_id)
    run_waiting_jobs(app)
    work = get_work(territory.id, work_id)
    if work.alarms:
        sign_work(staff["superviseur"], territory.id, work_id, work.digest)
    publish_work(clerk, territory.id, work_id, work.revision)
    draft = {**_document(territory, removal, today), "identifier": "", "title": "Déménagement " + _street(removal)}
    draft_id = start_work(clerk, territory.id, document=draft)
    save_as_model(clerk, territory.id, draft_id, "Déménagement d’un jour")
    _out_of_use(clerk, territory, today)


def _document(territory: TerritoryView, street: str, today: date) -> dict[str, Any]:
    spec = {"streets": [{"name": street, "insee": "", "from": None, "to": None}], "direction": "both"}
    place: dict[str, Any] = {"kind": "street", "spec": spec, "found": None, "removed": [], "added": []}
    location = resolve_place(territory, place).location
    if location is None:
        raise LookupError(f"the town has no street {street}")
    period = {
        "start": f"{today.isoformat()}T00:00",
        "end": f"{(today + timedelta(days=_WORKS_DAYS)).isoformat()}T18:00",
        "weekdays": [0, 1, 2, 3, 4],
        "slots": [["07:30", "18:00"]],
        "holidays": "ignored",
    }
    measure: dict[str, Any] = {
        "type": "noParking",
        "max_speed_kmh": None,
        "places": [{**place, "found": location_to_json(location)}],
        "periods": [period],
        "event": None,
        "vehicles": {"appliesTo": [], "except": []},
    }
    return {
        "identifier": f"{today.year}-T-118",
        "title": "Travaux sur le réseau d’eau, " + _street(street),
        "authority": "Commune de " + territory.name,
        "category": "temporary",
        "subject": "roadworks",
        "subject_text": "",
        "url": "",
        "measures": [measure],
    }


def _street(name: str) -> str:
    return name[:1].lower() + name[1:]


def _out_of_use(clerk: Actor, territory: TerritoryView, today: date) -> None:
    bay = list_bays(territory.id)[0]
    zone = ZoneInfo(territory.timezone)
    start, end = (datetime.combine(today + timedelta(days=days), time(7), zone) for days in (1, 4))
    suspend_bay(clerk, territory.id, bay.id, Suspending(start, end, reason="Réfection de la chaussée devant l’aire"))
