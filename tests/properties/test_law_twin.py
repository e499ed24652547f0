"""The core against its twin: a hundred questions for each random law, and the answers over time minute by minute."""

from __future__ import annotations

import os
import random

from hypothesis import given, settings
from hypothesis import strategies as st

from portal.regulations.answers import Purpose, ReasonCode, State, Verdict
from portal.regulations.evaluate import next_change, open_windows, verdict, verdict_many
from portal.regulations.schedules import Interval
from tests.support import law_cases as cases
from tests.support import law_twin

LAWS = int(os.environ.get("JOPTIMIZ_LAWS", "300"))
VEHICLES_PER_LAW, QUESTIONS_PER_VEHICLE = 4, 25
seeds = st.integers(0, 2**48).map(random.Random)


def told(answer: Verdict) -> dict:
    """What the twin says of the same question, read from an answer of the core."""
    measures = [warning for warning in answer.warnings if warning.kind == "measure"]
    return {
        "state": answer.state.value,
        "in_way": {reason.id for reason in answer.obstacles if reason.kind == "measure"},
        "silenced": {warning.id for warning in measures if warning.code is ReasonCode.OSM_SUPERSEDED},
        "unsure": {warning.id for warning in measures if warning.code is ReasonCode.MATCH_DOUBTFUL},
        "told": {warning.id for warning in measures if warning.code is ReasonCode.EVENT_NEAR},
    }


@settings(max_examples=LAWS, deadline=None, derandomize=True)
@given(seeds)
def test_answers_agree_with_the_twin(dice: random.Random) -> None:
    bare = cases.any_law(dice)
    law = cases.law_of(bare)
    for _ in range(VEHICLES_PER_LAW):
        vehicle, passes = cases.any_vehicle(dice), cases.any_passes(dice, bare["anchor"])
        purpose = dice.choice([*Purpose])
        asked = [cases.any_place(dice) for _ in range(QUESTIONS_PER_VEHICLE)]
        instants = [cases.any_instant(dice, bare["anchor"]) for _ in asked]
        places = [cases.place_of(place) for place in asked]
        answers = verdict_many(
            law,
            [place for place, _ in places],
            instants,
            cases.vehicle_of(vehicle),
            cases.passes_of(passes),
            purpose,
            [facts for _, facts in places],
        )
        for place, at, answer in zip(asked, instants, answers, strict=True):
            expected = law_twin.answer(bare, place, at, vehicle, passes, purpose is Purpose.STOP_INSIDE)
            assert told(answer) == expected, (bare, place, at, vehicle, passes, purpose)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(seeds, st.integers(1, 600))
def test_windows_and_changes_agree_with_the_twin_minute_by_minute(dice: random.Random, length: int) -> None:
    bare, asked, vehicle = cases.any_law(dice), cases.any_place(dice), cases.any_vehicle(dice)
    passes = cases.any_passes(dice, bare["anchor"])
    start = cases.any_instant(dice, bare["anchor"])
    window = Interval(start, start + length * cases.MINUTE)
    law, (place, edge) = cases.law_of(bare), cases.place_of(asked)
    states = [
        law_twin.answer(bare, asked, start + n * cases.MINUTE, vehicle, passes, stops=True)["state"]
        for n in range(length + 1)
    ]
    question = (cases.vehicle_of(vehicle), cases.passes_of(passes))
    windows = open_windows(law, place, window, *question, edge=edge)
    for n in range(length):
        at = start + n * cases.MINUTE
        assert any(span.contains(at) for span in windows) == (states[n] == "allowed")
    change = next_change(law, place, start, *question, edge=edge, horizon=length * cases.MINUTE)
    first = next((n for n in range(length + 1) if states[n] != states[0]), None)
    assert (change and change.at) == (None if first is None else start + first * cases.MINUTE)


@settings(max_examples=80, deadline=None, derandomize=True)
@given(seeds, st.integers(1, 240))
def test_an_interval_is_as_strict_as_its_strictest_minute(dice: random.Random, length: int) -> None:
    bare, asked, vehicle = cases.any_law(dice), cases.any_place(dice), cases.any_vehicle(dice)
    passes = cases.any_passes(dice, bare["anchor"])
    start = cases.any_instant(dice, bare["anchor"])
    law, (place, edge) = cases.law_of(bare), cases.place_of(asked)
    during = Interval(start, start + length * cases.MINUTE)
    whole = verdict(law, place, during, cases.vehicle_of(vehicle), cases.passes_of(passes), edge=edge).state
    minutes = (
        law_twin.answer(bare, asked, start + n * cases.MINUTE, vehicle, passes, stops=True)["state"]
        for n in range(length)
    )
    assert whole.strictness == max(State(state).strictness for state in minutes)
