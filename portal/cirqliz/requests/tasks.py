"""The long part of a request: its lawful tour, and the perimeters that need a pass."""

from __future__ import annotations

from uuid import UUID

from portal.cirqliz.decisions.deciding import load_requests
from portal.cirqliz.law import needed_perimeters
from portal.cirqliz.mails import mail_not_needed
from portal.cirqliz.models import AccessRequest
from portal.cirqliz.ports import PlannedTour, RouteStop, tour_planner
from portal.cirqliz.requests.filing import perimeter_row
from portal.cirqliz.requests.services import PLAN_JOB
from portal.cirqliz.rules.engine import decide_by_rules
from portal.cirqliz.states import RequestState
from portal.common.clock import SYSTEM_CLOCK
from portal.common.errors import Invalid
from portal.db import session
from portal.jobs import RunningJob, task
from portal.numeriz.api import law_snapshot
from portal.regulations.schedules import Interval


@task(PLAN_JOB, timeout_s=300, warm=True)
def plan_request(job: RunningJob, request_id: str) -> None:
    """Compute the tour of a request, then make it ready for a clerk, or close it when no pass is needed.

    A stop no road reaches does not stop the request: the clerk still decides from the stops themselves. One that only
    names perimeters has no tour. What the rules answer is part of the same transaction.
    """
    request = session().get(AccessRequest, UUID(request_id), populate_existing=True)
    if request is None or request.state is not RequestState.SUBMITTED:
        return
    territory_id, route_id = request.territory_id, request.route_id
    stops = [RouteStop(stop.label, stop.lon, stop.lat, stop.service_min) for stop in request.stops]
    window = Interval(request.starts_at, request.ends_at)
    # The progress is a transaction of its own: none stays open while the tour is computed.
    job.progress("route")
    tour: PlannedTour | None = None
    refusal: Invalid | None = None
    try:
        tour = tour_planner().compute(route_id) if route_id is not None else None
    except Invalid as error:
        refusal = error
    job.progress("perimeters")
    found = needed_perimeters(law_snapshot(territory_id), stops, tour.needed_perimeter_ids if tour else (), window)
    with job.finish() as uow:
        # The fleets are held too: a rule that approves gives passes, as a clerk does.
        row = next(iter(load_requests(uow, territory_id, [UUID(request_id)])), None)
        if row is None or row.state is not RequestState.SUBMITTED:
            return
        if route_id is not None:
            _store_tour(row, route_id, tour, refusal)
        named = {perimeter.perimeter_id for perimeter in row.perimeters}
        row.perimeters.extend(perimeter_row(perimeter) for perimeter in found if perimeter.id not in named)
        row.computed_at = SYSTEM_CLOCK.now()
        row.state = RequestState.READY if row.perimeters else RequestState.NOT_NEEDED
        if row.state is RequestState.NOT_NEEDED:
            mail_not_needed(row)
        else:
            decide_by_rules(uow, row, clock=SYSTEM_CLOCK)


def _store_tour(row: AccessRequest, route_id: UUID, tour: PlannedTour | None, refusal: Invalid | None) -> None:
    if tour is not None:
        tour_planner().store(route_id, tour)
        row.tour_status = tour.status
    elif refusal is not None:
        tour_planner().store_failure(route_id, refusal)
        row.tour_status = refusal.code[:32]
