"""A person's own account."""

from __future__ import annotations

from flask import flash, redirect, session, url_for
from flask.typing import ResponseReturnValue

from portal.accounts.forms import ChangePasswordForm, ProfileForm
from portal.accounts.identity import GUESSES_PER_CALLER, start_session
from portal.accounts.messages import ROLE_NAMES, flash_text
from portal.accounts.queries import get_account, list_companies
from portal.accounts.services import credentials
from portal.accounts.views.blueprint import blueprint
from portal.common.errors import Invalid
from portal.territories.api import list_territories
from portal.web.extensions import limiter
from portal.web.guards import SIGNED_IN, current_actor, guard
from portal.web.rendering import render_page


@blueprint.route("/mon-compte", methods=["GET", "POST"])
@guard(SIGNED_IN)
def me() -> ResponseReturnValue:
    """Show the account, change name and language."""
    actor = current_actor()
    assert actor.user_id is not None
    form = ProfileForm.of(get_account(actor.user_id))
    if form.validate_on_submit():
        credentials.update_profile(actor, form.full_name.data or "", form.locale.data)
        session["lang"] = form.locale.data
        flash(flash_text("profile-changed"), "success")
        return redirect(url_for("accounts.me"), 303)
    return _page(form, ChangePasswordForm(formdata=None))


@blueprint.post("/mon-compte/mot-de-passe")
@guard(SIGNED_IN)
@limiter.limit(GUESSES_PER_CALLER)
def change_password() -> ResponseReturnValue:
    """Change the password; the other sessions end."""
    actor = current_actor()
    assert actor.user_id is not None
    form = ChangePasswordForm()
    if form.validate_on_submit():
        try:
            found = credentials.change_password(actor, form.current_password.data or "", form.password.data or "")
        except Invalid as error:
            form.refuse(error)
        else:
            start_session(found)
            flash(flash_text("password-changed"), "success")
            return redirect(url_for("accounts.me"), 303)
    profile = ProfileForm(formdata=None, obj=get_account(actor.user_id))
    return _page(profile, form)


def _page(profile: ProfileForm, password: ChangePasswordForm) -> ResponseReturnValue:
    actor = current_actor()
    invalid = bool(profile.errors or password.errors)
    page = render_page(
        "accounts/me.html",
        profile=profile,
        password=password,
        page_invalid=invalid,
        companies=list_companies(actor.companies).values(),
        places=[place for place in list_territories() if place.slug in actor.staff],
        role_names=ROLE_NAMES,
    )
    return page, 422 if invalid else 200
