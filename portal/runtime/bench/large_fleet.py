"""How long the list of a very large fleet takes over HTTP, against the same list of sixty vehicles."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert

from portal.accounts import api as accounts
from portal.common.ids import new_id
from portal.db import unit_of_work
from portal.fleet.api import count_vehicles, plate_key, read_plate
from portal.fleet.models import AirClass, Category, Energy, Vehicle
from portal.runtime.bench.ground import Browser, Ground
from portal.runtime.bench.line import Line, percentile, timed_ms
from portal.runtime.bench.pages import first_link
from portal.runtime.demo.names import DOMAIN, PASSWORD, plate_of, siret_of

VEHICLES = 50_000
_MAILBOX = "grande-flotte"
_REPEATS = 20
_WARM_UPS = 3

_PAGES = {
    "by plate": "",
    "by height": "?tri=hauteur&sens=desc",
    "search": "?q=499",
    "without height": "?manque=hauteur",
}


def measure(ground: Ground) -> Iterator[Line]:
    """Yield p50 and p95 of each page, in milliseconds."""
    with ground.app.app_context():
        large = _large_company()
    with ground.browser(_MAILBOX) as browser, ground.browser("grossiste") as reference:
        small = first_link(reference, "/", r"/entreprises/[0-9a-f-]{36}/vehicules")
        for name, query in _PAGES.items():
            figures = _times_ms(browser, f"/entreprises/{large}/vehicules{query}")
            references = _times_ms(reference, f"{small}{query}")
            for percent in (50, 95):
                yield Line(
                    f"fleet of {VEHICLES}, {name}, p{percent}",
                    percentile(figures, percent),
                    "ms",
                    f"fleet of 60, p{percent}",
                    percentile(references, percent),
                )


def _times_ms(browser: Browser, path: str) -> list[float]:
    for _ in range(_WARM_UPS):
        browser.get(path)
    return [timed_ms(lambda: browser.get(path)) for _ in range(_REPEATS)]


def _large_company() -> UUID:
    """Make the company, its owner and its vehicles, once; return its id."""
    account_id = accounts.seed_account(f"{_MAILBOX}@{DOMAIN}", "Grande Flotte", PASSWORD)
    details = accounts.CompanyDetails("Grande Flotte", "1 quai de la Gare", "75003", "Paris", "49.41B")
    company_id = accounts.seed_company(siret_of(9_000), details)
    accounts.seed_member(account_id, company_id)
    if count_vehicles(company_id).in_use < VEHICLES:
        with unit_of_work() as uow:
            uow.session.execute(insert(Vehicle), [_vehicle(company_id, number) for number in range(VEHICLES)])
    return company_id


def _vehicle(company_id: UUID, number: int) -> dict[str, Any]:
    plate = read_plate(plate_of(number))
    now = datetime(2026, 1, 1, tzinfo=UTC)
    return {
        "id": new_id(),
        "company_id": company_id,
        "plate": plate.bare,
        "plate_key": plate_key(plate.bare),
        "plate_scheme": plate.scheme,
        "country": plate.country,
        "label": f"Porteur {number}",
        "category": Category.N2,
        "gross_weight_kg": 4_000 + number % 8_000,
        "height_cm": None if number % 12 == 0 else 200 + number % 200,
        "width_cm": 250,
        "length_cm": 860,
        "energy": Energy.DIESEL,
        "air_class": list(AirClass)[number % 7],
        "hazmat": False,
        "usages": [],
        "created_at": now,
        "updated_at": now,
        "version": 1,
    }
