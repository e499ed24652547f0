"""One perimeter, one order: pages with an address of their own, to be shared."""

from __future__ import annotations

from uuid import UUID
from zoneinfo import ZoneInfo

from flask import url_for
from flask.typing import ResponseReturnValue

from portal.cirqliz.api import begin_url
from portal.common.clock import SYSTEM_CLOCK
from portal.numeriz.api import (
    COLOURS,
    POLICIES,
    PerimeterView,
    get_order,
    get_perimeter,
    measure_sentence,
    measures_layer,
    span_words,
    version_in_force,
)
from portal.regulations.perimeters import Motorised
from portal.territories.api import TerritoryView, get_territory
from portal.visualiz.moments import moment_at
from portal.visualiz.views.asked import base_context
from portal.visualiz.views.blueprint import blueprint
from portal.web.guards import PUBLIC, guard
from portal.web.rendering import render_page

_ASKING = frozenset({Motorised.PASS_REQUIRED, Motorised.ACCREDITED})
"""What a pass is asked for; a closed perimeter opens by way of exception."""


@blueprint.get("/<territory>/perimetres/<uuid:perimeter_id>")
@guard(PUBLIC)
def show_perimeter(territory: str, perimeter_id: UUID) -> ResponseReturnValue:
    """Show one perimeter to everybody, with a link to share."""
    view = get_territory(territory)
    perimeter = get_perimeter(view.id, perimeter_id)
    zone = ZoneInfo(view.timezone)
    layer = None
    if perimeter.shape is not None and perimeter.colour is not None:
        properties = {"title": perimeter.name, "colour": perimeter.colour.value}
        layer = {"type": "FeatureCollection", "features": [_plain_feature(perimeter.geometry, properties)]}
    return render_page(
        "visualiz/perimeter.html",
        **base_context(view, moment_at(SYSTEM_CLOCK.now(), zone)),
        perimeter=perimeter,
        colours=COLOURS,
        policy=POLICIES[perimeter.access.motorised] if perimeter.access else None,
        spans=[(span_words(span.start, span.end, zone), moment_at(span.start, zone)) for span in perimeter.activations],
        layer=layer,
        ask_url=_ask_url(view, perimeter),
        share_url=url_for("visualiz.show_perimeter", territory=view.slug, perimeter_id=perimeter.id, _external=True),
    )


@blueprint.get("/<territory>/arretes/<uuid:order_id>")
@guard(PUBLIC)
def show_order(territory: str, order_id: UUID) -> ResponseReturnValue:
    """Show one published order to everybody: its measures as sentences, on a map, with a link to share."""
    view = get_territory(territory)
    order = get_order(view.id, order_id, published_only=True)
    zone = ZoneInfo(view.timezone)
    sentences = [measure_sentence(measure, zone) for _id, measure in order.measures]
    drawn = zip((measure for _id, measure in order.measures), sentences, strict=True)
    return render_page(
        "visualiz/order.html",
        **base_context(view, moment_at(SYSTEM_CLOCK.now(), zone)),
        order=order,
        version=version_in_force(order.id),
        sentences=sentences,
        layer=measures_layer(drawn, order.title),
        share_url=url_for("visualiz.show_order", territory=view.slug, order_id=order.id, _external=True),
    )


def _ask_url(territory: TerritoryView, perimeter: PerimeterView) -> str | None:
    """Where one asks for a pass; None for a perimeter that asks for none, or is never active again."""
    now = SYSTEM_CLOCK.now()
    asks = perimeter.access is not None and perimeter.access.motorised in _ASKING
    if not asks or not any(span.end is None or span.end > now for span in perimeter.activations):
        return None
    return begin_url(territory, str(perimeter.id))


def _plain_feature(geometry: object, properties: dict[str, str]) -> dict[str, object]:
    return {"type": "Feature", "properties": properties, "geometry": geometry}
