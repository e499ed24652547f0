"""From what a clerk says of a place to the place of the law: the one entry of this package."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Final

import shapely
from shapely.geometry.base import BaseGeometry

from portal.common.errors import Invalid
from portal.numeriz.places.areas import Zone, extent, zone_of
from portal.numeriz.places.choosing import against_one_way, choose, features, location_of, near_pieces
from portal.numeriz.places.drawn import follow
from portal.numeriz.places.roads import Piece, Roads, is_numbered, name_key, roads_of
from portal.numeriz.places.shapes import area_of, inside_share, line_of, points_of, rings_of
from portal.numeriz.places.streets import MOST_STREETS, StreetPart, find_streets, near_names, text_of
from portal.numeriz.places.values import (
    DIRECTIONS,
    EdgeState,
    PlaceKind,
    ResolvedPlace,
    StreetInside,
    problem,
)
from portal.numeriz.values import Issue
from portal.regulations.measures import Direction, LocationKind, MeasureLocation
from portal.territories.api import TerritoryView, list_communes

MOST_LABEL: Final = 255
_MOST_EDGES: Final = 2_000
_PR: Final = re.compile(r"\d{1,5}")
_ABSCISSA: Final = re.compile(r"-?\d{1,6}")
_SIDES: Final = {"U": "", "D": " (côté droit)", "G": " (côté gauche)"}
_OUTSIDE_SLACK: Final = 0.01


@dataclass(slots=True)
class _Found:
    """Pieces on their way to a place. problems: what is in doubt; blocked: the place cannot be stored."""

    kind: LocationKind
    label: str = ""
    pieces: list[Piece] = field(default_factory=list)
    problems: list[Issue] = field(default_factory=list)
    blocked: bool = False


def resolve_place(territory: TerritoryView, place: Mapping[str, Any]) -> ResolvedPlace:
    """Look up a place {"kind", "spec", "removed", "added"} on the road graph of a territory.

    Whatever is wrong in it is told as a problem, never raised. Raises Unavailable("graph-missing") without a graph.
    """
    roads = roads_of(territory)
    spec = place.get("spec")
    spec = spec if isinstance(spec, Mapping) else {}
    removed, added = _texts(place.get("removed")), _texts(place.get("added"))
    try:
        match place.get("kind"):
            case PlaceKind.STREET:
                return _linear(roads, _streets(territory, roads, spec), spec, removed, added)
            case PlaceKind.ROAD:
                return _linear(roads, _road(territory, roads, spec), spec, removed, added)
            case PlaceKind.LINE:
                return _linear(roads, _line(territory, roads, spec), spec, removed, added)
            case PlaceKind.POLYGON:
                return _polygon(territory, roads, spec, removed)
            case PlaceKind.TOWN:
                return _town(territory, roads, spec, removed)
            case _:
                return ResolvedPlace(problems=(problem("kind-missing", "kind"),))
    except Invalid as error:
        where = _DRAWN_IN.get(str(place.get("kind")), "")
        params = {name: value for name, value in error.params.items() if isinstance(value, (str, int, float))}
        return ResolvedPlace(problems=(problem(error.code, where, **params),))


_DRAWN_IN: Final = {PlaceKind.LINE.value: "points", PlaceKind.ROAD.value: "points"} | dict.fromkeys(
    (PlaceKind.POLYGON.value, PlaceKind.TOWN.value), "rings"
)


def _linear(
    roads: Roads, found: _Found, spec: Mapping[str, Any], removed: Sequence[str], added: Sequence[str]
) -> ResolvedPlace:
    """The place of some pieces, after the hand of the clerk."""
    direction = DIRECTIONS.get(str(spec.get("direction") or Direction.BOTH.value), Direction.BOTH)
    choice = choose(roads, found.pieces, removed, added)
    problems = list(found.problems)
    if choice.stale:
        problems.append(problem("edges-of-older-map", "edges"))
    if found.pieces and not choice.kept:
        problems.append(problem("nothing-left", "edges"))
    problems += against_one_way(roads, choice.kept, direction)
    near = near_pieces(roads, choice.kept, choice.removed)
    states = [
        (EdgeState.FOUND, choice.found),
        (EdgeState.ADDED, choice.added),
        (EdgeState.REMOVED, choice.removed),
        (EdgeState.NEAR, near),
    ]
    edges, bounds = features(roads, states, direction)
    location = None
    if not found.blocked and not choice.stale:
        if len(choice.kept) > _MOST_EDGES:
            problems.append(problem("too-many-edges", "edges", most=_MOST_EDGES))
        else:
            location = location_of(roads, choice.kept, found.kind, found.label[:MOST_LABEL], direction)
    return ResolvedPlace(location, edges, _by_name(roads, choice.kept), tuple(problems), bounds)


def _by_name(roads: Roads, pieces: Sequence[Piece]) -> tuple[StreetInside, ...]:
    metres: dict[str, float] = {}
    for piece in pieces:
        metres[roads.label(piece.row)] = metres.get(roads.label(piece.row), 0.0) + roads.length_m(piece)
    return tuple(StreetInside(name, round(length / 1000, 3)) for name, length in sorted(metres.items()))


def _streets(territory: TerritoryView, roads: Roads, spec: Mapping[str, Any]) -> _Found:
    wanted = [one for one in _list(spec.get("streets")) if isinstance(one, Mapping)]
    found = _Found(LocationKind.NAMED_STREET)
    if len(wanted) > MOST_STREETS:
        return _blocked(found, problem("too-many-streets", "streets", most=MOST_STREETS))
    if not wanted:
        return _blocked(found, problem("street-missing", "streets.0.name"))
    parts, lost = find_streets(territory, roads, wanted)
    found.label = "\u00a0; ".join(part.label for part in parts)
    found.pieces = _joined(parts)
    found.problems, found.blocked = [*lost, *_doubts(parts)], bool(lost)
    if len(found.label) > MOST_LABEL:
        found.label = f"{found.label[: MOST_LABEL - 1]}…"
    return found


def _joined(parts: Sequence[StreetPart]) -> list[Piece]:
    """The pieces of all parts; one that two parts give alike is there once."""
    return list(dict.fromkeys(piece for part in parts for piece in part.pieces))


def _doubts(parts: Sequence[StreetPart]) -> list[Issue]:
    return [doubt for part in parts for doubt in part.doubts]


def _road(territory: TerritoryView, roads: Roads, spec: Mapping[str, Any]) -> _Found:
    found = _Found(LocationKind.NUMBERED_ROAD)
    typed = text_of(spec.get("road"))
    if not typed:
        return _blocked(found, problem("road-missing", "road"))
    key = name_key(typed)
    if not is_numbered(typed) or not roads.has_name(key):
        numbers = {other: name for other, name in roads.keys.items() if is_numbered(name)}
        near = ", ".join(numbers[other] for other in get_close_matches(key, numbers, 5, 0.5))
        return _blocked(found, problem("road-unknown", "road", name=typed[:40], near=near))
    name = roads.display_name(key)
    points = _points(spec)
    ends, unreadable = _reference_points(spec)
    found.problems += unreadable
    found.blocked = bool(unreadable)
    if points is None and ends:
        # OpenStreetMap has no reference points: where they stand, only whoever knows the road can say.
        return _blocked(found, problem("reference-points-unknown", "points", road=name))
    found.label = f"{name}, {ends}" if ends else name
    if points is None:
        wanted = {"name": typed, "from": spec.get("from"), "to": spec.get("to")}
        parts, lost = find_streets(territory, roads, [wanted])
        found.problems += [_of_road(issue) for issue in (*lost, *_doubts(parts))]
        found.blocked = found.blocked or bool(lost)
        found.pieces = _joined(parts)
        found.label = next((part.label for part in parts), found.label)
        return found
    line = line_of(territory, points)
    pieces, doubts = follow(roads, line, "points")
    own = {*roads.rows_named(key)}
    found.pieces = [piece for piece in pieces if roads.segment(piece.row) in own]
    left_m = round(sum(roads.length_m(piece) for piece in pieces if roads.segment(piece.row) not in own))
    found.problems += doubts
    found.blocked = found.blocked or bool(doubts)
    if not found.pieces:
        return _blocked(found, problem("drawn-beside-road", "points", road=name))
    if left_m:
        found.problems.append(problem("drawn-leaves-road", "points", road=name, metres=left_m))
    return found


def _of_road(issue: Issue) -> Issue:
    where = str(issue.params.get("field", "")).rpartition(".")[2]
    return problem(issue.code, {"name": "road", "commune": "road"}.get(where, where), **_without_field(issue))


def _without_field(issue: Issue) -> dict[str, str | int | float]:
    return {name: value for name, value in issue.params.items() if name != "field"}


def _reference_points(spec: Mapping[str, Any]) -> tuple[str, list[Issue]]:
    """What the reference points say: « du PR 12+300 au PR 14+0 », and those that cannot be read."""
    said, problems = [], []
    for name, word in (("from", "du"), ("to", "au")):
        end = spec.get(name)
        pr = text_of(end.get("pr")) if isinstance(end, Mapping) else ""
        if not isinstance(end, Mapping) or not pr:
            continue
        metres, side = str(end.get("abscissa_m") or "0").strip(), str(end.get("side") or "U")
        if _PR.fullmatch(pr) is None or _ABSCISSA.fullmatch(metres) is None or side not in _SIDES:
            problems.append(problem("reference-point-unreadable", name, pr=pr[:20]))
        else:
            said.append(f"{word} PR {pr}+{metres}{_SIDES[side]}")
    if len(said) == 1:
        problems.append(problem("reference-point-alone", "to"))
    return " ".join(said), problems


def _line(territory: TerritoryView, roads: Roads, spec: Mapping[str, Any]) -> _Found:
    found = _Found(LocationKind.FREE_GEOMETRY)
    points = _points(spec)
    if points is None:
        return _blocked(found, problem("drawing-missing", "points"))
    line = line_of(territory, points)
    found.pieces, found.problems = follow(roads, line, "points")
    # What the law would not trust of an imported line is not stored of a drawn one: the clerk can draw it better.
    found.blocked = bool(found.problems)
    names = list(dict.fromkeys(name for piece in found.pieces if (name := roads.label(piece.row))))
    found.label = text_of(spec.get("label")) or ", ".join(names[:4]) + (" …" if len(names) > 4 else "")
    if inside_share(territory, line) < 1.0 - _OUTSIDE_SLACK:
        found.problems.append(problem("place-partly-outside", "points", territory=territory.name))
    return found


def _points(spec: Mapping[str, Any]) -> Sequence[Any] | None:
    """The points that are drawn, or what was typed instead; None when there is nothing."""
    if text := text_of_drawing(spec):
        return points_of(text)
    return _list(spec.get("points")) or None


def _polygon(territory: TerritoryView, roads: Roads, spec: Mapping[str, Any], removed: Sequence[str]) -> ResolvedPlace:
    outline = area_of(territory, _rings(spec))
    left_out = _texts(spec.get("left_out"))
    zone = zone_of(roads, outline, left_out, removed, motorways=spec.get("motorways") is True)
    label = text_of(spec.get("label")) or "Zone"
    outs = sorted({street.name for street in zone.streets if street.left_out and street.name})
    if outs:
        label = f"{label}, sauf {', '.join(outs)}"
    problems: list[Issue] = []
    if inside_share(territory, outline) < 1.0 - _OUTSIDE_SLACK:
        problems.append(problem("place-partly-outside", "rings", territory=territory.name))
    return _areal(roads, zone, outline, LocationKind.AREA, label, problems, removed)


def _town(territory: TerritoryView, roads: Roads, spec: Mapping[str, Any], removed: Sequence[str]) -> ResolvedPlace:
    problems: list[Issue] = []
    rings = _rings(spec)
    communes = list_communes(territory)
    if rings:
        outline = area_of(territory, rings)
    elif len(communes) > 1:
        named = ", ".join(communes[:6]) + ("…" if len(communes) > 6 else "")
        return ResolvedPlace(problems=(problem("town-of-several-communes", "rings", communes=named),))
    else:
        outline = extent(roads)
        problems.append(problem("town-is-territory", "rings"))
    wanted = _texts(spec.get("except"))
    for name in wanted:
        if not roads.has_name(name_key(name)):
            near = near_names(territory, roads, name)
            problems.append(problem("street-unknown", "except", name=name[:80], near=near))
    zone = zone_of(roads, outline, wanted, removed, motorways=spec.get("motorways") is True)
    town = communes[0] if len(communes) == 1 else territory.name
    outs = sorted({street.name for street in zone.streets if street.left_out and street.name})
    label = f"{town}, toute la commune" + (f", sauf {', '.join(outs)}" if outs else "")
    blocked = any(issue.code == "street-unknown" for issue in problems)
    resolved = _areal(roads, zone, outline, LocationKind.WHOLE_CITY, label, problems, removed)
    return (
        ResolvedPlace(None, resolved.edges, resolved.streets, resolved.problems, resolved.bounds)
        if blocked
        else resolved
    )


def _areal(
    roads: Roads,
    zone: Zone,
    outline: BaseGeometry,
    kind: LocationKind,
    label: str,
    problems: Sequence[Issue],
    removed: Sequence[str],
) -> ResolvedPlace:
    said = [*problems, *zone.problems]
    stale = any(roads.row_of(segment_id) is None for segment_id in removed)
    if stale:
        said.append(problem("edges-of-older-map", "edges"))
    edges, _bounds = features(roads, [(EdgeState.FOUND, zone.pieces), (EdgeState.REMOVED, zone.left_out)], None)
    west, south, east, north = outline.bounds
    blocked = stale or any(issue.code in {"zone-empty", "still-inside", "lost-beside"} for issue in said)
    location = None
    if not blocked:
        label = label if len(label) <= MOST_LABEL else f"{label[: MOST_LABEL - 1]}…"
        location = MeasureLocation(kind, label, _plain(zone.area), Direction.BOTH, (), zone.named_roads)
    return ResolvedPlace(location, edges, zone.streets, tuple(said), (west, south, east, north))


def _plain(area: BaseGeometry) -> BaseGeometry:
    """A multipolygon of one part as that part."""
    parts = shapely.get_parts(area)
    return parts[0] if len(parts) == 1 else area


def text_of_drawing(spec: Mapping[str, Any]) -> str:
    """What was typed instead of a drawing and could not be kept as points; "" when there is none."""
    text = spec.get("text")
    return text if isinstance(text, str) else ""


def _rings(spec: Mapping[str, Any]) -> Sequence[Any]:
    if text := text_of_drawing(spec):
        return rings_of(text)
    return _list(spec.get("rings"))


def _blocked(found: _Found, issue: Issue) -> _Found:
    found.problems.append(issue)
    found.blocked = True
    return found


def _list(found: object) -> list[Any]:
    return found if isinstance(found, list) else []


def _texts(found: object) -> list[str]:
    return [str(one) for one in _list(found) if isinstance(one, (str, int))]
