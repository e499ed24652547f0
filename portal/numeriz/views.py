"""The clerk's pages: what the territory's law holds, what is doubtful in it, and the import of files."""

from __future__ import annotations

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from shapely.geometry.base import BaseGeometry

from portal.common.actor import StaffRole
from portal.common.errors import Invalid
from portal.jobs import get_job
from portal.numeriz import messages, queries, uploads
from portal.numeriz.forms import UploadForm
from portal.numeriz.values import ImportKind, ImportState, OrderStatus
from portal.regulations.perimeters import Colour
from portal.territories.api import TerritoryView, get_territory
from portal.web.guards import current_actor, guard, staff
from portal.web.rendering import render_page

blueprint = Blueprint("numeriz", __name__, url_prefix="/territoires/<territory>/numeriz")

_CLERK = staff(StaffRole.CLERK)
_DOUBTS_IN_OVERVIEW = 10


def _page(page_name: str, territory: TerritoryView, **context: Any) -> str:
    """Render a page of the desk with what all of them need."""
    tabs = [
        ("numeriz.overview", _("Vue d’ensemble")),
        ("numeriz.list_perimeters", _("Périmètres")),
        ("numeriz.list_orders", _("Arrêtés")),
        ("numeriz.list_bays", _("Aires de livraison")),
        ("numeriz.upload", _("Importer un fichier")),
    ]
    return render_page(
        f"numeriz/{page_name}.html",
        territory=territory,
        territory_name=territory.name,
        accent=territory.accent.value,
        zone=territory.timezone,
        messages=messages,
        desk_tabs=[
            {
                "label": label,
                "url": url_for(endpoint, territory=territory.slug),
                "current": request.endpoint == endpoint,
            }
            for endpoint, label in tabs
        ],
        **context,
    )


@blueprint.get("")
@guard(_CLERK)
def overview(territory: str) -> ResponseReturnValue:
    """Show the figures, the last imports, and the first doubts."""
    view = get_territory(territory)
    return _page(
        "overview",
        view,
        figures=queries.get_overview(view.id),
        reports=queries.page_reports(view.id, request.args.get("cursor")),
        doubtful_perimeters=queries.page_perimeters(view.id, doubtful=True, size=_DOUBTS_IN_OVERVIEW).items,
        doubtful_orders=queries.page_orders(view.id, doubtful=True, size=_DOUBTS_IN_OVERVIEW).items,
        doubtful_bays=queries.page_bays(view.id, doubtful=True, size=_DOUBTS_IN_OVERVIEW).items,
    )


def _doubtful() -> bool:
    return request.args.get("doutes") == "1"


@blueprint.get("/perimetres")
@guard(_CLERK)
def list_perimeters(territory: str) -> ResponseReturnValue:
    """List the perimeters, by colour or doubt when asked."""
    view = get_territory(territory)
    asked = request.args.get("couleur", "")
    colour = Colour(asked) if asked in set(Colour) else None
    page = queries.page_perimeters(view.id, request.args.get("cursor"), colour=colour, doubtful=_doubtful())
    return _page("perimeters", view, page=page, colour=colour, colours=Colour, doubtful=_doubtful())


@blueprint.get("/perimetres/<uuid:perimeter_id>")
@guard(_CLERK)
def show_perimeter(territory: str, perimeter_id: UUID) -> ResponseReturnValue:
    """Show a perimeter on a map with its activations and doubts."""
    view = get_territory(territory)
    perimeter = queries.get_perimeter(view.id, perimeter_id)
    layer = None
    if perimeter.shape is not None:
        properties = {"title": perimeter.name, "colour": perimeter.colour.value if perimeter.colour else "white"}
        feature = {"type": "Feature", "properties": properties, "geometry": perimeter.geometry}
        layer = {"type": "FeatureCollection", "features": [feature]}
    return _page("perimeter", view, perimeter=perimeter, layer=layer, local_zone=ZoneInfo(view.timezone))


@blueprint.get("/arretes")
@guard(_CLERK)
def list_orders(territory: str) -> ResponseReturnValue:
    """List the traffic orders, by status or doubt when asked."""
    view = get_territory(territory)
    asked = request.args.get("statut", "")
    status = OrderStatus(asked) if asked in set(OrderStatus) else None
    page = queries.page_orders(view.id, request.args.get("cursor"), status=status, doubtful=_doubtful())
    return _page("orders", view, page=page, status=status, statuses=OrderStatus, doubtful=_doubtful())


@blueprint.get("/arretes/<uuid:order_id>")
@guard(_CLERK)
def show_order(territory: str, order_id: UUID) -> ResponseReturnValue:
    """Show an order: each measure as a sentence, and all of them on a map."""
    view = get_territory(territory)
    order = queries.get_order(view.id, order_id)
    zone = ZoneInfo(view.timezone)
    sentences = [messages.measure_sentence(measure, zone) for _id, measure in order.measures]
    features = [
        {
            "type": "Feature",
            "properties": {"title": place.label or order.title},
            "geometry": queries.geojson(place.shape),
        }
        for _id, measure in order.measures
        for place in measure.locations
        if not place.shape.is_empty
    ]
    layer = {"type": "FeatureCollection", "features": features} if features else None
    return _page("order", view, order=order, sentences=sentences, layer=layer)


def _feature(title: str, shape: BaseGeometry) -> dict[str, object]:
    return {"type": "Feature", "properties": {"title": title}, "geometry": queries.geojson(shape)}


@blueprint.get("/aires")
@guard(_CLERK)
def list_bays(territory: str) -> ResponseReturnValue:
    """List the delivery bays."""
    view = get_territory(territory)
    page = queries.page_bays(view.id, request.args.get("cursor"), doubtful=_doubtful())
    return _page("bays", view, page=page, doubtful=_doubtful())


@blueprint.route("/importer", methods=["GET", "POST"])
@guard(_CLERK)
def upload(territory: str) -> ResponseReturnValue:
    """Take a file; its import is a job, its report a page."""
    view = get_territory(territory)
    form = UploadForm()
    if form.validate_on_submit():
        sent = form.file.data
        try:
            name, content = uploads.require_file(sent and sent.filename, sent.read() if sent else None)
            report_id = uploads.receive_file(current_actor(), view, ImportKind(form.kind.data), name, content)
        except Invalid as error:
            form.file.errors = [messages.sentence_of(error)]
        else:
            return redirect(url_for("numeriz.show_report", territory=view.slug, report_id=report_id), 303)
    return _page("upload", view, form=form), 422 if form.errors else 200


@blueprint.get("/imports/<uuid:report_id>")
@guard(_CLERK)
def show_report(territory: str, report_id: UUID) -> ResponseReturnValue:
    """Show what an import did, or how far it is."""
    view = get_territory(territory)
    report = queries.get_report(view.id, report_id)
    waiting = report.state is ImportState.WAITING and report.job_id is not None
    return _page("report", view, report=report, job=get_job(report.job_id) if waiting and report.job_id else None)


@blueprint.get("/imports/<uuid:report_id>/avancement")
@guard(_CLERK)
def report_progress(territory: str, report_id: UUID) -> ResponseReturnValue:
    """Answer how far an import is, for the page that waits for it."""
    view = get_territory(territory)
    report = queries.get_report(view.id, report_id)
    url = url_for("numeriz.show_report", territory=view.slug, report_id=report_id)
    if report.job_id is None:
        return redirect(url, 303)
    return render_page("numeriz/report_progress.html", territory=view, report=report, job=get_job(report.job_id))
