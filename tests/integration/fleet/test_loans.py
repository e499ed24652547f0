"""Vehicles that one company lends to another, on real databases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

from portal.accounts.models import CompanyStatus
from portal.audit import AuditTag, list_entries
from portal.common.actor import Actor, ActorKind, CompanyRole
from portal.common.clock import FixedClock
from portal.common.errors import Conflict, Denied, Invalid, NotFound, PortalError
from portal.db import session
from portal.fleet import services as vehicles
from portal.fleet import withdrawals
from portal.fleet.loans import services
from portal.fleet.loans.offers import OfferedFleet
from portal.fleet.loans.queries import LoanPhase, count_offers, list_borrowed, list_lent
from portal.fleet.loans.usable import (
    get_known_vehicles,
    get_usable_vehicles,
    list_usable_vehicles,
)
from portal.fleet.models import LoanState, VehicleLoan
from portal.mail import list_outbox
from tests.factories.accounts import MadeCompany, make_company, make_member, make_user, valid_siret
from tests.factories.cirqliz import make_vehicle
from tests.integration.fleet.test_fleet_services import draft
from tests.support.races import overtaken

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
DAY = timedelta(days=1)
Told = list[tuple[UUID, list[UUID], str]]


@dataclass
class Lending:
    """A company with a vehicle, another that may borrow it, their managers, and a clock."""

    lender: MadeCompany
    borrower: MadeCompany
    vehicle_id: UUID
    clock: FixedClock

    def actor(self, company: MadeCompany, role: CompanyRole = CompanyRole.MANAGER) -> Actor:
        return Actor(ActorKind.USER, company.name, companies={company.id: role})

    def offer(self, siret: str | None = None, start: datetime = NOW + DAY, days: int = 3) -> UUID:
        chosen = self.borrower.siret if siret is None else siret
        lender = self.actor(self.lender)
        end = start + days * DAY
        return services.offer_loan(lender, self.lender.id, self.vehicle_id, chosen, start, end, clock=self.clock)

    def accept(self, loan_id: UUID, company: MadeCompany | None = None) -> None:
        chosen = company or self.borrower
        services.accept_loan(self.actor(chosen), chosen.id, loan_id, clock=self.clock)

    def end(self, loan_id: UUID, company: MadeCompany) -> None:
        services.end_loan(self.actor(company), company.id, loan_id, clock=self.clock)

    def usable(self, company: MadeCompany, start: datetime, end: datetime) -> bool:
        one = {found.id for found in get_usable_vehicles(company.id, [self.vehicle_id], start, end)}
        assert one == {found.id for found in list_usable_vehicles(company.id, start, end, 9)}
        return self.vehicle_id in one


@pytest.fixture
def lending(database: Flask) -> Lending:
    """Nothing is lent yet."""
    lender, borrower = make_company("Loueur"), make_company("Emprunteur")
    for company in (lender, borrower):
        make_member(make_user(f"{company.name.lower()}-{company.siret}@exemple.fr"), company)
    return Lending(lender, borrower, make_vehicle(lender.id), FixedClock(NOW))


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    """What those who give passes hear: company, vehicles, reason."""
    heard: Told = []

    def hear(_actor: Actor, _uow: object, company_id: UUID, ids: list[UUID], reason: str) -> None:
        heard.append((company_id, ids, reason))

    monkeypatch.setattr(withdrawals, "_listeners", [hear])
    return heard


def test_only_the_borrower_may_use_the_vehicle_while_it_is_lent(lending: Lending) -> None:
    first, last = NOW + DAY, NOW + 4 * DAY
    loan_id = lending.offer()
    assert lending.usable(lending.lender, first, last), "an offer changes nothing yet"
    assert not lending.usable(lending.borrower, first, last)
    lending.accept(loan_id)
    cases = [
        (first, last, False, True),
        (first + DAY, first + DAY, False, True),
        (first - DAY, last, False, False),
        (first, last + timedelta(seconds=1), False, False),
        (first - DAY, first, True, False),
        (last, last + DAY, True, False),
    ]
    for start, end, own, borrowed in cases:
        assert lending.usable(lending.lender, start, end) is own, (start, end)
        assert lending.usable(lending.borrower, start, end) is borrowed, (start, end)
    offered = OfferedFleet(lending.borrower.id, lending.clock).find(limit=9)
    assert [(found.id, found.company_id) for found in offered] == [(lending.vehicle_id, lending.lender.id)]


def test_lender_learns_nothing_of_who_is_registered(
    lending: Lending, database: Flask, run_jobs: Callable[[Flask], int]
) -> None:
    lending.offer()
    lending.offer(valid_siret(6_543_210), NOW + 10 * DAY)
    assert list_outbox() == [], "a mail within the request would take time that tells"
    seen = list_lent(lending.lender.id, clock=lending.clock)
    assert {(loan.phase, loan.borrower_name) for loan in seen} == {(LoanPhase.WAITING, None)}
    assert set(session().scalars(select(VehicleLoan.borrower_id))) == {None}
    assert run_jobs(database) == 2
    assert ["Loueur vous prête" in mail.subject for mail in list_outbox()] == [True]


def test_offer_waits_for_a_company_that_registers_later(lending: Lending) -> None:
    siret = valid_siret(6_543_211)
    loan_id = lending.offer(siret)
    newcomer = make_company("Nouvelle", siret=siret)
    assert count_offers(newcomer.id, clock=lending.clock) == 1
    lending.accept(loan_id, newcomer)
    assert lending.usable(newcomer, NOW + DAY, NOW + 2 * DAY)
    assert list_lent(lending.lender.id, clock=lending.clock)[0].borrower_name == "Nouvelle"


def test_company_that_nobody_verified_sees_no_offer(lending: Lending) -> None:
    siret = valid_siret(6_543_212)
    loan_id = lending.offer(siret)
    pretender = make_company("Usurpateur", siret=siret, status=CompanyStatus.PENDING)
    assert count_offers(pretender.id, clock=lending.clock) == 0
    assert list_borrowed(pretender.id, clock=lending.clock) == []
    with pytest.raises(NotFound):
        lending.accept(loan_id, pretender)


@pytest.mark.parametrize("side", ["lender", "borrower"])
def test_loan_ended_early_takes_the_vehicle_and_its_passes_back(lending: Lending, told: Told, side: str) -> None:
    loan_id = lending.offer()
    lending.accept(loan_id)
    lending.clock.at = NOW + 2 * DAY
    for _twice in range(2):
        lending.end(loan_id, lending.lender if side == "lender" else lending.borrower)
    assert told == [(lending.borrower.id, [lending.vehicle_id], "loan-ended")]
    assert not lending.usable(lending.borrower, NOW + 2 * DAY, NOW + 3 * DAY)
    assert lending.usable(lending.lender, NOW + 2 * DAY, NOW + 3 * DAY)
    assert [found.id for found in get_known_vehicles(lending.borrower.id, [lending.vehicle_id])]
    for company in (lending.lender, lending.borrower):
        entries = list_entries(company_id=company.id).items
        assert [entry.tag for entry in entries if entry.subject_id == loan_id][:2] == [
            AuditTag.LOAN_ENDED,
            AuditTag.LOAN_ACCEPTED,
        ]
    subjects = [mail.subject for mail in list_outbox()]
    assert sum("est terminé" in subject for subject in subjects) == 2
    assert sum("accepté" in subject for subject in subjects) == 2


def test_vehicle_archived_by_its_owner_ends_its_loans_for_everybody(lending: Lending, told: Told) -> None:
    accepted = lending.offer()
    lending.accept(accepted)
    waiting = lending.offer(valid_siret(6_543_213), NOW + 20 * DAY)
    vehicles.archive_vehicle(lending.actor(lending.lender), lending.lender.id, lending.vehicle_id, clock=lending.clock)
    ids = [lending.vehicle_id]
    assert told == [
        (lending.lender.id, ids, "vehicle-archived"),
        (lending.borrower.id, ids, "vehicle-archived"),
        (lending.borrower.id, ids, "loan-ended"),
    ]
    phases = {loan.id: loan.phase for loan in list_lent(lending.lender.id, clock=lending.clock)}
    assert phases == {accepted: LoanPhase.ENDED, waiting: LoanPhase.TAKEN_BACK}
    assert not lending.usable(lending.borrower, NOW + DAY, NOW + 2 * DAY)


def test_new_plate_is_told_to_the_borrower_too_and_the_loan_goes_on(lending: Lending, told: Told) -> None:
    lending.accept(lending.offer())
    owner = lending.actor(lending.lender)
    vehicles.update_vehicle(owner, lending.lender.id, lending.vehicle_id, draft("EF-456-GH"), 1, clock=lending.clock)
    assert [(company, reason) for company, _ids, reason in told] == [
        (lending.lender.id, "plate-changed"),
        (lending.borrower.id, "plate-changed"),
    ]
    assert lending.usable(lending.borrower, NOW + DAY, NOW + 2 * DAY)


def test_loan_past_its_dates_is_over_and_tells_nothing(lending: Lending, told: Told) -> None:
    loan_id = lending.offer()
    lending.accept(loan_id)
    lending.clock.at = NOW + 5 * DAY
    assert list_borrowed(lending.borrower.id, clock=lending.clock)[0].phase is LoanPhase.OVER
    assert OfferedFleet(lending.borrower.id, lending.clock).find(limit=9) == []
    with pytest.raises(Conflict, match="loan-over"):
        lending.end(loan_id, lending.borrower)
    assert told == []


@pytest.mark.parametrize(
    ("siret", "start", "days", "code"),
    [
        ("12345", NOW, 1, "siret-format"),
        ("12345678901234", NOW, 1, "siret-checksum"),
        (None, NOW, 0, "loan-dates"),
        (None, NOW - 5 * DAY, 2, "loan-over"),
        (None, NOW, 400, "loan-too-long"),
        (None, NOW + 2 * DAY, 5, "loan-overlaps"),
    ],
)
def test_offer_that_makes_no_sense_is_refused(
    lending: Lending, siret: str | None, start: datetime, days: int, code: str
) -> None:
    lending.offer()
    with pytest.raises(PortalError, match=code):
        lending.offer(siret, start, days)


def test_offer_to_oneself_or_of_the_vehicle_of_others_is_refused(lending: Lending) -> None:
    with pytest.raises(Invalid, match="loan-to-yourself"):
        lending.offer(lending.lender.siret)
    stranger = make_company()
    with pytest.raises(NotFound):
        services.offer_loan(
            lending.actor(stranger),
            stranger.id,
            lending.vehicle_id,
            lending.borrower.siret,
            NOW,
            NOW + DAY,
            clock=lending.clock,
        )
    driver = lending.actor(lending.lender, CompanyRole.DRIVER)
    with pytest.raises(Denied):
        services.offer_loan(
            driver, lending.lender.id, lending.vehicle_id, lending.borrower.siret, NOW, NOW + DAY, clock=lending.clock
        )


def test_stranger_neither_answers_nor_ends_a_loan(lending: Lending) -> None:
    loan_id = lending.offer()
    stranger = make_company()
    for act in (services.accept_loan, services.decline_loan, services.end_loan):
        with pytest.raises(NotFound):
            act(lending.actor(stranger), stranger.id, loan_id, clock=lending.clock)


def test_declined_offer_names_nobody_and_frees_the_dates(lending: Lending) -> None:
    loan_id = lending.offer()
    services.decline_loan(lending.actor(lending.borrower), lending.borrower.id, loan_id, clock=lending.clock)
    (seen,) = list_lent(lending.lender.id, clock=lending.clock)
    assert (seen.phase, seen.borrower_name) == (LoanPhase.DECLINED, None)
    with pytest.raises(Conflict, match="loan-answered"):
        lending.accept(loan_id)
    with pytest.raises(NotFound):
        lending.end(loan_id, lending.borrower)
    lending.offer()


def test_offer_taken_back_while_it_is_accepted_has_one_outcome(lending: Lending, database: Flask, told: Told) -> None:
    loan_id = lending.offer()
    _none, refused = overtaken(database, lambda: lending.end(loan_id, lending.lender), lambda: lending.accept(loan_id))
    assert isinstance(refused, Conflict)
    row = session().get_one(VehicleLoan, loan_id, populate_existing=True)
    assert (row.state, row.borrower_id, told) == (LoanState.ENDED, None, [])
