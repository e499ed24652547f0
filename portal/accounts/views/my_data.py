"""What the portal holds about a person: taking a copy, being forgotten. Each asks for the password once more."""

from __future__ import annotations

from tempfile import SpooledTemporaryFile

from flask import flash, redirect, send_file, url_for
from flask.typing import ResponseReturnValue

from portal.accounts.forms import ErasureForm, KnownPasswordForm
from portal.accounts.identity import GUESSES_PER_CALLER, end_session
from portal.accounts.messages import flash_text
from portal.accounts.services.personal_data import erase_account, write_copy
from portal.accounts.views.blueprint import blueprint
from portal.common.errors import Conflict, Invalid
from portal.web.extensions import limiter
from portal.web.guards import SIGNED_IN, current_actor, guard
from portal.web.rendering import render_page

_IN_MEMORY_BYTES = 5_000_000


@blueprint.route("/mon-compte/donnees", methods=["GET", "POST"])
@guard(SIGNED_IN)
@limiter.limit(GUESSES_PER_CALLER, methods=["POST"])
def take_data() -> ResponseReturnValue:
    """Say what the portal holds, and send it as a ZIP."""
    form = KnownPasswordForm()
    if form.validate_on_submit():
        # Closed by the server once it is sent.
        copy = SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES)  # noqa: SIM115
        try:
            write_copy(current_actor(), form.password.data or "", copy)
        except Invalid as error:
            copy.close()
            form.refuse(error)
        else:
            copy.seek(0)
            answer = send_file(copy, mimetype="application/zip", as_attachment=True, download_name="mes-donnees.zip")
            answer.headers["Cache-Control"] = "no-store"
            return answer
    return render_page("accounts/take_data.html", form=form), 422 if form.errors else 200


@blueprint.route("/mon-compte/effacer", methods=["GET", "POST"])
@guard(SIGNED_IN)
@limiter.limit(GUESSES_PER_CALLER, methods=["POST"])
def erase_me() -> ResponseReturnValue:
    """Say what goes and what stays, and erase the account for good."""
    form = ErasureForm()
    if form.validate_on_submit():
        try:
            erase_account(current_actor(), form.password.data or "")
        except (Invalid, Conflict) as error:
            form.refuse(error)
        else:
            end_session()
            flash(flash_text("erased"), "success")
            return redirect(url_for("pages.home"), 303)
    return render_page("accounts/erase_me.html", form=form), 422 if form.errors else 200
