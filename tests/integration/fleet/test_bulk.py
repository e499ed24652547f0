"""Several vehicles changed at once, and undone, on real databases."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.audit import AuditTag, list_entries
from portal.common.actor import Actor, ActorKind, CompanyRole
from portal.common.errors import Conflict, Invalid, NotFound
from portal.db import UnitOfWork, session
from portal.fleet import bulk, changes, history, services, withdrawals
from portal.fleet.bulk import BulkChange, Choice, chosen_vehicles, plan_change
from portal.fleet.bulk_services import ARCHIVE, archive_vehicles, change_vehicles, last_edit, undo_last_edit
from portal.fleet.changes import ChangedVehicle
from portal.fleet.listing import FleetFilter
from portal.fleet.models import AirClass, Category, Energy, VehicleChange
from portal.fleet.queries import get_vehicle, list_vehicles
from tests.factories.accounts import make_company
from tests.factories.cirqliz import make_vehicle
from tests.integration.fleet.test_fleet_services import draft


@pytest.fixture
def company_id(database: Flask) -> UUID:
    """A company with five vehicles: three without height, two 3.40 m high; one of another energy."""
    company = make_company()
    for number in range(5):
        energy = Energy.ELECTRIC if number == 4 else Energy.DIESEL
        make_vehicle(
            company.id, f"AB-10{number}-CD", height_cm=None if number < 3 else 340, energy=energy, label=f"V{number}"
        )
    return company.id


@pytest.fixture
def actor(company_id: UUID) -> Actor:
    """Its manager."""
    return Actor(ActorKind.USER, "Camille", companies={company_id: CompanyRole.MANAGER})


ALL = Choice(None)


def do(actor: Actor, company_id: UUID, choice: Choice, change: BulkChange) -> int:
    """Confirm a change just as it was shown."""
    seen = plan_change(chosen_vehicles(company_id, choice), change).fingerprint
    return change_vehicles(actor, company_id, choice, change, seen)


def heights(company_id: UUID) -> list[int | None]:
    """The heights of the fleet, by plate."""
    return [vehicle.height_cm for vehicle in list_vehicles(company_id)]


def test_preview_counts_each_kind_of_change_and_writes_nothing(company_id: UUID) -> None:
    plan = plan_change(chosen_vehicles(company_id, ALL), BulkChange({"height_cm": 260}, "Nord"))
    assert plan.summary() == ([("height_cm", None, 260, 3), ("height_cm", 340, 260, 2)], 0)
    assert (plan.renamed, plan.unchanged, len(plan.changed)) == (5, 0, 5)
    assert heights(company_id) == [None, None, None, 340, 340]


def test_change_is_one_entry_a_line_each_and_told_once(
    actor: Actor, company_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Sequence[ChangedVehicle]] = []

    def hear(_actor: Actor, _uow: UnitOfWork, changed: Sequence[ChangedVehicle]) -> None:
        told.append(changed)

    monkeypatch.setattr(changes, "_listeners", [hear])
    choice = Choice(None, FleetFilter(lacking="hauteur"))
    assert do(actor, company_id, choice, BulkChange({"height_cm": 260})) == 3
    assert heights(company_id) == [260, 260, 260, 340, 340]
    entries = [one for one in list_entries(company_id=company_id).items if one.tag is AuditTag.VEHICLES_CHANGED]
    assert [dict(entry.data) for entry in entries] == [{"vehicles": 3, "set": {"height_cm": 260}}]
    assert session().scalar(select(func.count()).select_from(VehicleChange)) == 3
    (changed,) = told
    assert {(one.before.height_cm, one.after.height_cm) for one in changed} == {(None, 260)}


def test_weight_brings_its_category_and_what_contradicts_is_left_out(actor: Actor, company_id: UUID) -> None:
    first, second = list_vehicles(company_id)[:2]
    do(actor, company_id, Choice((second.id,)), BulkChange({"combination_weight_kg": 15_000}))
    plan = plan_change(chosen_vehicles(company_id, ALL), BulkChange({"gross_weight_kg": 19_000}))
    assert [(one.vehicle.id, one.fault) for one in plan.refused] == [(second.id, "combination-below-gross")]
    assert change_vehicles(actor, company_id, ALL, BulkChange({"gross_weight_kg": 19_000}), plan.fingerprint) == 4
    assert get_vehicle(company_id, first.id).category is Category.N3
    assert get_vehicle(company_id, second.id).gross_weight_kg == 12_000


def test_preview_that_is_no_longer_true_is_not_confirmed(actor: Actor, company_id: UUID) -> None:
    change = BulkChange({"height_cm": 260})
    seen = plan_change(chosen_vehicles(company_id, ALL), change).fingerprint
    first = list_vehicles(company_id)[0]
    do(actor, company_id, Choice((first.id,)), BulkChange({"air_class": AirClass.C1}))
    for other in (change, BulkChange({"height_cm": 261})):
        with pytest.raises(Conflict, match="selection-changed"):
            change_vehicles(actor, company_id, ALL, other, seen)
    assert heights(company_id) == [None, None, None, 340, 340]


def test_last_change_is_undone_but_for_what_changed_since(actor: Actor, company_id: UUID) -> None:
    do(actor, company_id, ALL, BulkChange({"height_cm": 260, "energy": Energy.GAS}, "Nord"))
    edit = last_edit(company_id)
    assert edit is not None
    touched = list_vehicles(company_id)[4]
    # By its form, not in bulk: the last bulk edit stays the one above.
    services.update_vehicle(actor, company_id, touched.id, draft(touched.plate, height_cm="3"), touched.version)
    undone = undo_last_edit(actor, company_id, edit.id)
    assert (undone.restored, undone.left) == (4, 1)
    assert heights(company_id) == [None, None, None, 340, 300]
    assert [vehicle.energy for vehicle in list_vehicles(company_id)][:4] == [Energy.DIESEL] * 4
    assert next(vehicle.label for vehicle in list_vehicles(company_id)) == "V0"
    with pytest.raises(Conflict, match="edit-not-last"):
        undo_last_edit(actor, company_id, edit.id)


def test_archived_together_ends_passes_and_comes_back_together(
    actor: Actor, company_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[int, str]] = []
    monkeypatch.setattr(withdrawals, "_listeners", [lambda _a, _u, _c, ids, reason: told.append((len(ids), reason))])
    choice = Choice(None, FleetFilter(lacking="hauteur"))
    seen = bulk.fingerprint(chosen_vehicles(company_id, choice), ARCHIVE)
    assert archive_vehicles(actor, company_id, choice, seen) == 3
    assert told == [(3, "vehicle-archived")]
    assert len(list_vehicles(company_id)) == 2
    edit = last_edit(company_id)
    assert edit is not None
    assert undo_last_edit(actor, company_id, edit.id).restored == 3
    assert len(list_vehicles(company_id)) == 5


def test_choice_is_bounded_and_never_reaches_another_company(
    actor: Actor, company_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = make_company()
    theirs = make_vehicle(elsewhere.id)
    with pytest.raises(Invalid, match="nothing-chosen"):
        chosen_vehicles(company_id, Choice((theirs,)))
    with pytest.raises(Invalid, match="nothing-chosen"):
        chosen_vehicles(company_id, Choice(()))
    monkeypatch.setattr(bulk, "MOST_VEHICLES", 4)
    with pytest.raises(Invalid, match="too-many-chosen"):
        chosen_vehicles(company_id, ALL)
    do(actor, company_id, Choice((list_vehicles(company_id)[0].id,)), BulkChange({"height_cm": 260}))
    edit = last_edit(company_id)
    assert edit is not None
    stranger = Actor(ActorKind.USER, "Autre", companies={elsewhere.id: CompanyRole.MANAGER})
    with pytest.raises(NotFound):
        undo_last_edit(stranger, elsewhere.id, edit.id)


def test_history_tells_each_change_in_words_the_newest_first(database: Flask) -> None:
    company = make_company()
    actor = Actor(ActorKind.USER, "Camille", companies={company.id: CompanyRole.MANAGER})
    vehicle_id = services.add_vehicle(actor, company.id, draft(height_cm="2,6"))
    services.update_vehicle(actor, company.id, vehicle_id, draft(height_cm="2,8", hazmat="oui"), 1)
    services.archive_vehicle(actor, company.id, vehicle_id)
    services.restore_vehicle(actor, company.id, vehicle_id)
    lines = history.list_history(company.id, vehicle_id).items
    told = [(line.event.value, [(one.name, one.before, one.after) for one in line.changes]) for line in lines]
    assert told[:3] == [
        ("restored", []),
        ("archived", []),
        (
            "changed",
            [("Hauteur", "2,60\u00a0m", "2,80\u00a0m"), ("Matières dangereuses", "non", "oui")],
        ),
    ]
    event, first = told[3]
    assert event == "added"
    assert ("Hauteur", None, "2,60\u00a0m") in first
    assert all(before is None and after != "vide" for _name, before, after in first)
    with pytest.raises(NotFound):
        history.list_history(make_company().id, vehicle_id)
