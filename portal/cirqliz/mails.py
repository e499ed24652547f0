"""The mails of this context. The row of the outbox is written in the transaction of what it tells."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from flask import current_app
from flask_babel import force_locale, gettext

from portal.accounts.api import company_recipients
from portal.cirqliz import messages
from portal.cirqliz.models import AccessPass, AccessRequest, RequestMessage, RequestVehicle
from portal.cirqliz.reexamination.messages import TOLD
from portal.cirqliz.states import ReexaminationCause
from portal.mail import public_link, send_mail


@dataclass(frozen=True, slots=True)
class ChangedHours:
    """A perimeter whose hours changed, and the numbers of a company's requests that it concerns."""

    perimeter: str
    numbers: tuple[str, ...]


# A mail is read by the company, whatever the language of the clerk who decides.
_LANGUAGE = "fr"


def mail_not_needed(request: AccessRequest) -> None:
    """Tell the company that its tour needs no pass."""
    with force_locale(_LANGUAGE):
        subject = gettext("Demande %(number)s : aucun laissez-passer n’est nécessaire", number=request.number)
    _send(request, subject, "not_needed")


def mail_decision(request: AccessRequest, decided: Iterable[RequestVehicle]) -> None:
    """Tell the company what a clerk decided for some of its vehicles."""
    with force_locale(_LANGUAGE):
        subject = gettext("Demande %(number)s : décision", number=request.number)
    _send(request, subject, "decision", decided=list(decided))


def mail_revocations(company_id: UUID, revoked: Sequence[AccessPass]) -> None:
    """Tell the company that passes no longer count."""
    with force_locale(_LANGUAGE):
        subject = gettext("Laissez-passer révoqué : %(numbers)s", numbers=", ".join(one.number for one in revoked))
    url = public_link("cirqliz.list_passes", company_id=company_id)
    _write(company_id, subject, "revoked", url=url, revoked=revoked)


def mail_reopened(request: AccessRequest, cause: ReexaminationCause, concerned: Iterable[RequestVehicle]) -> None:
    """Tell the company that an answer is looked at again, and what becomes of its passes meanwhile."""
    with force_locale(_LANGUAGE):
        subject = gettext("Demande %(number)s : réexamen", number=request.number)
        told = str(TOLD[cause])
    suspended = cause is ReexaminationCause.VEHICLE_CHANGED
    _send(request, subject, "reopened", told=told, concerned=list(concerned), suspended=suspended)


def mail_needed_after_all(request: AccessRequest) -> None:
    """Tell the company that a tour that needed no pass needs one now."""
    with force_locale(_LANGUAGE):
        subject = gettext("Demande %(number)s : un laissez-passer est nécessaire", number=request.number)
    _send(request, subject, "needed_after_all")


def mail_hours_changed(company_id: UUID, lines: Sequence[ChangedHours]) -> None:
    """Tell a company, once for all its requests, that perimeters its passes open have other hours."""
    with force_locale(_LANGUAGE):
        subject = gettext("Les heures d’un périmètre ont changé")
    url = public_link("cirqliz.list_passes", company_id=company_id)
    _write(company_id, subject, "hours_changed", url=url, lines=lines)


def mail_message_to_company(request: AccessRequest, message: RequestMessage) -> None:
    """Tell the company what the desk wrote, or asks."""
    with force_locale(_LANGUAGE):
        if message.asks:
            subject = gettext("Demande %(number)s : des précisions vous sont demandées", number=request.number)
        else:
            subject = gettext("Demande %(number)s : nouveau message", number=request.number)
    _send(request, subject, "message", message=message)


def mail_message_to_staff(
    request: AccessRequest, territory: str, message: RequestMessage, recipients: Iterable[str]
) -> None:
    """Tell clerks that the company wrote. territory: slug."""
    url = public_link("cirqliz.desk_request", territory=territory, request_id=request.id)
    with force_locale(_LANGUAGE):
        subject = gettext("Demande %(number)s : message de l’entreprise", number=request.number)
        page = current_app.jinja_env.get_template("cirqliz/mails/company_message.txt")
        body = page.render(url=url, request_=request, message=message)
    for address in recipients:
        send_mail(address, subject, body)


def mail_expired(request: AccessRequest) -> None:
    """Tell the company that nobody answered before its dates were over."""
    with force_locale(_LANGUAGE):
        subject = gettext("Demande %(number)s : expirée", number=request.number)
    _send(request, subject, "expired")


def _send(request: AccessRequest, subject: str, template: str, **context: object) -> None:
    url = public_link("cirqliz.show_request", company_id=request.company_id, request_id=request.id)
    _write(request.company_id, subject, template, url=url, request_=request, **context)


def _write(company_id: UUID, subject: str, template: str, **context: object) -> None:
    with force_locale(_LANGUAGE):
        # Not render_template: a job has no request, and a mail needs nothing of one.
        body = current_app.jinja_env.get_template(f"cirqliz/mails/{template}.txt").render(words=messages, **context)
    for address in company_recipients(company_id):
        send_mail(address, subject, body)
