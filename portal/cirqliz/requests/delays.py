"""How long a territory usually takes to answer, told before one asks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from flask import current_app
from sqlalchemy import extract, func, select

from portal.cirqliz.models import AccessRequest, AutomaticDecision, Reexamination
from portal.cirqliz.states import DECIDED_STATES, RuleOutcome
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.db import session

SHARE = (9, 10)
"""Nine of ten."""
FEWEST = 10
"""Fewer answers say nothing."""
LOOK_BACK = timedelta(days=30)
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
    """Find, for people and for rules, the shortest wait within which nine of ten were answered (nearest rank).

    What came back to the queue is left out: its second answer tells nothing of the first wait.
    """
    automatic = (
        select(AutomaticDecision.id)
        .where(
            AutomaticDecision.request_id == AccessRequest.id,
            AutomaticDecision.outcome == RuleOutcome.APPROVE,
            AutomaticDecision.sampled.is_(False),
        )
        .exists()
    )
    again = select(Reexamination.id).where(Reexamination.request_id == AccessRequest.id).exists()
    answers = (
        select(AccessRequest.submitted_at, AccessRequest.decided_at, automatic.label("by_rule"))
        .where(
            AccessRequest.territory_id == territory_id,
            AccessRequest.state.in_(DECIDED_STATES),
            AccessRequest.decided_at > now - LOOK_BACK,
            ~again,
        )
        .subquery()
    )
    alike = answers.c.by_rule
    # In whole seconds, which both databases can subtract.
    wait_s = extract("epoch", answers.c.decided_at) - extract("epoch", answers.c.submitted_at)
    ranked = select(
        answers,
        func.row_number().over(partition_by=alike, order_by=wait_s).label("rank"),
        func.count().over(partition_by=alike).label("known"),
    ).subquery()
    share, whole = SHARE
    nearest = (
        ranked.c.known >= FEWEST,
        ranked.c.rank * whole >= ranked.c.known * share,
        (ranked.c.rank - 1) * whole < ranked.c.known * share,
    )
    found = session().execute(select(ranked.c.by_rule, ranked.c.submitted_at, ranked.c.decided_at).where(*nearest))
    waits = {bool(by_rule): decided_at - submitted_at for by_rule, submitted_at, decided_at in found}
    return UsualDelay(by_people=waits.get(False), by_rule=waits.get(True))
