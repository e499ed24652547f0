"""What a draft order would do: its streets, its alarms, whom it meets, what it costs those who pass through."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import select

from portal.db import session
from portal.numeriz.impact.alarms import (
    as_truths,
    cut_off_alarms,
    emergency_alarms,
    motorway_alarms,
    names_by_length,
    stops_cars,
    stops_emergency,
)
from portal.numeriz.impact.clashes import find_clashes
from portal.numeriz.impact.cut_off import Roads
from portal.numeriz.impact.found import MOST_LISTED, Alarm, CutOff, Impact, RoadLength, VehicleDetour
from portal.numeriz.impact.meanwhile import Meanwhile, closed_meanwhile
from portal.numeriz.impact.streets import Streets, edges_of, law_alone, placed_on_graph, streets_of
from portal.numeriz.models import DeliveryBay
from portal.numeriz.ports import Concern, DetourQuestion, Neighbours
from portal.numeriz.values import MeasureDraft, OrderDraft
from portal.regulations.calendars import LocalCalendar
from portal.regulations.geometry import POINT_REACH_M, lines_of, polygons_of, to_metres_at
from portal.regulations.measures import Measure, MeasureType, OrderRef
from portal.regulations.perimeters import Perimeter
from portal.regulations.schedules import Interval
from portal.regulations.snapshot import LawSnapshot
from portal.regulations.vehicles import AirClass, Answer, Vehicle
from portal.territories.api import Driving, EdgeTable, TerritoryView, emergency_places, ensure_driving

type Tell = Callable[[str, int, int], None]

USUAL_VEHICLES: Final = {
    "van": Vehicle(3_500, None, 1_900, 260, 205, 620, hazmat=False, air_class=AirClass.CLASS_2),
    "lorry": Vehicle(19_000, None, 11_500, 360, 255, 1_000, hazmat=False, air_class=AirClass.CLASS_2),
    "articulated": Vehicle(19_000, 44_000, 11_500, 400, 255, 1_650, hazmat=False, air_class=AirClass.CLASS_2),
}
"""Whose detours are sampled; names in `messages.VEHICLES`. Sizes of usual vehicles within the limits of the road."""

BESIDE_STREET_M: Final = 40.0
"""A stop is served from the street before it: what lies this close to a street of the order counts as inside."""
STEPS: Final = ("streets", "access", "detours")
_LONGEST: Final = timedelta(days=92)
_LOOKS_AHEAD: Final = timedelta(days=400)
_WINDOW: Final = timedelta(days=35)
_BAYS_LOST: Final = frozenset({MeasureType.NO_ENTRY, MeasureType.NO_PARKING})


@dataclass(frozen=True, slots=True)
class Ground:
    """What a draft is judged on. replaces: the published order that it amends; neighbours: None with nobody to ask."""

    territory: TerritoryView
    law: LawSnapshot
    now: datetime
    neighbours: Neighbours | None = None
    replaces: UUID | None = None

    @property
    def table(self) -> EdgeTable | None:
        """The edges of the road graph; None when there is none here."""
        if self.territory.graph_dir is None:
            return None
        try:
            return edges_of(self.territory.graph_dir)
        except FileNotFoundError:
            return None

    @property
    def driving(self) -> Driving | None:
        """Which edges lead where."""
        table = self.table
        return (
            None
            if table is None or self.territory.graph_dir is None
            else ensure_driving(self.territory.graph_dir, table)
        )


def judge(ground: Ground, draft: OrderDraft, tell: Tell = lambda _step, _done, _total: None) -> Impact:
    """Find what a draft would do. tell: (step of `STEPS`, how many are done, of how many). Long: no transaction."""
    started = time.perf_counter()
    tell(STEPS[0], 0, len(STEPS))
    table = ground.table
    measures = measures_of(draft)
    if table is not None:
        measures = placed_on_graph(ground.territory, measures)
    place = place_of(measures)
    streets = None if table is None else streets_of(table, law_alone(ground.law, measures))
    span = span_of(draft, ground.now)
    emergency = emergency_places(ground.territory)
    alarms, cut = _alarms(ground, streets, measures)
    clashes = () if streets is None else find_clashes(streets, measures, ground.law, _text(ground.replaces), ground.now)
    tell(STEPS[1], 1, len(STEPS))
    concern = Concern(ground.territory.id, place, span, _perimeters_in(ground.law, place, span))
    asked = ground.neighbours
    access = None if asked is None else asked.count_access(concern)
    stops = None if asked is None else asked.count_stops(concern)
    tell(STEPS[2], 2, len(STEPS))
    at = first_active(measures, ground.law.calendar, ground.now)
    return Impact(
        lengths=None if streets is None else _lengths(streets),
        cut_off=cut,
        alarms=tuple(alarms),
        clashes=clashes[:MOST_LISTED],
        clash_count=len(clashes),
        bays=_bays_in(ground.territory.id, place_of(filter(_takes_bays, measures), POINT_REACH_M)),
        access=access,
        stops=stops,
        detours=_detours(ground, streets, measures, at),
        at=at,
        area_km2=_area_km2(place),
        emergency_known=emergency is not None,
        seconds=time.perf_counter() - started,
    )


def measures_of(draft: OrderDraft) -> list[Measure]:
    """The measures of a draft as law, by numbers from 1; those without a place are left out."""
    order = OrderRef("draft", draft.title, draft.authority_name, draft.url)
    return [_measure(f"draft-{number}", order, one) for number, one in enumerate(draft.measures, 1)]


def _measure(measure_id: str, order: OrderRef, one: MeasureDraft) -> Measure:
    return Measure(measure_id, order, one.type, one.locations, one.periods, one.vehicles, one.max_speed_kmh)


def place_of(measures: Iterable[Measure], beside_m: float = BESIDE_STREET_M) -> BaseGeometry:
    """Where measures hold, as a (multi)polygon (lon, lat): their areas, and what lies this close to their streets."""
    shapes = [place.drawn for measure in measures for place in measure.locations if not place.shape.is_empty]
    parts = []
    for shape in shapes:
        areas, lines = polygons_of(shape), lines_of(shape)
        parts += [] if areas is None else [areas]
        parts += [] if lines is None else [_beside(lines, beside_m)]
    return shapely.union_all(parts) if parts else shapely.MultiPolygon()


def _beside(lines: BaseGeometry, metres: float) -> BaseGeometry:
    scale = to_metres_at(float(lines.bounds[1]))(np.ones(2))
    wide = shapely.buffer(shapely.transform(lines, lambda xy: xy * scale), metres, quad_segs=4)
    return shapely.transform(wide, lambda xy: xy / scale)


def span_of(draft: OrderDraft, now: datetime) -> Interval:
    """From now, or its first day, to its last; an order without an end is looked at for some three months."""
    periods = [period for measure in draft.measures for period in measure.periods]
    start = max(now, min((period.start for period in periods), default=now))
    last = start + _LONGEST
    end = last if draft.ends_at is None else min(draft.ends_at, last)
    return Interval(start, max(start, end))


def first_active(measures: Sequence[Measure], calendar: LocalCalendar, now: datetime) -> datetime | None:
    """A moment of the first active span of the measures that close something, else of any: its middle, at most six
    hours after it begins. None when none is active within some 400 days."""
    closing = [measure for measure in measures if measure.may_close] or list(measures)
    periods = [period for measure in closing for period in measure.periods]
    start = max(now, min((period.start for period in periods), default=now))
    end = start + _LOOKS_AHEAD
    while start < end:
        window = Interval(start, start + _WINDOW)
        spans = sorted(span for period in periods for span in period.active_intervals(window, calendar))
        if spans:
            return spans[0].start + min((spans[0].end - spans[0].start) / 2, timedelta(hours=6))
        start = window.end
    return None


def _text(order_id: UUID | None) -> str | None:
    return None if order_id is None else str(order_id)


def _lengths(streets: Streets) -> tuple[RoadLength, ...]:
    """Metres by class, the greatest roads first."""
    closed = frozenset().union(*streets.closing.values()) if streets.closing else frozenset[int]()
    of_class: dict[str, list[float]] = {}
    for which, rows in enumerate((closed, streets.rows.tolist())):
        for row, metres in streets.each_street(rows).items():
            of_class.setdefault(streets.table.road_class(row), [0.0, 0.0])[which] += metres
    classes = {streets.table.road_class(row): int(streets.table.road_classes[row]) for row in streets.rows.tolist()}
    ordered = sorted(of_class, key=lambda name: classes.get(name, 0))
    return tuple(RoadLength(name, *of_class[name]) for name in ordered)


def _alarms(ground: Ground, streets: Streets | None, measures: Sequence[Measure]) -> tuple[list[Alarm], CutOff | None]:
    if streets is None:
        return [], None
    to_help = [measure for measure in measures if stops_emergency(measure)]
    alarms = [*motorway_alarms(streets, streets.closed_by(measures))]
    alarms += emergency_alarms(streets, streets.closed_by(to_help), emergency_places(ground.territory) or ())
    if not streets.closing:
        return alarms, CutOff(0.0)
    others = closed_meanwhile(streets, measures, ground.law, _text(ground.replaces), ground.now)
    cut = _cut_off(ground, others, measures, stops_cars)
    hard = _cut_off(ground, others, to_help, stops_emergency)
    if hard is not None:
        alarms += cut_off_alarms(hard)
    return alarms, cut


def _cut_off(
    ground: Ground, meanwhile: Meanwhile, ours: Sequence[Measure], counts: Callable[[Measure], bool]
) -> CutOff | None:
    """The streets that lead nowhere any more; None when the graph falls apart as a whole.

    ours: the draft's measures that count. counts: which of those do that close streets at the same time.
    """
    streets = meanwhile.ours
    closed = streets.closed_by(ours)
    if not len(closed):
        return CutOff(0.0)
    driving = ground.driving
    assert driving is not None, "streets come from a graph"
    roads, usable, count = Roads(driving.start_nodes, driving.end_nodes), driving.modes["auto"].open, len(streets.table)
    shut = as_truths(count, closed)
    rows = roads.cut_off(usable, shut)
    if rows is None:
        return None
    others = meanwhile.closed_with(ours, counts)
    # What the draft cuts off by itself is told whatever else is closed; what others cut off without it is not.
    both = roads.cut_off(usable & ~as_truths(count, others), shut) if len(others) else None
    found = rows if both is None else np.union1d(rows, both)
    lengths = _named_lengths(streets, found)
    alone = lengths if len(found) == len(rows) else _named_lengths(streets, rows)
    names = tuple(names_by_length(streets, lengths)[:MOST_LISTED])
    return CutOff(sum(lengths.values()), names, with_others=len(lengths) > len(alone))


def _named_lengths(streets: Streets, rows: npt.NDArray[np.int64]) -> dict[int, float]:
    """Metres of each street of some rows. A nameless yard or car park is behind its street anyway."""
    found = streets.each_street(rows.tolist())
    return {row: metres for row, metres in found.items() if streets.table.names_of(row)}


def _perimeters_in(law: LawSnapshot, place: BaseGeometry, span: Interval) -> tuple[str, ...]:
    """The perimeters that meet the place and are active in the span."""
    if place.is_empty:
        return ()
    return tuple(
        found.id
        for found in law.candidates(place)
        if isinstance(found, Perimeter)
        and any(span.meets(active.start, active.end) for active in found.activations)
        and found.shape.intersects(place)
    )


def _bays_in(territory_id: UUID, place: BaseGeometry) -> int:
    if place.is_empty:
        return 0
    west, south, east, north = place.bounds
    near = select(DeliveryBay.lon, DeliveryBay.lat).where(
        DeliveryBay.territory_id == territory_id,
        DeliveryBay.active.is_(True),
        DeliveryBay.lon.between(west, east),
        DeliveryBay.lat.between(south, north),
    )
    points = np.array([(row.lon, row.lat) for row in session().execute(near)], dtype=np.float64).reshape(-1, 2)
    return int(shapely.contains_xy(place, points).sum())


def _detours(
    ground: Ground, streets: Streets | None, measures: Sequence[Measure], at: datetime | None
) -> tuple[VehicleDetour, ...] | None:
    """The sample of each usual vehicle that a closing measure binds; None when it cannot be driven here."""
    asked = ground.neighbours
    if streets is None or asked is None or at is None or not streets.closing:
        return None
    kept = [one for one in ground.law.measures.values() if one.order.id != _text(ground.replaces)]
    law = ground.law
    before = law if len(kept) == len(law.measures) else _law_with(law, kept, "-")
    after = _law_with(law, [*kept, *measures], "+")
    edges = {
        name: frozenset(streets.table.edge_ids[streets.closed_by(filter(_binds(vehicle), measures))].tolist())
        for name, vehicle in USUAL_VEHICLES.items()
    }
    bound = [name for name in USUAL_VEHICLES if edges[name]]
    trials = tuple((USUAL_VEHICLES[name], edges[name]) for name in bound)
    sampled = asked.sample_detours(DetourQuestion(ground.territory, before, after, at, trials)) if trials else ()
    by_name = dict(zip(bound, sampled, strict=True))
    return tuple(VehicleDetour(name, by_name.get(name)) for name in USUAL_VEHICLES)


def _law_with(law: LawSnapshot, measures: Sequence[Measure], mark: str) -> LawSnapshot:
    """The law with other measures. mark: what is added to its version, so that nobody takes one for the other."""
    region, version = law.calendar.region, law.version + mark
    return LawSnapshot.build(
        law.perimeters.values(), measures, zone=law.zone, version=version, region=region, previous=law
    )


def _binds(vehicle: Vehicle, *, stops_inside: bool = False) -> Callable[[Measure], bool]:
    return lambda measure: measure.vehicles.concerns(vehicle, stops_inside=stops_inside).answer is not Answer.NO


def _takes_bays(measure: Measure) -> bool:
    """Tell whether bays at the place of a measure serve nobody any more: no van may deliver there."""
    return measure.type in _BAYS_LOST and _binds(USUAL_VEHICLES["van"], stops_inside=True)(measure)


def _area_km2(place: BaseGeometry) -> float:
    if place.is_empty:
        return 0.0
    to_metres = to_metres_at(float(place.bounds[1] + place.bounds[3]) / 2)
    return float(shapely.transform(place, to_metres).area) / 1e6
