"""Real work for a portal under attack, and the proof that each piece of it took effect exactly once."""

from __future__ import annotations

import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

from sqlalchemy import func, select

from portal import create_app
from portal.accounts import api as accounts
from portal.audit.models import AuditEntry
from portal.audit.tags import AuditTag
from portal.cirqliz import api as cirqliz
from portal.cirqliz.models import AccessRequest
from portal.cirqliz.states import RequestState
from portal.common.actor import Actor, ActorKind, CompanyRole
from portal.common.clock import SYSTEM_CLOCK
from portal.config import load_settings
from portal.db import db, session
from portal.fleet import api as fleet
from portal.fleet.models import FleetImport, ImportState, Vehicle
from portal.itineriz.models import Route, RouteStatus
from portal.jobs import JobState
from portal.jobs.models import Job
from tests.factories.accounts import valid_siret
from tests.faults.processes import kill

ROWS = 30_000
_LETTERS = "ABCDEFGHJKLMNPQRSTVWXYZ"


def fleet_file(rows: int) -> bytes:
    """A fleet of vans, each with a plate of its own."""
    lines = ["Immatriculation;Nom d’usage;PTAC;Hauteur"]
    for number in range(rows):
        block, digits = divmod(number, 999)
        first, second = divmod(block, len(_LETTERS))
        lines.append(f"{'HJ'[first]}{_LETTERS[second]}-{digits + 1:03d}-ZZ;Fourgon {number};3500;2,1")
    return "\n".join(lines).encode()


def wait_for(condition: Callable[[], bool], within_s: float, what: str, every_s: float = 0.1) -> float:
    """Wait for a condition; return how long it took. Fails with `what` when time is up."""
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < within_s, f"{what}: not within {within_s:.0f} s"
        time.sleep(every_s)
    return time.monotonic() - started


@dataclass(frozen=True, slots=True)
class Submitted:
    """What a test was told is received: a fleet to store and requests to compute."""

    import_id: UUID
    request_ids: tuple[UUID, ...]


class Company:
    """A program beside the portal, on the same database and queue, that acts through the services."""

    def __init__(self, var_dir: Path) -> None:
        # testing: this process counts its rate limits in memory; nothing else changes.
        self.app = create_app(load_settings(environ={}, var_dir=var_dir, demo_mode=True, testing=True))
        self._database = var_dir / "joptimiz.sqlite"

    @contextmanager
    def held(self, pid: int | None) -> Iterator[None]:
        """Stop a process for a while, at an instant when it holds no lock: its job lasts as long as the body."""
        kill(pid, signal.SIGSTOP)
        while not self._may_write():
            kill(pid, signal.SIGCONT)
            time.sleep(0.01)
            kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            kill(pid, signal.SIGCONT)

    def _may_write(self) -> bool:
        with closing(sqlite3.connect(self._database, timeout=1)) as connection:
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                return False
            return True

    def close(self) -> None:
        """Give the database back."""
        with self.app.app_context():
            db.engine.dispose()

    def judged_import(self) -> UUID:
        """Send a fleet of ROWS vans for a new company and wait until it is judged; return the import's id."""
        number = int(time.time() * 1000) % 9_000_000
        with self.app.app_context():
            details = accounts.CompanyDetails("Essais & fils", "1 rue des Essais", "00000", "Valmarin", "49.41B")
            company_id = accounts.seed_company(valid_siret(number), details)
            import_id = fleet.start_import(_owner(company_id), company_id, "flotte.csv", fleet_file(ROWS))
        self.wait_until(lambda: self.import_of(import_id).state is ImportState.CHECKED, 60, "the file is judged")
        return import_id

    def submit(self, import_id: UUID, requests: int) -> Submitted:
        """Confirm a judged import and file requests like those of the demonstration; the portal says: received."""
        with self.app.app_context():
            models = session().scalars(
                select(AccessRequest)
                .where(AccessRequest.starts_at > SYSTEM_CLOCK.now() + timedelta(days=1), AccessRequest.stops.any())
                .order_by(func.random())
                .limit(requests)
            )
            filed = [_file_like(model) for model in models.all()]
            # Last: filing takes as long as storing, and what kills a run must find it running.
            company_id = self.import_of(import_id).company_id
            fleet.confirm_import(_owner(company_id), company_id, import_id)
        assert len(filed) == requests
        return Submitted(import_id, tuple(filed))

    def job_of(self, submitted: Submitted) -> Job:
        """The job that stores the fleet, as it is now."""
        with self.app.app_context():
            job_id = self.import_of(submitted.import_id).job_id
            return session().scalars(select(Job).where(Job.id == job_id)).one()

    def wait_until_running(self, submitted: Submitted) -> None:
        """Wait until the fleet is being stored."""
        self.wait_until(lambda: self.job_of(submitted).state is JobState.RUNNING, 30, "the job runs", every_s=0.02)

    def wait_until_computed(self, submitted: Submitted, within_s: float) -> float:
        """Wait until every job of the database has ended."""

        def ended() -> bool:
            with self.app.app_context():
                return not session().scalar(
                    select(func.count()).where(Job.state.in_([JobState.PENDING, JobState.RUNNING]))
                )

        return wait_for(ended, within_s, "every job ends")

    def wait_until(self, condition: Callable[[], bool], within_s: float, what: str, every_s: float = 0.1) -> None:
        """Wait for a condition on the database."""

        def read() -> bool:
            with self.app.app_context():
                return condition()

        wait_for(read, within_s, what, every_s)

    def check_done_once(self, submitted: Submitted) -> None:
        """Fail unless everything submitted is computed, with each effect there exactly once."""
        with self.app.app_context():
            self._check_import(submitted.import_id)
            for request_id in submitted.request_ids:
                _check_request(request_id)
            assert session().scalars(select(Job.error_code).where(Job.state == JobState.FAILED)).all() == []

    def _check_import(self, import_id: UUID) -> None:
        row = self.import_of(import_id)
        assert (row.state, row.added, row.updated) == (ImportState.APPLIED, ROWS, 0)
        stored = session().execute(
            select(func.count(), func.min(Vehicle.version), func.max(Vehicle.version)).where(
                Vehicle.company_id == row.company_id
            )
        )
        assert stored.one() == (ROWS, 1, 1)  # written once, never touched again
        told = select(func.count()).where(AuditEntry.tag == AuditTag.FLEET_IMPORTED, AuditEntry.subject_id == import_id)
        assert session().scalar(told) == 1

    @staticmethod
    def import_of(import_id: UUID) -> FleetImport:
        """The import's row as it is now, inside an application context."""
        return session().scalars(select(FleetImport).where(FleetImport.id == import_id)).one()


def _owner(company_id: UUID) -> Actor:
    return Actor(ActorKind.USER, "Essai", companies={company_id: CompanyRole.OWNER})


def _file_like(model: AccessRequest) -> UUID:
    command = cirqliz.SubmitRequest(
        territory_id=model.territory_id,
        vehicle_ids=frozenset(vehicle.vehicle_id for vehicle in model.vehicles),
        starts_at=model.starts_at,
        ends_at=model.ends_at,
        stops=tuple(cirqliz.RouteStop(stop.label, stop.lon, stop.lat, stop.service_min) for stop in model.stops),
        reason=model.reason,
        form_key=str(uuid4()),
    )
    return cirqliz.submit_request(_owner(model.company_id), model.company_id, command)


def _check_request(request_id: UUID) -> None:
    row = session().scalars(select(AccessRequest).where(AccessRequest.id == request_id)).one()
    # The demonstration has a rule that approves some by itself.
    assert row.state in {RequestState.READY, RequestState.NOT_NEEDED, RequestState.APPROVED}, row.state
    if row.state is RequestState.APPROVED:
        told = select(func.count()).where(AuditEntry.tag == AuditTag.REQUEST_DECIDED, AuditEntry.subject_id == row.id)
        assert session().scalar(told) == 1
    else:
        # Filing writes version 1, computing writes 2: another effect would have written 3.
        assert row.version == 2
    assert row.computed_at is not None
    names = [perimeter.perimeter_id for perimeter in row.perimeters]
    assert len(names) == len(set(names))
    route = session().scalars(select(Route).where(Route.id == row.route_id)).one()
    assert route.status in {RouteStatus.DONE, RouteStatus.NO_LAWFUL_ROUTE, RouteStatus.FAILED}
    assert session().scalars(select(Job.state).where(Job.id == row.job_id)).one() is JobState.DONE
