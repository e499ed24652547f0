"""The steps that are forms: who, and of each measure what, when and for whom."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from flask import redirect, request
from flask.typing import ResponseReturnValue

from portal.common.errors import Conflict, NotFound
from portal.numeriz.views.desk import CLERK, blueprint
from portal.numeriz.writing.form.events import list_event_names
from portal.numeriz.writing.form.fields import StepForm
from portal.numeriz.writing.form.pages import (
    LEAST_FIRST,
    Opened,
    form_page,
    measure_at,
    next_url,
    open_work,
    part_faults,
    wants_all_faults,
)
from portal.numeriz.writing.form.parts import Part, Spot
from portal.numeriz.writing.form.refused import Clash, gone_page, save_as_new_measure, shown_clash
from portal.numeriz.writing.form.saving import save_part
from portal.numeriz.writing.form.what import WhatForm
from portal.numeriz.writing.form.when import WhenForm
from portal.numeriz.writing.form.who import WhoForm
from portal.numeriz.writing.form.whom import WhomForm
from portal.web.guards import current_actor, guard

PREFIX = "/redaction/<uuid:work_id>"
AUTOSAVE, NEW_MEASURE = "autosave", "new-measure"


@dataclass(frozen=True, slots=True)
class _Step:
    """How one step is written."""

    part: Part
    template: str
    form: type[StepForm]

    def page(self, opened: Opened, spot: Spot, form: StepForm, clash: Clash | None = None) -> str:
        """The page of the step with this form."""
        if isinstance(form, WhenForm):
            form.offer(list_event_names(opened.territory.id))
        form.seen.data = spot.seen(opened.work.document)
        return form_page(self.template, opened, spot, form=form, clash=clash)


_WHO = _Step(Part.WHO, "who", WhoForm)
_WHAT = _Step(Part.WHAT, "what", WhatForm)
_WHEN = _Step(Part.WHEN, "when", WhenForm)
_WHOM = _Step(Part.WHOM, "whom", WhomForm)


@blueprint.route(PREFIX, methods=["GET", "POST"])
@guard(CLERK)
def edit_work(territory: str, work_id: UUID) -> ResponseReturnValue:
    """Write who decides, under what name, and why."""
    return _edit(open_work(territory, work_id), _WHO, None)


@blueprint.route(f"{PREFIX}/mesures/<int:at>/quoi", methods=["GET", "POST"])
@guard(CLERK)
def edit_what(territory: str, work_id: UUID, at: int) -> ResponseReturnValue:
    """Write what a measure regulates."""
    return _edit(open_work(territory, work_id), _WHAT, at)


@blueprint.route(f"{PREFIX}/mesures/<int:at>/quand", methods=["GET", "POST"])
@guard(CLERK)
def edit_when(territory: str, work_id: UUID, at: int) -> ResponseReturnValue:
    """Write when a measure applies."""
    return _edit(open_work(territory, work_id), _WHEN, at)


@blueprint.route(f"{PREFIX}/mesures/<int:at>/pour-qui", methods=["GET", "POST"])
@guard(CLERK)
def edit_whom(territory: str, work_id: UUID, at: int) -> ResponseReturnValue:
    """Write whom a measure binds, and whom it spares."""
    return _edit(open_work(territory, work_id), _WHOM, at)


def _edit(opened: Opened, step: _Step, number: int | None) -> ResponseReturnValue:
    if number is not None and number < LEAST_FIRST:
        raise NotFound("measure-not-found")
    if request.method == "POST":
        return _save(opened, step, None if number is None else number - 1)
    spot = Spot(step.part, None if number is None else measure_at(opened, number))
    form = step.form()
    form.show(spot.values(opened.work.document))
    return _show(opened, step, spot, form, missing=wants_all_faults())


def _show(opened: Opened, step: _Step, spot: Spot, form: StepForm, *, missing: bool) -> str:
    form.show_faults(part_faults(opened, spot, missing=missing))
    return step.page(opened, spot, form)


def _save(opened: Opened, step: _Step, at: int | None) -> ResponseReturnValue:
    """Save the part; then go where the button leads, or stay with what is wrong."""
    spot, act = Spot(step.part, at), request.form.get("act", "")
    form = step.form()
    values = form.values(spot.values_or_none(opened.work.document), act)
    if act == NEW_MEASURE and at is not None:
        return save_as_new_measure(opened, spot, values)
    try:
        work = save_part(current_actor(), opened.territory.id, opened.work.id, spot, form.seen.data or "", values)
    except Conflict as error:
        if error.code == "measure-gone":
            return gone_page(opened, spot, values), 409
        if error.code != "part-changed":
            raise
        now = open_work(opened.territory.slug, opened.work.id)
        return step.page(now, spot, form, shown_clash(now, spot, values)), 409
    saved = opened.with_work(work)
    if act == AUTOSAVE:
        return _show(saved, step, spot, form, missing=False)
    if act == "next" and part_faults(saved, spot, missing=False):
        return _show(saved, step, spot, form, missing=True), 422
    return redirect(next_url(saved, spot, act), 303)
