"""How long the looks of agents are kept: as the territory decides, and then only their counts, which name nobody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

from sqlalchemy import Table, delete, select

from portal.cirqliz.models import CheckCount, PassCheck
from portal.cirqliz.rules.settings import access_settings
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.ids import new_id
from portal.db import Upsert, session, unit_of_work
from portal.territories.api import TerritoryView, get_territory_by_id

_AT_ONCE = 2000
_KEY = ("territory_id", "day", "hour", "place", "tone", "result")


def purge_checks(*, clock: Clock = SYSTEM_CLOCK) -> int:
    """Erase the checks older than the retention of their territory and add them to the counts; return how many."""
    erased = 0
    for territory_id in session().scalars(select(PassCheck.territory_id).distinct()).all():
        territory = get_territory_by_id(territory_id)
        while folded := _fold_some(territory, clock):
            erased += folded
    return erased


def _fold_some(territory: TerritoryView, clock: Clock) -> int:
    """Fold some looks, whole in one transaction; what another process has erased is counted there alone."""
    limit = clock.now() - timedelta(days=access_settings(territory.id).scan_retention_days)
    zone = ZoneInfo(territory.timezone)
    old = select(PassCheck.id).where(PassCheck.territory_id == territory.id, PassCheck.at < limit).limit(_AT_ONCE)
    with unit_of_work() as uow:
        rows = uow.session.execute(
            delete(PassCheck)
            .where(PassCheck.id.in_(old.scalar_subquery()))
            .returning(PassCheck.at, PassCheck.place, PassCheck.tone, PassCheck.result)
            .execution_options(synchronize_session=False)
        ).all()
        locals_ = [(at.astimezone(zone), place, tone, result) for at, place, tone, result in rows]
        counts = Counter((at.date(), at.hour, place, tone, result) for at, place, tone, result in locals_)
        if counts:
            values = [
                {"id": new_id(), "looks": looks, **dict(zip(_KEY, (territory.id, *key), strict=True))}
                for key, looks in counts.items()
            ]
            uow.session.execute(_ADD.of(uow), values)
    return len(rows)


def _add(insert: Callable[..., Any]) -> Any:
    fresh = insert(cast("Table", CheckCount.__table__))
    return fresh.on_conflict_do_update(
        index_elements=list(_KEY), set_={"looks": CheckCount.__table__.c.looks + fresh.excluded.looks}
    )


_ADD = Upsert(_add)
