"""What a clerk says of the company of a request: it is what it says, or it is not accepted."""

from __future__ import annotations

from uuid import UUID

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal.accounts.api import refuse_company, verify_company
from portal.cirqliz.blueprint import blueprint
from portal.cirqliz.decisions.forms import CompanyRefusalForm, DecisionForm, kept_filters
from portal.cirqliz.decisions.frame import CLERK, PREFIX
from portal.cirqliz.decisions.views.request import conflict_page, request_page
from portal.cirqliz.messages import flash_text
from portal.cirqliz.requests.queries import get_request_of_territory
from portal.common.errors import Conflict, Invalid
from portal.territories.api import get_territory
from portal.web.guards import current_actor, guard


@blueprint.post(f"{PREFIX}/guichet/<uuid:request_id>/entreprise")
@guard(CLERK)
def verify_requester(territory: str, request_id: UUID) -> ResponseReturnValue:
    """Declare that the company of a request is what it says."""
    found = get_request_of_territory(get_territory(territory).id, request_id)
    try:
        verify_company(current_actor(), found.company_id)
    except Conflict as error:
        return conflict_page(territory, request_id, error)
    flash(flash_text("company-verified"), "success")
    return _back(territory, request_id)


@blueprint.post(f"{PREFIX}/guichet/<uuid:request_id>/entreprise/refus")
@guard(CLERK)
def refuse_requester(territory: str, request_id: UUID) -> ResponseReturnValue:
    """Refuse the company of a request, with a sentence for its people."""
    found = get_request_of_territory(get_territory(territory).id, request_id)
    form = CompanyRefusalForm()
    reason = (form.reason.data or "").strip()
    try:
        if not reason:
            raise Invalid("company-reason-missing", field="reason")
        refuse_company(current_actor(), found.company_id, reason[:1000])
    except Invalid as error:
        form.show_error(error)
        return request_page(territory, found, DecisionForm(formdata=None), company_refusal=form), 422
    except Conflict as error:
        return conflict_page(territory, request_id, error)
    flash(flash_text("company-refused"), "success")
    return _back(territory, request_id)


def _back(territory: str, request_id: UUID) -> ResponseReturnValue:
    kept = kept_filters(request.args)
    return redirect(url_for("cirqliz.desk_request", territory=territory, request_id=request_id, **kept), 303)
