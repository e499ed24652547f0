"""What several pages of this context show alike: the words of states, the parts of a request."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext

from portal.cirqliz import messages
from portal.cirqliz.law import perimeter_features, spans_of
from portal.cirqliz.requests.queries import RequestView
from portal.numeriz.api import law_snapshot
from portal.regulations.schedules import Interval
from portal.web.rendering import render_page


def show(template: str, *, block: str | None = None, **context: Any) -> str:
    """Render a page of this context with the words of its states."""
    return render_page(f"cirqliz/{template}", block=block, words=messages, **context)


def request_parts(request: RequestView) -> dict[str, Any]:
    """Return what the map and the list of perimeters of a request need: layers and hours."""
    law = law_snapshot(request.territory_id)
    ids = [perimeter.perimeter_id for perimeter in request.perimeters]
    window = Interval(request.starts_at, request.ends_at)
    return {
        "hours": spans_of(law, ids, window),
        "layers": [
            {"kind": "perimeters", "label": gettext("Périmètres"), "data": perimeter_features(law, ids, window)},
            {"kind": "stops", "label": gettext("Étapes"), "data": _stop_features(request), "fit": True},
        ],
    }


def _stop_features(request: RequestView) -> dict[str, object]:
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "geometry": {"type": "Point", "coordinates": [stop.lon, stop.lat]},
                "properties": {"title": stop.label, "number": stop.position + 1},
            }
            for stop in request.stops
        ],
    }
