"""What forms hand to services: frozen values, already in their right form."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CompanyDetails:
    """A company as its people describe it."""

    name: str
    address: str
    postcode: str
    city: str
    naf_code: str | None = None


@dataclass(frozen=True, slots=True)
class NewCompany:
    """A company to register; siret: 14 digits, checked."""

    siret: str
    details: CompanyDetails


@dataclass(frozen=True, slots=True)
class NewPerson:
    """A person to register; email in the form accounts are found by."""

    email: str
    full_name: str
    password: str
    locale: str = "fr"
