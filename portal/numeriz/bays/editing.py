"""Adding a bay, changing it, and taking over one that a file brought."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import select

from portal.common.actor import Actor
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.errors import Conflict, Invalid
from portal.common.ids import new_id
from portal.db import UnitOfWork, unit_of_work
from portal.numeriz.bays.fields import ADDRESS_LENGTH, BayFields
from portal.numeriz.bays.rows import draft_of_row, load_bay, tell_changed
from portal.numeriz.law.memory import lock_law
from portal.numeriz.models import DeliveryBay
from portal.numeriz.storing.bays import bay_values, content_of
from portal.numeriz.storing.tally import update_row
from portal.numeriz.values import NUMERIZ, BayDraft
from portal.territories.api import TerritoryView, reverse_geocode

_NOT_TOLD = frozenset({"outline_wkb", "provenance", "issues", "issue_count"})
"""What the journal leaves out of a change: long, or of no interest to whoever reads it."""


def add_bay(actor: Actor, territory: TerritoryView, fields: BayFields, *, clock: Clock = SYSTEM_CLOCK) -> UUID:
    """Add a bay of the territory's own; an address that is missing is that of the place. Returns its id.

    The same bay sent twice without an identifier is added once.

    Raises Invalid as `BayFields.check`, and local-id-taken.
    """
    fields.check()
    bay_id, now = new_id(), clock.now()
    draft = _addressed(territory, fields.draft(None, NUMERIZ))
    values = bay_values(draft)
    named = bool(draft.local_id)
    if not named:
        draft = replace(draft, local_id=f"N-{bay_id.hex[-8:].upper()}")
    with unit_of_work() as uow:
        lock_law(uow, territory.id)
        twin = None if named else _twin(uow, territory.id, content_of(values))
        if twin is not None:
            return twin
        _refuse_taken(uow, territory.id, draft.local_id, bay_id)
        row = DeliveryBay(
            id=bay_id,
            territory_id=territory.id,
            source=NUMERIZ,
            local_id=draft.local_id,
            photo_key=None,
            **values,
            content_digest=content_of(values),
            created_at=now,
            updated_at=now,
        )
        uow.session.add(row)
        tell_changed(uow, actor, row, {"added": {"address": draft.address, "lon": draft.lon, "lat": draft.lat}}, clock)
    return bay_id


def _twin(uow: UnitOfWork, territory_id: UUID, content: str) -> UUID | None:
    """The territory's own bay that says all the same, at the same place."""
    return uow.session.scalar(
        select(DeliveryBay.id).where(
            DeliveryBay.territory_id == territory_id,
            DeliveryBay.source == NUMERIZ,
            DeliveryBay.content_digest == content,
        )
    )


def edit_bay(
    actor: Actor, territory: TerritoryView, bay_id: UUID, fields: BayFields, seen: str, *, clock: Clock = SYSTEM_CLOCK
) -> None:
    """Change a bay of the territory's own. seen: the digest of the bay that the clerk was shown.

    Raises NotFound, Conflict("bay-changed", "bay-of-another-source"), Invalid as `add_bay`. Nothing is written when
    nothing differs.
    """
    fields.check()
    with unit_of_work() as uow:
        lock_law(uow, territory.id)
        row = load_bay(uow, territory.id, bay_id)
        if row.source != NUMERIZ:
            raise Conflict("bay-of-another-source")
        if row.content_digest != seen:
            raise Conflict("bay-changed")
        draft = _addressed(territory, fields.draft(draft_of_row(row), NUMERIZ))
        _refuse_taken(uow, territory.id, draft.local_id, bay_id)
        values = {**bay_values(draft), "local_id": draft.local_id}
        before = {name: getattr(row, name) for name in values}
        digest = content_of({name: value for name, value in values.items() if name != "local_id"})
        if update_row(row, {**values, "content_digest": digest}, clock.now()):
            tell_changed(uow, actor, row, {"changes": _changes(before, values)}, clock)


def take_over(actor: Actor, territory_id: UUID, bay_id: UUID, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Make a bay that a file brought one of the territory's own: the next imports of its source leave it alone.

    Raises NotFound, Conflict("bay-is-ours"), Invalid(local-id-taken).
    """
    with unit_of_work() as uow:
        lock_law(uow, territory_id)
        row = load_bay(uow, territory_id, bay_id)
        if row.source == NUMERIZ:
            raise Conflict("bay-is-ours")
        _refuse_taken(uow, territory_id, row.local_id, bay_id)
        origin = {"source": row.source, "local_id": row.local_id}
        row.provenance = {**row.provenance, "taken_from": origin}
        row.source = NUMERIZ
        tell_changed(uow, actor, row, {"taken_from": row.provenance["taken_from"]["source"]}, clock)


def _addressed(territory: TerritoryView, draft: BayDraft) -> BayDraft:
    """The bay with the address of its place when nobody gave one."""
    if draft.address:
        return draft
    found = reverse_geocode(territory.slug, draft.lon, draft.lat)
    return draft if found is None else replace(draft, address=found.label[:ADDRESS_LENGTH])


def _refuse_taken(uow: UnitOfWork, territory_id: UUID, local_id: str, bay_id: UUID) -> None:
    taken = select(DeliveryBay.id).where(
        DeliveryBay.territory_id == territory_id,
        DeliveryBay.source == NUMERIZ,
        DeliveryBay.local_id == local_id,
        DeliveryBay.id != bay_id,
    )
    if uow.session.scalar(taken.limit(1)) is not None:
        raise Invalid("local-id-taken", field="local_id", name=local_id)


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[Any]]:
    """What differs, as JSON values: {"field": [before, after]}."""
    return {
        name: [_plain(before[name]), _plain(value)]
        for name, value in after.items()
        if name not in _NOT_TOLD and before[name] != value
    }


def _plain(value: Any) -> Any:
    return json.loads(json.dumps(value))
