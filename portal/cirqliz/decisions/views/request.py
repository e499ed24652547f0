"""The page of one request at the desk: everything to decide, the answer, the message to the company."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal import audit
from portal.accounts.api import STATUS_NAMES, CompanyStatus, get_company, siret_groups
from portal.audit.messages import SENTENCES
from portal.cirqliz.blueprint import blueprint
from portal.cirqliz.decisions import claims, messages, queries, services
from portal.cirqliz.decisions.commands import AskInformation
from portal.cirqliz.decisions.forms import (
    CompanyRefusalForm,
    DecisionForm,
    QuestionForm,
    RevocationForm,
    kept_filters,
    read_filter,
)
from portal.cirqliz.decisions.frame import CLERK, PREFIX, desk_frame
from portal.cirqliz.decisions.policies import held_by_other, refuses_approval
from portal.cirqliz.messages import flash_text, sentence
from portal.cirqliz.pages import request_parts, show
from portal.cirqliz.passes.queries import count_usable, get_pass_of_territory, list_passes_of_request
from portal.cirqliz.passes.services import revoke_pass as revoke
from portal.cirqliz.ports import tour_planner
from portal.cirqliz.reexamination.messages import CAUSES
from portal.cirqliz.reexamination.queries import list_reexaminations
from portal.cirqliz.requests.policies import refuses_message
from portal.cirqliz.requests.queries import RequestView, get_request_of_territory
from portal.cirqliz.requests.thread import list_thread, send_message
from portal.cirqliz.rules.messages import obstacle_words
from portal.cirqliz.rules.queries import rule_proposal
from portal.cirqliz.rules.quotas import quota_left
from portal.cirqliz.states import MessageSide
from portal.common.actor import StaffRole
from portal.common.clock import SYSTEM_CLOCK
from portal.common.errors import Conflict, Invalid, PortalError
from portal.common.text import whole_number
from portal.fleet.api import get_known_vehicles, plates_elsewhere
from portal.territories.api import TerritoryView, get_territory
from portal.web.guards import current_actor, guard


@blueprint.get(f"{PREFIX}/guichet/<uuid:request_id>")
@guard(CLERK)
def desk_request(territory: str, request_id: UUID) -> ResponseReturnValue:
    """Show a request to the clerk: map, perimeters and hours, company, vehicles, the form of the answer."""
    found = get_request_of_territory(get_territory(territory).id, request_id)
    return request_page(territory, found, DecisionForm(formdata=None))


def request_page(territory: str, found: RequestView, form: DecisionForm, **more: Any) -> str:
    """Return the page of a request. more: the forms that were sent and are shown again, a conflict to tell."""
    place = get_territory(territory)
    form.offer(found)
    question = more.pop("question", None) or QuestionForm(formdata=None)
    question.version.data = str(found.version)
    context: dict[str, Any] = {
        "conflict": None,
        "revocation": RevocationForm(formdata=None),
        "revoked_id": None,
        "company_refusal": CompanyRefusalForm(formdata=None),
        **_facts(place, found),
        **more,
    }
    return show(
        "desk_request.html",
        territory=place,
        found=found,
        form=form,
        question=question,
        desk_words=messages,
        causes=CAUSES,
        history_words=SENTENCES,
        siret_groups=siret_groups,
        **desk_frame(place),
        **request_parts(found),
        **context,
    )


def _facts(place: TerritoryView, found: RequestView) -> dict[str, Any]:
    """Return what the page tells besides the request itself."""
    now, clerk_id = SYSTEM_CLOCK.now(), current_actor().user_id
    company = get_company(found.company_id)
    ids = [vehicle.vehicle_id for vehicle in found.vehicles]
    chosen = read_filter(request.args)
    before, after = queries.find_neighbours(place.id, chosen, found.id, now, clerk_id)
    return {
        "company": company,
        "company_status": STATUS_NAMES[company.status],
        "may_verify": company.status in {CompanyStatus.PENDING, CompanyStatus.REFUSED},
        "company_passes": count_usable(found.company_id, now),
        "may_refuse_company": company.status in {CompanyStatus.PENDING, CompanyStatus.VERIFIED},
        "refusal": refuses_approval(company.status, found.ends_at, now),
        "vehicles": {vehicle.id: vehicle for vehicle in get_known_vehicles(found.company_id, ids)},
        "elsewhere": plates_elsewhere(found.company_id, ids),
        "passes": list_passes_of_request(found.id),
        "panel_url": None if found.route_id is None else tour_planner().panel_url(found.route_id, territory=place.slug),
        "history": audit.list_entries(subject_id=found.id).items,
        "thread": list_thread(found.id, reader=MessageSide.STAFF, staff_name=place.name),
        "proposal": rule_proposal(found.id),
        "quotas": quota_left(place, found) if found.state.decidable else [],
        "reexaminations": list_reexaminations(found.id),
        "obstacle_words": obstacle_words,
        "supervises": current_actor().serves(place.slug, StaffRole.SUPERVISOR, StaffRole.ADMINISTRATOR),
        "mine": found.claimed_by is not None and found.claimed_by == clerk_id,
        "others": held_by_other(found.claimed_by, found.claimed_at, clerk_id, now),
        "decidable": found.state.decidable and found.batch_id is None,
        "kept": kept_filters(request.args),
        "may_write": refuses_message(found.state) is None,
        "before_id": before,
        "after_id": after,
        "document_url": lambda document_id: url_for(
            "cirqliz.desk_document", territory=place.slug, request_id=found.id, document_id=document_id
        ),
        "now": now,
    }


def conflict_page(territory: str, request_id: UUID, error: PortalError | None) -> tuple[str, int]:
    """Return the page of a request with what stood in the way of an act on it."""
    found = get_request_of_territory(get_territory(territory).id, request_id)
    told = None if error is None else sentence(error)
    return request_page(territory, found, DecisionForm(formdata=None), conflict=told), 409


@blueprint.post(f"{PREFIX}/guichet/<uuid:request_id>/decision")
@guard(CLERK)
def decide(territory: str, request_id: UUID) -> ResponseReturnValue:
    """Answer for the vehicles ticked. The second of two clerks gets the page again, with what they typed."""
    form = DecisionForm()
    place = get_territory(territory)
    try:
        decided = services.decide_request(current_actor(), territory, form.command(request_id))
    except Invalid as error:
        form.show_error(error)
        return request_page(territory, get_request_of_territory(place.id, request_id), form), 422
    except Conflict as error:
        found = get_request_of_territory(place.id, request_id)
        form.version.data = str(found.version)
        return request_page(territory, found, form, conflict=sentence(error)), 409
    flash(flash_text("decided", number=decided.number), "success")
    kept = kept_filters(request.args)
    if not request.form.get("next"):
        return redirect(url_for("cirqliz.desk_request", territory=territory, request_id=request_id, **kept), 303)
    chosen, now, clerk_id = read_filter(request.args), SYSTEM_CLOCK.now(), current_actor().user_id
    _, after = queries.find_neighbours(place.id, chosen, request_id, now, clerk_id)
    if after is None:
        # The end of the list: begin again with what was passed over, if anything was.
        after = next((id_ for id_, _version in queries.list_matching(place.id, chosen, now, 1, clerk_id)), None)
    if after is None:
        return redirect(url_for("cirqliz.desk", territory=territory, **(kept or {"etat": "a-decider"})), 303)
    return redirect(url_for("cirqliz.desk_request", territory=territory, request_id=after, **kept), 303)


@blueprint.post(f"{PREFIX}/guichet/<uuid:request_id>/messages")
@guard(CLERK)
def desk_message(territory: str, request_id: UUID) -> ResponseReturnValue:
    """Write to the company; with the button that asks, the request waits for its answer."""
    form = QuestionForm()
    found = get_request_of_territory(get_territory(territory).id, request_id)
    asks = bool(request.form.get("ask"))
    try:
        if asks:
            command = AskInformation(request_id, whole_number(form.version.data) or 0, form.text.data or "")
            claims.ask_information(current_actor(), territory, command)
        else:
            send_message(current_actor(), request_id, MessageSide.STAFF, form.text.data or "")
    except Invalid as error:
        form.show_error(error)
        return request_page(territory, found, DecisionForm(formdata=None), question=form), 422
    except Conflict as error:
        found = get_request_of_territory(get_territory(territory).id, request_id)
        form_again = DecisionForm(formdata=None)
        return request_page(territory, found, form_again, question=form, conflict=sentence(error)), 409
    flash(flash_text("asked" if asks else "message-sent"), "success")
    kept = kept_filters(request.args)
    return redirect(url_for("cirqliz.desk_request", territory=territory, request_id=request_id, **kept), 303)


@blueprint.post(f"{PREFIX}/laissez-passer/<uuid:pass_id>/revocation")
@guard(CLERK)
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
        page = request_page(territory, found, DecisionForm(formdata=None), revocation=form, revoked_id=pass_id)
        return page, 422
    except Conflict as error:
        return conflict_page(territory, found.id, error)
    flash(flash_text("revoked", number=target.number), "success")
    return redirect(url_for("cirqliz.desk_request", territory=territory, request_id=found.id), 303)
