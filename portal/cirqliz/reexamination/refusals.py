"""What was refused because of perimeters that ask less now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from portal.cirqliz.models import AccessRequest, AutomaticDecision
from portal.cirqliz.reexamination.policies import asks_less
from portal.cirqliz.rules.facts import perimeter_facts
from portal.cirqliz.states import RefusalReason
from portal.common.clock import Clock
from portal.regulations.schedules import Interval
from portal.regulations.snapshot import LawSnapshot

# The other reasons are about the vehicle, the company or what it wrote.
_OF_PERIMETERS: Final = frozenset(
    {RefusalReason.PERIMETER_CLOSED, RefusalReason.DATES_NOT_ALLOWED, RefusalReason.QUOTA_REACHED}
)


def find_relieved(
    law: LawSnapshot, request: AccessRequest, answers: Sequence[AutomaticDecision], clock: Clock
) -> set[UUID]:
    """Return the vehicles refused for the perimeters of a request when one of these asks less than at the refusal.

    answers: what was read of the request, oldest first. Only what is left of its window counts.
    """
    refused = {line.vehicle_id: line.decided_at for line in request.vehicles if line.reason_code in _OF_PERIMETERS}
    start = max(request.starts_at, clock.now())
    if not refused or start >= request.ends_at:
        return set()
    window = Interval(start, request.ends_at)
    live = perimeter_facts(law, request)
    relieved = {at: _ask_less(_said_at(request, answers, at), live, window) for at in set(refused.values())}
    return {vehicle_id for vehicle_id, at in refused.items() if relieved[at]}


def _ask_less(before: Sequence[dict[str, Any]], live: Sequence[dict[str, Any]], window: Interval) -> bool:
    known = {one["id"]: one for one in before}
    return any(one["id"] in known and asks_less(known[one["id"]], one, window) for one in live)


def _said_at(
    request: AccessRequest, answers: Sequence[AutomaticDecision], at: datetime | None
) -> Sequence[dict[str, Any]]:
    """Return what the perimeters of a request asked when some of its vehicles were refused."""
    kept = next((one for one in reversed(answers) if at is not None and one.at <= at), None)
    if kept is not None and kept is not answers[-1]:
        # Read again since, for its other vehicles: what the request says now may be what is asked of those.
        read: Sequence[dict[str, Any]] = kept.facts["perimeters"]
        return read
    return said_perimeters(request, kept)


def said_perimeters(request: AccessRequest, kept: AutomaticDecision | None) -> list[dict[str, Any]]:
    """Return what a request says of its perimeters, as the facts do, with the hours that an answer read of each."""
    hours = {one["id"]: one["hours"] for one in kept.facts["perimeters"]} if kept else {}
    return [
        {
            "id": one.perimeter_id,
            "name": one.name,
            "colour": one.colour.value,
            "motorised": one.motorised.value,
            "hours": hours.get(one.perimeter_id),
        }
        for one in request.perimeters
    ]
