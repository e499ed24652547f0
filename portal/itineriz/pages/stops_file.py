"""The pages of a day of stops from a spreadsheet: send it, settle what is doubtful, make it a tour."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any
from uuid import UUID

from flask import Response, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from portal.common.clock import SYSTEM_CLOCK
from portal.common.errors import Invalid
from portal.common.text import whole_number
from portal.fleet.api import OfferedFleet
from portal.itineriz.asking import MOST_STOPS
from portal.itineriz.models import UploadState
from portal.itineriz.pages.blueprint import MEMBER, ROUTES, blueprint
from portal.itineriz.pages.picking import built_territories, chosen_territory
from portal.itineriz.pages.stops_forms import RowForm, StopsFileForm, TourForm
from portal.itineriz.places import uploads
from portal.itineriz.places.hours import hours_text
from portal.itineriz.places.messages import cell_sentence, doubt_sentence, file_sentence
from portal.itineriz.places.sheet import columns_shown, sample_csv
from portal.itineriz.places.uploads import UploadView
from portal.territories.api import get_territory_by_id
from portal.web.extensions import limiter
from portal.web.guards import current_actor, guard
from portal.web.rendering import render_page

_FILE = f"{ROUTES}/fichier"
_UPLOAD = f"{_FILE}/<uuid:upload_id>"


@blueprint.route(_FILE, methods=["GET", "POST"])
@guard(MEMBER)
@limiter.limit("30 per hour", methods=["POST"])
def send_stops(company_id: UUID) -> ResponseReturnValue:
    """Send a day of stops."""
    territory, form = chosen_territory(), StopsFileForm()
    form.territory.data = territory.slug
    if form.validate_on_submit():
        sent = form.file.data
        try:
            if not sent or not sent.filename:
                raise Invalid("file-missing", field="file")
            with sent.stream as stream:
                content = stream.read()
            upload_id = uploads.start_upload(current_actor(), company_id, territory.id, sent.filename, content)
        except Invalid as error:
            form.file.errors = [file_sentence(error.code, error.params)]
        else:
            return redirect(url_for("itineriz.show_stops", company_id=company_id, upload_id=upload_id), 303)
    page = render_page(
        "itineriz/stops_file/send.html",
        company_id=company_id,
        form=form,
        territory=territory,
        territories=built_territories(),
        columns=columns_shown(with_hours=True),
        most_stops=MOST_STOPS,
        waiting=uploads.list_uploads(company_id),
    )
    return page, 422 if form.errors else 200


@blueprint.get(f"{_FILE}/modele.csv")
@guard(MEMBER)
def stops_sample(company_id: UUID) -> ResponseReturnValue:  # noqa: ARG001 the guard reads it
    """Download the sample file."""
    headers = {"Content-Disposition": 'attachment; filename="modele-arrets.csv"'}
    return Response(sample_csv(with_hours=True), mimetype="text/csv", headers=headers)


@blueprint.route(_UPLOAD, methods=["GET", "POST"])
@guard(MEMBER)
@limiter.limit("60 per minute; 600 per hour", methods=["POST"])
def show_stops(company_id: UUID, upload_id: UUID) -> ResponseReturnValue:
    """Show what was read of a file, and make a tour of it."""
    upload = uploads.get_upload(company_id, upload_id)
    if upload.state is UploadState.USED and upload.route_id is not None:
        return redirect(url_for("itineriz.show_route", company_id=company_id, route_id=upload.route_id), 303)
    place = get_territory_by_id(upload.territory_id)
    form = TourForm(place, OfferedFleet(company_id))
    if request.method == "GET":
        form.propose(SYSTEM_CLOCK.now(), PurePath(upload.file_name).stem)
    elif form.validate() and (route_id := _make_route(form, company_id, upload)) is not None:
        return redirect(url_for("itineriz.show_route", company_id=company_id, route_id=route_id), 303)
    page = render_page("itineriz/stops_file/upload.html", form=form, place=place, **_context(upload))
    return page, 422 if form.errors else 200


def _make_route(form: TourForm, company_id: UUID, upload: UploadView) -> UUID | None:
    build = form.tour(company_id)
    if build is None:
        return None
    try:
        return uploads.make_route(current_actor(), company_id, upload.id, build)
    except Invalid as error:
        if error.code == "rows-unsettled":
            form.form_errors.append(_("Réglez d’abord les lignes à vérifier, ou retirez-les."))
        else:
            form.refuse(error)
        return None


@blueprint.get(f"{_UPLOAD}/avancement")
@guard(MEMBER)
def stops_progress(company_id: UUID, upload_id: UUID) -> ResponseReturnValue:
    """Answer the progress fragment of the reading."""
    upload = uploads.get_upload(company_id, upload_id)
    return render_page("itineriz/stops_file/progress.html", **_context(upload))


@blueprint.post(f"{_UPLOAD}/relancer")
@guard(MEMBER)
def retry_stops(company_id: UUID, upload_id: UUID) -> ResponseReturnValue:
    """Read a file again when its reading failed."""
    uploads.retry_reading(company_id, upload_id)
    return redirect(url_for("itineriz.show_stops", company_id=company_id, upload_id=upload_id), 303)


@blueprint.post(f"{_UPLOAD}/choix")
@guard(MEMBER)
def choose_places(company_id: UUID, upload_id: UUID) -> ResponseReturnValue:
    """Settle doubtful rows with the proposals chosen for them: `choix-<number>` is the rank of one."""
    upload = uploads.get_upload(company_id, upload_id)
    changed = {}
    for row in upload.unsettled:
        rank = whole_number(request.form.get(f"choix-{row.number}", ""))
        if rank is not None and rank < len(row.alternatives):
            changed[row.number] = row.placed(row.alternatives[rank])
    if changed:
        uploads.change_rows(company_id, upload_id, changed)
        flash(ngettext("%(num)s ligne est réglée.", "%(num)s lignes sont réglées.", len(changed)), "success")
    else:
        flash(_("Aucune proposition n’était choisie."), "warning")
    return redirect(url_for("itineriz.show_stops", company_id=company_id, upload_id=upload_id), 303)


@blueprint.route(f"{_UPLOAD}/lignes/<int:number>", methods=["GET", "POST"])
@guard(MEMBER)
@limiter.limit("60 per minute; 1000 per hour", methods=["POST"])
def edit_stop_row(company_id: UUID, upload_id: UUID, number: int) -> ResponseReturnValue:
    """Show a row and settle it by hand."""
    upload = uploads.get_upload(company_id, upload_id)
    row, place, form = upload.row(number), get_territory_by_id(upload.territory_id), RowForm()
    form.address.flags.required = True
    if request.method == "GET":
        form.show(row)
    elif form.validate() and (settled := form.settled(row, place)) is not None:
        uploads.change_rows(company_id, upload_id, {number: settled})
        return redirect(url_for("itineriz.show_stops", company_id=company_id, upload_id=upload_id), 303)
    page = render_page("itineriz/stops_file/row.html", form=form, row=row, place=place, **_context(upload))
    return page, 422 if form.errors else 200


@blueprint.post(f"{_UPLOAD}/lignes/<int:number>/retirer")
@guard(MEMBER)
def remove_stop_row(company_id: UUID, upload_id: UUID, number: int) -> ResponseReturnValue:
    """Leave a row out of the day."""
    uploads.remove_row(company_id, upload_id, number)
    flash(_("La ligne %(number)s est retirée.", number=number), "success")
    return redirect(url_for("itineriz.show_stops", company_id=company_id, upload_id=upload_id), 303)


@blueprint.post(f"{_UPLOAD}/abandonner")
@guard(MEMBER)
def discard_stops(company_id: UUID, upload_id: UUID) -> ResponseReturnValue:
    """Forget a day of stops."""
    uploads.remove_upload(company_id, upload_id)
    flash(_("Le fichier est abandonné\u00a0: aucune tournée n’en a été faite."), "success")
    return redirect(url_for("itineriz.list_routes", company_id=company_id), 303)


def _context(upload: UploadView) -> dict[str, Any]:
    return {
        "company_id": upload.company_id,
        "upload": upload,
        "states": UploadState,
        "file_sentence": file_sentence,
        "doubt_sentence": doubt_sentence,
        "cell_sentence": cell_sentence,
        "hours_text": hours_text,
    }
