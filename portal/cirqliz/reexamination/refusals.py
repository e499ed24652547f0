"""What was refused because of perimeters that ask less now."""

from __future__ import annotations

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


def find_relieved(law: LawSnapshot, request: AccessRequest, kept: AutomaticDecision | None, clock: Clock) -> set[UUID]:
    """Return the vehicles refused for the perimeters of a request when one of these asks less than at the refusal.

    kept: what was read of the request last. Only what is left of its window counts.
    """
    refused = {line.vehicle_id for line in request.vehicles if line.reason_code in _OF_PERIMETERS}
    start = max(request.starts_at, clock.now())
    if not refused or start >= request.ends_at:
        return set()
    window = Interval(start, request.ends_at)
    before = {one["id"]: one for one in said_perimeters(request, kept)}
    live = perimeter_facts(law, request)
    return refused if any(one["id"] in before and asks_less(before[one["id"]], one, window) for one in live) else set()


def said_perimeters(request: AccessRequest, kept: AutomaticDecision | None) -> list[dict[str, Any]]:
    """Return what a request says of its perimeters, as the facts do, with the hours that were read last of each."""
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
