"""The company's pages: its requests and drafts, one request and what may be done with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal import jobs
from portal.cirqliz.blueprint import blueprint
from portal.cirqliz.messages import flash_text, sentence
from portal.cirqliz.pages import request_parts, show
from portal.cirqliz.passes.queries import list_passes_of_request
from portal.cirqliz.ports import LAWFUL, tour_planner
from portal.cirqliz.requests import policies, queries, services
from portal.cirqliz.requests.delays import usual_delay
from portal.cirqliz.requests.drafts import list_drafts
from portal.cirqliz.requests.messages import delay_sentences
from portal.cirqliz.requests.renewal import renew_request
from portal.cirqliz.requests.thread import list_thread
from portal.cirqliz.requests.thread_forms import AppealForm, MessageForm
from portal.cirqliz.rules.settings import access_settings
from portal.cirqliz.states import MessageSide, RequestState
from portal.common.actor import CompanyRole
from portal.common.clock import SYSTEM_CLOCK
from portal.common.errors import Conflict, Invalid, NotFound
from portal.territories.api import TerritoryView, get_territory_by_id, list_territories
from portal.web.extensions import limiter
from portal.web.guards import current_actor, guard, member

PREFIX = "/entreprises/<uuid:company_id>/demandes"
READ = member(CompanyRole.DRIVER)
WRITE = member(CompanyRole.MANAGER)


@blueprint.get(PREFIX)
@guard(READ)
def list_requests(company_id: UUID) -> ResponseReturnValue:
    """Show the company's requests, newest first, after the drafts of those who may file them."""
    may_write = may_file(company_id)
    return show(
        "requests.html",
        company_id=company_id,
        page=queries.list_requests(company_id, request.args.get("cursor")),
        drafts=list_drafts(company_id) if may_write else (),
        territories={territory.id: territory for territory in list_territories()},
        may_write=may_write,
    )


@blueprint.get(f"{PREFIX}/<uuid:request_id>")
@guard(READ)
def show_request(company_id: UUID, request_id: UUID) -> ResponseReturnValue:
    """Show a request: its progress, then its map, tour and answers."""
    return request_page(queries.get_request(company_id, request_id))


def request_page(
    found: queries.RequestView,
    *,
    conflict: str | None = None,
    message: MessageForm | None = None,
    appeal: AppealForm | None = None,
) -> str:
    """Return the page of a request, with what was typed in its forms when they come back."""
    territory = get_territory_by_id(found.territory_id)
    may_write, now = may_file(found.company_id), SYSTEM_CLOCK.now()
    message = message or MessageForm(formdata=None)
    if found.state is RequestState.INFORMATION_ASKED:
        message.need_text()
    reexamined = queries.was_reexamined(found.id)
    refusal = policies.refuses_withdrawal(found.state, found.decisions, reexamined=reexamined)
    return show(
        "request.html",
        found=found,
        territory=territory,
        job=jobs.get_job(found.job_id),
        passes=list_passes_of_request(found.id),
        panel_url=tour_planner().panel_url(found.route_id, company_id=found.company_id) if found.route_id else None,
        tour_url=_tour_url(found),
        thread=list_thread(found.id, reader=MessageSide.COMPANY, staff_name=territory.name),
        document_url=lambda document_id: url_for(
            "cirqliz.show_document", company_id=found.company_id, request_id=found.id, document_id=document_id
        ),
        message=message,
        appeal=appeal or AppealForm(formdata=None),
        delays=delay_sentences(usual_delay(found.territory_id)) if found.state.open else [],
        may_write=may_write,
        may_withdraw=may_write and refusal is None,
        may_say=may_write and policies.refuses_message(found.state) is None,
        may_appeal=may_write and found.state.decided and _appeal_refusal(found) is None,
        elsewhere=_other_territories(found) if may_write else [],
        now=now,
        conflict=conflict,
        **request_parts(found),
    )


def _tour_url(found: queries.RequestView) -> str | None:
    """Where the tour of a request is shared and taken home; None without a lawful one."""
    if found.route_id is None or found.tour_status != LAWFUL:
        return None
    return tour_planner().page_url(found.company_id, found.route_id)


def _appeal_refusal(found: queries.RequestView) -> str | None:
    return policies.refuses_appeal(
        found.state,
        found.decisions,
        found.decided_at,
        found.ends_at,
        SYSTEM_CLOCK.now(),
        appeal_days=access_settings(found.territory_id).appeal_days,
        appealed=queries.was_appealed(found.id),
    )


def _other_territories(found: queries.RequestView) -> list[TerritoryView]:
    return [place for place in list_territories() if place.bounds is not None and place.id != found.territory_id]


@blueprint.get(f"{PREFIX}/<uuid:request_id>/avancement")
@guard(READ)
def request_progress(company_id: UUID, request_id: UUID) -> ResponseReturnValue:
    """Show how far the computation is: a fragment that renews itself, or the whole page without script."""
    found = queries.get_request(company_id, request_id)
    return show("progress.html", block="progress", found=found, job=jobs.get_job(found.job_id))


@blueprint.post(f"{PREFIX}/<uuid:request_id>/retrait")
@guard(WRITE)
def withdraw_request(company_id: UUID, request_id: UUID) -> ResponseReturnValue:
    """Withdraw a request nobody has decided on."""
    return _act(company_id, request_id, "withdrawn", services.withdraw_request)


@blueprint.post(f"{PREFIX}/<uuid:request_id>/relance")
@guard(WRITE)
def retry_request(company_id: UUID, request_id: UUID) -> ResponseReturnValue:
    """Compute a request again after a failure."""
    return _act(company_id, request_id, "retried", services.retry_request)


def _act(company_id: UUID, request_id: UUID, done: str, service: Callable[..., Any]) -> ResponseReturnValue:
    try:
        service(current_actor(), company_id, request_id)
    except Conflict as error:
        return conflict_page(company_id, request_id, error)
    flash(flash_text(done), "success")
    return to_request(company_id, request_id)


@blueprint.post(f"{PREFIX}/<uuid:request_id>/renouvellement")
@guard(WRITE)
@limiter.limit("30 per minute")
def renew(company_id: UUID, request_id: UUID) -> ResponseReturnValue:
    """Begin the same request again, here or in the territory that the form names."""
    slug = request.form.get("territory", "")
    try:
        elsewhere = _place(slug) if slug else None
        draft_id = renew_request(current_actor(), company_id, request_id, elsewhere=elsewhere)
    except Invalid as error:
        return request_page(queries.get_request(company_id, request_id), conflict=sentence(error)), 422
    return redirect(url_for("cirqliz.show_draft", company_id=company_id, draft_id=draft_id), 303)


def _place(slug: str) -> TerritoryView:
    for place in list_territories():
        if place.slug == slug and place.bounds is not None:
            return place
    raise NotFound("territory-not-found")


def conflict_page(
    company_id: UUID,
    request_id: UUID,
    error: Conflict,
    message: MessageForm | None = None,
    appeal: AppealForm | None = None,
) -> ResponseReturnValue:
    """Return the request as it is now, with why the act was refused, and what was typed."""
    found = queries.get_request(company_id, request_id)
    error.params.setdefault("number", found.number)
    return request_page(found, conflict=sentence(error), message=message, appeal=appeal), 409


def to_request(company_id: UUID, request_id: UUID, anchor: str | None = None) -> ResponseReturnValue:
    """Return to the page of a request."""
    page = url_for("cirqliz.show_request", company_id=company_id, request_id=request_id, _anchor=anchor)
    return redirect(page, 303)


def may_file(company_id: UUID) -> bool:
    """Tell whether whoever looks may file requests for the company."""
    return current_actor().belongs_to(company_id, CompanyRole.MANAGER)
