"""How long it takes to sign and store the passes of a great event, and to print those of a large fleet."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import segno
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import Flask
from sqlalchemy import func, select

from portal import create_app
from portal.accounts.models import Company, CompanyStatus
from portal.cirqliz.models import AccessPass, AccessRequest, RequestPerimeter, RequestVehicle
from portal.cirqliz.passes.issuing import issue_passes
from portal.cirqliz.passes.queries import list_printable
from portal.cirqliz.passes.sheets import ask_sheet, read_sheet
from portal.cirqliz.states import RequestState, VehicleDecision
from portal.common.actor import system_actor
from portal.common.clock import SYSTEM_CLOCK
from portal.common.ids import new_id
from portal.config import load_settings
from portal.db import session, unit_of_work
from portal.db.migrations import to_latest
from portal.fleet.models import Category, Vehicle
from portal.fleet.plates import PlateScheme
from portal.jobs import runner
from portal.jobs.models import Job, JobState
from portal.regulations.perimeters import Colour, Motorised
from portal.runtime.bench.ground import Ground
from portal.runtime.bench.line import Line, timed_ms
from portal.runtime.demo.names import plate_of
from portal.territories.api import TerritoryView, get_territory
from portal.territories.models import Territory

PASSES = 45_383
COMPANIES = 4_267
"""Those of Paris in 2024."""
_FLEET = 500
_SLUG = "mesure"
_ACTOR = system_actor("bench")


def measure(_ground: Ground) -> Iterator[Line]:
    """Yield both figures, on a database of their own: the demonstration stays as it is."""
    with tempfile.TemporaryDirectory(prefix="joptimiz-bench-") as folder:
        app = create_app(
            load_settings(environ={}, var_dir=Path(folder), public_url="https://laissez-passer.example.fr")
        )
        waiting: list[UUID] = []
        app.extensions["job_pusher"] = waiting.append
        with app.test_request_context():
            to_latest(app)
            requests = _prepare()
            place = get_territory(_SLUG)
            taken = timed_ms(lambda: _issue_all(requests, place)) / 1000
            if session().scalar(select(func.count()).select_from(AccessPass)) != PASSES:
                raise RuntimeError("some passes are missing")
            bare = timed_ms(_sign_all) / 1000
            yield Line(f"passes issued, {PASSES} in {COMPANIES} decisions", taken, "s", "bare Ed25519 signatures", bare)
            yield _print_fleet(app, requests[0], waiting)


def _print_fleet(app: Flask, request_id: UUID, waiting: list[UUID]) -> Line:
    company_id = session().scalars(select(AccessRequest.company_id).where(AccessRequest.id == request_id)).one()
    urls = [one.code_url for one in list_printable(company_id, SYSTEM_CLOCK.now())]
    sheet_id = ask_sheet(_ACTOR, company_id, "fr")

    def work() -> None:
        with app.app_context():
            runner.run(str(waiting.pop()))

    taken = timed_ms(work) / 1000
    if len(urls) != _FLEET or not read_sheet(company_id, sheet_id).startswith(b"%PDF"):
        raise RuntimeError("the file of the fleet is not there")
    bare = timed_ms(lambda: [segno.make(url, error="m", micro=False) for url in urls]) / 1000
    return Line(f"fleet PDF, {_FLEET} passes", taken, "s", "segno.make for each code", bare)


def _sign_all() -> None:
    key = Ed25519PrivateKey.generate()
    message = bytes(42)
    for _ in range(PASSES):
        key.sign(message)


def _issue_all(request_ids: Sequence[UUID], place: TerritoryView) -> None:
    """As decisions do: a transaction for each request."""
    for request_id in request_ids:
        with unit_of_work() as uow:
            request = uow.session.get_one(AccessRequest, request_id)
            issue_passes(uow, _ACTOR, request, place, request.vehicles)
        session().expunge_all()


def _prepare() -> list[UUID]:
    """Store companies, vehicles and approved requests; the first company has a large fleet, the others what is left."""
    now = datetime.now(UTC)
    with unit_of_work() as uow:
        territory_id = new_id()
        uow.session.add(Territory(id=territory_id, slug=_SLUG, name="Mesure", created_at=now))
        job_id = new_id()
        uow.session.add(
            Job(
                id=job_id,
                kind="cirqliz.plan_request",
                args={},
                state=JobState.DONE,
                priority=False,
                attempts=1,
                progress_done=0,
                progress_total=0,
                created_at=now,
                ended_at=now,
            )
        )
    left, first = PASSES - _FLEET, 0
    made = []
    for number in range(COMPANIES):
        count = _FLEET if number == 0 else left // (COMPANIES - number)
        left -= 0 if number == 0 else count
        with unit_of_work() as uow:
            company_id, request_id = new_id(), new_id()
            uow.session.add(_company(company_id, number, now))
            plates = [plate_of(place) for place in range(first, first + count)]
            vehicles = [_vehicle(company_id, plate, now) for plate in plates]
            uow.session.add_all(vehicles)
            uow.session.flush()
            uow.session.add(_request(request_id, territory_id, company_id, job_id, number, vehicles, now))
        session().expunge_all()
        first += count
        made.append(request_id)
    return made


def _company(company_id: UUID, number: int, now: datetime) -> Company:
    return Company(
        id=company_id,
        siret=f"{number:014d}",
        siren=f"{number:09d}",
        name=f"Transports {number}",
        naf_code=None,
        address="1 rue de la Mesure",
        postcode="75003",
        city="Paris",
        status=CompanyStatus.VERIFIED,
        verified_at=now,
        created_at=now,
    )


def _vehicle(company_id: UUID, plate: str, now: datetime) -> Vehicle:
    bare = plate.replace("-", "")
    return Vehicle(
        id=new_id(),
        company_id=company_id,
        plate=bare,
        plate_key=bare,
        plate_scheme=PlateScheme.SIV,
        country="FR",
        label="",
        category=Category.N2,
        gross_weight_kg=12_000,
        hazmat=False,
        usages=[],
        created_at=now,
        updated_at=now,
    )


def _request(
    request_id: UUID,
    territory_id: UUID,
    company_id: UUID,
    job_id: UUID,
    number: int,
    vehicles: Sequence[Vehicle],
    now: datetime,
) -> AccessRequest:
    return AccessRequest(
        id=request_id,
        territory_id=territory_id,
        company_id=company_id,
        company_name=f"Transports {number}",
        number=f"MES-{number}",
        reason="Livrer",
        starts_at=now,
        ends_at=now + timedelta(days=5),
        state=RequestState.APPROVED,
        route_id=new_id(),
        job_id=job_id,
        submission_key=str(number),
        submitted_at=now,
        decided_at=now,
        vehicles=[
            RequestVehicle(
                id=new_id(),
                vehicle_id=vehicle.id,
                plate=vehicle.plate,
                plate_display=vehicle.plate,
                plate_key=vehicle.plate_key,
                decision=VehicleDecision.APPROVED,
                decided_at=now,
            )
            for vehicle in vehicles
        ],
        perimeters=[
            RequestPerimeter(
                id=new_id(),
                perimeter_id="mesure-1",
                name="Abords du stade",
                event="Course",
                colour=Colour.BLUE,
                motorised=Motorised.PASS_REQUIRED,
            )
        ],
    )
