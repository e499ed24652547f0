"""The people of a company."""

from __future__ import annotations

from uuid import UUID

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal.accounts.forms import CompanyInvitationForm
from portal.accounts.identity import MAILS_PER_CALLER
from portal.accounts.messages import COMPANY_ROLE_CHOICES, ROLE_NAMES, flash_text, sentence
from portal.accounts.policies import refuses_role
from portal.accounts.queries import get_company, list_invitations, list_members
from portal.accounts.services import team as services
from portal.accounts.views.blueprint import blueprint
from portal.common.actor import CompanyRole
from portal.common.clock import SYSTEM_CLOCK
from portal.common.errors import Conflict, Invalid, PortalError
from portal.web.extensions import limiter
from portal.web.guards import current_actor, guard, member
from portal.web.rendering import render_page


@blueprint.route("/entreprises/<uuid:company_id>/equipe", methods=["GET", "POST"])
@guard(member(CompanyRole.MANAGER))
@limiter.limit(MAILS_PER_CALLER, methods=["POST"])
def team(company_id: UUID) -> ResponseReturnValue:
    """List the colleagues and invite one."""
    form = CompanyInvitationForm(_roles_to_give(company_id))
    if form.validate_on_submit():
        email = form.email.data or ""
        try:
            services.invite_colleague(current_actor(), company_id, email, CompanyRole(form.role.data))
        except Invalid as error:
            form.refuse(error)
        else:
            flash(flash_text("invited", email=email), "success")
            return redirect(url_for("accounts.team", company_id=company_id), 303)
    return _page(company_id, form, status=422 if form.errors else 200)


@blueprint.post("/entreprises/<uuid:company_id>/equipe/<uuid:account_id>/role")
@guard(member(CompanyRole.MANAGER))
def change_role(company_id: UUID, account_id: UUID) -> ResponseReturnValue:
    """Give a colleague another role."""
    wanted = request.form.get("role")
    if wanted not in list(CompanyRole):
        raise Invalid("unknown-role", "role")
    try:
        services.change_role(current_actor(), company_id, account_id, CompanyRole(wanted))
    except Conflict as error:
        return _page(company_id, _blank(company_id), error.status, error)
    flash(flash_text("role-changed"), "success")
    return redirect(url_for("accounts.team", company_id=company_id), 303)


@blueprint.post("/entreprises/<uuid:company_id>/equipe/<uuid:account_id>/retirer")
@guard(member(CompanyRole.MANAGER))
def remove_member(company_id: UUID, account_id: UUID) -> ResponseReturnValue:
    """Take a colleague out of the company."""
    try:
        services.remove_member(current_actor(), company_id, account_id)
    except Conflict as error:
        return _page(company_id, _blank(company_id), error.status, error)
    flash(flash_text("member-removed"), "success")
    return redirect(url_for("accounts.team", company_id=company_id), 303)


@blueprint.post("/entreprises/<uuid:company_id>/equipe/invitations/<uuid:invitation_id>/annuler")
@guard(member(CompanyRole.MANAGER))
def cancel_invitation(company_id: UUID, invitation_id: UUID) -> ResponseReturnValue:
    """Withdraw an invitation."""
    services.cancel_invitation(current_actor(), company_id, invitation_id)
    flash(flash_text("invitation-cancelled"), "success")
    return redirect(url_for("accounts.team", company_id=company_id), 303)


def _roles_to_give(company_id: UUID) -> list[CompanyRole]:
    """Return the roles the actor may give, the humblest first."""
    return [role for role in reversed(CompanyRole) if refuses_role(current_actor(), company_id, role) is None]


def _blank(company_id: UUID) -> CompanyInvitationForm:
    return CompanyInvitationForm(_roles_to_give(company_id), formdata=None)


def _page(
    company_id: UUID, form: CompanyInvitationForm, status: int, problem: PortalError | None = None
) -> ResponseReturnValue:
    roles = _roles_to_give(company_id)
    page = render_page(
        "accounts/team.html",
        company=get_company(company_id),
        form=form,
        members=list_members(company_id),
        invitations=list_invitations(SYSTEM_CLOCK.now(), company_id=company_id),
        roles=roles,
        role_names=ROLE_NAMES,
        role_choices=COMPANY_ROLE_CHOICES,
        page_invalid=bool(problem or form.errors),
        problem=sentence(problem) if problem else None,
    )
    return page, status
