"""The company's journey: from the empty form to the card for the cab."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag
from flask import url_for

from portal.cirqliz.decisions.claims import ask_information
from portal.cirqliz.decisions.commands import AskInformation
from portal.cirqliz.passes.queries import list_passes_of_request
from portal.cirqliz.states import RequestState
from tests.factories.accounts import make_company, make_member, make_user
from tests.factories.cirqliz import INSIDE_RED, World, make_vehicle
from tests.support.web import PageClient

pytestmark = pytest.mark.usefixtures("world")


def new_url(world: World) -> str:
    """The page of the form."""
    return f"/entreprises/{world.company.id}/demandes/nouvelle"


def typed(world: World, **more: Any) -> dict[str, Any]:
    """A form filled in by hand, without script: addresses as text."""
    values: dict[str, Any] = {
        "action": "submit",
        "territory": world.territory.slug,
        "vehicles": [str(world.vehicle("AA-111-AA"))],
        "starts_on": f"{world.day:%Y-%m-%d}",
        "starts_time": "09:00",
        "ends_on": f"{world.day:%d/%m/%Y}",
        "ends_time": "12h30",
        "stops-0-address": "2 rue de bretagne",
        "stops-0-service_min": "",
        "stops-1-address": "12 rue de Bretagne",
        "stops-1-service_min": "20",
        "reason": "Livrer des fleurs",
        "form_key": "a form",
    }
    return {name: value for name, value in {**values, **more}.items() if value is not None}


def errors(page: BeautifulSoup) -> dict[str, str]:
    """Sentences of the summary by the field they lead to; each link leads somewhere."""
    found = {}
    for link in page.select("#erreurs a"):
        target = str(link["href"])[1:]
        assert page.find(id=target) is not None, target
        found[target] = link.get_text(strip=True)
    return found


def value(page: BeautifulSoup, name: str) -> str:
    """What an input holds."""
    field = page.find(attrs={"name": name})
    assert isinstance(field, Tag), name
    return str(field.get("value", field.get_text()))


@pytest.fixture
def client(world: World, page_client: PageClient) -> PageClient:
    """The owner, signed in."""
    page_client.sign_in(world.owner.id)
    return page_client


def test_request_is_filed_computed_decided_and_shown(world: World, client: PageClient) -> None:
    assert "Nouvelle demande" in client.get(f"/entreprises/{world.company.id}/demandes").get_text()
    world.vehicle("BB-222-BB")
    form = client.get(new_url(world))
    assert form.find("form", id="demande") is not None
    url = client.submit(new_url(world), typed(world))
    waiting = client.get(url)
    progress = waiting.select_one(".j-progress")
    assert progress is not None
    assert str(progress["hx-get"]).endswith("/avancement")
    part = client.get(str(progress["hx-get"]), headers={"HX-Request": "true"})
    assert part.h1 is None
    assert part.select_one(".j-progress") is not None
    assert client.get(str(progress["hx-get"])).h1 is not None
    world.run_jobs(world.app)
    ready = client.get(url)
    text = ready.get_text(" ", strip=True)
    assert "Course du canal" in text
    assert "Laissez-passer obligatoire" in text
    assert ready.select_one("[data-map]") is not None
    panel = ready.find(attrs={"hx-get": re.compile("/panneau$")})
    assert isinstance(panel, Tag)
    assert panel.find("a") is not None
    (found,) = [world.seen(_id(url))]
    assert found.stops[1].label.startswith("12 Rue de Bretagne")
    assert (found.stops[0].service_min, found.stops[1].service_min) == (0, 20)
    world.approve(found)
    (one,) = list_passes_of_request(found.id)
    assert one.number in client.get(url).get_text()
    passes = client.get(f"/entreprises/{world.company.id}/laissez-passer")
    assert "AA-111-AA" in passes.get_text()
    phone = client.get(f"/entreprises/{world.company.id}/laissez-passer/{one.id}")
    assert phone.select_one(".j-qr svg") is not None
    card = client.raw.get(f"/entreprises/{world.company.id}/laissez-passer/{one.id}.pdf")
    assert (card.status_code, card.mimetype, card.data[:4]) == (200, "application/pdf", b"%PDF")


def _id(url: str) -> Any:
    from uuid import UUID

    return UUID(url.rsplit("/", 1)[1])


def test_same_page_is_shown_when_the_form_is_sent_twice(world: World, client: PageClient) -> None:
    values = typed(world)
    assert client.submit(new_url(world), values) == client.submit(new_url(world), values)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"vehicles": None}, "vehicles"),
        ({"starts_on": ""}, "starts_on"),
        ({"starts_on": "31/02/2026"}, "starts_on"),
        ({"starts_on": "2020-01-01"}, "starts_on"),
        ({"starts_on": "9999-12-30", "ends_on": "9999-12-31"}, "starts_on"),
        ({"ends_on": "9999-12-31"}, "ends_on"),
        ({"ends_time": "08:00"}, "ends_on"),
        ({"ends_time": "25:00"}, "ends_time"),
        ({"reason": " "}, "reason"),
        ({"stops-1-address": ""}, "stops-1-address"),
        ({"stops-1-address": "xyzzy plugh"}, "stops-1-address"),
        ({"stops-1-lon": "9.0", "stops-1-lat": "48.86"}, "stops-1-address"),
        ({"stops-1-service_min": "une heure"}, "stops-1-service_min"),
        ({"stops-1-service_min": "900"}, "stops"),
    ],
    ids=[
        "no vehicle",
        "no date",
        "no such day",
        "past",
        "too far",
        "end too far",
        "end before start",
        "no such hour",
        "no reason",
        "no address",
        "unknown address",
        "outside",
        "not minutes",
        "too long",
    ],
)
def test_fault_stands_beside_its_field_and_nothing_is_lost(
    world: World, client: PageClient, change: dict[str, Any], field: str
) -> None:
    values = typed(world, **change)
    page = client.post(new_url(world), values)
    assert page.title is not None
    assert page.title.get_text().strip().startswith("Erreur")
    assert field in errors(page)
    ticked = [str(box["value"]) for box in page.select("input[name=vehicles][checked]")]
    assert ticked == values.get("vehicles", [])
    for name in ("starts_on", "starts_time", "ends_on", "ends_time", "form_key", "stops-1-service_min"):
        assert value(page, name) == values[name], name
    assert value(page, "reason").strip() == values["reason"].strip()
    assert "bretagne" in value(page, "stops-0-address").casefold()


def test_every_fault_is_told_at_once(world: World, client: PageClient) -> None:
    page = client.post(
        new_url(world), typed(world, starts_on="", ends_time="", **{"stops-0-address": "", "stops-1-address": "xyzzy"})
    )
    assert {"starts_on", "ends_time", "stops-0-address", "stops-1-address"} <= set(errors(page))


def test_candidates_are_offered_when_an_address_is_unclear(world: World, client: PageClient) -> None:
    values = typed(world, **{"stops-1-address": "99 boulevard saint"})
    page = client.post(new_url(world), values)
    choices = page.select("input[name=stops-1-chosen]")
    assert choices
    page = client.post(new_url(world), {**values, "stops-1-chosen": str(choices[0]["value"]), "reason": ""})
    assert set(errors(page)) == {"reason"}
    assert value(page, "stops-1-address") == str(choices[0]["value"]).split("|")[2]
    assert value(page, "stops-1-lon")


def test_address_is_looked_up_anew_when_its_text_changes(world: World, client: PageClient) -> None:
    values = typed(world, reason="")
    page = client.post(new_url(world), values)
    settled = {
        str(field["name"]): str(field.get("value", ""))
        for field in page.select("input[name^=stops-]")
        if field.get("type") != "radio"
    }
    page = client.post(new_url(world), {**values, **settled, "stops-1-address": "mairie"})
    assert value(page, "stops-1-address").startswith("Mairie")
    assert value(page, "stops-1-lon") != settled["stops-1-lon"]


def test_stops_are_added_and_removed_without_losing_anything(world: World, client: PageClient) -> None:
    values = typed(world)
    page = client.post(new_url(world), {**values, "action": "add-stop"}, status=200)
    assert value(page, "stops-2-address") == ""
    assert value(page, "reason").strip() == "Livrer des fleurs"
    more = {**values, "stops-2-address": "mairie", "stops-2-service_min": "5", "action": "remove-stop-0"}
    page = client.post(new_url(world), more, status=200)
    assert value(page, "stops-0-address") == "12 rue de Bretagne"
    assert value(page, "stops-1-address") == "mairie"
    assert page.find(attrs={"name": "stops-2-address"}) is None


def test_ticked_vehicles_stay_chosen_through_a_search(world: World, client: PageClient) -> None:
    for number in range(35):
        world.vehicle(f"AB-1{number:02d}-CD")
    values = typed(world)
    page = client.post(new_url(world), {**values, "action": "search", "vehicle_search": "AB 10"}, status=200)
    boxes = page.select("input[name=vehicles]")
    assert str(boxes[0]["value"]) == values["vehicles"][0]
    assert boxes[0].has_attr("checked")
    assert 1 < len(boxes) <= 30


def test_vehicle_of_another_company_is_refused(world: World, client: PageClient) -> None:
    other = make_vehicle(make_company().id)
    page = client.post(new_url(world), typed(world, vehicles=[str(other)]))
    assert "vehicles" in errors(page)


def test_company_without_a_vehicle_is_led_to_its_fleet(world: World, client: PageClient) -> None:
    page = client.get(new_url(world))
    assert "Ajoutez d’abord le véhicule" in page.get_text()


def test_request_is_withdrawn_after_a_confirmation(world: World, client: PageClient) -> None:
    found = world.submitted()
    url = f"/entreprises/{world.company.id}/demandes/{found.id}"
    form = client.get(url).select_one("#retrait form")
    assert form is not None
    client.submit(str(form["action"]))
    assert world.seen(found.id).state is RequestState.WITHDRAWN
    page = client.post(str(form["action"]), status=409)
    assert "a été retirée" in page.get_text()


def test_page_says_that_no_pass_is_needed(world: World, client: PageClient) -> None:
    later = world.day + timedelta(days=5)
    found = world.ready(starts_at=later, ends_at=later + timedelta(hours=2), stops=(INSIDE_RED, INSIDE_RED))
    page = client.get(f"/entreprises/{world.company.id}/demandes/{found.id}")
    assert "aucun laissez-passer" in page.get_text()


def test_pass_is_given_back_and_turns_red(world: World, client: PageClient) -> None:
    found = world.ready()
    world.approve(found)
    (one,) = list_passes_of_request(found.id)
    url = f"/entreprises/{world.company.id}/laissez-passer/{one.id}/restitution"
    assert client.submit(url).endswith("/laissez-passer")
    assert client.get(f"/v/{one.token}").select_one(".j-verdict--red") is not None
    assert "déjà révoqué" in client.post(url, status=409).get_text()
    phone = client.get(f"/entreprises/{world.company.id}/laissez-passer/{one.id}")
    assert phone.select_one(".j-qr") is None


def test_driver_sees_and_does_not_ask(world: World, page_client: PageClient) -> None:
    found = world.ready()
    world.approve(found)
    (one,) = list_passes_of_request(found.id)
    page_client.sign_in(world.driver.id)
    base = f"/entreprises/{world.company.id}"
    for url in (f"{base}/demandes", f"{base}/demandes/{found.id}", f"{base}/laissez-passer/{one.id}"):
        page_client.get(url)
    assert page_client.raw.get(new_url(world)).status_code == 403
    for act in (f"demandes/{found.id}/retrait", f"laissez-passer/{one.id}/restitution"):
        assert page_client.raw.post(f"{base}/{act}").status_code == 403


def test_stranger_finds_nothing(world: World, page_client: PageClient) -> None:
    found = world.ready()
    world.approve(found)
    (one,) = list_passes_of_request(found.id)
    stranger, elsewhere = make_user(), make_company()
    make_member(stranger, elsewhere)
    page_client.sign_in(stranger.id)
    for company in (world.company.id, elsewhere.id):
        for path in (f"demandes/{found.id}", f"laissez-passer/{one.id}", f"laissez-passer/{one.id}.pdf"):
            assert page_client.raw.get(f"/entreprises/{company}/{path}").status_code == 404
    assert page_client.raw.post(f"/entreprises/{elsewhere.id}/laissez-passer/{one.id}/restitution").status_code == 404


def test_urls_are_those_the_other_contexts_link_to(world: World) -> None:
    with world.app.test_request_context():
        assert url_for("cirqliz.desk", territory="val") == "/territoires/val/guichet"
        assert url_for("cirqliz.control", territory="val") == "/territoires/val/controle"


def test_company_home_says_what_waits_when_it_has_requests_and_passes(world: World, page_client: PageClient) -> None:
    page_client.sign_in(world.owner.id)
    home = f"/entreprises/{world.company.id}"
    before = page_client.get(home).get_text(" ")
    assert "Aucune demande n’attend de réponse." in before and "Aucun laissez-passer valable ou à venir." in before
    world.approve(world.ready(vehicles=[world.vehicle(), world.vehicle()]))
    world.ready()
    after = page_client.get(home).get_text(" ")
    assert "1 demande attend une réponse." in after and "2 laissez-passer valables ou à venir." in after


def test_message_is_called_optional_unless_the_desk_asked_something(world: World, client: PageClient) -> None:
    found = world.ready()
    url = f"/entreprises/{world.company.id}/demandes/{found.id}"
    label = "section[aria-labelledby=echanges] label[for=text]"
    assert "facultatif" in str(client.get(url).select_one(label))
    question = AskInformation(found.id, found.version, "Quel quai ?")
    ask_information(world.staff_actor(), world.territory.slug, question)
    asked = str(client.get(url).select_one(label))
    assert "Votre message" in asked and "facultatif" not in asked
    again = client.post(f"{url}/reponse", {"text": " "})
    assert again.select_one("#erreurs a") is not None
    assert "facultatif" not in str(again.select_one(label))
