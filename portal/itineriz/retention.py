"""Erasing what was kept long enough: tours, days of stops and address checks say where people work."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial
from itertools import batched
from typing import Final

from flask import current_app
from sqlalchemy import delete, select

from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.config import Settings
from portal.db import UnitOfWork, session, unit_of_work
from portal.files import file_store
from portal.itineriz.models import AddressCheck, Route, StopsUpload

_AT_ONCE = 1000
_YOUNG: Final = timedelta(days=1)
AREAS: Final = ("stops-files", "address-files", "address-texts", "address-results")
"""The areas of the store that hold files of this context."""
_NAMING: Final = (StopsUpload.file_key, AddressCheck.input_key, AddressCheck.result_key)


def erase_old_routes(clock: Clock = SYSTEM_CLOCK) -> int:
    """Erase tours driven, and checks and uploads made, longer ago than the retention of the settings; return how many.

    A tour asked for lately is kept, whatever its day: somebody may be looking at it.
    """
    settings: Settings = current_app.extensions["settings"]
    limit = clock.now() - timedelta(days=settings.route_retention_days)
    with unit_of_work() as uow:
        old = select(Route.id).where(Route.depart_at < limit, Route.created_at < limit).limit(_AT_ONCE)
        # The ids first: a database need not take a limit inside a removal.
        ids = uow.session.scalars(old).all()
        uow.session.execute(delete(Route).where(Route.id.in_(ids)))
        return len(ids) + _erase_checks(uow, limit) + _erase_uploads(uow, limit)


def erase_lost_files(clock: Clock = SYSTEM_CLOCK) -> int:
    """Remove the files of this context that no row names; return how many.

    A territory or a company that goes takes its rows along in the database, which knows of no file; and a process may
    be killed between the removal of a row and that of its file. A young file may be about to get its row.
    """
    store, lost = file_store(), 0
    for area in AREAS:
        old = set(store.older(area, clock.now() - _YOUNG))
        for some in batched(old, _AT_ONCE):
            named = {key for column in _NAMING for key in session().scalars(select(column).where(column.in_(some)))}
            for key in set(some) - named:
                store.delete(key)
                lost += 1
    return lost


def _erase_checks(uow: UnitOfWork, limit: datetime) -> int:
    old = select(AddressCheck.id, AddressCheck.input_key, AddressCheck.result_key).where(
        AddressCheck.created_at < limit
    )
    rows = uow.session.execute(old.limit(_AT_ONCE)).all()
    uow.session.execute(delete(AddressCheck).where(AddressCheck.id.in_([row.id for row in rows])))
    _delete_files(uow, [key for row in rows for key in (row.input_key, row.result_key)])
    return len(rows)


def _erase_uploads(uow: UnitOfWork, limit: datetime) -> int:
    old = select(StopsUpload.id, StopsUpload.file_key).where(StopsUpload.created_at < limit)
    rows = uow.session.execute(old.limit(_AT_ONCE)).all()
    uow.session.execute(delete(StopsUpload).where(StopsUpload.id.in_([row.id for row in rows])))
    _delete_files(uow, [row.file_key for row in rows])
    return len(rows)


def _delete_files(uow: UnitOfWork, keys: Iterable[str | None]) -> None:
    """Delete files once nothing names them any more."""
    for key in keys:
        if key is not None:
            uow.after_commit(partial(file_store().delete, key))
