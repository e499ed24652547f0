"""What a page says and draws of the match of an order or a perimeter to the road graph."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import shapely
from flask_babel import ngettext
from shapely import ops

from portal.numeriz import codec
from portal.numeriz.matching.places import Place, get_matches, places_of_measure
from portal.numeriz.queries import OrderView, PerimeterView, geojson
from portal.numeriz.translate import _
from portal.numeriz.values import OrderStatus
from portal.regulations.geometry import polygons_of
from portal.regulations.measures import LocationKind, MeasureLocation
from portal.territories.api import EdgeTable, Match, TerritoryView, get_graph_version, load_edges

MOST_DRAWN: Final = 2_000
"""Edges drawn on one page: a whole city would make a page nobody can open."""


@dataclass(frozen=True, slots=True)
class MatchView:
    """The match of one measure, or of a perimeter. sentence: "" when there is nothing to say. issues: its doubts.

    geometry: GeoJSON of the matched parts of the edges, each street once; None without any. cut: not all are in it.
    """

    sentence: str = ""
    issues: Sequence[Mapping[str, object]] = ()
    geometry: Mapping[str, Any] | None = None
    cut: bool = False


def matches_of_order(territory: TerritoryView, order: OrderView) -> Sequence[MatchView]:
    """The match of each measure of an order, in their order; nothing is said of one that is no law."""
    version = get_graph_version(territory)
    if version is None or order.status is not OrderStatus.PUBLISHED:
        return [MatchView()] * len(order.measures)
    places = [
        tuple(places_of_measure(measure.type, number, measure.locations))
        for number, (_id, measure) in enumerate(order.measures, 1)
    ]
    found = get_matches(territory.id, version, (place.digest for some in places for place in some))
    return [_view(territory, some, found) for some in places]


def match_of_perimeter(territory: TerritoryView, perimeter: PerimeterView) -> MatchView:
    """The match of a perimeter; its doubts are among those of the perimeter."""
    version = get_graph_version(territory)
    if version is None or perimeter.shape is None:
        return MatchView()
    area = MeasureLocation(LocationKind.AREA, perimeter.name, perimeter.shape, named_roads=perimeter.named_roads)
    place = Place(codec.perimeter_digest(area.shape, area.named_roads), area)
    return _view(territory, (place,), get_matches(territory.id, version, (place.digest,)))


def _view(territory: TerritoryView, places: Sequence[Place], found: Mapping[str, Match]) -> MatchView:
    known = [(place, found[place.digest]) for place in places if place.digest in found]
    if not places:
        return MatchView()
    if not known:
        return MatchView(_("Pas encore recherché sur le réseau routier."))
    lines = [(place, match) for place, match in known if polygons_of(place.location.shape) is None]
    edges = {int(edge_id) for _place, match in known for edge_id in match.edges["edge_id"]}
    streets = ngettext("%(num)d tronçon", "%(num)d tronçons", len(edges))
    if lines:
        drawn = sum(place.location.shape.length for place, _match in lines)
        matched = sum(place.location.shape.length * match.matched_share for place, match in lines)
        # Two points have no length: what lies between them was found or not.
        share = matched / drawn if drawn else min(match.matched_share for _place, match in lines)
        sentence = _(
            "Retrouvé à %(percent)s\u00a0%% sur le réseau routier\u00a0: %(streets)s.",
            percent=math.floor(share * 100 + 0.01),
            streets=streets,
        )
    else:
        sentence = _("Rues concernées sur le réseau routier\u00a0: %(streets)s.", streets=streets)
    issues = [issue.to_json() for place, match in known for issue in place.issues(match)]
    parts = _parts(territory, [match for _place, match in known])
    geometry = geojson(shapely.MultiLineString(parts[:MOST_DRAWN])) if parts else None
    return MatchView(sentence, issues, geometry, len(parts) > MOST_DRAWN)


def _parts(territory: TerritoryView, matches: Iterable[Match]) -> list[shapely.LineString]:
    """The matched parts of the edges, each street drawn once though both of its directions are matched."""
    if territory.graph_dir is None:
        return []
    table = _table(territory.graph_dir)
    parts: dict[tuple[int, float, float], shapely.LineString] = {}
    for match in matches:
        for edge in match.edges:
            row = table.row_of[int(edge["edge_id"])]
            first, last = float(edge["from_fraction"]), float(edge["to_fraction"])
            other = int(table.opposing[row])
            # The other direction of an edge runs through the same part from its own other end.
            twin = (other, round(1.0 - last, 3), round(1.0 - first, 3))
            if twin not in parts and len(parts) <= MOST_DRAWN:
                part = ops.substring(table.shapes[row], first, last, normalized=True)
                if isinstance(part, shapely.LineString):
                    parts[row, round(first, 3), round(last, 3)] = part
    return list(parts.values())


@lru_cache(maxsize=2)
def _table(graph_dir: Path) -> EdgeTable:
    """The edges of a graph, for the clerks of one town at a time; a finished build never changes."""
    return load_edges(graph_dir)
