"""What says where people work is erased after its time, with its files; what is recent stays."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

from portal.common.clock import SYSTEM_CLOCK
from portal.common.errors import NotFound
from portal.common.ids import new_id
from portal.config import Settings
from portal.db import session, unit_of_work
from portal.files import file_store
from portal.itineriz.addresses import services as address_checks
from portal.itineriz.api import erase_lost_files, erase_old_routes
from portal.itineriz.models import AddressCheck, CheckStatus, Route, RouteStatus, StopsUpload, UploadState
from portal.itineriz.places import uploads
from portal.itineriz.retention import AREAS
from portal.territories.api import TerritoryView
from portal.territories.models import Territory
from tests.factories.accounts import make_company
from tests.factories.territories import make_territory


@pytest.fixture
def territory(database: Flask) -> TerritoryView:
    """A territory."""
    return make_territory("bourg")


@pytest.fixture
def kept_days(database: Flask) -> int:
    """The retention of the settings."""
    settings: Settings = database.extensions["settings"]
    return settings.route_retention_days


def keep_route(territory: TerritoryView, depart_at: datetime, created_at: datetime) -> UUID:
    row = Route(
        id=new_id(),
        territory_id=territory.id,
        company_id=None,
        vehicle={},
        stops=[],
        depart_at=depart_at,
        passes=[],
        status=RouteStatus.DONE,
        created_at=created_at,
    )
    with unit_of_work() as uow:
        uow.session.add(row)
    return row.id


def keep_check(territory: TerritoryView, created_at: datetime) -> tuple[UUID, list[str]]:
    """A check of addresses with both of its files."""
    keys = [file_store().put("address-texts", b"1 rue"), file_store().put("address-results", b"{}")]
    row = AddressCheck(
        id=new_id(),
        company_id=make_company().id,
        territory_id=territory.id,
        vehicle={},
        passes=[],
        week_start=created_at.date(),
        status=CheckStatus.DONE,
        address_count=1,
        counts={},
        input_key=keys[0],
        result_key=keys[1],
        created_at=created_at,
    )
    with unit_of_work() as uow:
        uow.session.add(row)
    return row.id, keys


def keep_upload(territory: TerritoryView, created_at: datetime) -> tuple[UUID, list[str]]:
    """A day of stops whose file is still there."""
    key = file_store().put("stops-files", b"adresse")
    row = StopsUpload(
        id=new_id(),
        company_id=make_company().id,
        territory_id=territory.id,
        file_name="tournee.csv",
        file_key=key,
        state=UploadState.FAILED,
        rows=[],
        created_at=created_at,
    )
    with unit_of_work() as uow:
        uow.session.add(row)
    return row.id, [key]


def is_stored(key: str) -> bool:
    try:
        file_store().get(key)
    except NotFound:
        return False
    return True


def test_old_tours_are_erased_when_they_were_driven_and_asked_long_ago(
    territory: TerritoryView, kept_days: int
) -> None:
    now, old = SYSTEM_CLOCK.now(), SYSTEM_CLOCK.now() - timedelta(days=kept_days + 1)
    keep_route(territory, old, old)
    kept = {
        keep_route(territory, old, now),
        keep_route(territory, now + timedelta(days=2), old),
        keep_route(territory, now - timedelta(days=kept_days - 1), old),
    }
    assert erase_old_routes() == 1
    assert set(session().scalars(select(Route.id))) == kept


@pytest.mark.parametrize("keep", [keep_check, keep_upload])
def test_files_go_with_what_they_belong_to_when_it_is_old(territory: TerritoryView, kept_days: int, keep) -> None:
    now = SYSTEM_CLOCK.now()
    _, gone = keep(territory, now - timedelta(days=kept_days + 1))
    kept_id, kept = keep(territory, now - timedelta(days=kept_days - 1))
    assert erase_old_routes() == 1
    assert [is_stored(key) for key in (*gone, *kept)] == [False] * len(gone) + [True] * len(kept)
    model = AddressCheck if keep is keep_check else StopsUpload
    assert session().scalars(select(model.id)).all() == [kept_id]


def test_files_are_removed_when_their_rows_went_with_the_territory(territory: TerritoryView) -> None:
    now = SYSTEM_CLOCK.now()
    lost = [*keep_check(territory, now)[1], *keep_upload(territory, now)[1]]
    keep_route(territory, now, now)
    named = keep_check(make_territory("ville"), now)[1]
    with unit_of_work() as uow:
        row = uow.session.get(Territory, territory.id)
        uow.session.delete(row)
    assert session().scalars(select(Route.id)).all() == []
    assert erase_lost_files() == 0, "a young file may be about to get its row"
    _make_older(*lost, *named)
    assert erase_lost_files() == len(lost)
    assert [is_stored(key) for key in (*lost, *named)] == [False] * len(lost) + [True] * len(named)


def test_every_area_is_swept_when_files_are_stored_there() -> None:
    used = {uploads._AREA, address_checks._FILES, address_checks._TEXTS, address_checks._RESULTS}
    assert set(AREAS) == used


def _make_older(*keys: str) -> None:
    two_days_ago = (SYSTEM_CLOCK.now() - timedelta(days=2)).timestamp()
    for key in keys:
        os.utime(file_store()._path(key), (two_days_ago, two_days_ago))  # type: ignore[attr-defined]
