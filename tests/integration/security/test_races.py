"""What two people do at the same instant ends in a sentence, never in a failure or in a lost change."""

from __future__ import annotations

from uuid import UUID

import pytest
from flask import Flask

from portal.common.actor import Actor, ActorKind, CompanyRole
from portal.common.errors import Conflict
from portal.db import session
from portal.fleet import imports, queries, services
from portal.fleet.drafts import VehicleDraft, judge
from portal.fleet.models import FleetImport, ImportState
from portal.jobs.models import Job
from tests.factories.accounts import make_company
from tests.support.races import overtaken


@pytest.fixture
def company_id(database: Flask) -> UUID:
    """A company without vehicles."""
    return make_company().id


@pytest.fixture
def actor(company_id: UUID) -> Actor:
    """Its manager."""
    return Actor(ActorKind.USER, "Camille", companies={company_id: CompanyRole.MANAGER})


def draft(plate: str = "AB-123-CD", **texts: str) -> VehicleDraft:
    """A good draft."""
    judged = judge({"plate": plate, "gross_weight_kg": "3500", **texts})
    assert judged.draft is not None, judged.faults
    return judged.draft


def test_one_plate_is_added_once_when_two_add_it_together(database: Flask, actor: Actor, company_id: UUID) -> None:
    def add() -> UUID:
        return services.add_vehicle(actor, company_id, draft())

    _, second = overtaken(database, add, add)
    assert isinstance(second, Conflict) and second.code == "plate-already-yours"
    assert len(queries.list_vehicles(company_id)) == 1


def test_second_change_is_told_when_two_change_a_vehicle_together(
    database: Flask, actor: Actor, company_id: UUID
) -> None:
    vehicle_id = services.add_vehicle(actor, company_id, draft())
    version = queries.get_vehicle(company_id, vehicle_id).version

    def change(height: str) -> None:
        services.update_vehicle(actor, company_id, vehicle_id, draft(height_cm=height), version)

    _, second = overtaken(database, lambda: change("2,6"), lambda: change("3,1"))
    assert isinstance(second, Conflict) and second.code == "vehicle-changed-meanwhile"
    assert queries.get_vehicle(company_id, vehicle_id).height_cm == 260


def test_vehicle_is_archived_when_it_is_changed_at_the_same_instant(
    database: Flask, actor: Actor, company_id: UUID
) -> None:
    vehicle_id = services.add_vehicle(actor, company_id, draft())
    version = queries.get_vehicle(company_id, vehicle_id).version
    _, second = overtaken(
        database,
        lambda: services.update_vehicle(actor, company_id, vehicle_id, draft(height_cm="2,6"), version),
        lambda: services.archive_vehicle(actor, company_id, vehicle_id),
    )
    assert second is None
    kept = queries.get_vehicle(company_id, vehicle_id)
    assert kept.archived and kept.height_cm == 260


def test_file_is_stored_when_a_form_adds_one_of_its_plates_meanwhile(
    database: Flask, actor: Actor, company_id: UUID
) -> None:
    import_id = imports.start_import(actor, company_id, "flotte.csv", b"Plaque;PTAC\nAB-123-CD;3500\nEF-456-GH;3500\n")
    imports.confirm_import(actor, company_id, import_id)
    pending: list[UUID] = database.extensions["pending_jobs"]
    from portal.jobs import runner

    overtaken(
        database,
        lambda: services.add_vehicle(actor, company_id, draft()),
        lambda: runner.run(str(pending.pop())),
    )
    found = imports.get_import(company_id, import_id)
    assert found.state is ImportState.APPLIED
    assert (found.added, len(queries.list_vehicles(company_id))) == (1, 2)


def test_import_is_asked_for_once_when_confirmed_twice_together(
    database: Flask, actor: Actor, company_id: UUID
) -> None:
    import_id = imports.start_import(actor, company_id, "flotte.csv", b"Plaque;PTAC\nAB-123-CD;3500\n")

    def confirm() -> None:
        imports.confirm_import(actor, company_id, import_id)

    _, second = overtaken(database, confirm, confirm)
    assert second is None
    assert session().query(Job).count() == 1
    row = session().get_one(FleetImport, import_id)
    assert row.job_id == session().query(Job).one().id


def test_import_is_not_forgotten_when_it_is_confirmed_at_the_same_instant(
    database: Flask, actor: Actor, company_id: UUID
) -> None:
    import_id = imports.start_import(actor, company_id, "flotte.csv", b"Plaque;PTAC\nAB-123-CD;3500\n")
    _, second = overtaken(
        database,
        lambda: imports.confirm_import(actor, company_id, import_id),
        lambda: imports.discard_import(company_id, import_id),
    )
    assert isinstance(second, Conflict) and second.code == "import-already-applied"
