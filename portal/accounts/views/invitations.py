"""The page an invitation leads to."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal.accounts.forms import PersonForm
from portal.accounts.identity import GUESSES_PER_CALLER, start_session
from portal.accounts.messages import ROLE_NAMES, flash_text
from portal.accounts.queries import InvitationView, find_account_by_email
from portal.accounts.services import invitations as services
from portal.accounts.services.credentials import Credentials
from portal.accounts.views.blueprint import blueprint
from portal.common.errors import Invalid, NotFound
from portal.web.extensions import limiter
from portal.web.guards import PUBLIC, current_actor, guard
from portal.web.locale import choose_language
from portal.web.rendering import render_page


@blueprint.route("/invitation/<token>", methods=["GET", "POST"])
@guard(PUBLIC)
@limiter.limit(GUESSES_PER_CALLER, methods=["POST"])
def invitation(token: str) -> ResponseReturnValue:
    """Join: as oneself when signed in with the invited address, else by signing in, else with a new account."""
    try:
        found = services.get_open_invitation(token)
    except (Invalid, NotFound):
        return render_page("accounts/invitation_over.html"), 410
    actor = current_actor()
    if not actor.is_anonymous:
        return _as_oneself(token, found)
    if find_account_by_email(found.email) is not None:
        return _page(token, found, "sign-in")
    return _as_new(token, found)


def _as_oneself(token: str, found: InvitationView) -> ResponseReturnValue:
    actor = current_actor()
    if actor.email != found.email:
        return _page(token, found, "other-address", status=403)
    if request.method == "GET":
        return _page(token, found, "join")
    services.accept(actor, token)
    return _joined(found)


def _as_new(token: str, found: InvitationView) -> ResponseReturnValue:
    form = PersonForm()
    if form.validate_on_submit():
        language = choose_language()
        try:
            account_id, _ = services.accept_as_new(token, form.full_name.data or "", form.password.data or "", language)
        except Invalid as error:
            form.refuse(error)
        else:
            start_session(Credentials(account_id, 0, language), remember=False)
            return _joined(found)
    return _page(token, found, "new", form, status=422 if form.errors else 200)


def _joined(found: InvitationView) -> ResponseReturnValue:
    flash(flash_text("joined", place_name=found.place_name), "success")
    if found.company_id is not None:
        return redirect(url_for("accounts.company_home", company_id=found.company_id), 303)
    return redirect(url_for("accounts.landing"), 303)


def _page(
    token: str, found: InvitationView, case: str, form: PersonForm | None = None, status: int = 200
) -> ResponseReturnValue:
    page = render_page(
        "accounts/invitation.html",
        token=token,
        invitation=found,
        role_name=ROLE_NAMES[found.role],
        case=case,
        form=form,
    )
    return page, status
