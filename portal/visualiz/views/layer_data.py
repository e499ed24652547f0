"""The layers of the map as GeoJSON."""

from __future__ import annotations

from flask import request
from flask.typing import ResponseReturnValue

from portal.common.clock import SYSTEM_CLOCK
from portal.numeriz.api import law_for_display, list_bays
from portal.regulations.measures import Origin
from portal.territories.api import get_territory
from portal.visualiz import layers
from portal.visualiz.forms import WhenWhereForm
from portal.visualiz.views.asked import read_moment
from portal.visualiz.views.blueprint import DAYS_PER_CALLER, blueprint
from portal.visualiz.views.sending import send_shared
from portal.web.extensions import limiter
from portal.web.guards import PUBLIC, guard


@blueprint.get("/<territory>/perimetres.json")
@guard(PUBLIC)
def perimeter_layer(territory: str) -> ResponseReturnValue:
    """Send the perimeters."""
    view = get_territory(territory)
    law = law_for_display(view)
    return send_shared(
        view,
        "perimeters",
        law.version,
        lambda: layers.collection(layers.perimeter_features(law, view.slug), law.version),
    )


@blueprint.get("/<territory>/arretes.json")
@guard(PUBLIC)
@limiter.limit(DAYS_PER_CALLER)
def order_layer(territory: str) -> ResponseReturnValue:
    """Send the measures in force around a day."""
    return _measure_layer(territory, Origin.ORDER)


@blueprint.get("/<territory>/evenements.json")
@guard(PUBLIC)
@limiter.limit(DAYS_PER_CALLER)
def event_layer(territory: str) -> ResponseReturnValue:
    """Send the live events around a day."""
    return _measure_layer(territory, Origin.EVENT)


@blueprint.get("/<territory>/panneaux.json")
@guard(PUBLIC)
@limiter.limit(DAYS_PER_CALLER)
def sign_layer(territory: str) -> ResponseReturnValue:
    """Send the signs of OpenStreetMap that are in force around a day."""
    return _measure_layer(territory, Origin.OSM)


def _measure_layer(territory: str, origin: Origin) -> ResponseReturnValue:
    view = get_territory(territory)
    form = WhenWhereForm(request.args)
    form.validate()
    moment, box = read_moment(form, view), layers.read_box(request.args.get("boite", ""))
    kind = f"{origin.value}-{moment.query['jour']}-{_box_key(box)}"
    law = law_for_display(view)
    return send_shared(
        view,
        kind,
        law.version,
        lambda: layers.collection(layers.measure_features(law, view.slug, moment, origin, box), law.version),
    )


@blueprint.get("/<territory>/aires.json")
@guard(PUBLIC)
@limiter.limit(DAYS_PER_CALLER)
def bay_layer(territory: str) -> ResponseReturnValue:
    """Send the delivery bays."""
    view = get_territory(territory)
    box = layers.read_box(request.args.get("boite", ""))
    law = law_for_display(view)

    def made() -> dict[str, object]:
        bays = layers.bay_features(list_bays(view.id, box), view.slug, law.zone, SYSTEM_CLOCK.now())
        return layers.collection(bays, law.version)

    return send_shared(view, f"bays-{_box_key(box)}", law.version, made)


def _box_key(box: layers.Box | None) -> str:
    return "" if box is None else ",".join(map(str, box))
