"""Telling a company that a vehicle is offered to it."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from portal.accounts.api import CompanyStatus, find_company_by_siret
from portal.fleet.loans.mails import mail_loan_offered
from portal.fleet.models import LoanState, Vehicle, VehicleLoan
from portal.jobs import RunningJob, task


@task("fleet.tell_loan_offer", timeout_s=60)
def tell_loan_offer(job: RunningJob, loan_id: str) -> None:
    """Write to the company of the offer's SIRET, when a verified one is registered and the offer still waits."""
    with job.finish() as uow:
        offer = select(VehicleLoan, Vehicle).join(Vehicle, Vehicle.id == VehicleLoan.vehicle_id)
        found = uow.session.execute(
            offer.where(VehicleLoan.id == UUID(loan_id), VehicleLoan.state == LoanState.OFFERED)
        ).first()
        if found is None:
            return
        company = find_company_by_siret(found[0].borrower_siret)
        if company is not None and company.status is CompanyStatus.VERIFIED:
            mail_loan_offered(company.id, found[0], found[1])
