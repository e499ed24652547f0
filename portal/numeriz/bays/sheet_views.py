"""The pages of a spreadsheet of bays: sending it, confirming its columns, undoing it."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from flask import Response, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField

from portal.common.errors import Conflict, Invalid
from portal.numeriz import uploads
from portal.numeriz.bays.columns import COLUMNS
from portal.numeriz.bays.messages import bay_sentence
from portal.numeriz.bays.sheet import check_choice, sample_lines
from portal.numeriz.bays.sheet_import import Sheet, confirm_sheet, discard_sheet, get_sheet, start_sheet
from portal.numeriz.bays.undoing import look_at_undoing, undo_sheet
from portal.numeriz.views.desk import CLERK, blueprint, desk_page
from portal.sheets import CsvText
from portal.territories.api import TerritoryView, get_territory
from portal.web.guards import current_actor, guard

_ROWS_SHOWN = 5
_FAULTS_SHOWN = 20
_BAYS_NAMED = 20


class SheetForm(FlaskForm):
    """A file to send, or columns to confirm."""

    file = FileField(
        _l("Fichier"),
        description=_l(
            "CSV, Excel ou LibreOffice\u00a0: une ligne de titres, puis une ligne par aire, avec ses coordonnées ou "
            "son adresse."
        ),
    )


@blueprint.route("/aires/tableau", methods=["GET", "POST"])
@guard(CLERK)
def send_bay_sheet(territory: str) -> ResponseReturnValue:
    """Take a spreadsheet of bays; nothing is stored before its columns are confirmed."""
    view = get_territory(territory)
    form = SheetForm()
    if form.validate_on_submit():
        sent = form.file.data
        try:
            name, content = uploads.require_file(sent and sent.filename, sent.read() if sent else None)
            report_id = start_sheet(current_actor(), view, name, content)
        except Invalid as error:
            form.file.errors = [bay_sentence(error)]
        else:
            return _to_columns(view, report_id)
    return desk_page("bays/sheet", view, form=form, columns=COLUMNS), 422 if form.errors else 200


@blueprint.get("/aires/tableau/modele.csv")
@guard(CLERK)
def bay_sheet_sample(territory: str) -> ResponseReturnValue:
    """Hand out the sample file."""
    get_territory(territory)
    titles, row = sample_lines()
    table = CsvText(titles)
    table.add(row)
    headers = {"Content-Disposition": 'attachment; filename="modele-aires.csv"'}
    return Response(table.text, mimetype="text/csv", headers=headers)


@blueprint.route("/aires/tableau/<uuid:report_id>", methods=["GET", "POST"])
@guard(CLERK)
def map_bay_sheet(territory: str, report_id: UUID) -> ResponseReturnValue:
    """Show how each column is read and what that gives; look again with other columns, or import."""
    view = get_territory(territory)
    form = SheetForm()
    chosen = _chosen() if form.validate_on_submit() else None
    try:
        if chosen is not None and request.form.get("do") == "import":
            confirm_sheet(view, report_id, chosen)
            return redirect(url_for("numeriz.show_report", territory=view.slug, report_id=report_id), 303)
        if chosen is not None:
            check_choice(chosen)
        return _columns_page(view, form, get_sheet(view, report_id, chosen))
    except Conflict:
        return redirect(url_for("numeriz.show_report", territory=view.slug, report_id=report_id), 303)
    except Invalid as error:
        form.form_errors.append(bay_sentence(error))
        return _columns_page(view, form, get_sheet(view, report_id, chosen))


@blueprint.post("/aires/tableau/<uuid:report_id>/abandonner")
@guard(CLERK)
def discard_bay_sheet(territory: str, report_id: UUID) -> ResponseReturnValue:
    """Forget a file that was not imported."""
    view = get_territory(territory)
    try:
        discard_sheet(view.id, report_id)
    except Conflict as error:
        flash(bay_sentence(error), "error")
    else:
        flash(_("Le fichier est abandonné\u00a0: rien n’a été enregistré."), "success")
    return redirect(url_for("numeriz.list_bays", territory=view.slug), 303)


@blueprint.route("/aires/tableau/<uuid:report_id>/annuler", methods=["GET", "POST"])
@guard(CLERK)
def undo_bay_sheet(territory: str, report_id: UUID) -> ResponseReturnValue:
    """Ask before the last spreadsheet is undone, saying what that does; undo it."""
    view = get_territory(territory)
    form = FlaskForm()
    try:
        if not form.validate_on_submit():
            undoing = look_at_undoing(view.id, report_id)
            return desk_page("bays/undo", view, form=form, report_id=report_id, undoing=undoing, most_named=_BAYS_NAMED)
        undo_sheet(current_actor(), view.id, report_id)
    except Conflict as error:
        flash(bay_sentence(error), "error")
    return redirect(url_for("numeriz.show_report", territory=view.slug, report_id=report_id), 303)


def _chosen() -> Mapping[int, str]:
    """Our key by place of the column, as the form says."""
    places = (name.removeprefix("c") for name in request.form if name.startswith("c") and name[1:].isdecimal())
    return {int(place): request.form[f"c{place}"] for place in places if len(place) <= 4}


def _columns_page(territory: TerritoryView, form: SheetForm, sheet: Sheet) -> ResponseReturnValue:
    faults = [issue.to_json() for issue in sheet.read.issues[:_FAULTS_SHOWN]]
    page = desk_page(
        "bays/columns",
        territory,
        form=form,
        sheet=sheet,
        columns=COLUMNS,
        faults=faults,
        shown=sheet.read.rows[:_ROWS_SHOWN],
    )
    return page, 422 if form.errors else 200


def _to_columns(territory: TerritoryView, report_id: UUID) -> ResponseReturnValue:
    return redirect(url_for("numeriz.map_bay_sheet", territory=territory.slug, report_id=report_id), 303)
