"""The clerk's pages: the queue, a request, the journal."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal import audit
from portal.accounts.api import STATUS_NAMES, CompanyStatus, get_company, verify_company
from portal.audit.messages import SENTENCES
from portal.cirqliz.blueprint import blueprint
from portal.cirqliz.decisions import queries, services
from portal.cirqliz.decisions.forms import FILTER_NAMES, BatchForm, DecisionForm, RevocationForm, read_filter
from portal.cirqliz.decisions.frame import desk_frame
from portal.cirqliz.decisions.policies import refuses_approval
from portal.cirqliz.messages import flash_text, sentence
from portal.cirqliz.pages import request_parts, show
from portal.cirqliz.passes.queries import get_pass_of_territory, list_passes_of_request
from portal.cirqliz.passes.services import revoke_pass as revoke
from portal.cirqliz.ports import tour_planner
from portal.cirqliz.requests.queries import RequestView, get_request_of_territory
from portal.cirqliz.states import RequestState
from portal.common.actor import StaffRole
from portal.common.clock import SYSTEM_CLOCK
from portal.common.errors import Conflict, Invalid
from portal.fleet.api import get_vehicles
from portal.territories.api import get_territory
from portal.web.guards import current_actor, guard, staff

_PREFIX = "/territoires/<territory>"
_CLERK = staff(StaffRole.CLERK)


@blueprint.get(f"{_PREFIX}/guichet")
@guard(_CLERK)
def desk(territory: str) -> ResponseReturnValue:
    """Show the queue, oldest first, narrowed by the filters of the query string."""
    return _queue_page(territory, BatchForm(formdata=None))


def _kept() -> dict[str, Any]:
    """Return the filters to carry along in links: those we know, since other names mean something to a link itself."""
    return {name: request.args[name] for name in FILTER_NAMES if request.args.get(name)}


def _queue_page(territory: str, form: BatchForm, skipped: list[str] | None = None) -> str:
    place = get_territory(territory)
    now = SYSTEM_CLOCK.now()
    chosen = read_filter(request.args)
    kept = _kept()
    return show(
        "desk.html",
        territory=place,
        page=queries.list_queue(place.id, chosen, now, request.args.get("cursor")),
        counts=queries.count_queue(place.id, now),
        chosen=chosen,
        kept=kept,
        form=form,
        ticked=set(form.chosen.data or ()),
        skipped=skipped or [],
        now=now,
        late_at=now - queries.LATE_AFTER,
        very_late_at=now - queries.VERY_LATE_AFTER,
        states=list(RequestState),
        **desk_frame(place),
    )


@blueprint.post(f"{_PREFIX}/guichet/decisions")
@guard(_CLERK)
def decide_many(territory: str) -> ResponseReturnValue:
    """Give one answer to the requests ticked; those that could not be answered are told, the others stand."""
    form = BatchForm()
    commands = form.commands()
    try:
        if not commands:
            raise Invalid("no-request-chosen", field="chosen")
        decided, skipped = services.decide_many(current_actor(), territory, commands)
    except Invalid as error:
        form.show_error(error)
        return _queue_page(territory, form), 422
    if decided:
        flash(flash_text("batch-decided", count=len(decided)), "success")
    if skipped:
        return _queue_page(territory, form, [sentence(one.error) for one in skipped]), 409
    return redirect(url_for("cirqliz.desk", territory=territory, **_kept()), 303)


@blueprint.get(f"{_PREFIX}/guichet/<uuid:request_id>")
@guard(_CLERK)
def desk_request(territory: str, request_id: UUID) -> ResponseReturnValue:
    """Show a request to the clerk: map, perimeters and hours, company, vehicles, the form of the answer."""
    found = get_request_of_territory(get_territory(territory).id, request_id)
    return _request_page(territory, found, DecisionForm(formdata=None))


def _request_page(territory: str, found: RequestView, form: DecisionForm, **more: Any) -> str:
    place = get_territory(territory)
    company = get_company(found.company_id)
    form.offer(found)
    now = SYSTEM_CLOCK.now()
    context: dict[str, Any] = {
        "conflict": None,
        "revocation": RevocationForm(formdata=None),
        "revoked_id": None,
        **more,
    }
    return show(
        "desk_request.html",
        territory=place,
        found=found,
        form=form,
        company=company,
        company_status=STATUS_NAMES[company.status],
        may_verify=company.status is CompanyStatus.PENDING,
        refusal=refuses_approval(company.status, found.ends_at, now),
        vehicles={v.id: v for v in get_vehicles(found.company_id, [v.vehicle_id for v in found.vehicles])},
        passes=list_passes_of_request(found.id),
        panel_url=tour_planner().panel_url(found.route_id, territory=territory),
        history=audit.list_entries(subject_id=found.id).items,
        history_words=SENTENCES,
        now=now,
        **desk_frame(place),
        **request_parts(found),
        **context,
    )


@blueprint.post(f"{_PREFIX}/guichet/<uuid:request_id>/decision")
@guard(_CLERK)
def decide(territory: str, request_id: UUID) -> ResponseReturnValue:
    """Answer for the vehicles ticked. The second of two clerks gets the page again, with what they typed."""
    form = DecisionForm()
    try:
        decided = services.decide_request(current_actor(), territory, form.command(request_id))
    except Invalid as error:
        form.show_error(error)
        found = get_request_of_territory(get_territory(territory).id, request_id)
        return _request_page(territory, found, form), 422
    except Conflict as error:
        found = get_request_of_territory(get_territory(territory).id, request_id)
        form.version.data = str(found.version)
        return _request_page(territory, found, form, conflict=sentence(error)), 409
    flash(flash_text("decided", number=decided.number), "success")
    return redirect(url_for("cirqliz.desk_request", territory=territory, request_id=request_id), 303)


@blueprint.post(f"{_PREFIX}/guichet/<uuid:request_id>/entreprise")
@guard(_CLERK)
def verify_requester(territory: str, request_id: UUID) -> ResponseReturnValue:
    """Declare that the company of a request is what it says."""
    found = get_request_of_territory(get_territory(territory).id, request_id)
    try:
        verify_company(current_actor(), found.company_id)
    except Conflict as error:
        return _request_page(territory, found, DecisionForm(formdata=None), conflict=sentence(error)), 409
    flash(flash_text("company-verified"), "success")
    return redirect(url_for("cirqliz.desk_request", territory=territory, request_id=request_id), 303)


@blueprint.post(f"{_PREFIX}/laissez-passer/<uuid:pass_id>/revocation")
@guard(_CLERK)
def revoke_pass(territory: str, pass_id: UUID) -> ResponseReturnValue:
    """Take a pass back for a coded reason."""
    place = get_territory(territory)
    target = get_pass_of_territory(place.id, pass_id)
    found = get_request_of_territory(place.id, target.request_id)
    form = RevocationForm()
    try:
        reason = form.reason()
        if reason is None:
            raise Invalid("revocation-without-reason", field="reason_code")
        revoke(current_actor(), territory, pass_id, reason, form.reason_text.data or "")
    except Invalid as error:
        form.show_error(error)
        page = _request_page(territory, found, DecisionForm(formdata=None), revocation=form, revoked_id=pass_id)
        return page, 422
    except Conflict as error:
        return _request_page(territory, found, DecisionForm(formdata=None), conflict=sentence(error)), 409
    flash(flash_text("revoked", number=target.number), "success")
    return redirect(url_for("cirqliz.desk_request", territory=territory, request_id=found.id), 303)


@blueprint.get(f"{_PREFIX}/journal")
@guard(staff(StaffRole.SUPERVISOR, StaffRole.ADMINISTRATOR))
def journal(territory: str) -> ResponseReturnValue:
    """Show who decided what and when, newest first."""
    place = get_territory(territory)
    return show(
        "journal.html",
        territory=place,
        page=audit.list_entries(territory_id=place.id, cursor=request.args.get("cursor")),
        sentences=SENTENCES,
        **desk_frame(place),
    )
