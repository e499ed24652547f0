"""What the map shows at a moment, in a box, with some of its layers: for its list, its files and its sheet."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import islice
from uuid import UUID

import shapely
from flask import url_for
from shapely.geometry.base import BaseGeometry

from portal.numeriz.api import BayView, list_bays
from portal.regulations.measures import Measure, Origin
from portal.regulations.perimeters import Perimeter
from portal.regulations.schedules import Interval
from portal.regulations.snapshot import LawSnapshot, Regulation, is_in_force
from portal.territories.api import TerritoryView
from portal.visualiz.choices import Choice
from portal.visualiz.concerned import concern_words
from portal.visualiz.law_lines import (
    bay_lines,
    bay_title,
    measure_effect,
    measure_href,
    measure_lines,
    measure_title,
    perimeter_lines,
)
from portal.visualiz.layers import MOST_FEATURES, SUSPENDED, Box
from portal.visualiz.moments import Moment


class Layer(StrEnum):
    """The layers of the map, as they stand in its URL."""

    PERIMETERS = "perimeters"
    ORDERS = "orders"
    EVENTS = "events"
    SIGNS = "signs"
    BAYS = "bays"


ORIGINS = {Layer.ORDERS: Origin.ORDER, Layer.EVENTS: Origin.EVENT, Layer.SIGNS: Origin.OSM}


def read_layers(text: str | None) -> tuple[Layer, ...]:
    """The layers that a URL names, in the order of the map; all when it names none."""
    if not text:
        return tuple(Layer)
    named = {part.strip() for part in text.split(",")}
    return tuple(layer for layer in Layer if layer.value in named)


@dataclass(frozen=True, slots=True)
class Shown:
    """One thing on the map. shape: (lon, lat) WGS84. look: colour of a perimeter, effect of a measure, regime of a bay.

    id: as in the layers. since, until: the active span around the moment; both None for a bay, an end may be None.
    concern: what it means for the vehicle asked about, in words; empty for a bay. href: its page.
    """

    layer: Layer
    id: str
    title: str
    lines: tuple[str, ...]
    look: str
    shape: BaseGeometry
    since: datetime | None
    until: datetime | None
    concern: str
    href: str | None


@dataclass(frozen=True, slots=True)
class Screen:
    """All that is shown, layer by layer; truncated: a layer holds more than is drawn, and only its first are here."""

    shown: tuple[Shown, ...]
    truncated: bool


def on_screen(
    territory: TerritoryView,
    law: LawSnapshot,
    moment: Moment,
    layers: Collection[Layer],
    box: Box | None,
    choice: Choice,
) -> Screen:
    """What the map draws at the moment; box None: everywhere."""
    found: list[Shown] = []
    truncated = False
    for layer in Layer:
        if layer in layers:
            first = list(islice(_of_layer(territory, law, moment, layer, box, choice), MOST_FEATURES + 1))
            truncated = truncated or len(first) > MOST_FEATURES
            found += first[:MOST_FEATURES]
    return Screen(tuple(found), truncated)


def in_force_in(law: LawSnapshot, at: datetime, box: Box | None) -> Iterable[Regulation]:
    """The regulations active at an instant, in the order of the law; with a box, only those drawn in it."""
    now = Interval(at, at)
    if box is not None:
        return law.in_box(box, now)
    known: Iterable[Regulation] = [*law.perimeters.values(), *law.measures.values()]
    return (regulation for regulation in known if is_in_force(regulation, now, law.calendar))


def _of_layer(
    territory: TerritoryView, law: LawSnapshot, moment: Moment, layer: Layer, box: Box | None, choice: Choice
) -> Iterator[Shown]:
    if layer is Layer.BAYS:
        yield from (_bay(bay, territory, law, moment) for bay in list_bays(territory.id, box))
        return
    for regulation in in_force_in(law, moment.at, box):
        if isinstance(regulation, Perimeter):
            if layer is Layer.PERIMETERS and not regulation.shape.is_empty:
                yield _perimeter(territory, law, moment, choice, regulation)
        elif regulation.origin is ORIGINS.get(layer):
            yield from _places(territory, law, moment, choice, layer, regulation, box)


def _perimeter(
    territory: TerritoryView, law: LawSnapshot, moment: Moment, choice: Choice, perimeter: Perimeter
) -> Shown:
    span = next(a for a in perimeter.activations if a.start <= moment.at and (a.end is None or moment.at < a.end))
    return Shown(
        Layer.PERIMETERS,
        perimeter.id,
        perimeter.name,
        tuple(perimeter_lines(perimeter, law.zone, moment.at)),
        perimeter.colour.value,
        perimeter.shape,
        span.start,
        span.end,
        concern_words(law, perimeter, moment.at, choice),
        url_for("visualiz.show_perimeter", territory=territory.slug, perimeter_id=UUID(perimeter.id)),
    )


def _places(
    territory: TerritoryView,
    law: LawSnapshot,
    moment: Moment,
    choice: Choice,
    layer: Layer,
    measure: Measure,
    box: Box | None,
) -> Iterator[Shown]:
    frame = None if box is None else shapely.box(*box)
    now = Interval(moment.at, moment.at)
    spans = (period.occurrence(now, law.calendar) for period in measure.periods)
    since, until = next(span for span in spans if span is not None)
    for number, place in enumerate(measure.locations):
        if not place.drawn.is_empty and (frame is None or frame.intersects(place.drawn)):
            yield Shown(
                layer,
                f"{measure.id}.{number}",
                measure_title(measure, place),
                tuple(measure_lines(measure, law.zone)),
                measure_effect(measure),
                place.drawn,
                since,
                until,
                concern_words(law, measure, moment.at, choice),
                measure_href(measure, territory.slug),
            )


def _bay(bay: BayView, territory: TerritoryView, law: LawSnapshot, moment: Moment) -> Shown:
    return Shown(
        Layer.BAYS,
        str(bay.id),
        bay_title(bay),
        tuple(bay_lines(bay, law.zone, moment.at)),
        SUSPENDED if bay.suspension_at(moment.at) else bay.regime.value,
        shapely.Point(bay.lon, bay.lat),
        None,
        None,
        "",
        url_for("visualiz.show_bay", territory=territory.slug, bay_id=bay.id),
    )
