"""The link to a tour for its driver: who gives it, what it opens without an account, and how it ends."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from bs4 import BeautifulSoup

from portal.audit import AuditTag, list_entries
from portal.common.actor import Actor, ActorKind, CompanyRole
from portal.common.clock import FixedClock
from portal.common.errors import NotFound, Unavailable
from portal.common.ids import new_id
from portal.db import unit_of_work
from portal.itineriz.queries import RouteView
from portal.itineriz.removal import remove_route
from portal.itineriz.services import store_failure
from portal.itineriz.sharing import LinkEnded, read_link, share_route, write_link
from tests.factories.accounts import MadeCompany, make_company, make_member, make_user
from tests.factories.territories import make_territory
from tests.factories.tours import lawful_answer, make_tour, refused_answer
from tests.support.web import PageClient

NOW = datetime.now(UTC).replace(microsecond=0)
TOMORROW = NOW + timedelta(days=1)


@dataclass
class Office:
    """A company of one person with one tour, and a browser."""

    client: PageClient
    company: MadeCompany
    actor: Actor
    route: RouteView

    @property
    def url(self) -> str:
        return f"/entreprises/{self.company.id}/itineraires/{self.route.id}"

    def link(self, days: int = 2) -> str:
        return f"/t/{share_route(self.actor, self.company.id, self.route.id, days)}"


@pytest.fixture
def office(page_client: PageClient) -> Office:
    territory, company, person = make_territory(), make_company(), make_user()
    make_member(person, company, CompanyRole.DRIVER)
    route = make_tour(territory, company.id, TOMORROW, lawful_answer(TOMORROW), label="Tournée du lundi")
    page_client.sign_in(person.id)
    actor = Actor(ActorKind.USER, "Camille", person.id, companies={company.id: CompanyRole.DRIVER})
    return Office(page_client, company, actor, route)


def text_of(page: BeautifulSoup) -> str:
    return " ".join(page.get_text(" ").split())


def test_a_stranger_reads_the_tour_when_the_link_was_made_by_its_company(office: Office):
    form = office.client.get(f"{office.url}/partager")
    assert form.find(id="days")["value"] == "2"
    shown = office.client.get(office.client.submit(f"{office.url}/partager", {"days": "3"}))
    link = shown.find(id="lien")
    assert link is not None and shown.select_one(".j-qr svg") is not None
    office.client.sign_out()
    path = "/t/" + str(link["href"]).rsplit("/", 1)[1]
    page = office.client.get(path)
    words = text_of(page)
    assert "Étape 1 sur 2" in words and "12 Rue des Lilas" in words and "14 Rue des Lilas" in words
    assert office.company.name not in words
    assert page.find("meta", attrs={"name": "robots", "content": "noindex"}) is not None
    headers = office.client.raw.get(path).headers
    assert headers["Cache-Control"] == "private, no-store" and "noindex" in headers["X-Robots-Tag"]
    assert headers["Referrer-Policy"] == "no-referrer"
    for kind in ("route", "stops", "bays"):
        assert office.client.raw.get(f"{path}/carte/{kind}.geojson").get_json()["features"]
    entries = list_entries(company_id=office.company.id).items
    assert [entry.tag for entry in entries] == [AuditTag.ROUTE_SHARED]
    assert str(link["href"]).rsplit("/", 1)[1] not in str(entries[0].data)


def test_the_next_stop_comes_first_when_the_tour_is_under_way(office: Office):
    now = datetime.now(UTC).replace(microsecond=0)
    started = now - timedelta(minutes=20)  # the first stop is served from minute 15 to minute 25
    territory = make_territory()
    route = make_tour(territory, office.company.id, started, lawful_answer(started))
    link = f"/t/{share_route(office.actor, office.company.id, route.id, 2)}"
    assert "Étape 1 sur 2" in text_of(office.client.get(link))
    later = make_tour(territory, office.company.id, started, lawful_answer(now - timedelta(minutes=30)))
    link = f"/t/{share_route(office.actor, office.company.id, later.id, 2)}"
    assert "Étape 2 sur 2" in text_of(office.client.get(link))
    assert "Étape 1 sur 2" in text_of(office.client.get(f"{link}?etape=1"))
    for nonsense in ("0", "3", "-1", "deux"):
        assert "Étape 2 sur 2" in text_of(office.client.get(f"{link}?etape={nonsense}"))


def test_every_link_ends_when_the_company_withdraws_them(office: Office):
    first, second = office.link(), office.link(30)
    assert office.client.submit(f"{office.url}/retirer-liens").endswith("/partager")
    for link in (first, second):
        assert "n’est plus valable" in text_of(office.client.get(link, status=410))
        office.client.get(f"{link}/carte/route.geojson", status=404)
    office.client.get(office.link())
    tags = [entry.tag for entry in list_entries(company_id=office.company.id).items]
    assert tags.count(AuditTag.ROUTE_UNSHARED) == 1


def test_a_link_opens_nothing_when_its_days_are_over_or_its_tour_is_gone(office: Office):
    token = share_route(office.actor, office.company.id, office.route.id, 1)
    read_link(token, clock=FixedClock(NOW + timedelta(hours=23)))
    with pytest.raises(LinkEnded):
        read_link(token, clock=FixedClock(datetime.now(UTC) + timedelta(days=1, seconds=1)))
    remove_route(office.company.id, office.route.id)
    office.client.get(f"/t/{token}", status=410)


def test_a_link_is_unknown_when_any_of_its_bits_was_changed(office: Office):
    token = share_route(office.actor, office.company.id, office.route.id, 2)
    raw = bytearray(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    for position in range(len(raw)):
        forged = bytes(raw[:position]) + bytes([raw[position] ^ 1]) + bytes(raw[position + 1 :])
        with pytest.raises(NotFound):
            read_link(base64.urlsafe_b64encode(forged).rstrip(b"=").decode())


@pytest.mark.parametrize("token", ["", "x", "é", "a" * 51, "a" * 5000, "%00", "=" * 51])
def test_what_is_no_link_is_not_found_when_it_is_opened(page_client: PageClient, token: str):
    assert page_client.raw.get(f"/t/{token}").status_code == 404


def test_a_link_of_another_route_is_not_shown_when_it_stands_in_the_address(office: Office):
    other = write_link(new_id(), 0, TOMORROW)
    office.client.get(f"{office.url}/partager?lien={other}", status=404)
    office.client.get(f"{office.url}/partager?lien=abc", status=404)


@pytest.mark.parametrize("days", ["", "0", "61", "-1", "deux", "1.5"])
def test_a_sentence_stands_beside_the_days_when_they_cannot_be(office: Office, days: str):
    page = office.client.post(f"{office.url}/partager", {"days": days})
    assert "de 1 à 60" in text_of(page)
    assert page.find(id="days")["value"] in {days, "2"}
    assert list_entries(company_id=office.company.id).items == []


def test_nothing_is_shared_when_there_is_no_answer_or_the_route_is_a_strangers(office: Office):
    waiting = make_tour(make_territory(), office.company.id, TOMORROW, None)
    url = f"/entreprises/{office.company.id}/itineraires/{waiting.id}"
    assert office.client.submit(f"{url}/partager", {"days": "2"}) == url
    office.client.post(f"/entreprises/{office.company.id}/itineraires/{uuid4()}/partager", {"days": "2"}, status=404)
    stranger = make_user()
    make_member(stranger, make_company())
    office.client.sign_in(stranger.id)
    for tail in ("/partager", "/retirer-liens"):
        office.client.post(office.url + tail, {"days": "2"}, status=404)


def test_the_driver_is_told_to_call_when_the_tour_is_refused(office: Office):
    route = make_tour(make_territory(), office.company.id, TOMORROW, refused_answer(TOMORROW))
    link = f"/t/{share_route(office.actor, office.company.id, route.id, 2)}"
    page = office.client.get(link)
    assert "n’est pas permise" in text_of(page) and page.select(".j-gps") == []


def test_no_older_answer_is_driven_when_the_tour_failed_since(office: Office):
    link = office.link()
    with unit_of_work():
        store_failure(office.route.id, Unavailable("graph-missing", territory="paris-3e"))
    page = office.client.get(link)
    assert "n’a pas abouti" in text_of(page)
    assert page.select(".j-gps") == [] and page.select(".j-stops") == []
    token = link.removeprefix("/t/")
    layer = office.client.raw.get(f"/t/{token}/carte/route.geojson").get_json()
    assert layer["features"] == []
    shown = office.client.get(office.url)
    assert shown.select(".j-steps") == [] and "Relancer le calcul" in text_of(shown)
