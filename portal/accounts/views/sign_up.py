"""Signing up: the form, the wait for the mail, the confirmation."""

from __future__ import annotations

from flask import flash, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from portal.accounts.forms import KnownPasswordForm, NewCompanyForm, SignUpForm
from portal.accounts.identity import GUESSES_PER_CALLER, MAILS_PER_ADDRESS, MAILS_PER_CALLER, address_key, start_session
from portal.accounts.messages import LOOK_UPS, flash_text
from portal.accounts.registry import look_up, registry
from portal.accounts.services import registration
from portal.accounts.services.credentials import Credentials
from portal.accounts.views.blueprint import blueprint
from portal.accounts.views.look_up import answer_look_up
from portal.common.errors import Invalid, NotFound
from portal.web.extensions import limiter
from portal.web.guards import PUBLIC, guard
from portal.web.locale import choose_language
from portal.web.rendering import render_page

_LAST_ADDRESS = "registered_email"


@blueprint.route("/inscription", methods=["GET", "POST"])
@guard(PUBLIC)
@limiter.limit(MAILS_PER_CALLER, methods=["POST"])
@limiter.limit(MAILS_PER_ADDRESS, key_func=address_key, methods=["POST"], exempt_when=lambda: "lookup" in request.form)
def sign_up() -> ResponseReturnValue:
    """Register a company and its first person."""
    form = SignUpForm()
    if "lookup" in request.form:
        return answer_look_up("accounts/sign_up.html", form)
    if form.validate_on_submit():
        establishment = look_up(form.siret.data or "").establishment
        try:
            registration.register(form.person(choose_language()), form.company(establishment), establishment)
        except Invalid as error:
            form.refuse(error)
        else:
            session[_LAST_ADDRESS] = form.email.data
            return redirect(url_for("accounts.sign_up_sent"), 303)
    return _form_page(form)


def _form_page(form: NewCompanyForm) -> ResponseReturnValue:
    page = render_page(
        "accounts/sign_up.html", form=form, look_up=None, can_look_up=registry() is not None, look_up_texts=LOOK_UPS
    )
    return page, 422 if form.errors else 200


@blueprint.get("/inscription/envoyee")
@guard(PUBLIC)
def sign_up_sent() -> ResponseReturnValue:
    """Say that a mail is on its way; the same words whether the address had an account or not."""
    return render_page("accounts/sign_up_sent.html", email=session.get(_LAST_ADDRESS))


@blueprint.route("/inscription/confirmer/<token>", methods=["GET", "POST"])
@guard(PUBLIC)
@limiter.limit(GUESSES_PER_CALLER, methods=["POST"])
def confirm_registration(token: str) -> ResponseReturnValue:
    """Confirm the address with the password chosen at sign-up, and sign in."""
    form = KnownPasswordForm()
    try:
        if registration.is_expired(token):
            return render_page("accounts/confirm_expired.html", token=token), 410
    except NotFound as error:
        if error.code == "link-used":
            return render_page("accounts/confirm_used.html"), 410
        raise
    if form.validate_on_submit():
        try:
            confirmed = registration.confirm(token, form.password.data or "")
        except Invalid as error:
            form.refuse(error)
        else:
            start_session(Credentials(confirmed.account_id, 0, choose_language()), remember=False)
            lacks_company = confirmed.company_id is None
            flash(flash_text("confirmed-without-company" if lacks_company else "confirmed"), _tone(lacks_company))
            return redirect(url_for("accounts.landing"), 303)
    return render_page("accounts/confirm.html", form=form, token=token), 422 if form.errors else 200


@blueprint.post("/inscription/renvoyer/<token>")
@guard(PUBLIC)
@limiter.limit(MAILS_PER_CALLER)
def resend_confirmation(token: str) -> ResponseReturnValue:
    """Send the link again to the address of the registration."""
    registration.resend(token)
    flash(flash_text("link-sent"), "success")
    return redirect(url_for("accounts.sign_up_sent"), 303)


def _tone(warns: bool) -> str:
    return "warning" if warns else "success"
