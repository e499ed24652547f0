"""Signing in and out, and the forgotten password."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal.accounts.forms import EmailForm, NewPasswordForm, SignInForm
from portal.accounts.identity import (
    GUESSES_PER_ADDRESS,
    GUESSES_PER_CALLER,
    MAILS_PER_ADDRESS,
    MAILS_PER_CALLER,
    address_key,
    end_session,
    local_path,
    start_session,
)
from portal.accounts.messages import flash_text
from portal.accounts.navigation import landing_url
from portal.accounts.services import credentials
from portal.accounts.views.blueprint import blueprint
from portal.common.errors import Invalid
from portal.web.extensions import limiter
from portal.web.guards import PUBLIC, SIGNED_IN, current_actor, guard
from portal.web.rendering import render_page


@blueprint.route("/connexion", methods=["GET", "POST"])
@guard(PUBLIC)
@limiter.limit(GUESSES_PER_CALLER, methods=["POST"])
@limiter.limit(GUESSES_PER_ADDRESS, key_func=address_key, methods=["POST"])
def sign_in() -> ResponseReturnValue:
    """Open a session, then go back to the page that asked for it (`suite`, a path of this site)."""
    back = local_path(request.values.get("suite"))
    if request.method == "GET" and not current_actor().is_anonymous:
        return redirect(back or url_for("accounts.landing"), 303)
    form = SignInForm()
    if form.validate_on_submit():
        try:
            found = credentials.authenticate(form.email.data or "", form.password.data or "")
        except Invalid as error:
            form.refuse(error)
        else:
            start_session(found, remember=bool(form.remember.data))
            return redirect(back or url_for("accounts.landing"), 303)
    return render_page("accounts/sign_in.html", form=form, back=back), 422 if form.errors else 200


@blueprint.post("/deconnexion")
@guard(PUBLIC)
def sign_out() -> ResponseReturnValue:
    """Close the session."""
    end_session()
    flash(flash_text("signed-out"), "info")
    return redirect(url_for("accounts.sign_in"), 303)


@blueprint.get("/accueil")
@guard(SIGNED_IN)
def landing() -> ResponseReturnValue:
    """Go where the person works."""
    return redirect(landing_url(current_actor()), 303)


@blueprint.route("/mot-de-passe-oublie", methods=["GET", "POST"])
@guard(PUBLIC)
@limiter.limit(MAILS_PER_CALLER, methods=["POST"])
@limiter.limit(MAILS_PER_ADDRESS, key_func=address_key, methods=["POST"])
def forgotten_password() -> ResponseReturnValue:
    """Ask for a link; the answer is the same for every address."""
    form = EmailForm()
    if form.validate_on_submit():
        credentials.ask_password_reset(form.email.data or "")
        return redirect(url_for("accounts.reset_sent"), 303)
    return render_page("accounts/forgotten_password.html", form=form), 422 if form.errors else 200


@blueprint.get("/mot-de-passe-oublie/envoye")
@guard(PUBLIC)
def reset_sent() -> ResponseReturnValue:
    """Say that a mail leaves if the address is known."""
    return render_page("accounts/reset_sent.html")


@blueprint.route("/mot-de-passe/<token>", methods=["GET", "POST"])
@guard(PUBLIC)
@limiter.limit(GUESSES_PER_CALLER, methods=["POST"])
def reset_password(token: str) -> ResponseReturnValue:
    """Choose a new password from a link, and sign in."""
    form = NewPasswordForm()
    try:
        credentials.check_reset_link(token)
    except Invalid:
        return render_page("accounts/reset_expired.html"), 410
    if form.validate_on_submit():
        try:
            found = credentials.reset_password(token, form.password.data or "")
        except Invalid as error:
            form.refuse(error)
        else:
            start_session(found, remember=False)
            flash(flash_text("password-changed"), "success")
            return redirect(url_for("accounts.landing"), 303)
    return render_page("accounts/reset_password.html", form=form, token=token), 422 if form.errors else 200
