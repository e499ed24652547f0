"""Naming the places of an order of the national feed as its search does: with communes, house numbers, marks.

The feed gives a street name alone, and two streets of one name cannot be told apart. The search knows the same places
with the same geometry: that is how they are found again, and by their order when the names agree.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain

import shapely
from shapely.geometry.base import BaseGeometry

from portal.common.text import fold
from portal.numeriz.imports.dialog_search_parts import Json, label_of, name_of, objects, read_place, text
from portal.numeriz.values import MeasureDraft, OrderDraft
from portal.regulations.measures import MeasureLocation, MeasureType

# Both write nine decimals of a degree; a tenth of a millimetre is the same place.
_SAME_DEGREES = 1e-9
_DECIMALS = 6

type _Key = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class _Named:
    """A place as the search names it."""

    id: str
    name: str
    label: str
    shapes: tuple[BaseGeometry, ...]


def enrich(order: OrderDraft, item: Json) -> OrderDraft:
    """The order with the names that the search gives to its places, and their ids in its provenance.

    item: the same order as the search answers it (`dialog_search.key_of`). A place found twice under two names, or not
    at all, keeps the name it has; nothing else of the order changes.
    """
    told = [[_named(place) for place in objects(found.get("locations"))] for found in objects(item.get("measures"))]
    by_shape: dict[_Key, list[tuple[BaseGeometry, _Named]]] = defaultdict(list)
    for place in chain.from_iterable(told):
        for shape in place.shapes:
            by_shape[_key(shape)].append((shape, place))
    measures: list[MeasureDraft] = []
    ids: list[list[str]] = []
    rank = 0
    for measure in order.measures:
        # The feed adds a measure for each storage area, which the search only mentions.
        beside = measure.type is MeasureType.STORAGE_AREA
        in_order = told[rank] if rank < len(told) and not beside else []
        rank += not beside
        found = [_found(place, by_shape, in_order, number) for number, place in enumerate(measure.locations)]
        measures.append(replace(measure, locations=tuple(_renamed(measure.locations, found))))
        ids.append(["" if place is None else place.id for place in found])
    if not any(chain.from_iterable(ids)):
        return order
    return replace(order, measures=tuple(measures), provenance={**order.provenance, "places": ids})


def _named(place: Json) -> _Named:
    locations = read_place(place, None).locations
    shapes = tuple(location.shape for location in locations if not location.shape.is_empty)
    return _Named(text(place, "uuid", 60), name_of(place), label_of(place), shapes)


def _key(shape: BaseGeometry) -> _Key:
    return (*(round(bound, _DECIMALS) for bound in shape.bounds), float(shapely.get_num_coordinates(shape)))


def _found(
    location: MeasureLocation,
    by_shape: dict[_Key, list[tuple[BaseGeometry, _Named]]],
    in_order: Sequence[_Named],
    number: int,
) -> _Named | None:
    """The place of the search that this one is; None when that is not sure."""
    if not location.shape.is_empty:
        drawn = shapely.normalize(location.shape)
        same = [
            place
            for shape, place in by_shape.get(_key(location.shape), ())
            if drawn.equals_exact(shapely.normalize(shape), _SAME_DEGREES)
        ]
        if same:
            return same[0] if len({place.label for place in same}) == 1 else None
    if number < len(in_order):
        place = in_order[number]
        if place.name and fold(place.name) == fold(location.label):
            return place
    return None


def _renamed(locations: Sequence[MeasureLocation], found: Sequence[_Named | None]) -> Iterator[MeasureLocation]:
    for location, place in zip(locations, found, strict=True):
        yield location if place is None or not place.label else replace(location, label=place.label)
