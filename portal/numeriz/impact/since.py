"""What the law has become since the effects of a draft were studied: orders that the study could not see."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select

from portal.db import session
from portal.numeriz.codec import digest
from portal.numeriz.impact.clashes import find_clashes
from portal.numeriz.impact.found import Clash, impact_from_json
from portal.numeriz.impact.judging import Ground, measures_of, place_of
from portal.numeriz.impact.streets import law_alone, placed_on_graph, streets_of
from portal.numeriz.law.memory import law_of
from portal.numeriz.models import OrderImpact, TrafficOrder
from portal.numeriz.values import OrderDraft
from portal.regulations.measures import Measure, Origin
from portal.regulations.snapshot import LawSnapshot
from portal.territories.api import TerritoryView

_OVERLAP: Final = timedelta(minutes=5)
"""A change is dated before it is committed: so long before a study it may still have escaped it."""


@dataclass(frozen=True, slots=True)
class SinceStudy:
    """orders_changed: some at the place of the draft. clashes: those that the study did not show."""

    orders_changed: bool = False
    clashes: tuple[Clash, ...] = ()

    @property
    def mark(self) -> str:
        """What tells these clashes from others, for whoever has seen them; empty without any."""
        return digest(sorted(clash.key for clash in self.clashes)) if self.clashes else ""


def since_study(
    territory: TerritoryView, work_id: UUID, draft: OrderDraft, replaces: UUID | None, now: datetime
) -> SinceStudy:
    """Compare the law of now with that of the kept study of a draft. replaces: the order that the draft amends.

    The road graph is read only when an order near the draft has changed.
    """
    kept = session().get(OrderImpact, work_id, populate_existing=True)
    if kept is None:
        return SinceStudy()
    law = law_of(territory)
    if kept.law_version == law.version:
        return SinceStudy()
    measures = measures_of(draft)
    changed = _changed_near(territory.id, law, measures, kept.found_at)
    if not changed:
        return SinceStudy()
    table = Ground(territory, law, now).table
    if table is None:
        return SinceStudy(orders_changed=True)
    measures = placed_on_graph(territory, measures)
    streets = streets_of(table, law_alone(law, measures))
    found = find_clashes(streets, measures, law_alone(law, changed), None if replaces is None else str(replaces), now)
    shown = {clash.key for clash in impact_from_json(kept.result).clashes}
    return SinceStudy(orders_changed=True, clashes=tuple(clash for clash in found if clash.key not in shown))


def _changed_near(territory_id: UUID, law: LawSnapshot, measures: Iterable[Measure], since: datetime) -> list[Measure]:
    """The measures of orders at the place of others, changed since then."""
    place = place_of(measures)
    recent = select(TrafficOrder.id).where(
        TrafficOrder.territory_id == territory_id, TrafficOrder.updated_at > since - _OVERLAP
    )
    changed = {str(order_id) for order_id in session().scalars(recent)}
    if not changed or place.is_empty:
        return []
    near = (one for one in law.candidates(place) if isinstance(one, Measure))
    return [one for one in near if one.origin is Origin.ORDER and one.order.id in changed]
