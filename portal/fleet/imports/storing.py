"""Writing the vehicles of a file: by hundreds, without an object per row, each with its line of history."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from itertools import batched
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Connection, Table, select

from portal.db import UnitOfWork
from portal.fleet.changes import ARCHIVED, ChangedVehicle, plain
from portal.fleet.imports.bulk_insert import BulkInsert, bulk_update, ids_in_order
from portal.fleet.imports.good_rows import COUNTRY, FIELDS, GIVEN, KEY, PlainRow, draft_of
from portal.fleet.models import ChangeSource, Vehicle, VehicleChange
from portal.fleet.vehicle_view import VehicleView, view_of

_BATCH = 2_000
VEHICLES = cast("Table", Vehicle.__table__)
CHANGES = cast("Table", VehicleChange.__table__)


@dataclass(frozen=True, slots=True)
class Author:
    """Who stores what, when: for the history of each vehicle."""

    label: str
    at: datetime
    source: ChangeSource
    import_id: UUID


@dataclass(slots=True)
class Stored:
    """What was written. Unchanged vehicles count as nothing."""

    added: int = 0
    updated: int = 0
    changes: list[ChangedVehicle] = field(default_factory=list)


def store(uow: UnitOfWork, company_id: UUID, rows: list[PlainRow], author: Author) -> Stored:
    """Insert or update vehicles by plate, in the running transaction, which holds the company's fleet.

    What a row does not say stays as it is; an archived vehicle comes back. rows: emptied, so that a large fleet is not
    held twice.
    """
    known = {(view.country, view_key): view for view_key, view in company_views(uow, company_id)}
    done = Stored()
    fresh: list[PlainRow] = []
    touched: list[tuple[VehicleView, dict[str, Any], dict[str, Any]]] = []
    rows.reverse()
    while rows:
        row = rows.pop()
        view = known.get((row[COUNTRY], row[KEY])) if known else None
        if view is None:
            fresh.append(row)
            continue
        before, after = _differences(view, row)
        if after:
            touched.append((view, before, after))
    _add(uow, company_id, fresh, author)
    done.added, done.updated = len(fresh), len(touched)
    write_changes(uow, touched, author)
    for view, _before, after in touched:
        values = {name: value for name, value in after.items() if name not in {ARCHIVED, "plate_key"}}
        if values:
            done.changes.append(ChangedVehicle(view.id, view, changed_view(view, after, author.at)))
    return done


def company_views(uow: UnitOfWork, company_id: UUID) -> Iterator[tuple[str, VehicleView]]:
    """Yield the plate key and the view of every vehicle of a company, archived ones included."""
    wanted = select(*VEHICLES.c).where(VEHICLES.c.company_id == company_id)
    for row in uow.session.execute(wanted.execution_options(yield_per=_BATCH)):
        # A row of columns has the names of the mapped one.
        yield row.plate_key, view_of(cast("Vehicle", row))


def _differences(view: VehicleView, row: PlainRow) -> tuple[dict[str, Any], dict[str, Any]]:
    differing = [name for place, name in _places_given(row[GIVEN]) if plain(getattr(view, name)) != row[place]]
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    if differing:
        values = draft_of(row).values()
        before = {name: getattr(view, name) for name in differing}
        after = {name: values[name] for name in differing}
    if view.archived:
        before[ARCHIVED], after[ARCHIVED] = True, False
    return before, after


@lru_cache
def _places_given(given: frozenset[str]) -> list[tuple[int, str]]:
    """Return the places and names of a plain row that say something of a vehicle whose plate is known."""
    return [
        (place, name)
        for place, name in enumerate(FIELDS)
        if name in given or name in {"plate", "plate_scheme", "country"}
    ]


def changed_view(view: VehicleView, after: dict[str, Any], at: datetime) -> VehicleView:
    """Return the view of a vehicle once `after` is written."""
    values = {name: value for name, value in after.items() if name not in {ARCHIVED, "plate_key"}}
    archived_at = view.archived_at
    if ARCHIVED in after:
        archived_at = at if after[ARCHIVED] else None
    return replace(view, **values, archived_at=archived_at, updated_at=at, version=view.version + 1)


def _add(uow: UnitOfWork, company_id: UUID, rows: Sequence[PlainRow], author: Author) -> None:
    connection = uow.session.connection()
    common = {"company_id": company_id, "usages": [], "archived_at": None, "version": 1}
    common |= {"created_at": author.at, "updated_at": author.at}
    history = {"at": author.at, "by_label": author.label[:255], "source": author.source, "before": None}
    history |= {"import_id": author.import_id, "bulk_id": None}
    vehicles = BulkInsert(connection, VEHICLES, common, ("id", *FIELDS))
    lines = BulkInsert(connection, CHANGES, history, ("id", "vehicle_id", "after"))
    ids = iter(ids_in_order(2 * len(rows)))
    for batch in batched(rows, _BATCH):
        added, told = [], []
        for row in batch:
            vehicle_id = next(ids)
            added.append((vehicle_id, *row[:GIVEN]))
            said = {name: value for name, value in zip(FIELDS, row, strict=False) if value is not None and value != ""}
            told.append((next(ids), vehicle_id, json.dumps(said)))
        vehicles.write(added)
        lines.write(told)


def write_changes(
    uow: UnitOfWork, touched: Sequence[tuple[VehicleView, dict[str, Any], dict[str, Any]]], author: Author
) -> None:
    """Write new values on vehicles: (view, before, after), each with its line of history."""
    connection = uow.session.connection()
    history = {"at": author.at, "by_label": author.label[:255], "source": author.source}
    history |= {"import_id": author.import_id, "bulk_id": None}
    lines = BulkInsert(connection, CHANGES, history, ("id", "vehicle_id", "before", "after"))
    ids = iter(ids_in_order(len(touched)))
    for batch in batched(touched, _BATCH):
        told = []
        # The same columns changed: the same statement.
        alike: defaultdict[tuple[str, ...], list[tuple[Any, ...]]] = defaultdict(list)
        for view, before, after in batch:
            was, now = ({name: plain(value) for name, value in values.items()} for values in (before, after))
            alike[tuple(now)].append((*now.values(), view.id.hex))
            told.append((next(ids), view.id.hex, json.dumps(was), json.dumps(now)))
        for names, rows in alike.items():
            _update(connection, names, rows, author.at)
        lines.write(told)


def _update(connection: Connection, names: Sequence[str], rows: Sequence[tuple[Any, ...]], at: datetime) -> None:
    fixed: dict[str, Any] = {"updated_at": at}
    if ARCHIVED not in names:
        bulk_update(connection, VEHICLES, fixed, names, rows)
        return
    place = names.index(ARCHIVED)
    others = [name for name in names if name != ARCHIVED]
    for leaves in (True, False):
        some = [(*row[:place], *row[place + 1 :]) for row in rows if row[place] is leaves]
        if some:
            bulk_update(connection, VEHICLES, fixed | {"archived_at": at if leaves else None}, others, some)
