"""What an answer to many requests would do to each of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import lazyload, selectinload

from portal.accounts.api import CompanyStatus, get_company
from portal.cirqliz.decisions import policies
from portal.cirqliz.decisions.commands import Answer
from portal.cirqliz.decisions.deciding import (
    approval_refusal,
    check_as_seen,
    check_perimeters,
    check_policies,
    pending_of,
)
from portal.cirqliz.models import AccessRequest
from portal.cirqliz.states import VehicleDecision
from portal.common.actor import Actor
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.errors import Conflict, Invalid, PortalError
from portal.db import session
from portal.numeriz.api import law_snapshot
from portal.regulations.perimeters import Colour
from portal.regulations.snapshot import LawSnapshot
from portal.territories.api import get_territory

_READ = (AccessRequest.vehicles, AccessRequest.perimeters, AccessRequest.stops)


@dataclass(frozen=True, slots=True)
class PreviewLine:
    """What would happen to a request: its waiting vehicles are answered, or it is left out for a reason.

    perimeters: the colour and the name of each, the strictest first.
    """

    request_id: UUID
    version: int
    number: str
    company_name: str
    starts_at: datetime
    ends_at: datetime
    plates: tuple[str, ...]
    perimeters: tuple[tuple[Colour, str], ...]
    refusal: PortalError | None


def preview_batch(
    actor: Actor, territory: str, chosen: Mapping[UUID, int], answer: Answer, *, clock: Clock = SYSTEM_CLOCK
) -> Sequence[PreviewLine]:
    """Return a line per request, in the order chosen. chosen: the version the clerk saw, by id.

    Writes and locks nothing: whatever changes until the batch counts is told then. Raises Denied, Invalid.
    """
    policies.require_clerk(actor, territory)
    policies.check_answer(answer)
    check_size(chosen)
    rows = session().scalars(
        select(AccessRequest)
        .where(AccessRequest.territory_id == get_territory(territory).id, AccessRequest.id.in_(chosen))
        .options(lazyload("*"), *map(selectinload, _READ))
        .execution_options(populate_existing=True)
    )
    found = {row.id: row for row in rows}
    verdicts = Verdicts(actor, answer, clock, found.values())
    return [verdicts.line(found[id_], version) for id_, version in chosen.items() if id_ in found]


def check_size(chosen: Mapping[UUID, int]) -> None:
    """Raise Invalid when nothing or too much is chosen."""
    if not chosen:
        raise Invalid("no-request-chosen", field="chosen")
    if len(chosen) > policies.MAX_BATCH:
        raise Invalid("batch-too-large", field="chosen", most=policies.MAX_BATCH)


class Verdicts:
    """Judges requests one by one for one answer; looks at each company once."""

    def __init__(self, actor: Actor, answer: Answer, clock: Clock, requests: Collection[AccessRequest]) -> None:
        self._actor, self._answer, self._clock = actor, answer, clock
        self._companies: dict[UUID, CompanyStatus] = {}
        self._laws: dict[UUID, LawSnapshot] = {}
        if answer.decision is VehicleDecision.APPROVED:
            self._companies = {id_: get_company(id_).status for id_ in {row.company_id for row in requests}}
            self._laws = {id_: law_snapshot(id_) for id_ in {row.territory_id for row in requests}}

    def line(self, request: AccessRequest, version: int) -> PreviewLine:
        """Return what would happen to a request that the clerk saw in a version."""
        plates = tuple(v.plate_display for v in request.vehicles if v.decision is VehicleDecision.PENDING)
        refusal = self._refusal(request, version)
        perimeters = sorted(request.perimeters, key=lambda one: (-one.colour.strictness, one.name))
        return PreviewLine(
            request_id=request.id,
            version=request.version,
            number=request.number,
            company_name=request.company_name,
            starts_at=request.starts_at,
            ends_at=request.ends_at,
            plates=plates,
            perimeters=tuple((one.colour, one.name) for one in perimeters),
            refusal=refusal,
        )

    def _refusal(self, request: AccessRequest, version: int) -> PortalError | None:
        try:
            check_as_seen(request, version, self._actor, self._clock)
            waiting = pending_of(request)
            if self._answer.decision is not VehicleDecision.APPROVED:
                return None
            check_perimeters(self._laws[request.territory_id], request)
            check_policies(request, self._answer)
        except (Conflict, Invalid) as error:
            return error
        return approval_refusal(request, waiting, self._companies[request.company_id], self._clock)
