"""The order of stops against every order there is, on invented towns; hours, the way back, what cannot be served."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise, permutations

import numpy as np
import pytest

from portal.common.errors import Unavailable
from portal.itineriz.planning import ordering
from portal.itineriz.planning.ordering import Order, Trial, Unserved, Visits, order_stops
from portal.regulations.schedules import Interval

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def at(minutes: float) -> datetime:
    return START + minutes * MINUTE


def span(first: float, last: float) -> tuple[Interval, ...]:
    return (Interval(at(first), at(last)),)


@dataclass
class Town:
    """Straight ways with crooked times. shut: (from, to) -> minutes of the day from which there is no way any more."""

    seconds: np.ndarray
    shut: dict[tuple[int, int], float] = field(default_factory=dict)
    truth: np.ndarray | None = None
    """What a real drive takes, where it is not what the table says."""
    driven: list[tuple[int, ...]] = field(default_factory=list)

    def travel(self, leave_at: Sequence[datetime]) -> np.ndarray:
        return np.array([[self.leg(a, b, leave_at[a], self.seconds) for b in self.places] for a in self.places])

    @property
    def places(self) -> range:
        return range(len(self.seconds))

    def leg(self, a: int, b: int, leave_at: datetime, table: np.ndarray) -> float:
        shut = self.shut.get((a, b))
        return math.inf if shut is not None and leave_at >= at(shut) else float(table[a, b])

    def drive(self, visits: Visits, sequence: tuple[int, ...]) -> Trial:
        """Written from the words of the docstrings alone, in datetimes."""
        self.driven.append(sequence)
        now, legs, missed = visits.leave_at, [], set()
        path = [*sequence, 0] if visits.returns else list(sequence)
        for step, (a, b) in enumerate(pairwise(path), start=1):
            leg = self.leg(a, b, now, self.seconds if self.truth is None else self.truth)
            legs.append(leg)
            if math.isinf(leg):
                missed.add(b)
                continue
            now += timedelta(seconds=leg)
            if visits.returns and step == len(path) - 1:
                break
            opening = visits.openings[b]
            if opening is not None:
                left = [one for one in opening if now < one.end]
                if left:
                    now = max(now, left[0].start)
                else:
                    missed.add(b)
            now += timedelta(seconds=visits.service_s[b])
        return Trial(tuple(legs), frozenset(missed), sum(leg for leg in legs if math.isfinite(leg)), now)


def town_of(count: int, seed: int) -> Town:
    dice = np.random.default_rng(seed)
    places = dice.random((count, 2))
    seconds = np.hypot(*(places[:, None] - places[None]).transpose(2, 0, 1)) * 1200
    seconds *= 1 + 0.4 * dice.random((count, count))
    np.fill_diagonal(seconds, 0.0)
    return Town(seconds)


def visits_of(count: int, openings: dict[int, tuple[Interval, ...]] | None = None, *, returns: bool = True) -> Visits:
    spans = tuple((openings or {}).get(number) for number in range(count))
    return Visits(START, (0.0, *[120.0] * (count - 1)), spans, returns)


def order_of(town: Town, visits: Visits) -> Order:
    return order_stops(visits, town.travel, lambda sequence: town.drive(visits, sequence))


def price(town: Town, visits: Visits, sequence: tuple[int, ...]) -> tuple[int, float]:
    trial = town.drive(visits, sequence)
    left_out = len(visits.service_s) - len(sequence) + len(trial.missed)
    return left_out, (trial.ends_at - START).total_seconds() + sum(leg for leg in trial.leg_s if math.isfinite(leg))


def best_price(town: Town, visits: Visits) -> tuple[int, float]:
    count = len(visits.service_s)
    last = () if visits.returns else (count - 1,)
    between = range(1, count - len(last))
    return min(
        price(town, visits, (0, *chosen, *last)) for size in range(count) for chosen in permutations(between, size)
    )


@pytest.mark.parametrize("seed", range(24))
def test_the_order_is_nearly_the_best_of_all_when_stops_are_few(seed: int):
    count = 4 + seed % 4
    town, dice = town_of(count, seed), np.random.default_rng(seed)
    openings = {n: span(first := dice.uniform(0, 50), first + dice.uniform(8, 40)) for n in range(1, count - 1, 2)}
    visits = visits_of(count, openings if seed % 2 else None, returns=seed % 3 == 0)
    order = order_of(town, visits)
    left_out, cost = price(town, visits, order.sequence)
    fewest, least = best_price(town, visits)
    assert left_out == fewest
    assert cost <= 1.05 * least
    assert {*order.sequence, *(item.number for item in order.unserved)} == set(range(count))


def test_each_stop_is_served_in_its_hours_when_hours_allow_it():
    town = town_of(6, 3)
    visits = visits_of(6, {2: span(60, 70), 4: span(20, 30), 5: span(100, 130)})
    order = order_of(town, visits)
    trial = town.drive(visits, order.sequence)
    assert not order.unserved
    assert trial.complete
    assert [number for number in order.sequence if number in (2, 4, 5)] == [4, 2, 5]


def test_the_last_stop_stays_last_when_the_tour_does_not_return():
    town = town_of(6, 11)
    order = order_of(town, visits_of(6, returns=False))
    assert (order.sequence[0], order.sequence[-1]) == (0, 5)


def test_the_saving_is_that_of_two_real_tours_when_the_order_changes():
    town = town_of(7, 5)
    visits = visits_of(7)
    order = order_of(town, visits)
    given, found = town.drive(visits, tuple(range(7))), town.drive(visits, order.sequence)
    assert not order.given_kept
    assert order.saved_s == pytest.approx(given.wheel_s - found.wheel_s)
    assert order.saved_s is not None
    assert order.saved_s > 0
    assert order.saved_m == pytest.approx(given.distance_m - found.distance_m)


def test_the_order_given_is_kept_when_no_other_is_better():
    line = np.abs(np.subtract.outer(np.arange(5.0), np.arange(5.0))) * 300
    order = order_of(Town(line), visits_of(5, returns=False))
    assert (order.sequence, order.given_kept, order.saved_s, order.saved_m) == ((0, 1, 2, 3, 4), True, 0.0, 0.0)


def test_a_stop_is_told_and_left_out_when_its_hours_are_over():
    order = order_of(town_of(5, 1), visits_of(5, {3: span(-60, -30)}))
    assert order.unserved == (Unserved(3, "hours"),)
    assert set(order.sequence) == {0, 1, 2, 4}
    assert order.saved_s is None


def test_a_stop_is_told_and_left_out_when_no_lawful_way_leads_to_it():
    town = town_of(5, 1)
    town.seconds[[0, 1, 3, 4], 2] = math.inf
    order = order_of(town, visits_of(5))
    assert order.unserved == (Unserved(2, "unreachable"),)
    assert set(order.sequence) == {0, 1, 3, 4}


def test_a_stop_is_served_before_its_street_closes_when_the_law_changes_during_the_day():
    # Stop 1 is near and lies on the way of nothing; from minute 20 on no way leads there any more.
    town = town_of(7, 8)
    town.shut = {(a, 1): 20.0 for a in range(7) if a != 1}
    order = order_of(town, visits_of(7))
    assert not order.unserved
    assert town.drive(visits_of(7), order.sequence).complete


def test_another_order_is_found_when_a_leg_breaks_in_the_real_drive():
    town = town_of(6, 4)
    planned = order_of(town, visits_of(6)).sequence
    town.truth = town.seconds.copy()
    town.truth[planned[1], planned[2]] = math.inf
    order = order_of(town, visits_of(6))
    assert not order.unserved
    assert town.drive(visits_of(6), order.sequence).complete


def test_the_order_is_the_same_when_it_is_asked_twice():
    first, second = (order_of(town_of(40, 2), visits_of(40, {5: span(30, 90), 9: span(60, 100)})) for _ in range(2))
    assert first == second


def test_the_order_given_stands_and_says_so_when_the_search_fails(monkeypatch: pytest.MonkeyPatch):
    def broken(*_: object) -> list[int]:
        raise Unavailable("ordering-failed", reason="RuntimeError")

    monkeypatch.setattr(ordering, "vroom_order", broken)
    order = order_of(town_of(5, 1), visits_of(5))
    assert (order.sequence, order.failed, order.given_kept) == ((0, 1, 2, 3, 4), "ordering-failed", True)


def test_a_refusal_is_unavailable_when_vroom_is_asked_what_it_cannot_do():
    with pytest.raises(Unavailable) as refused:
        ordering.vroom_order(np.zeros((3, 3)), [0.0, -1e12, 0.0], None, 0)
    assert refused.value.code == "ordering-failed"


def test_few_drives_are_asked_when_stops_are_many():
    town, visits = town_of(60, 6), visits_of(60)
    order = order_of(town, visits)
    assert len(town.driven) <= 4
    assert town.driven[0] == tuple(range(60))
    assert order.saved_s is not None
    assert order.saved_s > 0.5 * town.drive(visits, tuple(range(60))).wheel_s


@pytest.mark.parametrize("count", [2, 3])
def test_nothing_is_searched_when_there_is_nothing_to_choose(count: int):
    town = town_of(count, 1)
    order = order_of(town, replace(visits_of(count), returns=False))
    assert (order.sequence, order.given_kept) == (tuple(range(count)), True)
