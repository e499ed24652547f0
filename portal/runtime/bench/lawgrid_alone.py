"""A law of a given size compiled over a graph in a process of its own; the figures go out as JSON.

A process of its own, because the memory of a process is only told at its highest.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from zoneinfo import ZoneInfo

from portal.itineriz.routing.engine import Engine, open_engine
from portal.itineriz.routing.lawgrid import LawGrid, grid_of
from portal.itineriz.routing.leglaw import LegQuestion
from portal.itineriz.routing.overlay import law_to_drive
from portal.regulations.measures import Measure, MeasureType, Origin
from portal.regulations.schedules import Interval
from portal.regulations.snapshot import LawSnapshot
from portal.regulations.vehicles import ALL_VEHICLES, Vehicle
from portal.runtime.bench.line import percentile, timed_ms
from portal.runtime.bench.street_law import NOW, measures_on_streets

_ZONE = ZoneInfo("Europe/Paris")
_EDGES_ASKED = 1000
_LEGS = 200
_CLOSURES = 3


def measure(count: int, graph_dir: Path) -> dict[str, float]:
    """Return the figures of a law of `count` measures: milliseconds, seconds and megabytes, by name."""
    engine = open_engine(graph_dir)
    measures = list(measures_on_streets(engine.table, count))
    law = _law(measures)
    asked_s = timed_ms(lambda: _ask(engine, law)) / 1000
    before_mb = _most_mb()
    compile_s = timed_ms(lambda: grid_of(engine, law)) / 1000
    grid = grid_of(engine, law)
    grid_mb = _most_mb() - before_mb
    again_s, live_s = zip(*(_close_one(engine, law, number) for number in range(_CLOSURES)), strict=True)
    legs_ms, kept_ms = _legs(grid, measures)
    return {
        "asked_s": asked_s,
        "before_mb": before_mb,
        "compile_s": compile_s,
        "grid_mb": max(grid_mb, 0.1),
        "again_s": percentile(again_s, 50),
        "live_s": percentile(live_s, 50),
        "leg_p50_ms": percentile(legs_ms, 50),
        "leg_p95_ms": percentile(legs_ms, 95),
        "leg_kept_ms": percentile(kept_ms, 50),
    }


def _law(measures: Sequence[Measure], previous: LawSnapshot | None = None) -> LawSnapshot:
    return LawSnapshot.build([], measures, zone=_ZONE, version=str(len(measures)), previous=previous)


def _ask(engine: Engine, law: LawSnapshot) -> None:
    """What a search would ask without a grid: what bears on some edges, one after the other."""
    for row in random.Random(1).sample(range(len(engine.table)), _EDGES_ASKED):  # noqa: S311 nothing secret
        law.at(engine.table.shapes[row], engine.facts[row])


def _close_one(engine: Engine, before: LawSnapshot, number: int) -> tuple[float, float]:
    """Seconds to compile the law again once a street was closed, and from the closure to a leg that obeys it."""
    (street,) = measures_on_streets(engine.table, 1, seed=100 + number)
    closure = replace(street, type=MeasureType.NO_ENTRY, max_speed_kmh=None, vehicles=ALL_VEHICLES, origin=Origin.EVENT)
    again_ms: list[float] = []

    def live() -> None:
        law = law_to_drive(_law([*before.measures.values(), closure], before))
        again_ms.append(timed_ms(lambda: grid_of(engine, law)))
        grid_of(engine, law).for_leg(LegQuestion(_lorry(0)), Interval(NOW, NOW + timedelta(hours=2)))

    live_ms = timed_ms(live)
    return again_ms[0] / 1000, live_ms / 1000


def _legs(grid: LawGrid, measures: Sequence[Measure]) -> tuple[list[float], list[float]]:
    """Milliseconds of legs, each of another lorry with stops of its own, and of the same legs asked again."""
    dice = random.Random(2)  # noqa: S311 nothing secret
    window = Interval(NOW, NOW + timedelta(hours=2))
    first, again = [], []
    for number in range(_LEGS):
        ids = frozenset(measure.id for measure in dice.sample(measures, 8))
        question = LegQuestion(_lorry(number), (), ids)
        first.append(timed_ms(lambda question=question: grid.for_leg(question, window)))  # type: ignore[misc]
        again.append(timed_ms(lambda question=question: grid.for_leg(question, window)))  # type: ignore[misc]
    return first, again


def _lorry(number: int) -> Vehicle:
    return Vehicle(gross_weight_kg=12_000 + number, height_cm=360, hazmat=False)


def _most_mb() -> float:
    """The most memory this process ever held; the system counts kibibytes."""
    return getrusage(RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measure(int(sys.argv[1]), Path(sys.argv[2]))))
