"""The form of a request: empty, begun elsewhere, or a draft; it keeps itself at every sending."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from portal.accounts.api import get_company
from portal.cirqliz.blueprint import blueprint
from portal.cirqliz.messages import ERRORS, flash_text, sentence
from portal.cirqliz.pages import show
from portal.cirqliz.requests import drafts, queries, services
from portal.cirqliz.requests.delays import usual_delay
from portal.cirqliz.requests.documents import add_to_draft, list_draft_documents, remove_from_draft
from portal.cirqliz.requests.forms import RequestForm, kept_values
from portal.cirqliz.requests.messages import delay_sentences
from portal.cirqliz.requests.picking import Offers
from portal.cirqliz.requests.policies import refuses_submission
from portal.cirqliz.requests.starting import BEGUN_BY, read_draft
from portal.cirqliz.requests.stop_form import candidate_value
from portal.cirqliz.requests.thread_forms import sent_files
from portal.cirqliz.requests.views import PREFIX, WRITE
from portal.cirqliz.rules.settings import access_settings
from portal.common.actor import CompanyRole
from portal.common.clock import SYSTEM_CLOCK
from portal.common.errors import Conflict, Invalid, NotFound
from portal.fleet.api import OfferedFleet
from portal.numeriz.api import law_snapshot
from portal.territories.api import list_territories
from portal.web.extensions import limiter
from portal.web.guards import SIGNED_IN, current_actor, guard, htmx_request

_PARTS = {"justificatifs": "papers", "conducteurs": "drivers"}


@blueprint.route(f"{PREFIX}/nouvelle", methods=["GET", "POST"])
@guard(WRITE)
@limiter.limit("60 per minute; 600 per hour", methods=["POST"])
def new_request(company_id: UUID) -> ResponseReturnValue:
    """Show the form; sent, do what its button asks: change the form, file the request."""
    if request.method == "GET":
        begun = read_draft(company_id, request.args)
        form = _form(company_id, begun=begun.data)
        return _closed(company_id) if form is None else _form_page(company_id, form, tour_stops=begun.tour_stops)
    form = _form(company_id, sent=request.form)
    if form is None:
        return _closed(company_id)
    action = request.form.get("action", "submit")
    if action != "submit":
        faults = _keep(company_id, form) + _edit(company_id, form, action)
        return _form_page(company_id, form, faults=faults), 422 if faults else 200
    # Without a file the draft is only written when the form comes back: most are right the first time.
    faults = _keep(company_id, form) if sent_files(request.files.getlist(form.documents.name)) else []
    draft = drafts.find_draft(company_id, _draft_id(company_id, form))
    command = form.command(
        draft_id=_draft_id(company_id, form), renewed_from=None if draft is None else draft.renewed_from
    )
    if command is not None and not faults:
        try:
            request_id = services.submit_request(current_actor(), company_id, command)
        except (Invalid, Conflict) as error:
            form.show_error(error)
        else:
            flash(flash_text("submitted", number=queries.get_request(company_id, request_id).number), "success")
            return redirect(url_for("cirqliz.show_request", company_id=company_id, request_id=request_id), 303)
    return _form_page(company_id, form, faults=faults or _keep(company_id, form)), 422


@blueprint.get("/demandes/nouvelle")
@guard(SIGNED_IN)
def begin_request() -> ResponseReturnValue:
    """Lead whoever comes from the public map to the form of their company, with what the link says of the request."""
    actor = current_actor()
    company_id = next((id_ for id_ in actor.companies if actor.belongs_to(id_, CompanyRole.MANAGER)), None)
    if company_id is None:
        flash(flash_text("company-needed"), "warning")
        return redirect(url_for("accounts.me"), 303)
    told: dict[str, Any] = {name: request.args.getlist(name) for name in BEGUN_BY}
    return redirect(url_for("cirqliz.new_request", company_id=company_id, **told), 303)


@blueprint.post(f"{PREFIX}/brouillons")
@guard(WRITE)
@limiter.limit("120 per minute; 2400 per hour")
def save_draft(company_id: UUID) -> ResponseReturnValue:
    """Keep the form as it is: a part of the page for the page that saves itself, else the list of drafts."""
    form = _form(company_id, sent=request.form)
    if form is None:
        return _closed(company_id)
    alone = htmx_request()
    faults = _keep(company_id, form, asked=not alone, anew=not alone) + _edit(
        company_id, form, request.form.get("action", "")
    )
    if alone:
        if not faults and sent_files(request.files.getlist(form.documents.name)) and not _kept(company_id, form):
            # Nothing is put in the place of the files: they go with the form when it is sent again.
            return "", 204
        part = _PARTS.get(request.args.get("partie", ""), "saved")
        return _form_page(company_id, form, block=part, faults=faults, saved_at=SYSTEM_CLOCK.now())
    if faults:
        return _form_page(company_id, form, faults=faults), 422
    flash(flash_text("draft-saved"), "success")
    return redirect(url_for("cirqliz.list_requests", company_id=company_id), 303)


@blueprint.get(f"{PREFIX}/brouillons/<uuid:draft_id>")
@guard(WRITE)
def show_draft(company_id: UUID, draft_id: UUID) -> ResponseReturnValue:
    """Go on with a draft where it was left."""
    draft = drafts.get_draft(company_id, draft_id)
    sent = MultiDict([(name, value) for name, each in draft.typed.items() for value in each])
    sent["form_key"] = draft.form_key
    form = _form(company_id, sent=sent)
    return _closed(company_id) if form is None else _form_page(company_id, form)


@blueprint.post(f"{PREFIX}/brouillons/<uuid:draft_id>/abandon")
@guard(WRITE)
def discard_draft(company_id: UUID, draft_id: UUID) -> ResponseReturnValue:
    """Throw a draft away."""
    drafts.discard_draft(current_actor(), company_id, draft_id)
    flash(flash_text("draft-discarded"), "success")
    return redirect(url_for("cirqliz.list_requests", company_id=company_id), 303)


def _form(
    company_id: UUID, *, sent: MultiDict[str, str] | None = None, begun: Mapping[str, Any] | None = None
) -> RequestForm | None:
    """Return the form of the territories that can be asked; None when there is none yet, or the company may not ask."""
    territories = [territory for territory in list_territories() if territory.bounds is not None]
    if not territories or refuses_submission(get_company(company_id).status):
        return None
    chosen = request.args.get("territoire", "")
    known = {territory.slug for territory in territories}
    offers = Offers(
        territories=territories,
        vehicles=OfferedFleet(company_id),
        law=law_snapshot,
        asks_driver=lambda territory_id: access_settings(territory_id).asks_driver_name,
    )
    first = chosen if chosen in known else territories[0].slug
    return RequestForm(offers, first, SYSTEM_CLOCK.now(), sent, data=begun or {})


def _closed(company_id: UUID) -> str:
    return show("no_request.html", company_id=company_id, refusal=refuses_submission(get_company(company_id).status))


def _keep(company_id: UUID, form: RequestForm, *, asked: bool = False, anew: bool = True) -> list[str]:
    """Save what was typed and the files chosen; return what is wrong with them, as sentences.

    A form nobody has filled in is nothing to go on with: it becomes no draft, unless that is what was asked. Nor does
    one that was filed, unless it begins another (`anew`).
    """
    actor, faults = current_actor(), []
    files = sent_files(request.files.getlist(form.documents.name))
    if not asked and form.untouched and not files and not _kept(company_id, form):
        return []
    key, typed = form.form_key.data or "", kept_values(request.form)
    try:
        drafts.save_draft(actor, company_id, form.place.id, key, typed, anew=anew)
    except Invalid as error:
        return [sentence(error)]
    if not _kept(company_id, form):
        return []
    for name, content in files:
        try:
            add_to_draft(actor, company_id, _draft_id(company_id, form), name, content)
        except Invalid as error:
            faults.append(sentence(error))
    return faults


def _edit(company_id: UUID, form: RequestForm, action: str) -> list[str]:
    """Do what a button of the form asks; return what is wrong, as sentences."""
    if action.startswith("remove-document-"):
        try:
            document_id = UUID(action.removeprefix("remove-document-"))
            remove_from_draft(current_actor(), company_id, _draft_id(company_id, form), document_id)
        except (ValueError, NotFound):
            return [str(ERRORS["document-gone"])]
    form.edit(action)
    return []


def _kept(company_id: UUID, form: RequestForm) -> bool:
    return drafts.find_draft(company_id, _draft_id(company_id, form)) is not None


def _draft_id(company_id: UUID, form: RequestForm) -> UUID:
    return drafts.draft_id_of(company_id, form.form_key.data or "")


def _form_page(
    company_id: UUID, form: RequestForm, *, block: str | None = None, faults: list[str] | None = None, **more: Any
) -> str:
    draft_id = _draft_id(company_id, form)
    draft = drafts.find_draft(company_id, draft_id)
    if faults:
        form.documents.errors = faults
    return show(
        "new_request.html",
        block=block,
        company_id=company_id,
        form=form,
        candidate_value=candidate_value,
        draft=draft,
        papers=list_draft_documents(company_id, draft_id),
        renewed_number=_renewed_number(company_id, draft),
        delays=delay_sentences(usual_delay(form.place.id)),
        **{"saved_at": None, "tour_stops": 0, **more},
    )


def _renewed_number(company_id: UUID, draft: drafts.DraftView | None) -> str | None:
    """The number of the request that a draft copies."""
    if draft is None or draft.renewed_from is None:
        return None
    return drafts.number_of(company_id, draft.renewed_from)
