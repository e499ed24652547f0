"""The law of a territory in memory: built once per version and process, shared by its threads.

Two questions, one for each need:

- `law_snapshot`: the law as committed, or as the running unit of work sees it. It waits for the build it needs. All
  that decides something (routes, passes, exports) asks this one.
- `law_for_display`: the same, but while another process's change of the last two seconds is being built in the
  background, the law of just before. Maps and lists ask this one.

What was read is kept and only what changed is read again, so that a build after a small change is short.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as TooSlow
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial
from hashlib import sha256
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Flask, current_app
from sqlalchemy import bindparam, select

from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.garbage import without_collections
from portal.db import UnitOfWork, Upsert, insert_into, session
from portal.numeriz.law.reading import LawReader
from portal.numeriz.models import LawState
from portal.regulations.snapshot import LawSnapshot
from portal.territories.api import TerritoryView, get_graph_version, get_territory_by_id

NO_LAW = "0"
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
# How often a build may be overtaken by writers before the last one stands under the version it was read between.
_ATTEMPTS = 5
PATIENCE_S: Final = 0.5
"""How long a page waits for a build under way before it shows the law of just before."""
MOST_BEHIND: Final = timedelta(seconds=2)
"""No page shows a law that was changed longer ago than this."""
_PENDING: Final = "law-changed-here"
_PRIVATE: Final = "law-seen-here"


def law_version(territory_id: UUID) -> str:
    """Return the version of the territory's law: the same text means the same law; "0" before any.

    It holds the instant of the change beside its number, so that a number given again after a rollback differs.
    """
    found = session().execute(
        select(LawState.version, LawState.changed_at).where(LawState.territory_id == territory_id)
    )
    row = found.one_or_none()
    return NO_LAW if row is None else _version_text(row.version, row.changed_at)


def _version_text(number: int, changed_at: datetime) -> str:
    return NO_LAW if number == 0 else f"{number}-{changed_at:%Y%m%d%H%M%S%f}"


def _count(insert: Callable[..., Any]) -> Any:
    fresh = insert(LawState)
    changes = {"version": LawState.version + 1, "changed_at": fresh.excluded.changed_at}
    return fresh.on_conflict_do_update(index_elements=["territory_id"], set_=changes)


_COUNT: Final = Upsert(_count)


def lock_law(uow: UnitOfWork, territory_id: UUID) -> None:
    """Make other writers of this territory's law wait for the end of the transaction."""
    values = {"territory_id": territory_id, "version": 0, "changed_at": _NEVER}
    uow.session.execute(insert_into(uow, LawState).values(values).on_conflict_do_nothing())
    uow.session.execute(select(LawState.version).where(LawState.territory_id == territory_id).with_for_update())


def bump_law(uow: UnitOfWork, territory_id: UUID, clock: Clock = SYSTEM_CLOCK) -> None:
    """Count a new version of the law, in the transaction of the change itself; other writers wait for its end."""
    pending: set[UUID] = uow.session.info.setdefault(_PENDING, set())
    pending.add(territory_id)
    uow.after_commit(partial(_landed, pending, territory_id))
    # One statement: a feed of thousands of orders counts thousands of versions.
    uow.session.execute(_COUNT.of(uow), {"territory_id": territory_id, "version": 1, "changed_at": clock.now()})


@dataclass(frozen=True, slots=True)
class _State:
    """What a snapshot is made from. version: differs as soon as the law, the graph, the clock or the holidays do."""

    version: str
    changed_at: datetime
    territory: TerritoryView


# Each scan of a pass asks this: made once.
_NUMBER = select(LawState.version, LawState.changed_at).where(LawState.territory_id == bindparam("territory_id"))


def _state(territory: TerritoryView) -> _State:
    row = session().connection().execute(_NUMBER, {"territory_id": territory.id}).one_or_none()
    number, changed_at = (0, _NEVER) if row is None else (row.version, row.changed_at)
    basis = (territory.build_version, get_graph_version(territory), territory.timezone, territory.holidays.value)
    return _State(f"{_version_text(number, changed_at)}-{_mark(basis)}", changed_at, territory)


@lru_cache(maxsize=64)
def _mark(basis: tuple[str | None, ...]) -> str:
    return sha256(repr(basis).encode()).hexdigest()[:8]


@dataclass(slots=True)
class _Kept:
    """What this process keeps of one territory. building: held while its law is read and indexed.

    changes_here, changes_held: how many changes this process committed, and how many of them the snapshot holds.
    """

    snapshot: LawSnapshot | None = None
    reader: LawReader = field(default_factory=LawReader)
    building: threading.Lock = field(default_factory=threading.Lock)
    under_way: Future[LawSnapshot] | None = None
    changes_here: int = 0
    changes_held: int = 0


class _Cache:
    """The newest snapshot of each territory. Several threads that need the same build wait for one of them."""

    def __init__(self) -> None:
        self._kept: dict[UUID, _Kept] = {}
        self._guard = threading.Lock()

    def of(self, territory_id: UUID) -> _Kept:
        with self._guard:
            return self._kept.setdefault(territory_id, _Kept())

    def current(self, territory: TerritoryView) -> LawSnapshot:
        """The law of the version that the session sees."""
        kept = self.of(territory.id)
        changes = kept.changes_here
        state = _state(territory)
        found = kept.snapshot
        if found is not None and found.version == state.version:
            return found
        if territory.id in session().info.get(_PENDING, ()):
            return self._private(kept, state)
        with kept.building:
            found = kept.snapshot
            if found is None or found.version != state.version:
                found = _build(state, kept)
                kept.snapshot, kept.changes_held = found, changes
            return found

    def recent(self, territory: TerritoryView, clock: Clock) -> LawSnapshot:
        """The current law, or that of just before while the current one is being built."""
        kept, state = self.of(territory.id), _state(territory)
        found = kept.snapshot
        if found is not None and found.version == state.version:
            return found
        fresh_enough = timedelta() <= clock.now() - state.changed_at < MOST_BEHIND
        if found is None or not fresh_enough or kept.changes_here > kept.changes_held:
            return self.current(territory)
        try:
            self._started(territory, kept).result(PATIENCE_S)
        except TooSlow:
            if clock.now() - state.changed_at < MOST_BEHIND:
                return found
        return self.current(territory)

    def _private(self, kept: _Kept, state: _State) -> LawSnapshot:
        """The law as an unfinished transaction has changed it: nobody else may see it."""
        own: dict[UUID, LawSnapshot] = session().info.setdefault(_PRIVATE, {})
        found = own.get(state.territory.id)
        if found is None or found.version != state.version:
            with kept.building:
                found = own[state.territory.id] = _build(state, kept)
        return found

    def _started(self, territory: TerritoryView, kept: _Kept) -> Future[LawSnapshot]:
        """The build under way in a thread of its own."""
        with self._guard:
            if kept.under_way is None or kept.under_way.done():
                kept.under_way = Future()
                app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
                build = partial(self._build_in, app, territory, kept.under_way)
                threading.Thread(target=build, name=f"law-{territory.slug}", daemon=True).start()
            return kept.under_way

    def _build_in(self, app: Flask, territory: TerritoryView, under_way: Future[LawSnapshot]) -> None:
        try:
            with app.app_context():
                under_way.set_result(self.current(territory))
        except BaseException as error:  # noqa: BLE001 handed to whoever waits; who does not builds it again himself
            under_way.set_exception(error)


_cache = _Cache()


def _landed(pending: set[UUID], territory_id: UUID) -> None:
    """A change of this process is committed: nothing older is shown by it any more."""
    pending.discard(territory_id)
    _cache.of(territory_id).changes_here += 1


def law_snapshot(territory_id: UUID) -> LawSnapshot:
    """Return the territory's law as committed (or as the running unit of work sees it). Raises NotFound.

    Built once per version in each process; safe to share between threads.
    """
    return law_of(get_territory_by_id(territory_id))


def law_of(territory: TerritoryView) -> LawSnapshot:
    """Return the law of a territory just read, as `law_snapshot` does: one query while it has not changed."""
    return _cache.current(territory)


def law_for_display(territory: TerritoryView, clock: Clock = SYSTEM_CLOCK) -> LawSnapshot:
    """Return the territory's law for a page that decides nothing.

    While the newest law is being built, the one before is returned, if the change is less than two seconds old and was
    made by another process; otherwise as `law_snapshot`. Its `version` says which law it is.
    """
    return _cache.recent(territory, clock)


def _build(state: _State, kept: _Kept) -> LawSnapshot:
    """Read the law between two equal looks at its version, so that what was read belongs to one version."""
    with without_collections():
        for _ in range(_ATTEMPTS):
            perimeters, measures = kept.reader.read(state.territory)
            after = _state(get_territory_by_id(state.territory.id))
            if after.version == state.version:
                break
            state = after
        territory = state.territory
        return LawSnapshot.build(
            perimeters,
            measures,
            zone=ZoneInfo(territory.timezone),
            region=territory.holidays,
            version=state.version,
            previous=kept.snapshot,
        )
