"""Vehicles and fleet files on real databases."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

from portal.audit import AuditTag, list_entries
from portal.common.actor import Actor, ActorKind, CompanyRole
from portal.common.errors import Conflict, Invalid, NotFound
from portal.db import session
from portal.fleet import imports, listing, queries, services, withdrawals
from portal.fleet.drafts import VehicleDraft, judge
from portal.fleet.listing import FleetFilter
from portal.fleet.models import FleetImport, ImportState, Vehicle
from portal.jobs import JobState, runner
from portal.jobs.models import Job
from tests.factories.accounts import make_company


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


def fleet_file(rows: int, height: str = "2,6") -> bytes:
    """A good file of so many vehicles."""
    lines = (f"AB-{n % 999 + 1:03d}-{chr(65 + n // 999 % 8)}X;3500;{height}" for n in range(rows))
    return ("Plaque;PTAC;Hauteur\n" + "\n".join(lines)).encode()


def test_same_plate_in_any_typing_is_refused_a_second_time(actor: Actor, company_id: UUID) -> None:
    services.add_vehicle(actor, company_id, draft("AB-123-CD"))
    with pytest.raises(Conflict, match="plate-already-yours"):
        services.add_vehicle(actor, company_id, draft("ab 123 cd"))
    services.add_vehicle(actor, make_company().id, draft("AB-123-CD"))


def test_stranger_does_not_find_the_vehicle(actor: Actor, company_id: UUID) -> None:
    vehicle_id = services.add_vehicle(actor, company_id, draft())
    stranger = make_company().id
    with pytest.raises(NotFound):
        services.archive_vehicle(actor, stranger, vehicle_id)
    with pytest.raises(NotFound):
        queries.get_vehicle(stranger, vehicle_id)


def test_second_editor_is_told_that_the_vehicle_changed(actor: Actor, company_id: UUID) -> None:
    vehicle_id = services.add_vehicle(actor, company_id, draft())
    seen = queries.get_vehicle(company_id, vehicle_id)
    services.update_vehicle(actor, company_id, vehicle_id, draft(height_cm="2,6"), seen.version)
    with pytest.raises(Conflict, match="vehicle-changed-meanwhile"):
        services.update_vehicle(actor, company_id, vehicle_id, draft(height_cm="3"), seen.version)
    changes = [
        entry.data for entry in list_entries(subject_id=vehicle_id).items if entry.tag is AuditTag.VEHICLE_UPDATED
    ]
    assert changes == [{"changes": {"height_cm": [None, 260]}}]


def test_listeners_hear_of_archived_vehicles_and_changed_plates(
    actor: Actor, company_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[tuple[list[UUID], str]] = []
    monkeypatch.setattr(withdrawals, "_listeners", [lambda _a, _u, _c, ids, reason: heard.append((ids, reason))])
    vehicle_id = services.add_vehicle(actor, company_id, draft())
    services.update_vehicle(actor, company_id, vehicle_id, draft(label="Fourgon"), 1)
    assert heard == []
    services.update_vehicle(actor, company_id, vehicle_id, draft("EF-456-GH"), 2)
    services.archive_vehicle(actor, company_id, vehicle_id)
    services.archive_vehicle(actor, company_id, vehicle_id)
    assert heard == [([vehicle_id], "plate-changed"), ([vehicle_id], "vehicle-archived")]


def test_plate_that_reads_alike_is_another_plate(
    actor: Actor, company_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[tuple[list[UUID], str]] = []
    monkeypatch.setattr(withdrawals, "_listeners", [lambda _a, _u, _c, ids, reason: heard.append((ids, reason))])
    vehicle_id = services.add_vehicle(actor, company_id, draft("AO1234", country="DE"))
    services.update_vehicle(actor, company_id, vehicle_id, draft("A01234", country="DE"), 1)
    assert queries.get_vehicle(company_id, vehicle_id).plate == "A01234"
    assert heard == [([vehicle_id], "plate-changed")]


def test_archived_plate_added_again_comes_back(actor: Actor, company_id: UUID) -> None:
    first = services.add_vehicle(actor, company_id, draft())
    services.archive_vehicle(actor, company_id, first)
    assert services.add_vehicle(actor, company_id, draft(label="Revenu")) == first
    assert queries.get_vehicle(company_id, first).label == "Revenu"


def test_file_is_judged_confirmed_and_applied_once(
    database: Flask, actor: Actor, company_id: UUID, run_jobs: Callable[[Flask], int]
) -> None:
    services.add_vehicle(actor, company_id, draft("AB-001-AX"))
    import_id = imports.start_import(actor, company_id, "flotte.csv", fleet_file(20) + b"\n;3500;2\n")
    shown = imports.get_import(company_id, import_id)
    assert (shown.state, shown.rows_good, shown.rows_bad) == (ImportState.CHECKED, 20, 1)
    assert session().query(Vehicle).count() == 1
    for _twice in range(2):
        imports.confirm_import(actor, company_id, import_id)
    assert run_jobs(database) == 1
    done = imports.get_import(company_id, import_id)
    assert (done.state, done.added, done.updated) == (ImportState.APPLIED, 19, 1)
    runner.run(str(done.job.id if done.job else ""))
    assert session().query(Vehicle).count() == 20


def test_large_file_is_judged_by_a_job_with_progress(
    database: Flask, actor: Actor, company_id: UUID, run_jobs: Callable[[Flask], int]
) -> None:
    import_id = imports.start_import(actor, company_id, "flotte.csv", fleet_file(4000))
    waiting = imports.get_import(company_id, import_id)
    assert (waiting.state, waiting.job and waiting.job.state) == (ImportState.CHECKING, JobState.PENDING)
    with pytest.raises(Conflict):
        imports.confirm_import(actor, company_id, import_id)
    run_jobs(database)
    assert imports.get_import(company_id, import_id).rows_good == 4000
    imports.confirm_import(actor, company_id, import_id)
    run_jobs(database)
    assert imports.get_import(company_id, import_id).added == 4000


@pytest.mark.parametrize(("rows", "padding", "urgent"), [(2000, 0, [True]), (2001, 80, [False, False])])
def test_only_a_small_file_goes_with_the_short_jobs(
    app: Flask, run_jobs: Callable[[Flask], int], rows: int, padding: int, urgent: list[bool]
) -> None:
    company_id = make_company().id
    actor = Actor(ActorKind.USER, "Camille", companies={company_id: CompanyRole.MANAGER})
    content = fleet_file(rows).replace(b"\n", b";" + b" " * padding + b"\n")
    import_id = imports.start_import(actor, company_id, "flotte.csv", content)
    run_jobs(app)
    imports.confirm_import(actor, company_id, import_id)
    assert list(session().scalars(select(Job.priority).order_by(Job.created_at))) == urgent


def test_second_upload_of_the_same_file_changes_nothing(
    database: Flask, actor: Actor, company_id: UUID, run_jobs: Callable[[Flask], int]
) -> None:
    for expected in ((30, 0), (0, 0)):
        import_id = imports.start_import(actor, company_id, "flotte.csv", fleet_file(30))
        imports.confirm_import(actor, company_id, import_id)
        run_jobs(database)
        done = imports.get_import(company_id, import_id)
        assert (done.added, done.updated) == expected


def test_rejected_rows_come_back_with_reasons_and_without_formulas(actor: Actor, company_id: UUID) -> None:
    content = b"Plaque;PTAC;Note\n=cmd|x;3500;@SUM(A1)\nAB-123-CD;3500;bonne\n"
    import_id = imports.start_import(actor, company_id, "flotte.csv", content)
    rows = imports.rejected_rows_csv(company_id, import_id).splitlines()
    assert len(rows) == 2
    assert rows[1].startswith("'=cmd|x;3500;'@SUM(A1);2;")
    assert "immatriculation" in rows[1]


def test_unreadable_file_is_kept_with_its_reason(actor: Actor, company_id: UUID) -> None:
    import_id = imports.start_import(actor, company_id, "photo.csv", b"\x89PNG" + bytes(100))
    shown = imports.get_import(company_id, import_id)
    assert (shown.state, shown.error_code) == (ImportState.UNREADABLE, "file-not-a-spreadsheet")


def test_oversized_file_is_refused_before_anything_is_stored(actor: Actor, company_id: UUID) -> None:
    with pytest.raises(Invalid, match="file-too-large"):
        imports.start_import(actor, company_id, "gros.csv", b"x" * (20 * 2**20 + 1))
    assert session().query(FleetImport).count() == 0


def test_discarded_file_cannot_be_confirmed(actor: Actor, company_id: UUID) -> None:
    import_id = imports.start_import(actor, company_id, "flotte.csv", fleet_file(2))
    imports.discard_import(company_id, import_id)
    with pytest.raises(Conflict):
        imports.confirm_import(actor, company_id, import_id)


def test_search_by_plate_finds_the_vehicle_of_any_company(actor: Actor, company_id: UUID) -> None:
    services.add_vehicle(actor, company_id, draft("AB-101-CD"))
    assert [found.plate for found in queries.find_by_plate("ab 1o1 cd")] == ["AB101CD"]
    assert listing.list_page(company_id, FleetFilter(search="101")).items
    assert not listing.list_page(company_id, FleetFilter(search="%")).items
