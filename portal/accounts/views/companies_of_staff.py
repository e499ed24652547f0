"""A company as the supervisors of a territory see it: what it says of itself, and whether it still exists."""

from __future__ import annotations

from uuid import UUID

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue

from portal.accounts.dealings import deals_with
from portal.accounts.forms import ClosingForm
from portal.accounts.messages import STATUS_NAMES, flash_text, sentence
from portal.accounts.models import CompanyStatus
from portal.accounts.queries import get_company
from portal.accounts.services.companies import close_company, reopen_company
from portal.accounts.views.blueprint import blueprint
from portal.common.actor import StaffRole
from portal.common.errors import Conflict, Invalid, NotFound
from portal.territories.api import TerritoryView, get_territory
from portal.web.guards import current_actor, guard, staff
from portal.web.rendering import render_page

_SUPERVISOR = staff(StaffRole.SUPERVISOR, StaffRole.ADMINISTRATOR)
_PLACE = "/territoires/<territory>/entreprises/<uuid:company_id>"


@blueprint.get(_PLACE)
@guard(_SUPERVISOR)
def staff_company(territory: str, company_id: UUID) -> ResponseReturnValue:
    """Show a company, with the form that declares it closed or open again."""
    return _page(territory, company_id, ClosingForm(formdata=None))


@blueprint.post(f"{_PLACE}/existence")
@guard(_SUPERVISOR)
def decide_existence(territory: str, company_id: UUID) -> ResponseReturnValue:
    """Declare a company closed, or a closed one open again."""
    form = ClosingForm()
    _place_of(territory, company_id)
    closing = get_company(company_id).status is not CompanyStatus.CLOSED
    if closing != (form.to.data == CompanyStatus.CLOSED.value):
        form.form_errors.append(sentence(Conflict("company-closed-already" if not closing else "company-not-closed")))
        return _page(territory, company_id, form), 409
    try:
        (close_company if closing else reopen_company)(current_actor(), company_id, form.reason.data or "")
    except Invalid as error:
        form.refuse(error)
        return _page(territory, company_id, form), 422
    except Conflict as error:
        form.form_errors.append(sentence(error))
        return _page(territory, company_id, form), 409
    flash(flash_text("company-closed" if closing else "company-reopened"), "success")
    return redirect(url_for("accounts.staff_company", territory=territory, company_id=company_id), 303)


def _place_of(territory: str, company_id: UUID) -> TerritoryView:
    """The territory, when the company has to do with it. Raises NotFound."""
    place = get_territory(territory)
    if not deals_with(place.id, company_id) and not current_actor().is_platform_admin:
        raise NotFound("company-not-found")
    return place


def _page(territory: str, company_id: UUID, form: ClosingForm) -> str:
    place = _place_of(territory, company_id)
    company = get_company(company_id)
    return render_page(
        "accounts/staff_company.html",
        place=place,
        territory_name=place.name,
        accent=place.accent.value,
        company=company,
        status_name=STATUS_NAMES[company.status],
        closed=company.status is CompanyStatus.CLOSED,
        form=form,
    )
