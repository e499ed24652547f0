"""The pages of a fleet file: sending it, mapping its columns, correcting its rows, storing the good ones, undoing."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.common.errors import Conflict, Invalid
from portal.common.text import whole_number
from portal.fleet import imports
from portal.fleet.blueprint import READ, WRITE, blueprint
from portal.fleet.columns import BY_KEY, COLUMNS, units_of
from portal.fleet.forms import ActionForm, UploadForm
from portal.fleet.imports.undoing import added_vehicles
from portal.fleet.messages import (
    CONFLICTS,
    STATES,
    UNITS_FROM,
    doubt_sentence,
    fault_sentence,
    file_sentence,
    kind_sentence,
)
from portal.fleet.models import ImportState
from portal.fleet.ports import vehicle_passes
from portal.web.extensions import limiter
from portal.web.guards import current_actor, guard
from portal.web.rendering import render_page, wants_partial


@blueprint.get("/modele.csv")
@guard(READ)
def sample_file(company_id: UUID) -> ResponseReturnValue:  # noqa: ARG001 the guard reads it
    """Download the sample file."""
    return _csv(imports.sample_csv(), "modele-flotte.csv")


@blueprint.route("/fichier", methods=["GET", "POST"])
@guard(WRITE)
@limiter.limit("30 per hour", methods=["POST"])
def upload(company_id: UUID) -> ResponseReturnValue:
    """Send a fleet file, or take up one that was begun."""
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
            return _to_import(company_id, import_id)
    page = render_page(
        "fleet/upload.html",
        form=form,
        company_id=company_id,
        columns=COLUMNS,
        state_words=STATES,
        recent=imports.list_recent_imports(company_id),
    )
    return page, 422 if form.errors else 200


def _to_import(company_id: UUID, import_id: UUID, **more: Any) -> ResponseReturnValue:
    return redirect(url_for("fleet.show_import", company_id=company_id, import_id=import_id, **more), 303)


def _import_context(company_id: UUID, import_id: UUID) -> dict[str, Any]:
    return {
        "company_id": company_id,
        "imported": imports.get_import(company_id, import_id),
        "columns": BY_KEY,
        "states": ImportState,
        "fault_sentence": fault_sentence,
        "kind_sentence": kind_sentence,
        "file_sentence": file_sentence,
        "doubt_sentence": doubt_sentence,
        "units_from": UNITS_FROM,
        "units_of": units_of,
    }


@blueprint.get("/imports/<uuid:import_id>")
@guard(WRITE)
def show_import(company_id: UUID, import_id: UUID) -> ResponseReturnValue:
    """Show what a file is worth, its progress, or what became of it. Writes nothing."""
    context = _import_context(company_id, import_id)
    imported: imports.ImportView = context["imported"]
    if imported.state is ImportState.MAPPING:
        return redirect(url_for("fleet.import_columns", company_id=company_id, import_id=import_id), 303)
    kind = request.args.get("motif") or None
    if kind is not None and (not imported.judged or kind not in dict((imported.report or {})["kinds"])):
        kind = None
    number = whole_number(request.args.get("page")) or 1
    correctable = imported.state is ImportState.CHECKED
    return render_page(
        "fleet/import.html",
        form=ActionForm(),
        kind=kind,
        page=imports.rows_page(company_id, import_id, kind=kind, number=number) if correctable else None,
        undoable=imported.state is ImportState.APPLIED and imports.last_applied(company_id) == import_id,
        **context,
    )


@blueprint.get("/imports/<uuid:import_id>/etat")
@guard(WRITE)
def import_progress(company_id: UUID, import_id: UUID) -> ResponseReturnValue:
    """Answer the progress fragment of an import's job."""
    return render_page("fleet/import_progress.html", **_import_context(company_id, import_id))


@blueprint.route("/imports/<uuid:import_id>/colonnes", methods=["GET", "POST"])
@guard(WRITE)
def import_columns(company_id: UUID, import_id: UUID) -> ResponseReturnValue:
    """Show how each column of the file is read; confirm it or correct it."""
    context = _import_context(company_id, import_id)
    imported: imports.ImportView = context["imported"]
    form, chosen = ActionForm(), None
    if imported.mapping is None or imported.state not in {ImportState.MAPPING, ImportState.CHECKED}:
        return _to_import(company_id, import_id)
    if form.validate_on_submit():
        chosen = {
            column.place: (request.form.get(f"c{column.place}") or None, request.form.get(f"u{column.place}") or None)
            for column in imported.mapping.columns
        }
        try:
            imports.choose_columns(current_actor(), company_id, import_id, chosen)
        except Invalid as error:
            form.form_errors.append(file_sentence(error.code, error.params))
        except Conflict as error:
            form.form_errors.append(str(CONFLICTS[error.code]))
        else:
            return _to_import(company_id, import_id)
    page = render_page("fleet/import_columns.html", form=form, chosen=chosen, all_columns=COLUMNS, **context)
    return page, 422 if form.errors else 200


@blueprint.post("/imports/<uuid:import_id>/lignes/<int:row_number>")
@guard(WRITE)
def correct_row(company_id: UUID, import_id: UUID, row_number: int) -> ResponseReturnValue:
    """Lay corrections over a row of the file and answer the row as it is now worth, the totals with it."""
    texts = {key: request.form[key] for key in BY_KEY if key in request.form}
    told, status = None, 200
    try:
        row = imports.correct_row(company_id, import_id, row_number, texts, request.form.get("token", ""))
    except (Conflict, Invalid) as error:
        told, status = _told(error), error.status
        row = imports.find_row(company_id, import_id, row_number)
    if wants_partial():
        context = _import_context(company_id, import_id)
        context |= {"row": row, "told": told, "kind": request.form.get("motif")}
        return render_page("fleet/import_row_answer.html", **context), status
    if told:
        flash(told, "error")
    back = {name: request.form[name] for name in ("motif", "page") if request.form.get(name)}
    return _to_import(company_id, import_id, **back, _anchor=f"ligne-{row_number}")


def _told(error: Conflict | Invalid) -> str:
    return str(CONFLICTS[error.code]) if error.code in CONFLICTS else file_sentence(error.code, error.params)


@blueprint.post("/imports/<uuid:import_id>/confirmer")
@guard(WRITE)
def confirm_import(company_id: UUID, import_id: UUID) -> ResponseReturnValue:
    """Store the good rows."""
    try:
        imports.confirm_import(current_actor(), company_id, import_id)
    except Invalid as error:
        flash(file_sentence(error.code, error.params), "error")
    return _to_import(company_id, import_id)


@blueprint.post("/imports/<uuid:import_id>/abandonner")
@guard(WRITE)
def discard_import(company_id: UUID, import_id: UUID) -> ResponseReturnValue:
    """Forget the file."""
    imports.discard_import(company_id, import_id)
    flash(_("Le fichier est abandonné\u00a0: rien n’a été enregistré."), "success")
    return redirect(url_for("fleet.list_vehicles", company_id=company_id), 303)


@blueprint.route("/imports/<uuid:import_id>/annuler", methods=["GET", "POST"])
@guard(WRITE)
def undo_import(company_id: UUID, import_id: UUID) -> ResponseReturnValue:
    """Ask before the last file is undone, saying what ends with it; undo it."""
    form = ActionForm()
    if form.validate_on_submit():
        try:
            imports.undo_import(current_actor(), company_id, import_id)
        except Conflict as error:
            flash(str(CONFLICTS[error.code]), "error")
        return _to_import(company_id, import_id)
    context = _import_context(company_id, import_id)
    ending = vehicle_passes().list_living(added_vehicles(company_id, import_id))
    return render_page("fleet/import_undo.html", form=form, ending=ending, **context)


@blueprint.get("/imports/<uuid:import_id>/rejets.csv")
@guard(WRITE)
def rejected_rows(company_id: UUID, import_id: UUID) -> ResponseReturnValue:
    """Download the rows that cannot be stored, with the reasons."""
    return _csv(imports.rejected_rows_csv(company_id, import_id), "lignes-a-corriger.csv")


def _csv(text: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(text, mimetype="text/csv", headers=headers)
