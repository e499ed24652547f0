"""How long a territory usually takes to answer, told before one asks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from flask import current_app
from sqlalchemy import select

from portal.cirqliz.models import AccessRequest, AutomaticDecision, Reexamination
from portal.cirqliz.states import DECIDED_STATES, RuleOutcome
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.db import session

SHARE = 0.9
FEWEST = 10
"""Fewer answers say nothing."""
LOOK_BACK = timedelta(days=30)
_MOST_READ = 4_000
"""The newest answers of the month: beyond so many, older ones change nothing one would see."""
_KEPT_FOR = timedelta(minutes=10)
_KEY = "usual_delays"


@dataclass(frozen=True, slots=True)
class UsualDelay:
    """Within how long nine requests of ten are answered: by people, by a rule; None: too few answers to tell."""

    by_people: timedelta | None
    by_rule: timedelta | None


def usual_delay(territory_id: UUID, *, clock: Clock = SYSTEM_CLOCK) -> UsualDelay:
    """Return the usual delay of a territory; one reading in ten minutes for each process."""
    known: dict[UUID, tuple[datetime, UsualDelay]] = current_app.extensions.setdefault(_KEY, {})
    now = clock.now()
    held = known.get(territory_id)
    if held is None or not held[0] <= now < held[0] + _KEPT_FOR:
        held = known[territory_id] = now, _read(territory_id, now)
    return held[1]


def _read(territory_id: UUID, now: datetime) -> UsualDelay:
    """What came back to the queue is left out: its second answer tells nothing of the first wait."""
    newest = (
        select(AccessRequest.id, AccessRequest.submitted_at, AccessRequest.decided_at)
        .where(
            AccessRequest.territory_id == territory_id,
            AccessRequest.state.in_(DECIDED_STATES),
            AccessRequest.decided_at > now - LOOK_BACK,
        )
        .order_by(AccessRequest.decided_at.desc())
        .limit(_MOST_READ)
        .subquery()
    )
    automatic = (
        select(AutomaticDecision.id)
        .where(
            AutomaticDecision.request_id == newest.c.id,
            AutomaticDecision.outcome == RuleOutcome.APPROVE,
            AutomaticDecision.sampled.is_(False),
        )
        .exists()
    )
    again = select(Reexamination.id).where(Reexamination.request_id == newest.c.id).exists()
    waits: dict[bool, list[timedelta]] = {True: [], False: []}
    for submitted_at, decided_at, by_rule in session().execute(
        select(newest.c.submitted_at, newest.c.decided_at, automatic).where(~again)
    ):
        waits[bool(by_rule)].append(decided_at - submitted_at)
    return UsualDelay(by_people=usual(waits[False]), by_rule=usual(waits[True]))


def usual(waits: Sequence[timedelta]) -> timedelta | None:
    """Return the shortest wait within which nine of ten were answered (nearest rank), None for too few."""
    if len(waits) < FEWEST:
        return None
    return sorted(waits)[math.ceil(SHARE * len(waits)) - 1]
