"""The usual delay of a territory against a plain count of its answers."""

from __future__ import annotations

import math
import random
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import update

from portal.cirqliz.models import AccessRequest, AutomaticDecision, Reexamination
from portal.cirqliz.requests.delays import FEWEST, LOOK_BACK, UsualDelay, usual_delay
from portal.cirqliz.states import ReexaminationCause, RequestState, RuleOutcome
from portal.common.clock import FixedClock
from portal.common.ids import new_id
from portal.db import unit_of_work
from tests.factories.cirqliz import World
from tests.factories.queue import many_ready

HOUR = timedelta(hours=1)


def plain(waits: list[timedelta]) -> timedelta | None:
    """The wait of the last of nine in ten, one by one."""
    return None if len(waits) < FEWEST else sorted(waits)[math.ceil(len(waits) * 9 / 10) - 1]


def answered(world: World, request_id: UUID, ago: timedelta, wait: timedelta, *, how: str) -> None:
    """Write that a request was answered `ago` before the day of the world, after `wait`."""
    at = world.day - ago
    with unit_of_work() as uow:
        values = {"state": RequestState.APPROVED, "submitted_at": at - wait, "decided_at": at}
        uow.session.execute(update(AccessRequest).where(AccessRequest.id == request_id).values(**values))
        if how in {"rule", "sampled"}:
            uow.session.add(
                AutomaticDecision(
                    id=new_id(),
                    territory_id=world.territory.id,
                    request_id=request_id,
                    facts={},
                    outcome=RuleOutcome.APPROVE,
                    sampled=how == "sampled",
                    at=at,
                )
            )
        if how == "again":
            uow.session.add(
                Reexamination(
                    id=new_id(),
                    request_id=request_id,
                    cause=ReexaminationCause.APPEAL,
                    text="Encore",
                    before={},
                    opened_by_label="Camille",
                    opened_at=at,
                    closed_at=at,
                )
            )


def told(world: World) -> UsualDelay:
    world.app.extensions.pop("usual_delays", None)
    return usual_delay(world.territory.id, clock=FixedClock(world.day))


def test_delay_is_that_of_the_whole_month_when_newer_answers_are_of_another_kind(world: World) -> None:
    draw = random.Random(7)
    waits: dict[str, list[timedelta]] = {"people": [], "rule": [], "sampled": [], "again": [], "old": []}
    # The oldest of the month are those of people: what rules answered since, and what came back, is newer.
    kinds = ["old"] * 12 + ["people"] * 17 + ["sampled"] * 6 + ["rule"] * 31 + ["again"] * 20
    for place, (request_id, kind) in enumerate(zip(many_ready(world, len(kinds)), kinds, strict=True)):
        wait = timedelta(seconds=draw.randrange(40, 400_000) if kind != "rule" else draw.randrange(40))
        ago = LOOK_BACK + HOUR if kind == "old" else LOOK_BACK - (place + 1) * HOUR
        answered(world, request_id, ago, wait, how=kind)
        waits[kind].append(wait)
    assert told(world) == UsualDelay(plain(waits["people"] + waits["sampled"]), plain(waits["rule"]))


@pytest.mark.parametrize(
    ("hours", "within"),
    [([], None), ([1] * 9, None), ([1] * 9 + [50], 1), (list(range(1, 21)), 18), (list(range(11)), 9), ([3] * 10, 3)],
)
def test_delay_is_that_of_nine_in_ten(world: World, hours: list[int], within: int | None) -> None:
    for request_id, wait in zip(many_ready(world, len(hours)), hours, strict=True):
        answered(world, request_id, HOUR, wait * HOUR, how="people")
    assert told(world) == UsualDelay(None if within is None else within * HOUR, None)
