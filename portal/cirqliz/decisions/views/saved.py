"""The views a clerk keeps."""

from __future__ import annotations

from uuid import UUID

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal.cirqliz.blueprint import blueprint
from portal.cirqliz.decisions import saved_views
from portal.cirqliz.decisions.forms import BatchForm, ViewForm, kept_filters
from portal.cirqliz.decisions.frame import CLERK, PREFIX
from portal.cirqliz.decisions.views.queue import queue_page
from portal.cirqliz.messages import flash_text
from portal.common.errors import Conflict, Invalid
from portal.web.guards import current_actor, guard


@blueprint.post(f"{PREFIX}/guichet/vues")
@guard(CLERK)
def save_view(territory: str) -> ResponseReturnValue:
    """Keep the filters of the query string under a name."""
    form = ViewForm()
    try:
        saved_views.save_view(current_actor(), territory, form.name.data or "", kept_filters(request.args))
    except (Invalid, Conflict) as error:
        form.show_error(error)
        return queue_page(territory, BatchForm(formdata=None), view_form=form), error.status
    flash(flash_text("view-saved", view=form.name.data), "success")
    return _back(territory)


@blueprint.post(f"{PREFIX}/guichet/vues/<uuid:view_id>/nom")
@guard(CLERK)
def rename_view(territory: str, view_id: UUID) -> ResponseReturnValue:
    """Give a view another name."""
    form = ViewForm()
    try:
        saved_views.rename_view(current_actor(), territory, view_id, form.name.data or "")
    except (Invalid, Conflict) as error:
        form.show_error(error)
        return queue_page(territory, BatchForm(formdata=None), view_form=form), error.status
    flash(flash_text("view-saved", view=form.name.data), "success")
    return _back(territory)


@blueprint.post(f"{PREFIX}/guichet/vues/<uuid:view_id>/suppression")
@guard(CLERK)
def delete_view(territory: str, view_id: UUID) -> ResponseReturnValue:
    """Forget a view."""
    saved_views.delete_view(current_actor(), territory, view_id)
    flash(flash_text("view-deleted"), "success")
    return _back(territory)


def _back(territory: str) -> ResponseReturnValue:
    kept = kept_filters(request.args) or {"etat": "a-decider"}
    return redirect(url_for("cirqliz.desk", territory=territory, **kept), 303)
