"""The compiled law closes what the judge closes: for whole edges and parts of them, whoever drives, at any moment."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import shapely
from shapely.ops import substring

from portal.itineriz.routing.bearings import facts_of_part
from portal.itineriz.routing.engine import Engine, open_engine
from portal.itineriz.routing.lawgrid import LawGrid
from portal.itineriz.routing.leglaw import CLOSED, FIRST_ZONE, LegLaw, LegQuestion
from portal.regulations.evaluate import State, StopsInside, judge
from portal.regulations.matches import EdgeMatches
from portal.regulations.measures import Direction, EdgeFacts, LocationKind, Measure, MeasureLocation
from portal.regulations.passes import PassRight
from portal.regulations.perimeters import AccessPolicy, Activation, Colour, Motorised, Perimeter
from portal.regulations.schedules import Interval
from portal.regulations.snapshot import Hit, LawSnapshot
from portal.regulations.vehicles import CarriesHazmat, FreeText, Over, Size, Usage, UsedFor
from tests.support import law_cases
from tests.support.paris import PARIS
from tests.support.routed import paris_graph

__all__ = ["paris_graph"]

MINUTE = timedelta(minutes=1)
LAWS = 26
QUESTIONS_PER_LAW = 2000
QUESTIONS_PER_LEG = 100


@pytest.fixture(scope="module")
def engine(paris_graph: Path) -> Engine:
    return open_engine(paris_graph)


@dataclass(frozen=True)
class Bare:
    """A random law, its parts still apart so that it can be edited."""

    perimeters: tuple[Perimeter, ...]
    measures: tuple[Measure, ...]
    anchor: datetime

    def law(self, previous: LawSnapshot | None = None) -> LawSnapshot:
        return LawSnapshot.build(self.perimeters, self.measures, zone=PARIS, version="", previous=previous)


def any_law(dice: random.Random, engine: Engine) -> Bare:
    """The makers of the core's own tests give rules and hours; the places are streets and blocks of the graph."""
    anchor = dice.choice(law_cases.ANCHORS)
    # The same few streets come back, or no order would ever speak of the street of a tag.
    spots = [dice.randrange(len(engine.table)) for _ in range(6)]
    measures = []
    while len(measures) < 25:
        bare = law_cases.any_law(dice)
        moved = law_cases.shifted(bare, anchor - bare["anchor"])
        spot = dice.choice(spots)
        for one in moved["measures"]:
            measure = law_cases.measure_of(one)
            together = one["id"] in ("order", "tag")
            place = _place(dice, engine, spot if together else dice.choice(spots), Direction(one["direction"]))
            words = (FreeText("sauf riverains"),) if dice.random() < 0.05 else ()
            rule = replace(measure.vehicles, except_=(*measure.vehicles.except_, *words))
            measures.append(replace(measure, id=f"m{len(measures)}", locations=place, vehicles=rule))
    return Bare(tuple(any_perimeter(dice, engine, anchor, f"p{n}") for n in range(5)), tuple(measures), anchor)


def any_perimeter(dice: random.Random, engine: Engine, anchor: datetime, name: str) -> Perimeter:
    starts = [anchor + dice.randint(-3000, 1500) * MINUTE for _ in range(dice.randint(1, 2))]
    spans = [(start, dice.choice((None, start + dice.randint(0, 3000) * MINUTE))) for start in starts]
    freed = dice.sample(
        [UsedFor(Usage.EMERGENCY), UsedFor(Usage.CITY_LOGISTICS), CarriesHazmat(), Over(Size.HEIGHT, 2)],
        dice.choice((0, 1, 2)),
    )
    policy = AccessPolicy(dice.choice([*Motorised]), tuple(freed)) if dice.random() < 0.6 else None
    area = _block(dice, engine, dice.randrange(len(engine.table)), dice.uniform(0.0005, 0.003))
    colour = dice.choice([*Colour])
    return Perimeter(name, "", name, colour, area, tuple(Activation(*span) for span in spans), policy)


def _block(dice: random.Random, engine: Engine, row: int, reach: float) -> shapely.Polygon:
    west, south, east, north = engine.table.shapes[row].bounds
    margins = [dice.uniform(0, reach) for _ in range(4)]
    return shapely.box(west - margins[0], south - margins[1], east + margins[2], north + margins[3])


def _place(dice: random.Random, engine: Engine, row: int, direction: Direction) -> tuple[MeasureLocation, ...]:
    table = engine.table
    kind, line = LocationKind.NAMED_STREET, table.shapes[row]
    other = int(table.opposing[row])
    which = dice.random()
    if which < 0.15:
        place = MeasureLocation(LocationKind.AREA, "", _block(dice, engine, row, 0.001), direction)
    elif which < 0.25:
        place = MeasureLocation(kind, "", shapely.Point(line.coords[0]), direction)
    else:
        drawn = line if dice.random() < 0.6 else substring(line, 0, dice.uniform(0.2, 0.99), normalized=True)
        place = MeasureLocation(kind, "", drawn if dice.random() < 0.7 else drawn.reverse(), direction)
    if which > 0.15 and dice.random() < 0.6:
        # Both directions of the street, whole or in part, surely or not, and a street elsewhere.
        rows = [(row, True), *([(other, False)] if other >= 0 else []), (dice.randrange(len(table)), True)]
        found = (
            (int(table.edge_ids[one]), along, start, end, dice.choice((0.3, 0.9, 0.9, 0.9)))
            for one, along in rows
            for start, end in [dice.choice(((0.0, 1.0), (0.0, 1.0), (0.0, 0.4), (0.3, 1.0)))]
        )
        version = dice.choice((table.version, table.version, table.version, "another"))
        kept = EdgeMatches.of(version, found)
        bounds = table.bounds_of(kept.rows["edge_id"])
        place = replace(place, matches=EdgeMatches(version, kept.rows, dice.random() < 0.8, bounds))
    again = [replace(place, direction=dice.choice([*Direction]))] if dice.random() < 0.15 else []
    return (place, *again)


def any_question(dice: random.Random, bare: Bare) -> LegQuestion:
    """Stops in some of the regulations at one end, at the other or at both."""
    vehicle = law_cases.vehicle_of(law_cases.any_vehicle(dice))
    ids = [one.id for one in (*bare.perimeters, *bare.measures)]
    start_ids, end_ids = (frozenset(i for i in ids if dice.random() < 0.2) for _ in range(2))
    return LegQuestion(vehicle, tuple(any_passes(dice, bare)), start_ids, end_ids, dice.random() < 0.3)


def any_passes(dice: random.Random, bare: Bare) -> Iterator[PassRight]:
    yield from law_cases.passes_of(law_cases.any_passes(dice, bare.anchor))
    if dice.random() < 0.5:
        one = dice.choice(bare.perimeters)
        start = one.activations[0].start + dice.randint(-60, 60) * MINUTE
        yield PassRight(start, start + dice.randint(1, 2000) * MINUTE, frozenset({one.id}))


def any_moment(dice: random.Random, middle: datetime, instants: Sequence[datetime]) -> Interval:
    """Within half a day of an instant or exactly at a bound of the law: an instant, seconds, or an hour."""
    some = dice.choice(instants) if instants and dice.random() < 0.6 else middle + dice.randint(-720, 720) * MINUTE
    start = some + timedelta(seconds=dice.choice((0, 0, -1, -30, 1)), microseconds=dice.choice((0, 0, 0, 250_001)))
    return Interval(start, start + timedelta(seconds=dice.choice((0, 0, 1, 30, 30, 60, 3600))))


def bounds_of(bare: Bare, passes: Sequence[PassRight], middle: datetime) -> list[datetime]:
    """The instants within a day at which something in the law or the passes begins or ends."""
    found = {bound for p in bare.perimeters for a in p.activations for bound in (a.start, a.end)}
    found |= {bound for m in bare.measures for p in m.periods for bound in (p.start, p.end)}
    found |= {bound for right in passes for bound in (right.start, right.end)}
    whole = Interval(middle - timedelta(hours=20), middle + timedelta(hours=20))
    calendar = bare.law().calendar
    spans = [span for m in bare.measures for p in m.periods for span in p.active_intervals(whole, calendar)]
    found |= {bound for span in spans for bound in (span.start, span.end)}
    return sorted(at for at in found if at is not None and whole.contains(at))


def meets(leg: LegLaw, reg: int, during: Interval) -> bool:
    some = slice(int(leg.span_ptr[reg]), int(leg.span_ptr[reg + 1]))
    return any_meets(np.column_stack((leg.span_from[some], leg.span_until[some])), during)


def any_meets(spans: npt.NDArray[np.float64], during: Interval) -> bool:
    a, b = during.start.timestamp(), during.end.timestamp()
    return any(s <= a < u if a == b else s < b and a < u for s, u in spans.tolist())


def closed_by_grid(grid: LawGrid, leg: LegLaw, row: int, during: Interval, inside: frozenset[str]) -> set[str]:
    """Ids of what closes a row. inside: the zones around whose stops the vehicle still is."""
    found = set()
    for reg in leg.pair_reg[leg.pair_ptr[row] : leg.pair_ptr[row + 1]].tolist():
        state, one = int(leg.reg_state[reg]), grid.regulation(reg)
        shut = state == CLOSED or (state >= FIRST_ZONE and one.id not in inside)
        if shut and meets(leg, reg, during):
            found.add(one.id)
    return found


def obstacles(
    grid: LawGrid,
    hits: tuple[Hit, ...],
    facts: EdgeFacts,
    during: Interval,
    asked: LegQuestion,
    inside: frozenset[str],
) -> set[str]:
    """Ids of what the judge finds in the way. inside: the perimeters in which the vehicle is for a stop."""
    measures = frozenset(i for i in asked.start_ids | asked.end_ids if i.startswith("m"))
    verdict = judge(grid.law, hits, during, asked.vehicle, asked.passes, StopsInside(inside | measures), facts)
    return {r.id for r in verdict.obstacles if not (asked.tolerate_unknown and r.state is State.UNKNOWN)}


@pytest.mark.parametrize("seed", range(LAWS))
def test_the_grid_closes_what_the_judge_closes_when_laws_are_random(engine: Engine, seed: int):
    dice = random.Random(seed)
    bare = any_law(dice, engine)
    grid = LawGrid(engine, bare.law())
    borne = np.flatnonzero(np.diff(grid.bearings.ptr)).tolist()
    by_row = {row: grid.law.at(engine.table.shapes[row], engine.facts[row]) for row in borne}
    assert all(same_hits(grid.hits(row), by_row[row]) for row in borne)
    shut = 0
    for _ in range(QUESTIONS_PER_LAW // QUESTIONS_PER_LEG):
        asked = any_question(dice, bare)
        middle = law_cases.any_instant(dice, bare.anchor)
        instants = bounds_of(bare, asked.passes, middle)
        stops = asked.start_ids | asked.end_ids
        for _ in range(QUESTIONS_PER_LEG):
            during = any_moment(dice, middle, instants)
            leg = grid.for_leg(asked, during)
            zones = {grid.regulations[reg].id for reg in leg.zone_regs}
            inside = frozenset(i for i in zones if dice.random() < 0.5)
            row = dice.choice(borne)
            # A perimeter that no stop opens is none of the purpose of the leg, whether a stop lies in it or not.
            told = inside | {i for i in stops if i.startswith("p") and i not in zones}
            found = closed_by_grid(grid, leg, row, during, inside)
            assert found == obstacles(grid, by_row[row], engine.facts[row], during, asked, frozenset(told))
            shut += bool(found)
    assert shut > QUESTIONS_PER_LAW / 20


def same_hits(some: Sequence[Hit], others: Sequence[Hit]) -> bool:
    return len(some) == len(others) and all(one == other for one, other in zip(some, others, strict=True))


@pytest.mark.parametrize("seed", range(4))
def test_the_grid_closes_what_the_judge_closes_when_an_edge_is_driven_in_part(engine: Engine, seed: int):
    dice = random.Random(f"parts-{seed}")
    bare = any_law(dice, engine)
    grid = LawGrid(engine, bare.law())
    borne = np.flatnonzero(np.diff(grid.bearings.ptr)).tolist()
    shut = 0
    for _ in range(400):
        asked = any_question(dice, bare)
        middle = law_cases.any_instant(dice, bare.anchor)
        during = any_moment(dice, middle, ())
        leg = grid.for_leg(asked, during)
        zones = [grid.regulations[reg].id for reg in leg.zone_regs]
        inside = frozenset(i for i in zones if dice.random() < 0.5)
        told = inside | {i for i in asked.start_ids | asked.end_ids if i.startswith("p") and i not in zones}
        row = dice.choice(borne)
        start, end = sorted((dice.choice((0.0, dice.random())), dice.choice((1.0, dice.random()))))
        path = substring(engine.table.shapes[row], start, end, normalized=True)
        if shapely.get_dimensions(path) != 1:
            continue
        part = grid.for_part(path, row, leg)
        crossed = [leg.zone_regs[k] for k, i in enumerate(zones) if part.zones >> k & 1 and i not in inside]
        found = any_meets(part.spans, during) or any(meets(leg, reg, during) for reg in crossed)
        facts = facts_of_part(engine, row, path)
        assert found == bool(obstacles(grid, grid.law.at(path, facts), facts, during, asked, frozenset(told)))
        assert grid.hits_of_part(path, row) == grid.law.at(path, facts)
        shut += found
    assert shut > 20


def edited(dice: random.Random, engine: Engine, bare: Bare, turn: int) -> Bare:
    """Some measures removed, some changed, some added; now and then a perimeter, or the order of the law."""
    other = any_law(dice, engine)
    measures = [m for m in bare.measures if dice.random() < 0.9]
    if measures and dice.random() < 0.7:
        place = dice.randrange(len(measures))
        measures[place] = replace(
            measures[place], vehicles=other.measures[0].vehicles, periods=other.measures[1].periods
        )
    added = [replace(m, id=f"{m.id}-{turn}") for m in other.measures[: dice.randint(0, 6)]]
    measures = added + measures if dice.random() < 0.3 else measures + added
    if dice.random() < 0.2:
        dice.shuffle(measures)
    perimeters = [p for p in bare.perimeters if dice.random() < 0.9]
    perimeters += [replace(p, id=f"{p.id}-{turn}") for p in other.perimeters[: dice.randint(0, 2)]]
    return Bare(tuple(perimeters), tuple(measures), bare.anchor)


@pytest.mark.parametrize("seed", range(3))
def test_the_grid_is_that_of_a_fresh_compile_when_the_law_was_edited(engine: Engine, seed: int):
    dice = random.Random(f"edits-{seed}")
    bare = any_law(dice, engine)
    law = bare.law()
    grid = LawGrid(engine, law)
    for turn in range(8):
        before = {id(site) for site in law.sites}
        bare = edited(dice, engine, bare, turn)
        law = bare.law(previous=law)
        grid, fresh = LawGrid(engine, law, grid), LawGrid(engine, law)
        assert grid.bearings.asked == sum(id(site) not in before for site in law.sites) < fresh.bearings.asked
        for name in ("ptr", "site", "how"):
            assert np.array_equal(getattr(grid.bearings, name), getattr(fresh.bearings, name))
        for _ in range(10):
            asked, middle = any_question(dice, bare), law_cases.any_instant(dice, bare.anchor)
            one, other = (each.for_leg(asked, Interval(middle, middle)) for each in (grid, fresh))
            for name in ("pair_ptr", "pair_reg", "reg_state", "reg_penalty_s", "span_ptr", "span_from", "span_until"):
                assert np.array_equal(getattr(one, name), getattr(other, name))
            assert one.zone_regs == other.zone_regs
