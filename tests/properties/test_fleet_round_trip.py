"""A fleet that is exported and sent back unchanged is the same fleet: no vehicle added, none changed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from uuid import UUID

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from portal.common.actor import Actor, ActorKind, CompanyRole
from portal.db import unit_of_work
from portal.fleet.api import confirm_import, start_import
from portal.fleet.drafts import VehicleDraft
from portal.fleet.exporting import export_csv, export_workbook
from portal.fleet.imports import get_import
from portal.fleet.listing import FleetFilter
from portal.fleet.models import AirClass, Category, Energy, Vehicle
from portal.fleet.plates import read_plate
from portal.fleet.queries import list_vehicles
from portal.fleet.services import add_vehicle
from tests.factories.accounts import make_company

_FRENCH = st.from_regex(r"\A[A-HJ-NP-RT-VX-Z]{2}[1-9][0-9]{2}[A-HJ-NP-RT-VX-Z]{2}\Z")
_PLATES = st.one_of(
    st.tuples(_FRENCH, st.just("FR")),
    st.tuples(st.from_regex(r"\AWW[1-9][0-9]{2}[A-HJ-NP-RT-VX-Z]{2}\Z"), st.just("FR")),
    st.tuples(st.from_regex(r"\A[1-9][0-9]{1,3}[A-Z]{2}7[0-9]\Z"), st.just("FR")),
    st.tuples(st.from_regex(r"\A[1-9]-?[A-Z]{3}[0-9]{3}\Z"), st.sampled_from(["BE", "DE", "ES"])),
)
# Whatever somebody types as a name: signs of formulas and quotes first, separators, line ends, other alphabets.
_NAMES = st.builds(
    lambda start, rest: " ".join((start + rest).split())[:80],
    st.sampled_from(["", "=", "+", "-", "@", "'", "''", "'=", "''=1", '"', ";", ",", "'\t", "N°", "1,5"]),
    st.text(st.characters(exclude_categories=["Cs", "Cc", "Co", "Cn"]), max_size=12),
)
_CENTIMETRES = st.none() | st.integers(80, 350)


@st.composite
def drafts(draw: st.DrawFn) -> VehicleDraft:
    """A vehicle that a form would accept."""
    text, country = draw(_PLATES)
    plate = read_plate(text, country)
    gross = draw(st.none() | st.integers(300, 60_000))
    least = gross or 300
    return VehicleDraft(
        plate=plate,
        category=draw(st.sampled_from(Category)),
        plate_valid_until=draw(st.dates(date(2026, 1, 1), date(2030, 12, 31))) if plate.scheme.provisional else None,
        label=draw(_NAMES),
        gross_weight_kg=gross,
        combination_weight_kg=draw(st.none() | st.integers(least, 100_000)),
        axle_load_kg=draw(st.none() | st.integers(100, min(least, 30_000))),
        height_cm=draw(_CENTIMETRES),
        width_cm=draw(_CENTIMETRES),
        length_cm=draw(st.none() | st.integers(150, 2600)),
        energy=draw(st.none() | st.sampled_from(Energy)),
        air_class=draw(st.none() | st.sampled_from(AirClass)),
        hazmat=draw(st.booleans()),
    )


_FLEETS = st.lists(drafts(), min_size=1, max_size=12, unique_by=lambda draft: (draft.plate.key, draft.plate.country))


@pytest.fixture
def company_id(app: Flask) -> UUID:
    """A company without vehicles."""
    return make_company().id


@given(fleet=_FLEETS, as_workbook=st.booleans())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_export_sent_back_changes_nothing(
    app: Flask, company_id: UUID, run_jobs: Callable[[Flask], int], fleet: list[VehicleDraft], as_workbook: bool
) -> None:
    with unit_of_work() as uow:
        uow.session.execute(delete(Vehicle))
    actor = Actor(ActorKind.USER, "Camille", companies={company_id: CompanyRole.MANAGER})
    with unit_of_work():
        for draft in fleet:
            add_vehicle(actor, company_id, draft)
    before = list_vehicles(company_id)
    every = FleetFilter()
    if as_workbook:
        name, content = "flotte.xlsx", b"".join(export_workbook(company_id, every))
    else:
        name, content = "flotte.csv", "".join(export_csv(company_id, every)).encode()
    import_id = start_import(actor, company_id, name, content)
    run_jobs(app)
    judged = get_import(company_id, import_id)
    assert (judged.rows_good, judged.rows_bad) == (len(fleet), 0), judged.report
    confirm_import(actor, company_id, import_id)
    run_jobs(app)
    done = get_import(company_id, import_id)
    assert (done.added, done.updated) == (0, 0)
    assert list_vehicles(company_id) == before
