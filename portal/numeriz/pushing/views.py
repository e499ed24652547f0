"""What a clerk does about a push: have the order sent again."""

from __future__ import annotations

from uuid import UUID

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.common.errors import Conflict
from portal.numeriz.pushing.asking import ask_again
from portal.numeriz.pushing.messages import problem_sentence
from portal.numeriz.views.desk import CLERK, blueprint
from portal.territories.api import get_territory
from portal.web.guards import guard


@blueprint.post("/arretes/<uuid:order_id>/dialog")
@guard(CLERK)
def push_again(territory: str, order_id: UUID) -> ResponseReturnValue:
    """Have the order told to the national base again; `remplacer=1`: even if it has one of this identifier."""
    view = get_territory(territory)
    try:
        ask_again(view, order_id, adopt=request.form.get("remplacer") == "1")
    except Conflict as error:
        flash(problem_sentence(error.code, error.params), "danger")
    else:
        flash(_("L’envoi à DiaLog est demandé."), "success")
    return redirect(url_for("numeriz.show_order", territory=view.slug, order_id=order_id) + "#dialog", 303)
