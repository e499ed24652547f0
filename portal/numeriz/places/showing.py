"""What the inputs of a place show: its streets and ends as typed, its edges by street, and the words beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

from portal.common.errors import Unavailable
from portal.numeriz.places.fields import MOST_EXCEPTIONS, drawing_text, end_text
from portal.numeriz.places.messages import DOUBTS, problem_sentence
from portal.numeriz.places.roads import roads_of
from portal.numeriz.places.streets import MOST_STREETS, crossing_names, text_of
from portal.numeriz.places.values import EdgeState, PlaceKind, ResolvedPlace
from portal.territories.api import TerritoryView

MOST_LISTED: Final = 250
"""Edges with a box each: beyond, the streets of a zone have theirs and the map shows the rest."""

_DRAWN: Final = {
    PlaceKind.LINE.value: "line",
    PlaceKind.ROAD.value: "line",
    PlaceKind.POLYGON.value: "polygon",
    PlaceKind.TOWN.value: "polygon",
}
_SAID_BESIDE: Final = (
    "streets.",
    "road",
    "points",
    "rings",
    "from",
    "to",
    "direction",
    "except",
    "motorways",
    "left_out",
)


def _has_input(field: object) -> bool:
    return isinstance(field, str) and field.startswith(_SAID_BESIDE)


@dataclass(frozen=True, slots=True)
class ShownStreet:
    """A line of the list of streets. crossings: the names that its ends may be."""

    name: str
    commune: str
    start: str
    end: str
    crossings: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class ShownEdge:
    """An edge with its box. ticked: part of the place. by_hand: because it was added."""

    id: str
    length_m: int
    ticked: bool
    by_hand: bool = False


@dataclass(frozen=True, slots=True)
class EdgesOfStreet:
    """The edges of one street of the place; name "" for roads without one."""

    name: str
    edges: Sequence[ShownEdge]

    @property
    def length_m(self) -> int:
        """Metres of those that are ticked."""
        return sum(edge.length_m for edge in self.edges if edge.ticked)


@dataclass(frozen=True, slots=True)
class ShownPlace:
    """All that templates/numeriz/places/_fields.html writes. draw: what the map draws into the text, "" for nothing."""

    kind: str
    spec: Mapping[str, Any]
    streets: Sequence[ShownStreet]
    drawing: str
    draw: str
    found: Sequence[EdgesOfStreet]
    near: Sequence[EdgesOfStreet]
    edge_ids: str
    listed: bool
    is_area: bool
    total_m: int
    edge_count: int
    resolved: ResolvedPlace
    layers: Mapping[str, Mapping[str, Any]]
    exceptions: Sequence[str]
    may_add_street: bool
    may_add_exception: bool

    def errors(self, *fields: str) -> list[str]:
        """Why the place cannot be stored, said beside an input."""
        wrong = self.resolved.problems_of(*fields) if self.resolved.location is None else ()
        return [problem_sentence(issue) for issue in wrong if issue.code not in DOUBTS]

    @property
    def general(self) -> list[str]:
        """What to say of the place as a whole: what is in doubt, and what no input is to blame for."""
        known = self.resolved.location is not None
        told = [i for i in self.resolved.problems if known or i.code in DOUBTS or not _has_input(i.params.get("field"))]
        return [problem_sentence(issue) for issue in told]

    def text(self, name: str) -> str:
        """A text of the spec."""
        return text_of(self.spec.get(name))

    def end(self, name: str, part: str) -> str:
        """A part of an end of a numbered road."""
        end = self.spec.get(name)
        return str(end.get(part) or "") if isinstance(end, Mapping) else ""


def show_place(territory: TerritoryView, place: Mapping[str, Any], resolved: ResolvedPlace) -> ShownPlace:
    """What to show of a place that was just looked up."""
    kind, spec = str(place.get("kind")), place.get("spec")
    spec = spec if isinstance(spec, Mapping) else {}
    is_area = kind in {PlaceKind.POLYGON, PlaceKind.TOWN}
    by_state: dict[str, list[Mapping[str, Any]]] = {state.value: [] for state in EdgeState}
    for feature in resolved.edges["features"]:
        by_state[feature["properties"]["state"]].append(feature)
    found = [*by_state[EdgeState.FOUND], *by_state[EdgeState.REMOVED]]
    part = [*by_state[EdgeState.FOUND], *by_state[EdgeState.ADDED]]
    listed = len(found) <= MOST_LISTED
    streets = _streets(territory, spec) if kind == PlaceKind.STREET else []
    exceptions = spec.get("except")
    exceptions = [text_of(one) for one in exceptions] if isinstance(exceptions, list) else []
    return ShownPlace(
        kind=kind,
        spec=spec,
        streets=streets,
        drawing=drawing_text(kind, spec),
        draw=_DRAWN.get(kind, ""),
        found=_by_street([*found, *by_state[EdgeState.ADDED]]) if listed else (),
        near=_by_street(by_state[EdgeState.NEAR]),
        edge_ids=" ".join(dict.fromkeys(feature["properties"]["id"] for feature in found)) if listed else "",
        listed=listed,
        is_area=is_area,
        total_m=sum(int(feature["properties"]["length_m"]) for feature in part),
        edge_count=len({feature["properties"]["id"] for feature in part}),
        resolved=resolved,
        layers={
            name: {"type": "FeatureCollection", "features": some}
            for name, some in (
                ("edges", part),
                ("edges-removed", by_state[EdgeState.REMOVED]),
                ("edges-near", by_state[EdgeState.NEAR]),
            )
        },
        exceptions=exceptions or [""],
        may_add_street=len(streets) < MOST_STREETS,
        may_add_exception=len(exceptions) < MOST_EXCEPTIONS,
    )


def _streets(territory: TerritoryView, spec: Mapping[str, Any]) -> list[ShownStreet]:
    wanted = spec.get("streets")
    known = [one for one in wanted if isinstance(one, Mapping)] if isinstance(wanted, list) else []
    shown = []
    for one in known or [{}]:
        name = text_of(one.get("name"))
        crossings = _crossings(territory, name) if name else ()
        shown.append(
            ShownStreet(
                name, text_of(one.get("commune")), end_text(one.get("from")), end_text(one.get("to")), crossings
            )
        )
    return shown


def _crossings(territory: TerritoryView, name: str) -> Sequence[str]:
    try:
        return crossing_names(roads_of(territory), name)
    except Unavailable:
        # Without a graph the page says so; the names would only be a comfort.
        return ()


def _by_street(features: Sequence[Mapping[str, Any]]) -> list[EdgesOfStreet]:
    """Edges under the name of their street, those without a name last; an edge that was found twice is there once."""
    once: dict[str, tuple[str, ShownEdge]] = {}
    for feature in features:
        facts = feature["properties"]
        key, before = facts["id"], once.get(facts["id"])
        metres = facts["length_m"] + (before[1].length_m if before else 0)
        state = EdgeState(facts["state"])
        by_hand = state is EdgeState.ADDED
        once[key] = facts["name"], ShownEdge(key, metres, by_hand or state is EdgeState.FOUND, by_hand)
    # A box keeps its place whether or not it is ticked.
    ranked = sorted(once.values(), key=lambda one: (not one[0], one[0].casefold(), one[0], one[1].id))
    return [
        EdgesOfStreet(name, [edge for _name, edge in some]) for name, some in groupby(ranked, key=lambda one: one[0])
    ]
