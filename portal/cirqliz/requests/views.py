"""The company's pages: its requests, a new one, one of them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal import jobs
from portal.accounts.api import get_company
from portal.cirqliz.blueprint import blueprint
from portal.cirqliz.messages import flash_text, sentence
from portal.cirqliz.pages import request_parts, show
from portal.cirqliz.passes.queries import list_passes_of_request
from portal.cirqliz.ports import tour_planner
from portal.cirqliz.requests import queries, services
from portal.cirqliz.requests.forms import RequestForm, candidate_value
from portal.cirqliz.requests.policies import refuses_submission, refuses_withdrawal
from portal.cirqliz.requests.starting import read_draft
from portal.common.actor import CompanyRole
from portal.common.clock import SYSTEM_CLOCK
from portal.common.errors import Conflict, Invalid
from portal.fleet.api import list_vehicles
from portal.territories.api import get_territory_by_id, list_territories
from portal.web.extensions import limiter
from portal.web.guards import current_actor, guard, member

_PREFIX = "/entreprises/<uuid:company_id>/demandes"
_READ = member(CompanyRole.DRIVER)
_WRITE = member(CompanyRole.MANAGER)
# What the form offers to choose from; a larger fleet is reached through its search.
_MOST_VEHICLES = 5000


@blueprint.get(_PREFIX)
@guard(_READ)
def list_requests(company_id: UUID) -> ResponseReturnValue:
    """Show the company's requests, newest first."""
    page = queries.list_requests(company_id, request.args.get("cursor"))
    return show("requests.html", company_id=company_id, page=page, may_write=_may_write(company_id))


@blueprint.route(f"{_PREFIX}/nouvelle", methods=["GET", "POST"])
@guard(_WRITE)
@limiter.limit("60 per minute; 600 per hour", methods=["POST"])
def new_request(company_id: UUID) -> ResponseReturnValue:
    """Show the form, change its number of stops, or file the request."""
    company = get_company(company_id)
    refusal = refuses_submission(company.status)
    form = None if refusal else _form(company_id)
    if form is None:
        return show("no_request.html", company_id=company_id, refusal=refusal)
    action = request.form.get("action", "submit")
    if request.method == "GET" or action != "submit":
        form.edit(action)
        return _form_page(company_id, form)
    command = form.command()
    if command is not None:
        try:
            request_id = services.submit_request(current_actor(), company_id, command)
        except (Invalid, Conflict) as error:
            form.show_error(error)
        else:
            flash(flash_text("submitted", number=queries.get_request(company_id, request_id).number), "success")
            return redirect(url_for("cirqliz.show_request", company_id=company_id, request_id=request_id), 303)
    return _form_page(company_id, form), 422


def _form(company_id: UUID) -> RequestForm | None:
    """Return the form of the territories that can be asked, None when there is none yet."""
    territories = [territory for territory in list_territories() if territory.bounds is not None]
    if not territories:
        return None
    chosen = request.args.get("territoire", "")
    known = {territory.slug for territory in territories}
    vehicles = list_vehicles(company_id, limit=_MOST_VEHICLES)
    begun = read_draft(request.args) if request.method == "GET" else {}
    return RequestForm(territories, vehicles, chosen if chosen in known else territories[0].slug, data=begun)


def _form_page(company_id: UUID, form: RequestForm) -> str:
    return show("new_request.html", company_id=company_id, form=form, candidate_value=candidate_value)


@blueprint.get(f"{_PREFIX}/<uuid:request_id>")
@guard(_READ)
def show_request(company_id: UUID, request_id: UUID) -> ResponseReturnValue:
    """Show a request: its progress, then its map, tour and answers."""
    found = queries.get_request(company_id, request_id)
    return _request_page(found)


def _request_page(found: queries.RequestView, conflict: str | None = None) -> str:
    return show(
        "request.html",
        found=found,
        territory=get_territory_by_id(found.territory_id),
        job=jobs.get_job(found.job_id),
        passes=list_passes_of_request(found.id),
        panel_url=tour_planner().panel_url(found.route_id, company_id=found.company_id) if found.route_id else None,
        may_write=_may_write(found.company_id),
        may_withdraw=_may_write(found.company_id) and refuses_withdrawal(found.state, found.decisions) is None,
        now=SYSTEM_CLOCK.now(),
        conflict=conflict,
        **request_parts(found),
    )


@blueprint.get(f"{_PREFIX}/<uuid:request_id>/avancement")
@guard(_READ)
def request_progress(company_id: UUID, request_id: UUID) -> ResponseReturnValue:
    """Show how far the computation is: a fragment that renews itself, or the whole page without script."""
    found = queries.get_request(company_id, request_id)
    return show("progress.html", block="progress", found=found, job=jobs.get_job(found.job_id))


@blueprint.post(f"{_PREFIX}/<uuid:request_id>/retrait")
@guard(_WRITE)
def withdraw_request(company_id: UUID, request_id: UUID) -> ResponseReturnValue:
    """Withdraw a request nobody has decided on."""
    return _act(company_id, request_id, "withdrawn", services.withdraw_request)


@blueprint.post(f"{_PREFIX}/<uuid:request_id>/relance")
@guard(_WRITE)
def retry_request(company_id: UUID, request_id: UUID) -> ResponseReturnValue:
    """Compute a request again after a failure."""
    return _act(company_id, request_id, "retried", services.retry_request)


def _act(company_id: UUID, request_id: UUID, done: str, service: Any) -> ResponseReturnValue:
    try:
        service(current_actor(), company_id, request_id)
    except Conflict as error:
        found = queries.get_request(company_id, request_id)
        error.params.setdefault("number", found.number)
        return _request_page(found, conflict=sentence(error)), 409
    flash(flash_text(done), "success")
    return redirect(url_for("cirqliz.show_request", company_id=company_id, request_id=request_id), 303)


def _may_write(company_id: UUID) -> bool:
    return current_actor().belongs_to(company_id, CompanyRole.MANAGER)
