"""What a company may add to its request: messages, an answer to the desk, documents, an appeal."""

from __future__ import annotations

import io
from uuid import UUID

from flask import Response, flash, request, send_file
from flask.typing import ResponseReturnValue

from portal.cirqliz.blueprint import blueprint
from portal.cirqliz.messages import flash_text
from portal.cirqliz.requests import documents, queries
from portal.cirqliz.requests.answering import answer_information, appeal_decision
from portal.cirqliz.requests.commands import AnswerInformation, AppealDecision
from portal.cirqliz.requests.documents import DocumentView
from portal.cirqliz.requests.thread import send_message
from portal.cirqliz.requests.thread_forms import AppealForm, MessageForm, sent_files
from portal.cirqliz.requests.views import PREFIX, READ, WRITE, conflict_page, request_page, to_request
from portal.cirqliz.states import MessageSide
from portal.common.actor import StaffRole
from portal.common.errors import Conflict, Invalid
from portal.territories.api import get_territory
from portal.web.extensions import limiter
from portal.web.guards import current_actor, guard, staff

_LIMIT = "30 per minute; 200 per hour"


@blueprint.post(f"{PREFIX}/<uuid:request_id>/messages")
@guard(WRITE)
@limiter.limit(_LIMIT)
def write_message(company_id: UUID, request_id: UUID) -> ResponseReturnValue:
    """Write to the desk, with documents or only documents."""
    return _say(company_id, request_id, answers=False)


@blueprint.post(f"{PREFIX}/<uuid:request_id>/reponse")
@guard(WRITE)
@limiter.limit(_LIMIT)
def answer(company_id: UUID, request_id: UUID) -> ResponseReturnValue:
    """Answer what the desk asked: the request goes on."""
    return _say(company_id, request_id, answers=True)


def _say(company_id: UUID, request_id: UUID, *, answers: bool) -> ResponseReturnValue:
    """Keep the documents first: what is wrong with one is told while the message is still in the form."""
    actor, form = current_actor(), MessageForm(formdata=request.form)
    queries.get_request(company_id, request_id)
    text = form.text.data or ""
    added = 0
    try:
        for name, content in sent_files(request.files.getlist(form.documents.name)):
            try:
                documents.add_to_request(actor, company_id, request_id, name, content)
                added += 1
            except Invalid as error:
                form.show_error(error)
        if form.documents.errors:
            return request_page(queries.get_request(company_id, request_id), message=form), 422
        if answers:
            answer_information(actor, company_id, AnswerInformation(request_id, text))
        elif text.strip() or not added:
            send_message(actor, request_id, MessageSide.COMPANY, text)
    except Invalid as error:
        form.show_error(error)
        return request_page(queries.get_request(company_id, request_id), message=form), 422
    except Conflict as error:
        return conflict_page(company_id, request_id, error, message=form)
    said = "answer-sent" if answers else "words-sent" if text.strip() else "documents-added"
    flash(flash_text(said), "success")
    return to_request(company_id, request_id, "echanges")


@blueprint.post(f"{PREFIX}/<uuid:request_id>/contestation")
@guard(WRITE)
@limiter.limit(_LIMIT)
def appeal(company_id: UUID, request_id: UUID) -> ResponseReturnValue:
    """Contest the refusal of vehicles."""
    form = AppealForm(formdata=request.form)
    try:
        appeal_decision(current_actor(), company_id, AppealDecision(request_id, form.text.data or ""))
    except Invalid as error:
        form.show_error(error)
        return request_page(queries.get_request(company_id, request_id), appeal=form), 422
    except Conflict as error:
        return conflict_page(company_id, request_id, error, appeal=form)
    flash(flash_text("appealed"), "success")
    return to_request(company_id, request_id)


@blueprint.get(f"{PREFIX}/<uuid:request_id>/justificatifs/<uuid:document_id>")
@guard(READ)
def show_document(company_id: UUID, request_id: UUID, document_id: UUID) -> ResponseReturnValue:
    """Send a document to the company."""
    return _download(*documents.read_document(company_id, request_id, document_id))


@blueprint.get(f"{PREFIX}/brouillons/<uuid:draft_id>/justificatifs/<uuid:document_id>")
@guard(WRITE)
def show_draft_document(company_id: UUID, draft_id: UUID, document_id: UUID) -> ResponseReturnValue:
    """Send a document of a draft to the company."""
    return _download(*documents.read_draft_document(company_id, draft_id, document_id))


@blueprint.get("/territoires/<territory>/guichet/<uuid:request_id>/justificatifs/<uuid:document_id>")
@guard(staff(StaffRole.CLERK))
def desk_document(territory: str, request_id: UUID, document_id: UUID) -> ResponseReturnValue:
    """Send a document to the staff of the territory it was sent to."""
    place = get_territory(territory)
    return _download(*documents.read_document_of_territory(place.id, request_id, document_id))


def _download(document: DocumentView, content: bytes) -> Response:
    """A file to keep, never a page: whatever it holds, it runs nothing here."""
    answer = send_file(
        io.BytesIO(content), mimetype=document.media_type, as_attachment=True, download_name=document.file_name
    )
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer.headers["Cache-Control"] = "no-store"
    return answer
