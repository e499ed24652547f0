"""The fleet's pages: the list and one vehicle. Files are in `import_views`."""

from __future__ import annotations

from uuid import UUID

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.common.actor import CompanyRole
from portal.common.errors import Conflict
from portal.common.text import whole_number
from portal.fleet import queries, services
from portal.fleet.blueprint import READ, WRITE, blueprint
from portal.fleet.forms import ActionForm, VehicleForm
from portal.fleet.messages import CONFLICTS, fault_sentence
from portal.fleet.vehicle_view import VehicleView
from portal.web.guards import current_actor, guard
from portal.web.rendering import render_page


@blueprint.get("")
@guard(READ)
def list_vehicles(company_id: UUID) -> ResponseReturnValue:
    """Show the company's vehicles, searched and paged."""
    search = request.args.get("q", "").strip()[:40]
    archived = request.args.get("archives") == "1"
    page = queries.list_page(company_id, search=search, archived=archived, cursor=request.args.get("cursor"))
    return render_page(
        "fleet/list.html",
        block="vehicles",
        company_id=company_id,
        page=page,
        counts=queries.count_vehicles(company_id),
        search=search,
        archived=archived,
        may_write=current_actor().belongs_to(company_id, CompanyRole.MANAGER),
        form=ActionForm(),
    )


def _vehicle_page(form: VehicleForm, company_id: UUID, vehicle: VehicleView | None) -> str:
    return render_page("fleet/vehicle.html", form=form, company_id=company_id, vehicle=vehicle)


def _refuse(form: VehicleForm, error: Conflict) -> None:
    sentence = str(CONFLICTS[error.code])
    if error.field:
        form.add_error(error.field, sentence)
    else:
        form.form_errors.append(sentence)


@blueprint.route("/nouveau", methods=["GET", "POST"])
@guard(WRITE)
def add_vehicle(company_id: UUID) -> ResponseReturnValue:
    """Add one vehicle by form."""
    form = VehicleForm(country="FR")
    if form.validate_on_submit():
        judgement = form.judge()
        if judgement.draft is not None:
            try:
                services.add_vehicle(current_actor(), company_id, judgement.draft)
            except Conflict as error:
                _refuse(form, error)
            else:
                flash(_("%(plate)s est dans votre flotte.", plate=judgement.draft.plate.display), "success")
                for warning in judgement.warnings:
                    flash(fault_sentence(warning.column, warning.code, warning.value, warning.params), "warning")
                return redirect(url_for("fleet.list_vehicles", company_id=company_id), 303)
    page = _vehicle_page(form, company_id, None)
    return page, 422 if form.errors else 200


@blueprint.route("/<uuid:vehicle_id>", methods=["GET", "POST"])
@guard(WRITE)
def edit_vehicle(company_id: UUID, vehicle_id: UUID) -> ResponseReturnValue:
    """Show a vehicle and change it."""
    vehicle = queries.get_vehicle(company_id, vehicle_id)
    form = VehicleForm()
    if form.validate_on_submit():
        judgement = form.judge()
        if judgement.draft is not None:
            version = whole_number(form.version.data) or 0
            try:
                services.update_vehicle(current_actor(), company_id, vehicle_id, judgement.draft, version)
            except Conflict as error:
                _refuse(form, error)
                form.version.data = str(vehicle.version)
            else:
                flash(
                    _("Les changements de %(plate)s sont enregistrés.", plate=judgement.draft.plate.display), "success"
                )
                return redirect(url_for("fleet.list_vehicles", company_id=company_id), 303)
    elif request.method == "GET":
        form.show(vehicle)
    page = _vehicle_page(form, company_id, vehicle)
    return page, 422 if form.errors else 200


@blueprint.post("/<uuid:vehicle_id>/archiver")
@guard(WRITE)
def archive_vehicle(company_id: UUID, vehicle_id: UUID) -> ResponseReturnValue:
    """Take a vehicle out of the fleet."""
    services.archive_vehicle(current_actor(), company_id, vehicle_id)
    flash(_("Le véhicule est archivé. Vous pouvez le rétablir depuis les archives."), "success")
    return redirect(url_for("fleet.list_vehicles", company_id=company_id), 303)


@blueprint.post("/<uuid:vehicle_id>/retablir")
@guard(WRITE)
def restore_vehicle(company_id: UUID, vehicle_id: UUID) -> ResponseReturnValue:
    """Put an archived vehicle back."""
    services.restore_vehicle(current_actor(), company_id, vehicle_id)
    flash(_("Le véhicule est de nouveau dans votre flotte."), "success")
    return redirect(url_for("fleet.list_vehicles", company_id=company_id), 303)
