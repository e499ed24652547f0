"""The mails of loans: the row of the outbox is written in the transaction of what it tells."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import current_app
from flask_babel import force_locale, gettext

from portal.accounts.api import company_recipients, get_company
from portal.fleet.models import Vehicle, VehicleLoan
from portal.fleet.plates import display_plate
from portal.mail import public_link, send_mail
from portal.web.locale import DEFAULT_ZONE

# A mail is read by a company, whatever the language of who acts.
_LANGUAGE = "fr"


def mail_loan_offered(borrower_id: UUID, row: VehicleLoan, vehicle: Vehicle) -> None:
    """Tell a company that another one offers it a vehicle."""
    with force_locale(_LANGUAGE):
        subject = gettext(
            "%(name)s vous prête %(plate)s\u00a0: répondez", name=_name(row.lender_id), plate=_plate(vehicle)
        )
    _write(borrower_id, subject, "offered", **_days(row), plate=_plate(vehicle), lender=_name(row.lender_id))


def mail_loan_answered(row: VehicleLoan, borrower_id: UUID, vehicle: Vehicle, *, accepted: bool) -> None:
    """Tell both sides that an offer was accepted, the lender alone that it was declined."""
    names = {"lender": _name(row.lender_id), "borrower": _name(borrower_id), "plate": _plate(vehicle), **_days(row)}
    with force_locale(_LANGUAGE):
        if accepted:
            subject = gettext("Prêt de %(plate)s accepté", plate=_plate(vehicle))
        else:
            subject = gettext("Prêt de %(plate)s décliné", plate=_plate(vehicle))
    _write(row.lender_id, subject, "accepted" if accepted else "declined", **names)
    if accepted:
        _write(borrower_id, subject, "accepted", **names)


def mail_loan_ended(lender_id: UUID, borrower_id: UUID, vehicle: Vehicle) -> None:
    """Tell both sides that a loan ended before its date."""
    with force_locale(_LANGUAGE):
        subject = gettext("Le prêt de %(plate)s est terminé", plate=_plate(vehicle))
    for company_id in (lender_id, borrower_id):
        names = {"lender": _name(lender_id), "borrower": _name(borrower_id), "plate": _plate(vehicle)}
        _write(company_id, subject, "ended", **names)


def mail_loans_held(to_id: UUID, closed_id: UUID, vehicles: Sequence[Vehicle]) -> None:
    """Tell one side that its loans with the other give no right, since that one is closed."""
    with force_locale(_LANGUAGE):
        subject = gettext("Vos prêts avec %(name)s sont suspendus", name=_name(closed_id))
    _write(to_id, subject, "held", company=_name(closed_id), plates=_plates(vehicles))


def mail_loans_resumed(to_id: UUID, reopened_id: UUID, vehicles: Sequence[Vehicle]) -> None:
    """Tell one side that its loans with the other, which goes on, give their rights again."""
    with force_locale(_LANGUAGE):
        subject = gettext("Vos prêts avec %(name)s reprennent", name=_name(reopened_id))
    _write(to_id, subject, "resumed", company=_name(reopened_id), plates=_plates(vehicles))


def _plates(vehicles: Sequence[Vehicle]) -> list[str]:
    """The plates as people write them, none twice."""
    return list(dict.fromkeys(_plate(vehicle) for vehicle in vehicles))


def _days(row: VehicleLoan) -> dict[str, date]:
    """The first and the last day of a loan, both included."""
    zone = ZoneInfo(DEFAULT_ZONE)
    last = row.ends_at - timedelta(microseconds=1)
    return {"first_day": row.starts_at.astimezone(zone).date(), "last_day": last.astimezone(zone).date()}


def _name(company_id: UUID) -> str:
    return get_company(company_id).name


def _plate(vehicle: Vehicle) -> str:
    return display_plate(vehicle.plate, vehicle.plate_scheme)


def _write(company_id: UUID, subject: str, template: str, **context: object) -> None:
    with force_locale(_LANGUAGE):
        # Not render_template: a job has no request, and a mail needs nothing of one.
        body = current_app.jinja_env.get_template(f"fleet/mails/{template}.txt").render(
            url=public_link("fleet.list_loans", company_id=company_id), **context
        )
    for address in company_recipients(company_id):
        send_mail(address, subject, body)
