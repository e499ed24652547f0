"""What other parts of the portal may use of requests, decisions and passes."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from portal.cirqliz.control.retention import purge_checks
from portal.cirqliz.decisions.batches.tasks import ask_for_due_batches
from portal.cirqliz.decisions.commands import Answer, DecideRequest
from portal.cirqliz.decisions.services import decide_request
from portal.cirqliz.inside import AccessThere, count_access_inside
from portal.cirqliz.passes.holders import count_holders
from portal.cirqliz.passes.queries import list_passes_between, list_passes_of_request, list_rights
from portal.cirqliz.passes.services import revoke_pass
from portal.cirqliz.passes.sheets import purge_sheets
from portal.cirqliz.ports import LAWFUL, PlannedTour, RouteOrder, RouteStop, TourPlanner, TourStops, set_tour_planner
from portal.cirqliz.reexamination.watching import ask_for_due_work as ask_for_reexaminations
from portal.cirqliz.requests.commands import SubmitRequest
from portal.cirqliz.requests.erasing import erase_old_papers
from portal.cirqliz.requests.expiry import expire_requests
from portal.cirqliz.requests.queries import get_request_of_territory
from portal.cirqliz.requests.services import submit_request, withdraw_request
from portal.cirqliz.requests.starting import RequestDraft, begin_url, draft_url
from portal.cirqliz.rules.queries import count_rules
from portal.cirqliz.states import RefusalReason, RequestState, RevocationReason, VehicleDecision
from portal.common.clock import SYSTEM_CLOCK
from portal.regulations.passes import PassRight

__all__ = [
    "LAWFUL",
    "AccessThere",
    "Answer",
    "DecideRequest",
    "PlannedTour",
    "RefusalReason",
    "RequestDraft",
    "RequestState",
    "RevocationReason",
    "RouteOrder",
    "RouteStop",
    "SubmitRequest",
    "TourPlanner",
    "TourStops",
    "VehicleDecision",
    "active_pass_rights",
    "ask_for_due_batches",
    "ask_for_reexaminations",
    "begin_url",
    "count_access_inside",
    "count_holders",
    "count_rules",
    "decide_request",
    "draft_url",
    "erase_old_papers",
    "expire_requests",
    "get_request_of_territory",
    "list_passes_between",
    "list_passes_of_request",
    "purge_checks",
    "purge_sheets",
    "revoke_pass",
    "set_tour_planner",
    "submit_request",
    "withdraw_request",
]


def active_pass_rights(vehicle_id: UUID, at: datetime | None = None) -> list[PassRight]:
    """Return the rights a vehicle holds or will hold from an instant on (now when none is given)."""
    return list_rights(vehicle_id, at or SYSTEM_CLOCK.now())
