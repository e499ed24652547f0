"""What a form names of another territory is not there: no word of it is copied, shown or written."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

from portal.common.actor import StaffRole, system_actor
from portal.common.clock import SYSTEM_CLOCK
from portal.db import session
from portal.numeriz.models import BaySuspension, CityEvent, DeliveryBay, PerimeterRow, TrafficOrder
from portal.numeriz.writing import page_works, start_work
from portal.numeriz.zones.edits import plan_adoption
from portal.numeriz.zones.plans import carry_out
from portal.regulations.perimeters import Colour
from portal.territories.queries import TerritoryView
from tests.factories.accounts import make_staff, make_user
from tests.factories.law import TESTER, bay_draft, make_law, order_draft, perimeter_draft, square
from tests.factories.territories import make_territory
from tests.support.web import PageClient
from tests.support.written import written

BASE = "/territoires/ici/numeriz"


class Side:
    """A territory with a law, an event that was taken over and a draft."""

    def __init__(self, slug: str) -> None:
        self.territory: TerritoryView = make_territory(slug)
        zones = [perimeter_draft("Course du canal", Colour.RED, square(2.360, 48.860), [])]
        make_law(self.territory, perimeters=zones, orders=[order_draft()], bays=[bay_draft()])
        plan = plan_adoption(self.territory.id, self.one(PerimeterRow).event)
        carry_out(TESTER, self.territory.id, plan)
        self.work_id = start_work(system_actor("autre"), self.territory.id, document=written(title=f"De {slug}"))

    def one(self, model: Any) -> Any:
        return session().scalars(select(model).where(model.territory_id == self.territory.id)).one()

    def id_of(self, model: Any) -> UUID:
        found: UUID = self.one(model).id
        return found


@pytest.fixture
def sides(app: Flask) -> tuple[Side, Side]:
    return Side("ici"), Side("ailleurs")


@pytest.fixture
def clerk(page_client: PageClient, sides: tuple[Side, Side]) -> PageClient:
    user = make_user()
    make_staff(user, "ici", StaffRole.CLERK)
    page_client.sign_in(user.id)
    return page_client


def test_nothing_is_begun_when_the_words_are_of_another_territory(clerk: PageClient, sides: tuple[Side, Side]) -> None:
    own, foreign = sides
    clerk.post(f"{BASE}/redaction", {"work": str(foreign.work_id)}, status=404)
    clerk.post(f"{BASE}/redaction", {"order": str(foreign.id_of(TrafficOrder))}, status=404)
    assert [work.title for work in page_works(own.territory.id).items] == ["De ici"]


def test_a_bay_stays_in_use_when_the_order_is_of_another_territory(clerk: PageClient, sides: tuple[Side, Side]) -> None:
    own, foreign = sides
    day = f"{SYSTEM_CLOCK.now() + timedelta(days=2):%Y-%m-%d}"
    span = {"starts_on": day, "starts_time": "08:00", "ends_on": day, "ends_time": "18:00"}
    url = f"{BASE}/aires/{own.id_of(DeliveryBay)}/suspendre"
    clerk.post(url, {**span, "order": str(foreign.id_of(TrafficOrder)), "reason": "Travaux"})
    assert session().scalar(select(BaySuspension.id)) is None


@pytest.mark.parametrize("page", ["dates", "retirer"])
def test_no_zone_changes_when_it_is_of_another_territory(
    clerk: PageClient, sides: tuple[Side, Side], page: str
) -> None:
    own, foreign = sides
    url = f"{BASE}/manifestations/{own.id_of(CityEvent)}/{page}"
    zone_id = foreign.id_of(PerimeterRow)
    sent = {"zones": str(zone_id), "source": "table", "revision": "1", "act": "save", "erase": "y"}
    dates = {"rows-0-day": "2027-07-14", "rows-0-start": "18:00", "rows-0-end": "22:00"}
    answer = clerk.raw.post(url, data={**sent, **dates})
    assert answer.status_code in {404, 409, 422}, answer.status_code
    assert foreign.id_of(PerimeterRow) == zone_id


def test_a_copy_gets_an_id_of_its_own_when_the_form_names_an_event_of_another_territory(
    clerk: PageClient, sides: tuple[Side, Side]
) -> None:
    own, foreign = sides
    url = f"{BASE}/manifestations/{own.id_of(CityEvent)}/copier"
    taken = str(foreign.id_of(CityEvent))
    sent = {"copy": taken, "name": "Copie", "dates": "none", "revision": "0", "act": "preview"}
    offered = clerk.post(url, sent, status=200).select_one("[name=copy]")
    assert offered is not None and offered["value"] != taken
