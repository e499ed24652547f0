"""The fleet's pages: the list, one vehicle, a file."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.common.actor import CompanyRole
from portal.common.errors import Conflict, Invalid
from portal.common.text import whole_number
from portal.fleet import imports, queries, services
from portal.fleet.columns import COLUMNS
from portal.fleet.forms import ActionForm, UploadForm, VehicleForm
from portal.fleet.messages import CONFLICTS, fault_sentence, file_sentence
from portal.fleet.models import ImportState
from portal.fleet.vehicle_view import VehicleView
from portal.web.extensions import limiter
from portal.web.guards import current_actor, guard, member
from portal.web.rendering import render_page

blueprint = Blueprint("fleet", __name__, url_prefix="/entreprises/<uuid:company_id>/vehicules")

_READ = member(CompanyRole.DRIVER)
_WRITE = member(CompanyRole.MANAGER)


@blueprint.get("")
@guard(_READ)
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
@guard(_WRITE)
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
@guard(_WRITE)
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
@guard(_WRITE)
def archive_vehicle(company_id: UUID, vehicle_id: UUID) -> ResponseReturnValue:
    """Take a vehicle out of the fleet."""
    services.archive_vehicle(current_actor(), company_id, vehicle_id)
    flash(_("Le véhicule est archivé. Vous pouvez le rétablir depuis les archives."), "success")
    return redirect(url_for("fleet.list_vehicles", company_id=company_id), 303)


@blueprint.post("/<uuid:vehicle_id>/retablir")
@guard(_WRITE)
def restore_vehicle(company_id: UUID, vehicle_id: UUID) -> ResponseReturnValue:
    """Put an archived vehicle back."""
    services.restore_vehicle(current_actor(), company_id, vehicle_id)
    flash(_("Le véhicule est de nouveau dans votre flotte."), "success")
    return redirect(url_for("fleet.list_vehicles", company_id=company_id), 303)


@blueprint.get("/modele.csv")
@guard(_READ)
def sample_file(company_id: UUID) -> ResponseReturnValue:  # noqa: ARG001 the guard reads it
    """Download the sample file."""
    return _csv(imports.sample_csv(), "modele-flotte.csv")


@blueprint.route("/fichier", methods=["GET", "POST"])
@guard(_WRITE)
@limiter.limit("30 per hour", methods=["POST"])
def upload(company_id: UUID) -> ResponseReturnValue:
    """Send a fleet file."""
    form = UploadForm()
    if form.validate_on_submit():
        sent = form.file.data
        try:
            if not sent or not sent.filename:
                raise Invalid("file-missing", field="file")
            with sent.stream as stream:
                content = stream.read()
            import_id = imports.start_import(current_actor(), company_id, sent.filename, content)
        except Invalid as error:
            form.file.errors = [file_sentence(error.code, error.params)]
        else:
            return redirect(url_for("fleet.show_import", company_id=company_id, import_id=import_id), 303)
    page = render_page("fleet/upload.html", form=form, company_id=company_id, columns=COLUMNS)
    return page, 422 if form.errors else 200


def _import_context(company_id: UUID, import_id: UUID) -> dict[str, Any]:
    return {
        "company_id": company_id,
        "imported": imports.get_import(company_id, import_id),
        "columns": {column.key: column for column in COLUMNS},
        "states": ImportState,
        "fault_sentence": fault_sentence,
        "file_sentence": file_sentence,
    }


@blueprint.get("/imports/<uuid:import_id>")
@guard(_WRITE)
def show_import(company_id: UUID, import_id: UUID) -> ResponseReturnValue:
    """Show what a file is worth, its progress, or what became of it. Writes nothing."""
    return render_page("fleet/import.html", form=ActionForm(), **_import_context(company_id, import_id))


@blueprint.get("/imports/<uuid:import_id>/etat")
@guard(_WRITE)
def import_progress(company_id: UUID, import_id: UUID) -> ResponseReturnValue:
    """Answer the progress fragment of an import's job."""
    return render_page("fleet/import_progress.html", **_import_context(company_id, import_id))


@blueprint.post("/imports/<uuid:import_id>/confirmer")
@guard(_WRITE)
def confirm_import(company_id: UUID, import_id: UUID) -> ResponseReturnValue:
    """Store the good rows."""
    try:
        imports.confirm_import(current_actor(), company_id, import_id)
    except Invalid as error:
        flash(file_sentence(error.code, error.params), "error")
    return redirect(url_for("fleet.show_import", company_id=company_id, import_id=import_id), 303)


@blueprint.post("/imports/<uuid:import_id>/abandonner")
@guard(_WRITE)
def discard_import(company_id: UUID, import_id: UUID) -> ResponseReturnValue:
    """Forget the file."""
    imports.discard_import(company_id, import_id)
    flash(_("Le fichier est abandonné\u00a0: rien n’a été enregistré."), "success")
    return redirect(url_for("fleet.list_vehicles", company_id=company_id), 303)


@blueprint.get("/imports/<uuid:import_id>/rejets.csv")
@guard(_WRITE)
def rejected_rows(company_id: UUID, import_id: UUID) -> ResponseReturnValue:
    """Download the rows that cannot be stored, with the reasons."""
    return _csv(imports.rejected_rows_csv(company_id, import_id), "lignes-a-corriger.csv")


def _csv(text: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(text, mimetype="text/csv", headers=headers)
