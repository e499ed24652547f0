"""What is asked once for a whole drive is what the judge says on each edge, whoever drives, at any moment of it."""

from __future__ import annotations

import random
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from portal.itineriz.routing.engine import open_engine
from portal.itineriz.routing.lawgrid import LawGrid
from portal.itineriz.routing.verdicts import Course, DriveVerdicts, course
from portal.regulations.evaluate import StopsInside, Verdict, judge
from portal.regulations.measures import Measure, Origin
from portal.regulations.schedules import Interval
from portal.regulations.sites import Hit
from tests.properties.test_lawgrid import any_law, any_question, bounds_of
from tests.support import law_cases
from tests.support.routed import paris_graph

__all__ = ["paris_graph"]

DRIVES, EDGES = 40, 30


@pytest.mark.parametrize("seed", range(10))
def test_a_drive_is_told_what_the_judge_says_when_laws_are_random(paris_graph: Path, seed: int):
    dice = random.Random(f"drive-{seed}")
    engine = open_engine(paris_graph)
    bare = any_law(dice, engine)
    law = bare.law()
    grid = LawGrid(engine, law)
    borne = np.flatnonzero(np.diff(grid.bearings.ptr)).tolist()
    # An order may silence a tag beside it, and be mute itself.
    contested = [row for row in borne if {Origin.ORDER, Origin.OSM} <= origins(grid.hits(row))]
    seen: set[Course] = set()
    spoken = quiet = 0
    for _ in range(DRIVES):
        asked = any_question(dice, bare)
        middle = law_cases.any_instant(dice, bare.anchor)
        instants = bounds_of(bare, asked.passes, middle)
        # Often a drive that begins or ends with something.
        start = dice.choice(instants) if instants and dice.random() < 0.5 else middle
        whole = Interval(start, start + timedelta(seconds=dice.choice((0, 1, 60, 900, 7200))))
        if dice.random() < 0.3:
            whole = Interval(whole.start - (whole.end - whole.start), whole.start)
        verdicts = DriveVerdicts(law, grid.hearing(asked.vehicle), whole, asked.vehicle, asked.passes)
        seen |= {course(law, one, whole, asked.passes) for one in grid.regulations}
        # The same two streets and the same purpose again and again: an answer is kept, and must still hold.
        rows = [dice.choice(borne), dice.choice(contested or borne)]
        purpose = StopsInside(frozenset(i for i in asked.start_ids | asked.end_ids if dice.random() < 0.8))
        length_s = (whole.end - whole.start).total_seconds()
        for _ in range(EDGES):
            row = dice.choice(rows)
            first, last = sorted(dice.choice((0.0, 1.0, dice.random())) * length_s for _ in range(2))
            during = Interval(whole.start + timedelta(seconds=first), whole.start + timedelta(seconds=last))
            facts = engine.facts[row]
            hits = grid.hits(row)
            expected = judge(law, hits, during, asked.vehicle, asked.passes, purpose, facts)
            heard = verdicts.heard(hits)
            quiet += len(heard) < len(hits)
            found = verdicts.verdict(heard, during, purpose, facts) if heard else None
            assert told(found) == told(expected)
            spoken += bool(expected.obstacles or expected.warnings)
    assert seen == set(Course)
    assert spoken > DRIVES * EDGES / 10
    assert quiet > DRIVES * EDGES / 10


def origins(hits: tuple[Hit, ...]) -> set[Origin]:
    return {hit.regulation.origin for hit in hits if isinstance(hit.regulation, Measure)}


def told(verdict: Verdict | None) -> tuple[object, object]:
    return ((), ()) if verdict is None else (verdict.obstacles, verdict.warnings)
