"""What a file that holds everything no longer holds: when that is believed, and what may stand in another file now.

Half a source does not vanish at once: more often its file is empty or cut. So when more than half of its records are
absent, they are doubted. All of them count, those of other towns too: one town may well lose its only record. Not
those known to be over, which leave the source as they should; of a record that was never stored nobody can tell. They
stay known beside the new ones, so that a source that truly changed is believed once it holds as many others.
Orders that are doubted stay law until then. Events live for hours and some have no end: they are over when the next
file that holds everything lacks them as well.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, select

from portal.db import UnitOfWork, session
from portal.numeriz.models import Feed, SourceRecordRow
from portal.numeriz.storing.records import AWAITED, KnownRecord
from portal.numeriz.values import Category, ImportKind


@dataclass(frozen=True, slots=True)
class Absence:
    """Records that the source no longer holds. expected: how many were to be found in the file."""

    believed: frozenset[str] = frozenset()
    doubted: frozenset[str] = frozenset()
    expected: int = 0


def absent_records(
    known: Mapping[str, KnownRecord],
    snapshot: Collection[str],
    seen: Collection[str],
    live: Collection[str],
    *,
    second_time: bool,
) -> Absence:
    """Tell what is absent from a file that was read to its end, and whether to believe it.

    snapshot: scopes of which the file holds everything; live: records stored and not over. second_time: what was
    doubted before, and marked as awaited, is believed now.
    """
    there = {name for name, record in known.items() if record.scope in snapshot}
    over = {name for name in there if known[name].kept and name not in live}
    gone = there.difference(seen)
    fresh = {name for name in gone - over if not (second_time and known[name].digest == AWAITED)}
    expected = len(there) - len(over)
    if 2 * len(fresh) > expected:
        return Absence(frozenset(gone - fresh), frozenset(fresh), expected)
    return Absence(frozenset(gone), expected=expected)


def scope_read_elsewhere(territory_id: UUID, snapshot: Collection[str]) -> str:
    """The scope that another feed of the territory reads, of a source cut by category; empty when there is none.

    An order that changes category leaves one feed before the other tells it.
    """
    if not snapshot or not set(snapshot) <= set(Category):
        return ""
    others = (_scope_of(feed.options) for feed in session().scalars(_feeds(territory_id)))
    return next((scope for scope in others if scope and scope not in snapshot), "")


def ask_scope(uow: UnitOfWork, territory_id: UUID, scope: str, now: datetime) -> None:
    """Make the feed of a scope due at once, unless its source fails and is left in peace for a while."""
    for feed in uow.session.scalars(_feeds(territory_id).with_for_update()):
        if _scope_of(feed.options) == scope and not feed.failures and feed.next_at is not None:
            feed.next_at = min(feed.next_at, now)


def awaits_reading(territory_id: UUID, kind: ImportKind, options: Mapping[str, str]) -> bool:
    """Tell whether orders wait for the reading of a feed to be found in it or withdrawn: its file is to be read
    even when it has not changed."""
    scope = _scope_of(options)
    waiting = select(SourceRecordRow.id).where(
        SourceRecordRow.territory_id == territory_id,
        SourceRecordRow.kind == kind,
        SourceRecordRow.scope == scope,
        SourceRecordRow.digest == AWAITED,
    )
    return bool(scope) and session().scalars(waiting.limit(1)).first() is not None


def _feeds(territory_id: UUID) -> Select[Feed]:
    return select(Feed).where(
        Feed.territory_id == territory_id,
        Feed.kind == ImportKind.ORDERS,
        Feed.active,
        Feed.every_s.is_not(None),
    )


def _scope_of(options: Mapping[str, str]) -> str:
    """The only scope that a feed holds; empty when it holds another part of its source, or all of it."""
    scope = options.get("scope", "")
    return scope if scope in set(Category) else ""
