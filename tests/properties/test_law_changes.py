"""What must hold whatever the law says: how an answer may move when the question or the law does."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from portal.regulations.answers import State
from portal.regulations.evaluate import verdict_many
from tests.support import law_cases as cases

QUESTIONS = 20
seeds = st.integers(0, 2**48).map(random.Random)
examples = settings(max_examples=80, deadline=None, derandomize=True)


def states(
    bare: dict, asked: list[tuple], vehicle: dict, passes: list[dict], shift: timedelta = timedelta()
) -> list[State]:
    """The answers to places and instants."""
    places = [cases.place_of(place) for place, _ in asked]
    answers = verdict_many(
        cases.law_of(bare),
        [place for place, _ in places],
        [at + shift for _, at in asked],
        cases.vehicle_of(vehicle),
        cases.passes_of(passes),
        edges=[facts for _, facts in places],
    )
    return [answer.state for answer in answers]


def a_case(dice: random.Random) -> tuple[dict, list[tuple], dict, list[dict]]:
    """A law, places and instants, a vehicle and its passes."""
    bare = cases.any_law(dice)
    asked = [(cases.any_place(dice), cases.any_instant(dice, bare["anchor"])) for _ in range(QUESTIONS)]
    return bare, asked, cases.any_vehicle(dice), cases.any_passes(dice, bare["anchor"])


def pairs(before: list[State], after: list[State]) -> Iterator[tuple[int, int]]:
    return ((one.strictness, two.strictness) for one, two in zip(before, after, strict=True))


@examples
@given(seeds)
def test_one_more_exemption_never_restricts(dice: random.Random) -> None:
    bare, *asked = a_case(dice)
    changed = dice.randrange(len(bare["measures"]))
    measure = bare["measures"][changed]
    rule = {**measure["rule"], "except": [*measure["rule"]["except"], dice.choice(cases.WORDS)]}
    more = [{**m, "rule": rule} if n == changed else m for n, m in enumerate(bare["measures"])]
    after = states({**bare, "measures": more}, *asked)
    assert all(two <= one for one, two in pairs(states(bare, *asked), after))


@examples
@given(seeds)
def test_a_stricter_vehicle_is_never_freer(dice: random.Random) -> None:
    bare, asked, vehicle, passes = a_case(dice)
    stricter = dict(vehicle)
    for size in ("gross_weight_kg", "height_cm"):
        if vehicle[size] is not None:
            stricter[size] += dice.randint(0, 3)
    if vehicle["hazmat"] is False:
        stricter["hazmat"] = dice.random() < 0.5
    after = states(bare, asked, stricter, passes)
    assert all(two >= one for one, two in pairs(states(bare, asked, vehicle, passes), after))


@examples
@given(seeds)
def test_one_more_event_or_tag_never_frees(dice: random.Random) -> None:
    bare, *asked = a_case(dice)
    extra = cases.any_law(dice)["measures"][0] | {"id": "extra", "origin": dice.choice(("event", "osm"))}
    after = states({**bare, "measures": [*bare["measures"], extra]}, *asked)
    assert all(two >= one for one, two in pairs(states(bare, *asked), after))


@examples
@given(seeds)
def test_one_more_order_never_frees_when_no_tag_has_to_give_way(dice: random.Random) -> None:
    bare, *asked = a_case(dice)
    said = [measure for measure in bare["measures"] if measure["origin"] != "osm"]
    extra = cases.any_law(dice)["measures"][0] | {"id": "extra", "origin": "order"}
    after = states({**bare, "measures": [*said, extra]}, *asked)
    assert all(two >= one for one, two in pairs(states({**bare, "measures": said}, *asked), after))


@examples
@given(seeds)
def test_an_order_frees_of_nothing_but_tags(dice: random.Random) -> None:
    bare, *asked = a_case(dice)
    without_tags = [measure for measure in bare["measures"] if measure["origin"] != "osm"]
    after = states({**bare, "measures": without_tags}, *asked)
    assert all(two <= one for one, two in pairs(states(bare, *asked), after))


@examples
@given(seeds)
def test_more_passes_never_restrict(dice: random.Random) -> None:
    bare, asked, vehicle, passes = a_case(dice)
    more = [*passes, *cases.any_passes(dice, bare["anchor"])]
    after = states(bare, asked, vehicle, more)
    assert all(two <= one for one, two in pairs(states(bare, asked, vehicle, passes), after))


@examples
@given(seeds, st.integers(1, 2))
def test_the_answer_stays_when_all_is_shifted_by_weeks_without_clock_change_or_holiday(
    dice: random.Random, weeks: int
) -> None:
    bare, asked, vehicle, passes = a_case(dice)
    # The first anchor: no clock change and no holiday for three weeks on either side.
    june = cases.ANCHORS[0] - bare["anchor"]
    here, there = (
        states(cases.shifted(bare, by), asked, vehicle, cases.shifted(passes, by), by)
        for by in (june, june + timedelta(weeks=weeks))
    )
    assert here == there
