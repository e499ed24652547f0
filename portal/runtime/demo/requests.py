"""Requests in every state, filed, computed and decided through the services, with days between them."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Flask

from portal.cirqliz import api as cirqliz
from portal.common.actor import Actor
from portal.common.clock import FixedClock
from portal.fleet import api as fleet
from portal.regulations.perimeters import Motorised
from portal.runtime.demo.jobs import run_waiting_jobs
from portal.runtime.demo.names import REASONS
from portal.runtime.demo.people import DemoCompany
from portal.territories.api import TerritoryView
from portal.territories.demo_town import Address, Town

REQUESTS = 80


@dataclass(frozen=True, slots=True)
class _Fate:
    """What becomes of a request, and how many share it."""

    name: str
    count: int


FATES = (
    _Fate("wait", 28),
    _Fate("approve", 26),
    _Fate("approve_some", 8),
    _Fate("refuse", 8),
    _Fate("withdraw", 5),
    _Fate("revoke", 5),
)


def make_requests(
    app: Flask,
    territory: TerritoryView,
    town: Town,
    companies: Sequence[DemoCompany],
    clerk: Actor,
    today: date,
    dice: random.Random,
    tell: Callable[[int, int], None],
) -> None:
    """File and decide the requests of the demonstration; those that need no pass stay as the portal found them."""
    fates = [fate.name for fate in FATES for _ in range(fate.count)]
    dice.shuffle(fates)
    near = _addresses_near(town)
    for number, fate in enumerate(fates):
        # The florist and the wholesaler always have something to look at.
        company = companies[number % 2] if number % 10 < 2 else dice.choice(companies)
        filed_at = datetime.now(UTC) - timedelta(
            hours=dice.uniform(1, 24 * 9) if fate != "wait" else dice.uniform(0.2, 60)
        )
        request_id = _file(territory, company, filed_at, today, near, dice)
        run_waiting_jobs(app)
        _decide(territory, company, request_id, fate, clerk, filed_at, dice)
        tell(number + 1, len(fates))


def _addresses_near(town: Town) -> dict[str, list[Address]]:
    """Return, for each place of the event, the forty addresses nearest to it, and all of them under `town`.

    Few are on pedestrian streets, where nobody may deliver at the hours asked: such requests exist, as exceptions.
    """
    on_foot = {street.name for street in town.streets if street.highway == "pedestrian"}
    reachable = [address for address in town.addresses if address.street not in on_foot]

    def nearest(key: str) -> list[Address]:
        place = town.places[key]
        return sorted(reachable, key=lambda a: (a.lon - place.lon) ** 2 + ((a.lat - place.lat) * 1.5) ** 2)[:40]

    return {
        "stadium": nearest("stadium"),
        "market": nearest("market_square"),
        "hospital": nearest("hospital"),
        "town": [*reachable, *(address for address in town.addresses[::20] if address.street in on_foot)],
    }


def _file(
    territory: TerritoryView,
    company: DemoCompany,
    filed_at: datetime,
    today: date,
    near: dict[str, list[Address]],
    dice: random.Random,
) -> UUID:
    zone = ZoneInfo(territory.timezone)
    # Most requests are about the event, some about the perimeter that never sleeps.
    where = dice.choices(("stadium", "market", "hospital", "town"), (50, 20, 20, 10))[0]
    day = today + timedelta(days=3 if where == "market" else dice.randint(2, 4))
    start = datetime.combine(day, time(dice.choice((9, 10, 11, 12, 13)), dice.choice((0, 30))), zone)
    goal = dice.choice(near[where])
    others = dice.sample(near["town"], dice.randint(1, 3))
    stops = [others[0], goal, *others[1:]]
    vehicles = fleet.list_vehicles(company.id)
    chosen = dice.sample(list(vehicles), min(len(vehicles), dice.choices((1, 2, 3, 6), (50, 25, 15, 10))[0]))
    command = cirqliz.SubmitRequest(
        territory_id=territory.id,
        vehicle_ids=frozenset(vehicle.id for vehicle in chosen),
        starts_at=start,
        ends_at=start + timedelta(hours=dice.choice((4, 6, 8))),
        stops=tuple(
            cirqliz.RouteStop(f"{stop.number} {stop.street}", stop.lon, stop.lat, dice.choice((5, 10, 15)))
            for stop in stops
        ),
        reason=dice.choice(REASONS),
        form_key=f"demo-{dice.getrandbits(64):x}",
    )
    return cirqliz.submit_request(company.owner, company.id, command, clock=FixedClock(filed_at))


def _decide(
    territory: TerritoryView,
    company: DemoCompany,
    request_id: UUID,
    fate: str,
    clerk: Actor,
    filed_at: datetime,
    dice: random.Random,
) -> None:
    request = cirqliz.get_request_of_territory(territory.id, request_id)
    if request.state is not cirqliz.RequestState.READY:
        return
    later = FixedClock(min(filed_at + timedelta(hours=dice.uniform(0.5, 20)), datetime.now(UTC)))
    if fate == "withdraw":
        cirqliz.withdraw_request(company.owner, company.id, request_id, clock=later)
        return
    if fate == "wait" or not company.verified:
        return
    asked = {line.motorised for line in request.perimeters}
    if Motorised.CLOSED in asked:
        fate = "refuse"
    accredited = "Accréditation vérifiée auprès de l’organisateur." if Motorised.ACCREDITED in asked else ""
    yes = cirqliz.Answer(cirqliz.VehicleDecision.APPROVED, reason_text=accredited)
    no = cirqliz.Answer(
        cirqliz.VehicleDecision.REFUSED,
        dice.choice((cirqliz.RefusalReason.REASON_INSUFFICIENT, cirqliz.RefusalReason.VEHICLE_NOT_ALLOWED)),
        "Précisez le lieu exact de la livraison.",
    )

    def answer(answer_: cirqliz.Answer, vehicle_ids: frozenset[UUID] | None = None) -> None:
        seen = cirqliz.get_request_of_territory(territory.id, request_id)
        command = cirqliz.DecideRequest(request_id, seen.version, answer_, vehicle_ids)
        cirqliz.decide_request(clerk, territory.slug, command, clock=later)

    ids = [line.vehicle_id for line in request.vehicles]
    if fate == "refuse":
        answer(no)
    elif fate == "approve_some" and len(ids) > 1:
        answer(yes, frozenset(ids[:1]))
        answer(no)
    else:
        answer(yes)
    if fate == "revoke":
        for issued in cirqliz.list_passes_of_request(request_id)[:1]:
            cirqliz.revoke_pass(clerk, territory.slug, issued.id, cirqliz.RevocationReason.MISUSE, clock=later)
