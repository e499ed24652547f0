"""The agents of a territory."""

from __future__ import annotations

from uuid import UUID

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal.accounts.forms import StaffInvitationForm
from portal.accounts.identity import MAILS_PER_CALLER
from portal.accounts.messages import ROLE_NAMES, flash_text, sentence
from portal.accounts.queries import list_invitations, list_staff
from portal.accounts.services import staff as services
from portal.accounts.views.blueprint import blueprint
from portal.common.actor import StaffRole
from portal.common.clock import SYSTEM_CLOCK
from portal.common.errors import Conflict, Invalid, PortalError
from portal.territories.api import get_territory
from portal.web.extensions import limiter
from portal.web.guards import current_actor, guard, staff
from portal.web.rendering import render_page


@blueprint.route("/territoires/<territory>/agents", methods=["GET", "POST"])
@guard(staff(StaffRole.ADMINISTRATOR))
@limiter.limit(MAILS_PER_CALLER, methods=["POST"])
def staff_list(territory: str) -> ResponseReturnValue:
    """List the agents and invite one."""
    form = StaffInvitationForm()
    if form.validate_on_submit():
        email = form.email.data or ""
        try:
            services.invite_staff(current_actor(), territory, email, StaffRole(form.role.data))
        except Invalid as error:
            form.refuse(error)
        else:
            flash(flash_text("invited", email=email), "success")
            return redirect(url_for("accounts.staff_list", territory=territory), 303)
    return _page(territory, form, status=422 if form.errors else 200)


@blueprint.post("/territoires/<territory>/agents/<uuid:account_id>/retirer")
@guard(staff(StaffRole.ADMINISTRATOR))
def remove_staff(territory: str, account_id: UUID) -> ResponseReturnValue:
    """Take one role back from an agent."""
    wanted = request.form.get("role")
    if wanted not in list(StaffRole):
        raise Invalid("unknown-role", "role")
    try:
        services.remove_staff(current_actor(), territory, account_id, StaffRole(wanted))
    except Conflict as error:
        return _page(territory, StaffInvitationForm(formdata=None), error.status, error)
    flash(flash_text("staff-removed"), "success")
    here = url_for("accounts.staff_list", territory=territory)
    gone = account_id == current_actor().user_id and wanted == StaffRole.ADMINISTRATOR
    return redirect(url_for("accounts.landing") if gone else here, 303)


@blueprint.post("/territoires/<territory>/agents/invitations/<uuid:invitation_id>/annuler")
@guard(staff(StaffRole.ADMINISTRATOR))
def cancel_staff_invitation(territory: str, invitation_id: UUID) -> ResponseReturnValue:
    """Withdraw an invitation."""
    services.cancel_staff_invitation(current_actor(), territory, invitation_id)
    flash(flash_text("invitation-cancelled"), "success")
    return redirect(url_for("accounts.staff_list", territory=territory), 303)


@blueprint.post("/territoires/<territory>/agents/<uuid:account_id>/sessions/fermer")
@guard(staff(StaffRole.SUPERVISOR, StaffRole.ADMINISTRATOR))
def end_staff_sessions(territory: str, account_id: UUID) -> ResponseReturnValue:
    """End the sessions of an agent whose phone is lost."""
    services.end_sessions(current_actor(), territory, account_id)
    flash(flash_text("sessions-ended"), "success")
    if account_id == current_actor().user_id:
        return redirect(url_for("accounts.sign_in"), 303)
    if current_actor().serves(territory, StaffRole.ADMINISTRATOR):
        return redirect(url_for("accounts.staff_list", territory=territory), 303)
    return redirect(url_for("accounts.landing"), 303)


def _page(
    territory: str, form: StaffInvitationForm, status: int, problem: PortalError | None = None
) -> ResponseReturnValue:
    place = get_territory(territory)
    page = render_page(
        "accounts/staff.html",
        place=place,
        territory_name=place.name,
        accent=place.accent.value,
        form=form,
        agents=[agent for _slug, agent in list_staff(place.id)],
        invitations=list_invitations(SYSTEM_CLOCK.now(), territory_id=place.id),
        role_names=ROLE_NAMES,
        page_invalid=bool(problem or form.errors),
        problem=sentence(problem) if problem else None,
    )
    return page, status
