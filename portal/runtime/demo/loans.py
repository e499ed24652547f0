"""Vehicles that companies of the demonstration lend each other: one on the road, one that waits for an answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Flask

from portal.accounts import api as accounts
from portal.fleet import api as fleet
from portal.runtime.demo.jobs import run_waiting_jobs
from portal.runtime.demo.people import DemoCompany

_ZONE = ZoneInfo("Europe/Paris")


def make_loans(app: Flask, companies: Sequence[DemoCompany], today: date) -> None:
    """Lend the wholesaler a vehicle of another company, and let it offer one of its own to the florist."""
    florist, wholesaler, *others = companies
    lender = next(company for company in others if company.verified)
    running = _offer(lender, wholesaler, today, 30)
    fleet.accept_loan(wholesaler.owner, wholesaler.id, running)
    _offer(wholesaler, florist, today + timedelta(days=1), 5)
    run_waiting_jobs(app)


def _offer(lender: DemoCompany, borrower: DemoCompany, first: date, days: int) -> UUID:
    """Offer the last vehicle of the lender's list."""
    vehicle = fleet.list_vehicles(lender.id)[-1]
    starts_at = datetime.combine(first, time.min, _ZONE)
    ends_at = datetime.combine(first + timedelta(days=days), time.min, _ZONE)
    siret = accounts.get_company(borrower.id).siret
    return fleet.offer_loan(lender.owner, lender.id, vehicle.id, siret, starts_at, ends_at)
