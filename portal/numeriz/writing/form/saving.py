"""Save one part of an order at work: what other clerks wrote elsewhere stays, the same part is never overwritten."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from portal.common.actor import Actor
from portal.common.errors import Conflict
from portal.numeriz.codec import digest
from portal.numeriz.writing import get_work, save_work
from portal.numeriz.writing.form.parts import Document, Spot, measures_of
from portal.numeriz.writing.values import WorkView

# Each failure means that somebody saved between our reading and our writing: three in a row do not happen to people.
_TRIES: Final = 3


def save_part(
    actor: Actor, territory_id: UUID, work_id: UUID, spot: Spot, seen: str, values: Mapping[str, Any]
) -> WorkView:
    """Write one part, and return the order as it is then.

    seen: digest of the part that was shown (`Spot.seen`). Raises Conflict(`part-changed`, work=...) when somebody has
    written something else there meanwhile, Conflict(`measure-gone`, work=...) when its measure is not there any more.
    """
    for attempt in range(_TRIES):
        work = get_work(territory_id, work_id)
        _check(work, spot, seen, values)
        document = spot.merged(work.document, values)
        try:
            save_work(actor, territory_id, work_id, work.revision, document)
        except Conflict as error:
            if error.code != "work-changed" or attempt == _TRIES - 1:
                raise
            continue
        break
    return get_work(territory_id, work_id)


def _check(work: WorkView, spot: Spot, seen: str, values: Mapping[str, Any]) -> None:
    if spot.at is not None and spot.at >= len(measures_of(work.document)):
        raise Conflict("measure-gone", work=work)
    # Compared as stored: a shape that was just found is made of tuples, one that was read back of lists.
    if digest(spot.values(work.document)) != digest(dict(values)) and spot.seen(work.document) != seen:
        raise Conflict("part-changed", work=work)


def save_document(actor: Actor, territory_id: UUID, work: WorkView, document: Document) -> int:
    """Write the whole document over what was read as `work`; Conflict(`work-changed`) when it has changed since."""
    return save_work(actor, territory_id, work.id, work.revision, dict(document))
