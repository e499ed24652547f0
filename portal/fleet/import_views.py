"""The pages of a fleet file: sending it, reading it over, storing its good rows."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.common.errors import Invalid
from portal.fleet import imports
from portal.fleet.blueprint import READ, WRITE, blueprint
from portal.fleet.columns import COLUMNS
from portal.fleet.forms import ActionForm, UploadForm
from portal.fleet.messages import fault_sentence, file_sentence
from portal.fleet.models import ImportState
from portal.web.extensions import limiter
from portal.web.guards import current_actor, guard
from portal.web.rendering import render_page


@blueprint.get("/modele.csv")
@guard(READ)
def sample_file(company_id: UUID) -> ResponseReturnValue:  # noqa: ARG001 the guard reads it
    """Download the sample file."""
    return _csv(imports.sample_csv(), "modele-flotte.csv")


@blueprint.route("/fichier", methods=["GET", "POST"])
@guard(WRITE)
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
@guard(WRITE)
def show_import(company_id: UUID, import_id: UUID) -> ResponseReturnValue:
    """Show what a file is worth, its progress, or what became of it. Writes nothing."""
    return render_page("fleet/import.html", form=ActionForm(), **_import_context(company_id, import_id))


@blueprint.get("/imports/<uuid:import_id>/etat")
@guard(WRITE)
def import_progress(company_id: UUID, import_id: UUID) -> ResponseReturnValue:
    """Answer the progress fragment of an import's job."""
    return render_page("fleet/import_progress.html", **_import_context(company_id, import_id))


@blueprint.post("/imports/<uuid:import_id>/confirmer")
@guard(WRITE)
def confirm_import(company_id: UUID, import_id: UUID) -> ResponseReturnValue:
    """Store the good rows."""
    try:
        imports.confirm_import(current_actor(), company_id, import_id)
    except Invalid as error:
        flash(file_sentence(error.code, error.params), "error")
    return redirect(url_for("fleet.show_import", company_id=company_id, import_id=import_id), 303)


@blueprint.post("/imports/<uuid:import_id>/abandonner")
@guard(WRITE)
def discard_import(company_id: UUID, import_id: UUID) -> ResponseReturnValue:
    """Forget the file."""
    imports.discard_import(company_id, import_id)
    flash(_("Le fichier est abandonné\u00a0: rien n’a été enregistré."), "success")
    return redirect(url_for("fleet.list_vehicles", company_id=company_id), 303)


@blueprint.get("/imports/<uuid:import_id>/rejets.csv")
@guard(WRITE)
def rejected_rows(company_id: UUID, import_id: UUID) -> ResponseReturnValue:
    """Download the rows that cannot be stored, with the reasons."""
    return _csv(imports.rejected_rows_csv(company_id, import_id), "lignes-a-corriger.csv")


def _csv(text: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(text, mimetype="text/csv", headers=headers)
