"""Several vehicles at once: choose them in the list, say what changes, read what it does, confirm, undo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from portal.common.errors import Conflict, Invalid
from portal.fleet import bulk, bulk_services
from portal.fleet.blueprint import WRITE, blueprint
from portal.fleet.bulk import Choice
from portal.fleet.forms import ActionForm, BulkForm
from portal.fleet.list_messages import BULK_CONFLICTS, choice_sentence
from portal.fleet.listing import FleetFilter
from portal.fleet.messages import FAULTS
from portal.fleet.ports import vehicle_passes
from portal.fleet.vehicle_view import VehicleView
from portal.fleet.wording import name_of, say
from portal.web.guards import current_actor, guard
from portal.web.rendering import render_page

_ALL = "tous"


@blueprint.post("/ensemble")
@guard(WRITE)
def edit_together(company_id: UUID) -> ResponseReturnValue:
    """Say what changes of the chosen vehicles, see what it does, do it: `etape` says how far the person is."""
    choice = _choice()
    form = BulkForm()
    try:
        vehicles = bulk.chosen_vehicles(company_id, choice)
    except Invalid as error:
        return _back(company_id, choice, error)
    step = request.form.get("etape", "")
    if step in {"apercu", "faire"} and form.validate_on_submit():
        change = form.read()
        if change is not None and not (change.values or change.label_prefix):
            form.form_errors.append(_("Remplissez au moins un champ\u00a0: ce qui reste vide ne change pas."))
        elif change is not None:
            plan = bulk.plan_change(vehicles, change)
            meanwhile = step == "faire"
            if meanwhile and request.form.get("vu") == plan.fingerprint:
                return _do(company_id, choice, change, plan.fingerprint)
            return render_page(
                "fleet/bulk_preview.html",
                **_context(company_id, choice, vehicles),
                typed={name: text for name, text in form.texts().items() if text},
                plan=plan,
                summary=plan.summary(),
                meanwhile=meanwhile,
                name_of=name_of,
                say=say,
                faults=FAULTS,
            )
    page = render_page("fleet/bulk_edit.html", form=form, **_context(company_id, choice, vehicles))
    return page, 422 if form.errors else 200


def _do(company_id: UUID, choice: Choice, change: bulk.BulkChange, seen: str) -> ResponseReturnValue:
    try:
        changed = bulk_services.change_vehicles(current_actor(), company_id, choice, change, seen)
    except Conflict as error:
        flash(str(BULK_CONFLICTS[error.code]), "error")
    else:
        flash(ngettext("%(num)s véhicule modifié.", "%(num)s véhicules modifiés.", changed), "success")
    return redirect(_list_url(company_id, choice), 303)


@blueprint.post("/ensemble/archiver")
@guard(WRITE)
def archive_together(company_id: UUID) -> ResponseReturnValue:
    """Name the passes that end, then take the chosen vehicles out of the fleet."""
    choice = _choice()
    form = ActionForm()
    try:
        vehicles = bulk.chosen_vehicles(company_id, choice)
    except Invalid as error:
        return _back(company_id, choice, error)
    seen = bulk.fingerprint(vehicles, bulk_services.ARCHIVE)
    if request.form.get("etape") == "faire" and form.validate_on_submit():
        try:
            archived = bulk_services.archive_vehicles(current_actor(), company_id, choice, request.form.get("vu", ""))
        except Conflict as error:
            flash(str(BULK_CONFLICTS[error.code]), "error")
        else:
            flash(ngettext("%(num)s véhicule archivé.", "%(num)s véhicules archivés.", archived), "success")
            return redirect(_list_url(company_id, choice), 303)
    living = vehicle_passes().list_living([vehicle.id for vehicle in vehicles])
    return render_page(
        "fleet/bulk_archive.html",
        **_context(company_id, choice, vehicles),
        seen=seen,
        living=[one for one in living if one.company_id == company_id],
        living_elsewhere=sum(one.company_id != company_id for one in living),
        plates={vehicle.id: vehicle.plate_display for vehicle in vehicles},
    )


@blueprint.post("/ensemble/<uuid:edit_id>/annuler")
@guard(WRITE)
def undo_together(company_id: UUID, edit_id: UUID) -> ResponseReturnValue:
    """Undo the last change of several vehicles."""
    try:
        undone = bulk_services.undo_last_edit(current_actor(), company_id, edit_id)
    except Conflict as error:
        flash(str(BULK_CONFLICTS[error.code]), "error")
    else:
        flash(
            ngettext("%(num)s véhicule remis comme avant.", "%(num)s véhicules remis comme avant.", undone.restored),
            "success",
        )
        if undone.left:
            left = ngettext(
                "%(num)s véhicule a changé depuis\u00a0: il reste comme il est.",
                "%(num)s véhicules ont changé depuis\u00a0: ils restent comme ils sont.",
                undone.left,
            )
            flash(left, "warning")
    return redirect(url_for("fleet.list_vehicles", company_id=company_id), 303)


def _choice() -> Choice:
    """Read which vehicles are chosen: those that are ticked, or all that the filter of the list keeps."""
    # What is archived is put back one by one.
    wanted = replace(FleetFilter.read(request.form), archived=False)
    if request.form.get("portee") == _ALL:
        return Choice(None, wanted)
    ids = []
    for text in request.form.getlist("ids")[: bulk.MOST_VEHICLES + 1]:
        try:
            ids.append(UUID(text))
        except ValueError:
            continue  # nothing of ours: it chooses nothing
    return Choice(tuple(dict.fromkeys(ids)), wanted)


def _context(company_id: UUID, choice: Choice, vehicles: Sequence[VehicleView]) -> dict[str, Any]:
    return {
        "company_id": company_id,
        "vehicles": vehicles,
        "ids": [] if choice.ids is None else [vehicle.id for vehicle in vehicles],
        "hidden": {**choice.wanted.args(), **({"portee": _ALL} if choice.ids is None else {})},
        "list_url": _list_url(company_id, choice),
    }


def _back(company_id: UUID, choice: Choice, error: Invalid) -> ResponseReturnValue:
    flash(choice_sentence(error.code, error.params), "error")
    return redirect(_list_url(company_id, choice), 303)


def _list_url(company_id: UUID, choice: Choice) -> str:
    args: dict[str, Any] = choice.wanted.args()
    return url_for("fleet.list_vehicles", company_id=company_id, **args)
