"""The clerk's pages: what the territory's law holds, and what is doubtful in it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import request
from flask.typing import ResponseReturnValue

from portal.common.clock import SYSTEM_CLOCK
from portal.numeriz import queries, words
from portal.numeriz.bays.queries import page_bays
from portal.numeriz.drawing import measures_layer
from portal.numeriz.event_lists import page_events
from portal.numeriz.feeds.register import list_feeds
from portal.numeriz.impact.confirming import list_unconfirmed
from portal.numeriz.matching.display import MatchView, match_of_perimeter, matches_of_order
from portal.numeriz.overview import get_overview, list_order_sources, list_sources
from portal.numeriz.pushing.reading import push_panel
from portal.numeriz.reports import page_reports
from portal.numeriz.values import EventKind, OrderStatus
from portal.numeriz.views.desk import CLERK, blueprint, desk_page
from portal.numeriz.writing import find_amendment, list_to_sign, version_in_force
from portal.regulations.perimeters import Colour
from portal.territories.api import get_territory
from portal.web.guards import current_actor, guard

_DOUBTS_IN_OVERVIEW = 10


@blueprint.get("")
@guard(CLERK)
def overview(territory: str) -> ResponseReturnValue:
    """Show the figures, the last imports, and the first doubts."""
    view = get_territory(territory)
    return desk_page(
        "overview",
        view,
        waiting=list_to_sign(view.id),
        figures=get_overview(view.id),
        sources=list_sources(view.id),
        feeds=list_feeds(view.id),
        reports=page_reports(view.id, request.args.get("cursor")),
        doubtful_perimeters=queries.page_perimeters(view.id, doubtful=True, size=_DOUBTS_IN_OVERVIEW).items,
        doubtful_orders=queries.page_orders(view.id, doubtful=True, size=_DOUBTS_IN_OVERVIEW).items,
        doubtful_bays=page_bays(view.id, doubtful=True, size=_DOUBTS_IN_OVERVIEW).items,
    )


def _doubtful() -> bool:
    return request.args.get("doutes") == "1"


@blueprint.get("/perimetres")
@guard(CLERK)
def list_perimeters(territory: str) -> ResponseReturnValue:
    """List the perimeters, by colour or doubt when asked."""
    view = get_territory(territory)
    asked = request.args.get("couleur", "")
    colour = Colour(asked) if asked in set(Colour) else None
    page = queries.page_perimeters(view.id, request.args.get("cursor"), colour=colour, doubtful=_doubtful())
    return desk_page("perimeters", view, page=page, colour=colour, colours=Colour, doubtful=_doubtful())


@blueprint.get("/perimetres/<uuid:perimeter_id>")
@guard(CLERK)
def show_perimeter(territory: str, perimeter_id: UUID) -> ResponseReturnValue:
    """Show a perimeter on a map with its activations and doubts."""
    view = get_territory(territory)
    perimeter = queries.get_perimeter(view.id, perimeter_id)
    layer = None
    if perimeter.shape is not None:
        properties = {"title": perimeter.name, "colour": perimeter.colour.value if perimeter.colour else "white"}
        feature = {"type": "Feature", "properties": properties, "geometry": perimeter.geometry}
        layer = {"type": "FeatureCollection", "features": [feature]}
    match = match_of_perimeter(view, perimeter)
    local_zone = ZoneInfo(view.timezone)
    return desk_page(
        "perimeter",
        view,
        perimeter=perimeter,
        layer=layer,
        match=match,
        edges=_edges([match]),
        local_zone=local_zone,
    )


@blueprint.get("/arretes")
@guard(CLERK)
def list_orders(territory: str) -> ResponseReturnValue:
    """List the traffic orders, by words, status, source or doubt when asked."""
    view = get_territory(territory)
    asked = request.args.get("statut", "")
    status = OrderStatus(asked) if asked in set(OrderStatus) else None
    sources = list_order_sources(view.id)
    source = request.args.get("source") if request.args.get("source") in sources else None
    text = request.args.get("q", "").strip()[:80]
    page = queries.page_orders(
        view.id, request.args.get("cursor"), status=status, source=source, doubtful=_doubtful(), text=text
    )
    return desk_page(
        "orders",
        view,
        page=page,
        text=text,
        status=status,
        statuses=OrderStatus,
        source=source,
        sources=sources,
        doubtful=_doubtful(),
        waiting=list_to_sign(view.id),
        unconfirmed=list_unconfirmed(current_actor(), view.id),
    )


@blueprint.get("/arretes/<uuid:order_id>")
@guard(CLERK)
def show_order(territory: str, order_id: UUID) -> ResponseReturnValue:
    """Show an order: each measure as a sentence, and all of them on a map."""
    view = get_territory(territory)
    order = queries.get_order(view.id, order_id)
    zone = ZoneInfo(view.timezone)
    sentences = [words.measure_sentence(measure, zone) for _id, measure in order.measures]
    drawn = zip((measure for _id, measure in order.measures), sentences, strict=True)
    layer = measures_layer(drawn, order.title)
    matches = matches_of_order(view, order)
    return desk_page(
        "order",
        view,
        order=order,
        version=version_in_force(order_id),
        amendment=find_amendment(view.id, order_id),
        pushes=push_panel(view, order),
        sentences=sentences,
        layer=layer,
        matches=matches,
        edges=_edges(matches),
    )


def _edges(matches: Sequence[MatchView]) -> dict[str, object] | None:
    """The streets on which the law was found, for the map."""
    features = [
        {"type": "Feature", "properties": {"title": match.sentence}, "geometry": match.geometry}
        for match in matches
        if match.geometry is not None
    ]
    return {"type": "FeatureCollection", "features": features} if features else None


@blueprint.get("/aires")
@guard(CLERK)
def list_bays(territory: str) -> ResponseReturnValue:
    """List the delivery bays."""
    view = get_territory(territory)
    now, text, out = SYSTEM_CLOCK.now(), request.args.get("texte", "").strip()[:80], request.args.get("hors") == "1"
    page = page_bays(view.id, request.args.get("cursor"), doubtful=_doubtful(), text=text, out_at=now if out else None)
    return desk_page("bays", view, page=page, doubtful=_doubtful(), text=text, out=out, now=now)


@blueprint.get("/evenements")
@guard(CLERK)
def list_events(territory: str) -> ResponseReturnValue:
    """List the live events, by kind or doubt when asked; those that are over only when asked."""
    view = get_territory(territory)
    asked = request.args.get("nature", "")
    kind = EventKind(asked) if asked in set(EventKind) else None
    ended = request.args.get("termines") == "1"
    page = page_events(
        view.id, SYSTEM_CLOCK.now(), request.args.get("cursor"), kind=kind, ended=ended, doubtful=_doubtful()
    )
    return desk_page("events", view, page=page, kind=kind, kinds=EventKind, ended=ended, doubtful=_doubtful())
