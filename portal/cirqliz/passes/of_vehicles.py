"""The passes of vehicles, as the fleet's pages show them: the implementation of the fleet's port."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from flask import url_for
from sqlalchemy import select

from portal.cirqliz.messages import PASS_PHASES, PASS_TONES
from portal.cirqliz.models import AccessPass
from portal.cirqliz.passes.queries import pass_view
from portal.cirqliz.states import PassState
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.db import session
from portal.fleet.api import HeldPass
from portal.territories.api import list_territories

_IDS_AT_ONCE = 500


class PassesOfVehicles:
    """Cirqliz in the words of the fleet."""

    def __init__(self, clock: Clock = SYSTEM_CLOCK) -> None:
        self._clock = clock

    def list_passes(self, company_id: UUID, vehicle_id: UUID, limit: int) -> Sequence[HeldPass]:
        """Return the passes that a company holds for a vehicle, those that end last first."""
        held = (AccessPass.company_id == company_id) & (AccessPass.vehicle_id == vehicle_id)
        ordered = select(AccessPass).where(held).order_by(AccessPass.valid_to.desc(), AccessPass.id)
        return self._shown(session().scalars(ordered.limit(limit)).all())

    def list_living(self, vehicle_ids: Collection[UUID]) -> Sequence[HeldPass]:
        """Return the passes of any company that are not over, of these vehicles, by number."""
        ids, now = list(vehicle_ids), self._clock.now()
        living = (AccessPass.state != PassState.REVOKED) & (AccessPass.valid_to > now)
        rows: list[AccessPass] = []
        for start in range(0, len(ids), _IDS_AT_ONCE):
            part = AccessPass.vehicle_id.in_(ids[start : start + _IDS_AT_ONCE])
            rows += session().scalars(select(AccessPass).where(part, living))
        return self._shown(sorted(rows, key=lambda row: row.number))

    def list_overlapping(self, company_id: UUID, vehicle_id: UUID, start: datetime, end: datetime) -> Sequence[str]:
        """Return the numbers of the passes not taken back that a company holds for a vehicle in a time, in order."""
        held = (AccessPass.company_id == company_id) & (AccessPass.vehicle_id == vehicle_id)
        living = (AccessPass.state != PassState.REVOKED) & (AccessPass.valid_to > self._clock.now())
        same_time = (AccessPass.valid_from < end) & (AccessPass.valid_to > start)
        wanted = select(AccessPass.number).where(held, living, same_time).order_by(AccessPass.number)
        return session().scalars(wanted).all()

    def _shown(self, rows: Sequence[AccessPass]) -> Sequence[HeldPass]:
        if not rows:
            return ()
        names = {place.id: place.name for place in list_territories()}
        return [_held(row, names, self._clock) for row in rows]


def _held(row: AccessPass, names: dict[UUID, str], clock: Clock) -> HeldPass:
    phase = pass_view(row).phase(clock.now())
    return HeldPass(
        vehicle_id=row.vehicle_id,
        company_id=row.company_id,
        number=row.number,
        territory=names.get(row.territory_id, ""),
        starts_at=row.valid_from,
        ends_at=row.valid_to,
        state=str(PASS_PHASES[phase]),
        tone=PASS_TONES[phase],
        living=phase in {"active", "later", "suspended"},
        url=url_for("cirqliz.show_pass", company_id=row.company_id, pass_id=row.id),
    )
