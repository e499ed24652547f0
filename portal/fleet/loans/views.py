"""The pages of loans: both sides of them, and the offer of a vehicle."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.accounts.api import siret_groups
from portal.common.actor import Actor, CompanyRole
from portal.common.errors import Conflict, Invalid
from portal.fleet import queries
from portal.fleet.blueprint import READ, WRITE, blueprint
from portal.fleet.loans import services
from portal.fleet.loans.forms import LoanForm
from portal.fleet.loans.messages import PHASES, TONES, loan_error
from portal.fleet.loans.queries import LoanPhase, list_borrowed, list_lent
from portal.web.extensions import limiter
from portal.web.guards import current_actor, guard
from portal.web.locale import DEFAULT_ZONE
from portal.web.rendering import render_page


@blueprint.get("/prets")
@guard(READ)
def list_loans(company_id: UUID) -> ResponseReturnValue:
    """Show the vehicles lent to this company, and those it lends."""
    return render_page(
        "fleet/loans.html",
        company_id=company_id,
        borrowed=list_borrowed(company_id),
        lent=list_lent(company_id),
        may_write=current_actor().belongs_to(company_id, CompanyRole.MANAGER),
        phases=LoanPhase,
        words=PHASES,
        tones=TONES,
        siret_groups=siret_groups,
    )


@blueprint.route("/<uuid:vehicle_id>/preter", methods=["GET", "POST"])
@guard(WRITE)
@limiter.limit("60 per hour", methods=["POST"])
def offer_loan(company_id: UUID, vehicle_id: UUID) -> ResponseReturnValue:
    """Offer a vehicle to another company."""
    vehicle = queries.get_vehicle(company_id, vehicle_id)
    form = LoanForm()
    if form.validate_on_submit():
        window = form.read_window(ZoneInfo(DEFAULT_ZONE))
        if window is not None:
            try:
                services.offer_loan(current_actor(), company_id, vehicle_id, form.siret.data or "", *window)
            except (Invalid, Conflict) as error:
                form.refuse(error.field, error.code, error.params)
            else:
                flash(_("Le prêt de %(plate)s est proposé.", plate=vehicle.plate_display), "success")
                return redirect(url_for("fleet.list_loans", company_id=company_id), 303)
    page = render_page("fleet/loan_offer.html", form=form, company_id=company_id, vehicle=vehicle)
    return page, 422 if form.errors else 200


@blueprint.post("/prets/<uuid:loan_id>/accepter")
@guard(WRITE)
def accept_loan(company_id: UUID, loan_id: UUID) -> ResponseReturnValue:
    """Accept a vehicle."""
    done = _("Le prêt est accepté\u00a0: le véhicule est dans votre liste pendant sa durée.")
    return _act(services.accept_loan, company_id, loan_id, done)


@blueprint.post("/prets/<uuid:loan_id>/decliner")
@guard(WRITE)
def decline_loan(company_id: UUID, loan_id: UUID) -> ResponseReturnValue:
    """Decline a vehicle."""
    return _act(services.decline_loan, company_id, loan_id, _("Le prêt est décliné."))


@blueprint.post("/prets/<uuid:loan_id>/terminer")
@guard(WRITE)
def end_loan(company_id: UUID, loan_id: UUID) -> ResponseReturnValue:
    """End a loan, or take its offer back."""
    return _act(services.end_loan, company_id, loan_id, _("Le prêt est terminé."))


def _act(act: Callable[[Actor, UUID, UUID], None], company_id: UUID, loan_id: UUID, done: str) -> ResponseReturnValue:
    try:
        act(current_actor(), company_id, loan_id)
    except Conflict as error:
        flash(loan_error(error.code, error.params), "error")
    else:
        flash(done, "success")
    return redirect(url_for("fleet.list_loans", company_id=company_id), 303)
