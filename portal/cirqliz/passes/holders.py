"""What rests on a perimeter: asked before a clerk takes it out of the law, or erases it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, case, func, select

from portal.cirqliz.models import AccessPass, AccessRequest, PassPerimeter, PerimeterQuota, RequestPerimeter
from portal.cirqliz.states import PassState
from portal.db import session


def count_holders(territory_id: UUID, perimeter_ids: Sequence[UUID], now: datetime) -> Mapping[UUID, tuple[int, int]]:
    """Return, of each perimeter that something rests on, its passes that are not over, and the rest.

    The rest: passes that are over or revoked, requests that name it, quotas.
    """
    ids = [str(perimeter_id) for perimeter_id in perimeter_ids]
    holds = and_(AccessPass.state != PassState.REVOKED, AccessPass.valid_to > now)
    living: Counter[str] = Counter()
    others: Counter[str] = Counter()
    passes = (
        select(PassPerimeter.perimeter_id, func.count(), func.sum(case((holds, 1), else_=0)))
        .join(AccessPass, AccessPass.id == PassPerimeter.pass_id)
        .where(AccessPass.territory_id == territory_id, PassPerimeter.perimeter_id.in_(ids))
        .group_by(PassPerimeter.perimeter_id)
    )
    for perimeter_id, count, alive in session().execute(passes):
        living[perimeter_id] += int(alive)
        others[perimeter_id] += count - int(alive)
    requests = (
        select(RequestPerimeter.perimeter_id, func.count())
        .join(AccessRequest, AccessRequest.id == RequestPerimeter.request_id)
        .where(AccessRequest.territory_id == territory_id, RequestPerimeter.perimeter_id.in_(ids))
        .group_by(RequestPerimeter.perimeter_id)
    )
    quotas = (
        select(PerimeterQuota.perimeter_id, func.count())
        .where(PerimeterQuota.territory_id == territory_id, PerimeterQuota.perimeter_id.in_(ids))
        .group_by(PerimeterQuota.perimeter_id)
    )
    for found in (requests, quotas):
        for perimeter_id, count in session().execute(found):
            others[perimeter_id] += count
    return {UUID(perimeter_id): (living[perimeter_id], others[perimeter_id]) for perimeter_id in living | others}
