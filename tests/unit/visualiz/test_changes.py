"""The instants of change of a map, against each regulation asked for itself."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import pytest

from portal.regulations.measures import Origin
from portal.regulations.schedules import Interval
from portal.regulations.snapshot import LawSnapshot
from portal.visualiz.changes import change_instants
from tests.support import law_cases


def one_by_one(law: LawSnapshot, window: Interval, origins: set[Origin]) -> set[datetime]:
    """Each bound of each span in which a period is active, as the core tells it."""
    wider = Interval(window.start - timedelta(days=3), window.end + timedelta(days=3))
    found: set[datetime] = set()
    for measure in law.measures.values():
        if measure.origin in origins:
            for period in measure.periods:
                for span in period.active_intervals(wider, law.calendar):
                    found |= {span.start, span.end}
    return {at for at in found if window.contains(at)}


@pytest.mark.parametrize("seed", range(40))
def test_changes_are_the_bounds_of_what_is_active_when_laws_are_random(seed: int) -> None:
    dice = random.Random(seed)
    case = law_cases.any_law(dice)
    law = law_cases.law_of(case)
    start = case["anchor"] + timedelta(minutes=dice.randint(-3000, 1500))
    window = Interval(start, start + timedelta(days=dice.choice((1, 2, 8))))
    origins = {origin for origin in Origin if dice.random() < 0.8}
    found = change_instants(law, window, perimeters=False, origins=origins)
    assert found == one_by_one(law, window, origins)
    spans = [bound for p in law.perimeters.values() for a in p.activations for bound in (a.start, a.end)]
    with_perimeters = change_instants(law, window, perimeters=True, origins=origins)
    assert with_perimeters == found | {at for at in spans if at is not None and window.contains(at)}
