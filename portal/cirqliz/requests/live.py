"""What the law asks of a request now, beside what the request says and what its passes open."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import batched
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import aliased

from portal.cirqliz.law import needed_perimeters
from portal.cirqliz.models import AccessPass, AccessRequest, PassPerimeter
from portal.cirqliz.ports import RouteStop
from portal.cirqliz.requests.filing import perimeter_row
from portal.cirqliz.states import PassState
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.db import session
from portal.numeriz.api import law_snapshot
from portal.regulations.perimeters import Colour, Motorised, Perimeter
from portal.regulations.schedules import Interval
from portal.regulations.snapshot import LawSnapshot

_PART: Final = 500
_POLICIES: Final = tuple(Motorised)
type Opened = dict[str, tuple[Colour, Motorised]]
"""What a pass says of the perimeters it opens, by id."""


def live_perimeters(law: LawSnapshot, request: AccessRequest) -> dict[str, Perimeter]:
    """Return the perimeters that a request names and those its stops need now, by id, as the law knows them.

    One that the law no longer knows is left out.
    """
    stops = (RouteStop(stop.label, stop.lon, stop.lat, stop.service_min) for stop in request.stops)
    window = Interval(request.starts_at, request.ends_at)
    needed = {perimeter.id: perimeter for perimeter in needed_perimeters(law, stops, (), window)}
    named = (line.perimeter_id for line in request.perimeters)
    return {id_: law.perimeters[id_] for id_ in named if id_ in law.perimeters} | needed


def says_otherwise(law: LawSnapshot, request: AccessRequest) -> bool:
    """Tell whether the law asks something else than the request says: another colour or policy, a perimeter more."""
    said = {line.perimeter_id: (line.colour, line.motorised) for line in request.perimeters}
    live = live_perimeters(law, request)
    return any(said.get(id_) != (one.colour, one.access.motorised) for id_, one in live.items())


def refresh_perimeters(request: AccessRequest) -> bool:
    """Let a request, locked by the caller, say what the law asks now; return whether it said something else.

    Its version counts that. A perimeter that the law no longer knows stays as it was named.
    """
    law = law_snapshot(request.territory_id)
    if not says_otherwise(law, request):
        return False
    lines = {line.perimeter_id: line for line in request.perimeters}
    for id_, perimeter in live_perimeters(law, request).items():
        line = lines.get(id_)
        if line is None:
            request.perimeters.append(perimeter_row(perimeter))
            continue
        line.name, line.event = perimeter.name, perimeter.event
        line.colour, line.motorised = perimeter.colour, perimeter.access.motorised
    request.count_change()
    return True


def find_outgrown(
    law: LawSnapshot, requests: Iterable[AccessRequest], clock: Clock = SYSTEM_CLOCK
) -> dict[UUID, set[UUID]]:
    """Return the vehicles whose living pass opens less than what the law asks now, by request.

    A perimeter became stricter, or one more is needed. A pass that replaces another speaks for the vehicle answered.
    """
    by_id = {request.id: request for request in requests}
    found: dict[UUID, set[UUID]] = {}
    for request_id, vehicle_id, opened in _given(by_id, clock):
        live = live_perimeters(law, by_id[request_id])
        if any(_asks_more(opened.get(id_), perimeter) for id_, perimeter in live.items()):
            found.setdefault(request_id, set()).add(vehicle_id)
    return found


def _asks_more(opened: tuple[Colour, Motorised] | None, now: Perimeter) -> bool:
    if opened is None:
        return now.access.motorised is not Motorised.FREE
    colour, motorised = opened
    stricter = _POLICIES.index(now.access.motorised) > _POLICIES.index(motorised)
    return stricter or now.colour.strictness > colour.strictness


def _given(request_ids: Collection[UUID], clock: Clock) -> list[tuple[UUID, UUID, Opened]]:
    """The living passes of requests: request, vehicle that was answered, what they open."""
    before = aliased(AccessPass)
    passes: dict[UUID, tuple[UUID, UUID, Opened]] = {}
    for part in batched(request_ids, _PART):
        rows = session().execute(
            select(
                AccessPass.id,
                AccessPass.request_id,
                AccessPass.vehicle_id,
                before.vehicle_id,
                PassPerimeter.perimeter_id,
                PassPerimeter.colour,
                PassPerimeter.motorised,
            )
            .outerjoin(PassPerimeter, PassPerimeter.pass_id == AccessPass.id)
            .outerjoin(before, AccessPass.swapped_from == before.id)
            .where(
                AccessPass.request_id.in_(part),
                AccessPass.state != PassState.REVOKED,
                AccessPass.valid_to > clock.now(),
            )
        )
        for id_, request_id, vehicle_id, replaced, perimeter_id, colour, motorised in rows:
            one = passes.setdefault(id_, (request_id, replaced or vehicle_id, {}))
            if perimeter_id is not None:
                one[2][perimeter_id] = (colour, motorised)
    return list(passes.values())
