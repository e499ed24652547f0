"""A tour that needed no pass and needs one since a perimeter changed: its request comes to the desk after all."""

from __future__ import annotations

from portal import audit
from portal.audit import AuditTag
from portal.cirqliz.law import needed_perimeters
from portal.cirqliz.mails import mail_needed_after_all
from portal.cirqliz.models import AccessRequest
from portal.cirqliz.ports import RouteStop
from portal.cirqliz.requests.filing import perimeter_row
from portal.cirqliz.rules.engine import decide_by_rules
from portal.cirqliz.states import ReexaminationCause, RequestState
from portal.common.actor import Actor
from portal.common.clock import Clock
from portal.db import UnitOfWork
from portal.numeriz.api import law_snapshot
from portal.regulations.schedules import Interval


def need_after_all(uow: UnitOfWork, request: AccessRequest, actor: Actor, clock: Clock) -> bool:
    """Make a request for which no pass was needed ready, when its stops need one now; return whether they do.

    request: locked by the caller. The rules are asked as for any other; the company is told.
    """
    stops = (RouteStop(stop.label, stop.lon, stop.lat, stop.service_min) for stop in request.stops)
    window = Interval(request.starts_at, request.ends_at)
    found = needed_perimeters(law_snapshot(request.territory_id), stops, (), window)
    if not found:
        return False
    request.perimeters.extend(perimeter_row(perimeter) for perimeter in found)
    request.state = RequestState.READY
    audit.record(
        actor,
        AuditTag.REQUEST_REOPENED,
        subject_id=request.id,
        territory_id=request.territory_id,
        company_id=request.company_id,
        data={
            "number": request.number,
            "company": request.company_name,
            "cause": ReexaminationCause.CALENDAR_CHANGED.value,
            "plates": [vehicle.plate_display for vehicle in request.vehicles],
            "perimeters": [perimeter.name for perimeter in found],
        },
        clock=clock,
    )
    mail_needed_after_all(request)
    uow.session.flush()  # what the rules read below must see the perimeters
    decide_by_rules(uow, request, clock=clock)
    return True
