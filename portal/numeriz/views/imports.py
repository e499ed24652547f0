"""Sending a file, and the report of its import."""

from __future__ import annotations

from uuid import UUID

from flask import Response, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal.common.errors import Invalid
from portal.jobs import get_job
from portal.numeriz import uploads
from portal.numeriz.bays.sheet_import import SHEET
from portal.numeriz.bays.undoing import KEPT_COUNT, can_undo
from portal.numeriz.forms import UploadForm
from portal.numeriz.reports import get_report, report_csv, report_json
from portal.numeriz.values import ImportKind, ImportState
from portal.numeriz.views.desk import CLERK, blueprint, desk_page
from portal.territories.api import get_territory
from portal.web.guards import current_actor, guard
from portal.web.rendering import render_page


@blueprint.route("/importer", methods=["GET", "POST"])
@guard(CLERK)
def upload(territory: str) -> ResponseReturnValue:
    """Take a file; its import is a job, its report a page."""
    view = get_territory(territory)
    form = UploadForm()
    # A list of objects leads here with its kind chosen.
    if request.method == "GET" and request.args.get("contenu") in set(ImportKind):
        form.kind.data = request.args["contenu"]
    if form.validate_on_submit():
        sent = form.file.data
        try:
            name, content = uploads.require_file(sent and sent.filename, sent.read() if sent else None)
            report_id = uploads.receive_file(current_actor(), view, form.command(name, content))
        except Invalid as error:
            form.refuse(error)
        else:
            return redirect(url_for("numeriz.show_report", territory=view.slug, report_id=report_id), 303)
    return desk_page("upload", view, form=form), 422 if form.errors else 200


@blueprint.get("/imports/<uuid:report_id>")
@guard(CLERK)
def show_report(territory: str, report_id: UUID) -> ResponseReturnValue:
    """Show what an import did, or how far it is."""
    view = get_territory(territory)
    report = get_report(view.id, report_id)
    if report.format == SHEET and report.state is ImportState.WAITING and report.job_id is None:
        # Its columns are still to be confirmed.
        return redirect(url_for("numeriz.map_bay_sheet", territory=territory, report_id=report_id), 303)
    waiting = report.state is ImportState.WAITING and report.job_id is not None
    return desk_page(
        "report",
        view,
        report=report,
        job=get_job(report.job_id) if waiting and report.job_id else None,
        undoable=can_undo(view.id, report_id),
        undone=KEPT_COUNT in report.counts,
    )


@blueprint.get("/imports/<uuid:report_id>/avancement")
@guard(CLERK)
def report_progress(territory: str, report_id: UUID) -> ResponseReturnValue:
    """Answer how far an import is, for the page that waits for it."""
    view = get_territory(territory)
    report = get_report(view.id, report_id)
    url = url_for("numeriz.show_report", territory=view.slug, report_id=report_id)
    if report.job_id is None:
        return redirect(url, 303)
    return render_page("numeriz/report_progress.html", territory=view, report=report, job=get_job(report.job_id))


@blueprint.get("/imports/<uuid:report_id>/rapport.csv")
@guard(CLERK)
def report_as_csv(territory: str, report_id: UUID) -> ResponseReturnValue:
    """Hand out the doubts of an import for a spreadsheet."""
    report = get_report(get_territory(territory).id, report_id)
    return _attached(report_csv(report), "text/csv", f"rapport-{report.created_at:%Y%m%d-%H%M}.csv")


@blueprint.get("/imports/<uuid:report_id>/rapport.json")
@guard(CLERK)
def report_as_json(territory: str, report_id: UUID) -> ResponseReturnValue:
    """Hand out the report of an import for a program."""
    report = get_report(get_territory(territory).id, report_id)
    return _attached(report_json(report), "application/json", f"rapport-{report.created_at:%Y%m%d-%H%M}.json")


def _attached(text: str, media_type: str, name: str) -> Response:
    return Response(text, mimetype=media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'})
