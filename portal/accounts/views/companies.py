"""A company's own pages: what it needs first, and its sheet."""

from __future__ import annotations

from uuid import UUID

from flask import current_app, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal.accounts.forms import CompanyForm, NewCompanyForm
from portal.accounts.identifiers import siret_groups
from portal.accounts.identity import MAILS_PER_CALLER
from portal.accounts.messages import LOOK_UPS, STATUS_NAMES, flash_text, sentence
from portal.accounts.queries import get_company, list_companies, list_members
from portal.accounts.registry import look_up, registry
from portal.accounts.services import companies, team
from portal.accounts.views.blueprint import blueprint
from portal.accounts.views.look_up import answer_look_up
from portal.common.actor import CompanyRole
from portal.common.errors import Conflict, Invalid
from portal.web.extensions import limiter
from portal.web.guards import SIGNED_IN, current_actor, guard, member
from portal.web.navigation import navigation
from portal.web.rendering import render_page


@blueprint.get("/entreprises/<uuid:company_id>")
@guard(member(CompanyRole.DRIVER))
def company_home(company_id: UUID) -> ResponseReturnValue:
    """Show what the company comes to do: each application adds its own link."""
    actor = current_actor()
    here = url_for("accounts.company_home", company_id=company_id)
    links = [link for link in navigation(current_app, actor).get("company", []) if link.url.startswith(here + "/")]
    known = list_companies(actor.companies)
    return render_page(
        "accounts/company_home.html",
        company=known[company_id],
        siret=siret_groups(known[company_id].siret),
        status_names=STATUS_NAMES,
        links=links,
        others=[company for company in known.values() if company.id != company_id],
        may_manage=actor.belongs_to(company_id, CompanyRole.MANAGER),
        is_alone=len(list_members(company_id)) == 1,
    )


@blueprint.route("/entreprises/<uuid:company_id>/fiche", methods=["GET", "POST"])
@guard(member(CompanyRole.MANAGER))
def company_sheet(company_id: UUID) -> ResponseReturnValue:
    """Change the company's name and address."""
    company = get_company(company_id)
    form = CompanyForm.of(company)
    status = 200
    if form.validate_on_submit():
        try:
            companies.update_company(current_actor(), company_id, form.sheet(), form.known_version)
        except Conflict as error:
            form.refuse(error)
            form.version.data, status = str(get_company(company_id).version), error.status
        else:
            flash(flash_text("company-changed"), "success")
            return redirect(url_for("accounts.company_home", company_id=company_id), 303)
    elif form.errors:
        status = 422
    page = render_page("accounts/company_sheet.html", form=form, company=company, siret=siret_groups(company.siret))
    return page, status


@blueprint.route("/entreprises/nouvelle", methods=["GET", "POST"])
@guard(SIGNED_IN)
@limiter.limit(MAILS_PER_CALLER, methods=["POST"])
def new_company() -> ResponseReturnValue:
    """Register one more company."""
    form = NewCompanyForm()
    if "lookup" in request.form:
        return answer_look_up("accounts/new_company.html", form)
    if form.validate_on_submit():
        establishment = look_up(form.siret.data or "").establishment
        try:
            company_id = companies.add_company(current_actor(), form.company(establishment), establishment)
        except Invalid as error:
            form.refuse(error)
        else:
            flash(flash_text("company-added"), "success")
            return redirect(url_for("accounts.company_home", company_id=company_id), 303)
    page = render_page(
        "accounts/new_company.html", form=form, look_up=None, can_look_up=registry() is not None, look_up_texts=LOOK_UPS
    )
    return page, 422 if form.errors else 200


@blueprint.post("/entreprises/<uuid:company_id>/quitter")
@guard(member(CompanyRole.DRIVER))
def leave_company(company_id: UUID) -> ResponseReturnValue:
    """Leave the company."""
    actor = current_actor()
    assert actor.user_id is not None
    try:
        team.remove_member(actor, company_id, actor.user_id)
    except Conflict as error:
        flash(sentence(error), "danger")
        return redirect(url_for("accounts.me"), 303)
    flash(flash_text("left"), "success")
    return redirect(url_for("accounts.me"), 303)
