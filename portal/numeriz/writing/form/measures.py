"""Measures of an order at work: one more, a copy, one less."""

from __future__ import annotations

from uuid import UUID

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.common.errors import Conflict
from portal.numeriz.views.desk import CLERK, blueprint
from portal.numeriz.writing.form.links import spot_url
from portal.numeriz.writing.form.pages import Opened, measure_at, open_work
from portal.numeriz.writing.form.parts import (
    Document,
    Part,
    Spot,
    empty_measure,
    measures_of,
    with_measure,
    without_measure,
)
from portal.numeriz.writing.form.saving import save_document
from portal.web.guards import current_actor, guard

PREFIX = "/redaction/<uuid:work_id>/mesures"


@blueprint.post(PREFIX)
@guard(CLERK)
def add_measure(territory: str, work_id: UUID) -> ResponseReturnValue:
    """Add a measure to fill in."""
    opened = open_work(territory, work_id)
    return _saved_last(opened, with_measure(opened.work.document, empty_measure()))


@blueprint.post(f"{PREFIX}/<int:at>/copie")
@guard(CLERK)
def copy_measure(territory: str, work_id: UUID, at: int) -> ResponseReturnValue:
    """Add a measure that says the same as another one."""
    opened = open_work(territory, work_id)
    found = measures_of(opened.work.document)[measure_at(opened, at)]
    return _saved_last(opened, with_measure(opened.work.document, found))


@blueprint.post(f"{PREFIX}/<int:at>/suppression")
@guard(CLERK)
def delete_measure(territory: str, work_id: UUID, at: int) -> ResponseReturnValue:
    """Take a measure out of the order, unless somebody changed it since it was shown."""
    opened = open_work(territory, work_id)
    spot = Spot(Part.WHAT, measure_at(opened, at))
    if request.form.get("seen") != spot.seen(opened.work.document):
        raise Conflict("measure-changed")
    document = without_measure(opened.work.document, spot.at or 0)
    save_document(current_actor(), opened.territory.id, opened.work, document)
    flash(_("La mesure %(number)s est supprimée.", number=at), "success")
    return redirect(url_for("numeriz.edit_work", territory=territory, work_id=work_id), 303)


def _saved_last(opened: Opened, document: Document) -> ResponseReturnValue:
    """Save, and go on with the measure that is now the last."""
    save_document(current_actor(), opened.territory.id, opened.work, document)
    last = Spot(Part.WHAT, len(measures_of(document)) - 1)
    return redirect(spot_url(opened.territory.slug, opened.work.id, last), 303)
