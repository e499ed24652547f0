"""The pages that import zones from a GeoJSON whose columns are told on the screen."""

from __future__ import annotations

from uuid import UUID
from zoneinfo import ZoneInfo

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal.common.errors import Invalid
from portal.numeriz import codec
from portal.numeriz.messages import issue_sentence
from portal.numeriz.uploads import require_file
from portal.numeriz.views.desk import CLERK, blueprint, desk_page
from portal.numeriz.zones import mapping, messages
from portal.numeriz.zones.mapping_form import MappingForm, SendForm
from portal.numeriz.zones.preview import ZoneLook, hours_lines, zones_layer
from portal.numeriz.zones.stepped import SAVE
from portal.regulations.perimeters import default_policy
from portal.territories.api import get_territory
from portal.web.guards import current_actor, guard

_MOST_DRAWN = 500


@blueprint.route("/manifestations/importer", methods=["GET", "POST"])
@guard(CLERK)
def send_zones(territory: str) -> ResponseReturnValue:
    """Take a GeoJSON of zones."""
    view = get_territory(territory)
    form = SendForm()
    if form.is_submitted():
        sent = form.file.data
        try:
            name, content = require_file(sent and sent.filename, sent.read() if sent else None)
            report_id = mapping.keep_file(current_actor(), view, name, content)
        except Invalid as error:
            form.refuse(error)
        else:
            return redirect(url_for("numeriz.map_columns", territory=view.slug, report_id=report_id), 303)
    return desk_page("zones/send", view, form=form), 422 if form.errors else 200


@blueprint.route("/manifestations/importer/<uuid:report_id>", methods=["GET", "POST"])
@guard(CLERK)
def map_columns(territory: str, report_id: UUID) -> ResponseReturnValue:
    """Say which column is what, see the zones, import them."""
    view = get_territory(territory)
    report = mapping.waiting_file(view.id, report_id)
    form = MappingForm()
    look = mapping.look_into(report, form.column_options if form.is_submitted() else {})
    form.offer(look)
    preview = layer = None
    status = 200
    try:
        if form.is_submitted() or look.is_known:
            options = {} if look.is_known else form.options()
            seen = codec.digest(dict(options))
            if request.form.get("act") == SAVE and form.previewed.data == seen:
                mapping.import_kept(view.id, report_id, options)
                return redirect(url_for("numeriz.show_report", territory=view.slug, report_id=report_id), 303)
            preview = mapping.preview_file(report, view, options)
            form.previewed.data = seen
            layer = zones_layer(_looks(preview, report_id), ZoneInfo(view.timezone))
    except Invalid as error:
        form.refuse(error)
        status = 422
    page = desk_page(
        "zones/mapping",
        view,
        form=form,
        report=report,
        look=look,
        preview=preview,
        layer=layer,
        most_drawn=_MOST_DRAWN,
        issue_sentence=issue_sentence,
        hours_lines=hours_lines,
        local_zone=ZoneInfo(view.timezone),
    )
    return page, status


@blueprint.post("/manifestations/importer/<uuid:report_id>/abandonner")
@guard(CLERK)
def drop_zones(territory: str, report_id: UUID) -> ResponseReturnValue:
    """Forget a file that was sent."""
    view = get_territory(territory)
    mapping.drop_file(view.id, report_id)
    flash(str(messages.DONE["import-dropped"]), "success")
    return redirect(url_for("numeriz.list_city_events", territory=view.slug), 303)


def _looks(preview: mapping.FilePreview, report_id: UUID) -> list[ZoneLook]:
    return [
        ZoneLook(
            report_id,
            draft.name,
            draft.colour,
            draft.shape,
            draft.activations,
            draft.policy or (default_policy(draft.colour) if draft.colour else None),
            "added",
        )
        for draft in preview.drafts[:_MOST_DRAWN]
    ]
