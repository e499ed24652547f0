"""A small world of requests for tests: a town with a red and a blue perimeter, a company, a clerk, an agent."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from flask import Flask

from portal.accounts.models import CompanyStatus
from portal.cirqliz.decisions.commands import Answer, DecideRequest
from portal.cirqliz.decisions.deciding import Decided
from portal.cirqliz.decisions.services import decide_request
from portal.cirqliz.ports import PlannedTour, RouteOrder, RouteStop, TourStops
from portal.cirqliz.requests.commands import SubmitRequest
from portal.cirqliz.requests.queries import RequestView, get_request_of_territory
from portal.cirqliz.requests.services import submit_request
from portal.cirqliz.states import RefusalReason, VehicleDecision
from portal.common.actor import Actor, ActorKind, CompanyRole, StaffRole
from portal.common.clock import SYSTEM_CLOCK
from portal.common.errors import Invalid, NotFound
from portal.common.ids import new_id
from portal.db import unit_of_work
from portal.fleet.models import AirClass, Category, Energy, Vehicle
from portal.fleet.plates import plate_key, read_plate
from portal.regulations.perimeters import Colour
from portal.territories.queries import TerritoryView
from tests.factories.accounts import MadeCompany, MadeUser, make_company, make_member, make_staff, make_user
from tests.factories.law import make_law, perimeter_draft, square
from tests.factories.territories import make_territory

_plates = itertools.count(101)
RunJobs = Callable[[Flask], int]

OUTSIDE = RouteStop("1 rue du Dehors", 2.354, 48.8585, 10)
INSIDE_RED = RouteStop("2 rue du Dedans", 2.362, 48.862, 15)
INSIDE_BLUE = RouteStop("3 rue du Bord", 2.371, 48.862, 15)


@dataclass
class FakePlanner:
    """A planner that answers at once; it passes what the port promises and keeps what it was told to store."""

    status: str = "ok"
    needed: tuple[str, ...] = ()
    refuses: Invalid | None = None
    orders: list[RouteOrder] = field(default_factory=list)
    stored: dict[UUID, object] = field(default_factory=dict)
    tours: dict[tuple[UUID, UUID], TourStops] = field(default_factory=dict)

    def get_stops(self, company_id: UUID, route_id: UUID) -> TourStops:
        if (company_id, route_id) not in self.tours:
            raise NotFound("route-not-found")
        return self.tours[company_id, route_id]

    def create_route(self, actor: Actor, order: RouteOrder) -> UUID:
        self.orders.append(order)
        return new_id()

    def compute(self, route_id: UUID) -> PlannedTour:
        if self.refuses is not None:
            raise self.refuses
        return PlannedTour(self.status, self.needed, 4200.0, 900.0)

    def store(self, route_id: UUID, tour: PlannedTour) -> None:
        self.stored[route_id] = tour

    def store_failure(self, route_id: UUID, error: Invalid) -> None:
        self.stored[route_id] = error

    def panel_url(self, route_id: UUID, *, company_id: UUID | None = None, territory: str | None = None) -> str:
        return f"/itineraires/{route_id}/panneau"

    def page_url(self, company_id: UUID, route_id: UUID) -> str:
        return f"/entreprises/{company_id}/itineraires/{route_id}"


@dataclass(frozen=True)
class World:
    """The people and places of a test. day: midnight UTC of the day the perimeters are active, in two days."""

    app: Flask
    run_jobs: RunJobs
    planner: FakePlanner
    territory: TerritoryView
    company: MadeCompany
    owner: MadeUser
    driver: MadeUser
    clerk: MadeUser
    agent: MadeUser
    supervisor: MadeUser
    day: datetime

    def company_actor(self, role: CompanyRole = CompanyRole.OWNER) -> Actor:
        """The owner (or another role) of the company."""
        return Actor(ActorKind.USER, "Camille", self.owner.id, companies={self.company.id: role})

    def staff_actor(self, role: StaffRole = StaffRole.CLERK, user: MadeUser | None = None) -> Actor:
        """Somebody who serves the territory."""
        chosen = user or {StaffRole.CONTROL_AGENT: self.agent, StaffRole.SUPERVISOR: self.supervisor}.get(
            role, self.clerk
        )
        return Actor(ActorKind.USER, chosen.full_name, chosen.id, staff={self.territory.slug: frozenset({role})})

    def vehicle(self, plate: str | None = None, **more: object) -> UUID:
        """A new vehicle of the company."""
        return make_vehicle(self.company.id, plate, **more)

    def command(
        self,
        vehicles: Sequence[UUID] | None = None,
        stops: Sequence[RouteStop] = (OUTSIDE, INSIDE_RED),
        form_key: str | None = None,
        **more: object,
    ) -> SubmitRequest:
        """A request for the day the perimeters are active, 07:00 to 12:00 UTC unless told."""
        values: dict[str, object] = {
            "territory_id": self.territory.id,
            "vehicle_ids": frozenset([self.vehicle()] if vehicles is None else vehicles),
            "starts_at": self.day + timedelta(hours=7),
            "ends_at": self.day + timedelta(hours=12),
            "stops": tuple(stops),
            "reason": "Livrer le marché",
            "form_key": form_key or str(new_id()),
            **more,
        }
        return SubmitRequest(**values)  # type: ignore[arg-type]

    def submitted(self, **more: object) -> RequestView:
        """A request just filed, its tour not computed."""
        command = self.command(**more)  # type: ignore[arg-type]
        return self.seen(submit_request(self.company_actor(), self.company.id, command))

    def ready(self, **more: object) -> RequestView:
        """A request that waits for a clerk."""
        found = self.submitted(**more)
        self.run_jobs(self.app)
        return self.seen(found.id)

    def seen(self, request_id: UUID) -> RequestView:
        """The request as it is now."""
        return get_request_of_territory(self.territory.id, request_id)

    def approve(self, found: RequestView, vehicle_ids: Sequence[UUID] | None = None) -> Decided:
        """Let the clerk approve."""
        return self.decide(found, Answer(VehicleDecision.APPROVED), vehicle_ids)

    def refuse(self, found: RequestView, vehicle_ids: Sequence[UUID] | None = None) -> Decided:
        """Let the clerk refuse."""
        answer = Answer(VehicleDecision.REFUSED, RefusalReason.DATES_NOT_ALLOWED, "Trop tôt")
        return self.decide(found, answer, vehicle_ids)

    def decide(self, found: RequestView, answer: Answer, vehicle_ids: Sequence[UUID] | None = None) -> Decided:
        """Let the clerk answer for some vehicles."""
        ids = None if vehicle_ids is None else frozenset(vehicle_ids)
        command = DecideRequest(found.id, found.version, answer, ids)
        return decide_request(self.staff_actor(), self.territory.slug, command)


def make_vehicle(company_id: UUID, plate: str | None = None, **more: object) -> UUID:
    """Make a vehicle with a French plate, a 12 t lorry unless told; return its id."""
    read = read_plate(plate or f"AB-{next(_plates)}-CD")
    now = datetime(2024, 1, 1, tzinfo=UTC)
    values: dict[str, object] = {
        "label": "",
        "category": Category.N2,
        "gross_weight_kg": 12000,
        "height_cm": 350,
        "energy": Energy.DIESEL,
        "air_class": AirClass.C2,
        "hazmat": False,
        "usages": [],
        **more,
    }
    row = Vehicle(
        id=new_id(),
        company_id=company_id,
        plate=read.bare,
        plate_key=plate_key(read.bare),
        plate_scheme=read.scheme,
        country=read.country,
        created_at=now,
        updated_at=now,
        **values,
    )
    with unit_of_work() as uow:
        uow.session.add(row)
    return row.id


def make_world(app: Flask, run_jobs: RunJobs, status: CompanyStatus = CompanyStatus.VERIFIED) -> World:
    """Make the town: red in the middle and blue beside it, both active from 05:30 to 14:00 UTC in two days."""
    planner = FakePlanner()
    app.extensions["tour_planner"] = planner
    day = (SYSTEM_CLOCK.now() + timedelta(days=2)).replace(hour=0, minute=0, second=0, microsecond=0)
    spans = [((day + timedelta(hours=5.5)).isoformat(), (day + timedelta(hours=14)).isoformat())]
    territory = make_territory("val-essai", "Val d’essai")
    make_law(
        territory,
        perimeters=[
            perimeter_draft("Course du canal", Colour.RED, square(2.360, 48.860), spans),
            perimeter_draft("Abords du canal", Colour.BLUE, square(2.369, 48.860), spans),
        ],
    )
    company = make_company("Fleurs du canal", status=status)
    owner, driver = make_user(full_name="Camille Durand"), make_user(full_name="Dominique Petit")
    make_member(owner, company)
    make_member(driver, company, CompanyRole.DRIVER)
    clerk, agent, supervisor = (make_user(full_name=name) for name in ("Colette Guichet", "Alex Agent", "Sam Chef"))
    make_staff(clerk, territory, StaffRole.CLERK)
    make_staff(agent, territory, StaffRole.CONTROL_AGENT)
    make_staff(supervisor, territory, StaffRole.SUPERVISOR)
    return World(app, run_jobs, planner, territory, company, owner, driver, clerk, agent, supervisor, day)
