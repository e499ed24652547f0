"""Native code that crashes takes one job's process with it, and nothing else; a long job holds up no short one."""

from __future__ import annotations

import signal
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from portal.accounts.models import Company as CompanyRow
from portal.common.actor import system_actor
from portal.common.clock import SYSTEM_CLOCK
from portal.db import session
from portal.itineriz import queries, services
from portal.itineriz.messages import stored_fault
from portal.itineriz.models import Route, RouteStatus
from portal.itineriz.queries import RouteView
from portal.itineriz.trip import Stop
from portal.jobs import JobState
from portal.jobs.models import Job
from portal.jobs.registry import find_task
from portal.runtime.demo.prepare import SEED, SIZE_KM, SLUG
from portal.territories.api import get_territory
from portal.territories.demo_town import generate
from tests.faults.processes import child_of, kill, run_of, warm_of
from tests.faults.work import Company
from tests.support.installation import RunningPortal

_WITHIN_S = 90
_LONG, _SHORT = 40, 2


class Tours:
    """Tours asked of a running portal for one company, and what became of them."""

    def __init__(self, company: Company) -> None:
        self._company = company
        with company.app.app_context():
            self.territory_id = get_territory(SLUG).id
            self.company_id = session().scalars(select(CompanyRow.id).limit(1)).one()
        self._places = [(place.lon, place.lat) for place in generate(SEED, SIZE_KM).addresses]

    def ask(self, stops: int) -> UUID:
        """Ask for a tour across the town, tomorrow."""
        step = len(self._places) // stops
        with self._company.app.app_context():
            command = services.CreateRoute(
                territory_id=self.territory_id,
                company_id=self.company_id,
                stops=tuple(Stop(*self._places[number * step]) for number in range(stops)),
                depart_at=SYSTEM_CLOCK.now() + timedelta(days=1),
                vehicle={"gvw_t": 12, "height_m": 3.5, "width_m": 2.5, "length_m": 8.6},
            )
            return services.create_route(system_actor("test"), command)

    def view(self, route_id: UUID) -> RouteView:
        """The route as its page shows it now."""
        with self._company.app.app_context():
            return queries.get_route(self.company_id, route_id)

    def job(self, route_id: UUID) -> Job:
        """The job of a route, as it is now."""
        with self._company.app.app_context():
            return session().scalars(select(Job).join(Route, Route.job_id == Job.id).where(Route.id == route_id)).one()

    def wait_for_run(self, route_id: UUID, attempt: int) -> None:
        """Wait until a route is being computed for the nth time."""

        def runs() -> bool:
            job = self.job(route_id)
            return (job.state, job.attempts) == (JobState.RUNNING, attempt)

        self._company.wait_until(runs, _WITHIN_S, f"run {attempt} of the route", every_s=0.01)

    def wait_for(self, route_id: UUID, *wanted: RouteStatus) -> None:
        """Wait until a route shows one of these states."""
        self._company.wait_until(
            lambda: self.view(route_id).status in wanted, _WITHIN_S, f"the route is {' or '.join(wanted)}"
        )


@pytest.fixture
def tours(company: Company) -> Tours:
    """Tours of the first company of the demonstration."""
    return Tours(company)


def _worker(portal: RunningPortal, part: str = "worker") -> int:
    """The worker that runs everything, long tours too; or the one that runs urgent jobs alone."""
    assert portal.process is not None
    worker = child_of(portal.process.pid, part)
    assert worker is not None
    return worker


@pytest.mark.parametrize("crash", [signal.SIGSEGV, signal.SIGABRT, signal.SIGKILL], ids=lambda crash: crash.name)
def test_the_tour_is_computed_at_the_next_try_when_its_process_crashes(
    portal: RunningPortal, tours: Tours, crash: signal.Signals
) -> None:
    worker = _worker(portal)
    route_id = tours.ask(_LONG)
    tours.wait_for_run(route_id, 1)
    crashed = warm_of(worker)
    kill(crashed, crash)
    other_id = tours.ask(_SHORT)
    assert portal.answers()
    for asked in (other_id, route_id):
        tours.wait_for(asked, RouteStatus.DONE, RouteStatus.NO_LAWFUL_ROUTE)
    assert _worker(portal) == worker
    assert warm_of(worker) not in {None, crashed}
    assert (tours.job(route_id).attempts, tours.job(other_id).attempts) == (2, 1)


def test_the_tour_has_failed_with_a_sentence_and_a_retry_when_every_try_crashes(
    portal: RunningPortal, tours: Tours
) -> None:
    worker = _worker(portal)
    route_id = tours.ask(_LONG)
    for attempt in range(1, find_task(services.COMPUTE).max_attempts + 1):
        tours.wait_for_run(route_id, attempt)
        kill(warm_of(worker), signal.SIGSEGV)
    tours.wait_for(route_id, RouteStatus.FAILED)
    failed = tours.view(route_id)
    assert failed.error_code == "lost-too-often"
    with tours._company.app.test_request_context():
        assert stored_fault(failed.error_code, failed.error_params).startswith("Le calcul n’a pas abouti.")
    assert _worker(portal) == worker
    assert portal.answers()
    with tours._company.app.app_context():
        services.retry_route(tours.company_id, route_id)
    tours.wait_for(route_id, RouteStatus.DONE, RouteStatus.NO_LAWFUL_ROUTE)


def test_the_next_tour_is_computed_when_the_process_dies_between_two(portal: RunningPortal, tours: Tours) -> None:
    first_id = tours.ask(_SHORT)
    tours.wait_for(first_id, RouteStatus.DONE, RouteStatus.NO_LAWFUL_ROUTE)
    for part in ("worker", "urgent worker"):
        kill(warm_of(_worker(portal, part)))
    second_id = tours.ask(_SHORT)
    tours.wait_for(second_id, RouteStatus.DONE, RouteStatus.NO_LAWFUL_ROUTE)
    assert tours.job(second_id).attempts == 1


def test_a_short_tour_does_not_wait_when_long_ones_run_and_wait(
    portal: RunningPortal, company: Company, tours: Tours
) -> None:
    long_ids = [tours.ask(_LONG) for _ in range(2)]
    tours.wait_for_run(long_ids[0], 1)
    with company.held(warm_of(_worker(portal))):
        assert not tours.job(long_ids[0]).state.ended
        short_id = tours.ask(_SHORT)
        tours.wait_for(short_id, RouteStatus.DONE, RouteStatus.NO_LAWFUL_ROUTE)
        assert not any(tours.job(asked).state.ended for asked in long_ids)
    for asked in long_ids:
        tours.wait_for(asked, RouteStatus.DONE, RouteStatus.NO_LAWFUL_ROUTE)


def test_a_short_tour_does_not_wait_when_an_import_runs(portal: RunningPortal, company: Company, tours: Tours) -> None:
    submitted = company.submit(company.judged_import(), 1)
    company.wait_until_running(submitted)
    with company.held(run_of(_worker(portal))):
        assert not company.job_of(submitted).state.ended
        short_id = tours.ask(_SHORT)
        tours.wait_for(short_id, RouteStatus.DONE, RouteStatus.NO_LAWFUL_ROUTE)
        assert not company.job_of(submitted).state.ended
    company.wait_until_computed(submitted, _WITHIN_S)
    company.check_done_once(submitted)


def test_a_short_tour_is_computed_when_its_worker_is_killed_and_the_other_is_busy(
    portal: RunningPortal, company: Company, tours: Tours
) -> None:
    long_id = tours.ask(_LONG)
    tours.wait_for_run(long_id, 1)
    with company.held(warm_of(_worker(portal))):
        short_id = tours.ask(_SHORT)
        kill(_worker(portal, "urgent worker"))
        tours.wait_for(short_id, RouteStatus.DONE, RouteStatus.NO_LAWFUL_ROUTE)
        assert not tours.job(long_id).state.ended
    tours.wait_for(long_id, RouteStatus.DONE, RouteStatus.NO_LAWFUL_ROUTE)


def test_the_worker_is_free_when_a_long_tour_is_cancelled(portal: RunningPortal, tours: Tours) -> None:
    long_id = tours.ask(_LONG)
    tours.wait_for_run(long_id, 1)
    with tours._company.app.app_context():
        services.cancel_route(tours.company_id, long_id)
    short_id = tours.ask(_SHORT)
    tours.wait_for(short_id, RouteStatus.DONE, RouteStatus.NO_LAWFUL_ROUTE)
    given_up = tours.view(long_id)
    assert (given_up.status, given_up.result) == (RouteStatus.CANCELLED, None)
