"""The form that keeps itself, its documents, and what a company does with a request afterwards."""

from __future__ import annotations

import io
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from bs4 import BeautifulSoup, Tag
from sqlalchemy import insert, select, update

from portal.cirqliz.models import AccessRequest
from portal.cirqliz.requests import drafts
from portal.cirqliz.requests.documents import list_documents
from portal.cirqliz.rules.settings import AccessValues, change_access_settings
from portal.cirqliz.states import RequestState, VehicleDecision
from portal.common.actor import StaffRole
from portal.common.ids import new_id
from portal.db import unit_of_work
from portal.fleet.api import archive_vehicle
from portal.fleet.models import Vehicle
from portal.numeriz.api import law_snapshot
from tests.factories.cirqliz import World
from tests.factories.papers import jpeg_paper, pdf_paper, png_paper
from tests.factories.territories import make_territory
from tests.support.web import PageClient
from tests.web.cirqliz.test_company_pages import errors, new_url, value

pytestmark = pytest.mark.usefixtures("world")
HTMX = {"HX-Request": "true"}


@pytest.fixture
def client(world: World, page_client: PageClient) -> PageClient:
    """The owner, signed in."""
    page_client.sign_in(world.owner.id)
    return page_client


def filled(world: World, **more: Any) -> dict[str, Any]:
    """A form filled in, each time with another vehicle unless told."""
    known = {"vehicles": [str(world.vehicle())], **more}
    return {**BLANK, "territory": world.territory.slug, **dates(world), **known}


BLANK = {
    "action": "submit",
    "stops-0-address": "2 rue de bretagne",
    "stops-0-service_min": "",
    "stops-1-address": "12 rue de Bretagne",
    "stops-1-service_min": "20",
    "reason": "Livrer des fleurs",
    "form_key": "a form",
}


def dates(world: World) -> dict[str, str]:
    """The day the perimeters are active."""
    day = f"{world.day:%Y-%m-%d}"
    return {"starts_on": day, "starts_time": "09:00", "ends_on": day, "ends_time": "12:30"}


def file_of(content: bytes, name: str = "bon.png") -> tuple[io.BytesIO, str]:
    """A file as the test client sends it."""
    return io.BytesIO(content), name


def keep_url(world: World, part: str = "") -> str:
    """Where the form saves itself."""
    return f"/entreprises/{world.company.id}/demandes/brouillons" + (f"?partie={part}" if part else "")


def page_url(world: World, request_id: UUID) -> str:
    """The page of a request."""
    return f"/entreprises/{world.company.id}/demandes/{request_id}"


def test_form_is_found_again_as_it_was_left(world: World, client: PageClient) -> None:
    vehicle = world.vehicle("CC-333-CC")
    world.vehicle("DD-444-DD")
    values = filled(world, action="", vehicles=[str(vehicle)], starts_on="31/02/2026", reason="Livrer", ends_time="")
    part = client.post(keep_url(world), values, status=200, headers=HTMX)
    assert "Brouillon enregistré" in part.get_text()
    assert part.find("form") is None
    page = client.get(f"/entreprises/{world.company.id}/demandes")
    link = page.select_one("#brouillons ~ ul a")
    assert isinstance(link, Tag)
    assert "sans date" in link.get_text()
    form = client.get(str(link["href"]))
    assert errors(form) == {}
    assert (value(form, "starts_on"), value(form, "stops-1-address")) == ("31/02/2026", "12 rue de Bretagne")
    assert value(form, "reason").strip() == "Livrer"
    assert [box["value"] for box in form.select("input[name=vehicles][checked]")] == [str(vehicle)]
    filed = client.submit(new_url(world), filled(world, vehicles=[str(vehicle)], form_key=value(form, "form_key")))
    assert "/demandes/" in filed
    assert drafts.list_drafts(world.company.id) == []


def test_draft_is_saved_and_thrown_away_without_script(world: World, client: PageClient) -> None:
    to = client.submit(keep_url(world), filled(world, action="save"))
    page = client.get(to)
    assert "Brouillon enregistré" in page.get_text()
    form = page.find("form", action=lambda url: bool(url) and url.endswith("/abandon"))
    assert isinstance(form, Tag)
    assert "Jeté" in client.get(client.submit(str(form["action"]))).get_text().replace("Brouillon jeté", "Jeté")
    assert drafts.list_drafts(world.company.id) == []


def test_failed_sending_loses_neither_text_nor_file(world: World, client: PageClient) -> None:
    page = client.post(new_url(world), filled(world, reason=" ", documents=[file_of(png_paper())]))
    assert "reason" in errors(page)
    assert [link.get_text() for link in page.select(".j-papers a")] == ["bon.png"]
    url = client.submit(new_url(world), filled(world, vehicles=values_of(page, "vehicles")))
    found = UUID(url.rsplit("/", 1)[1])
    assert [paper.file_name for paper in list_documents(found)] == ["bon.png"]


def values_of(page: BeautifulSoup, name: str) -> list[str]:
    """The values ticked."""
    return [str(box["value"]) for box in page.select(f"input[name={name}][checked]")]


def test_every_fault_is_told_at_once_when_nothing_is_filled_in(world: World, client: PageClient) -> None:
    world.vehicle(), world.vehicle()
    sent = dict.fromkeys((*BLANK, *dates(world)), "") | {"action": "submit", "form_key": "empty"}
    told = errors(client.post(new_url(world), {**sent, "territory": world.territory.slug}))
    assert set(told) >= {"vehicles", "starts_on", "ends_on", "stops-0-address", "stops-1-address", "reason"}
    assert told["stops-0-address"].startswith("Départ")
    assert told["stops-1-address"].startswith("Étape 1")
    assert drafts.list_drafts(world.company.id) == []


def test_dates_and_papers_are_told_with_the_other_faults(world: World, client: PageClient) -> None:
    sent = filled(world, starts_on="2020-01-02", ends_on="2020-01-01", **{"stops-1-address": ""})
    sent["documents"] = file_of(b"MZ\x90\x00", "bon.exe")
    page = client.post(new_url(world), sent)
    assert set(errors(page)) >= {"starts_on", "ends_on", "stops-1-address", "documents"}


def test_empty_form_becomes_no_draft_when_it_keeps_itself(world: World, client: PageClient) -> None:
    world.vehicle(), world.vehicle()
    blank = {"territory": world.territory.slug, "form_key": "empty", "stops-0-service_min": "15"}
    part = client.raw.post(keep_url(world), data=blank, headers=HTMX)
    assert "Brouillon enregistré" not in part.get_data(as_text=True)
    assert drafts.list_drafts(world.company.id) == []
    client.raw.post(keep_url(world), data={**blank, "reason": "Livrer"}, headers=HTMX)
    assert len(drafts.list_drafts(world.company.id)) == 1


def test_form_that_keeps_itself_after_it_was_filed_becomes_no_draft(world: World, client: PageClient) -> None:
    form = filled(world)
    assert "/demandes/" in client.submit(new_url(world), form)
    late = client.raw.post(keep_url(world), data=form, headers=HTMX)
    assert (late.status_code, late.get_data(as_text=True).strip()) == (200, "")
    paper = {**form, "documents": [file_of(png_paper())]}
    assert client.raw.post(keep_url(world, "justificatifs"), data=paper, headers=HTMX).status_code == 204
    assert drafts.list_drafts(world.company.id) == []
    client.submit(keep_url(world), {**form, "action": "save", "reason": "Livrer encore"})
    assert len(drafts.list_drafts(world.company.id)) == 1


def test_bad_file_is_told_beside_the_good_one(world: World, client: PageClient) -> None:
    files = [
        file_of(jpeg_paper(), "photo.jpg"),
        file_of(b"MZ", "virus.pdf"),
        file_of(pdf_paper(b"<< /JS (x) >>"), "a.pdf"),
    ]
    page = client.post(new_url(world), filled(world, documents=files))
    told = page.select_one("#documents-error")
    assert isinstance(told, Tag)
    assert "virus.pdf n’est ni un PDF" in told.get_text()
    assert "a.pdf contient un programme" in told.get_text()
    assert [link.get_text() for link in page.select(".j-papers a")] == ["photo.jpg"]


def test_chosen_file_is_kept_at_once_and_can_be_taken_out(world: World, client: PageClient) -> None:
    values = filled(world, action="", documents=[file_of(png_paper())])
    part = client.post(keep_url(world, "justificatifs"), values, status=200, headers=HTMX)
    link, button = part.select_one(".j-papers a"), part.select_one(".j-papers button")
    assert isinstance(link, Tag)
    assert isinstance(button, Tag)
    assert part.find("form") is None
    sent = client.raw.get(str(link["href"]))
    assert (sent.status_code, sent.data, sent.mimetype) == (200, png_paper(), "image/png")
    values = filled(world, action=str(button["value"]))
    part = client.post(keep_url(world, "justificatifs"), values, status=200, headers=HTMX)
    assert part.select(".j-papers") == []
    assert client.raw.get(str(link["href"])).status_code == 404


def test_document_is_a_download_in_a_sandbox_for_company_and_clerk(world: World, client: PageClient) -> None:
    url = client.submit(new_url(world), filled(world, documents=[file_of(pdf_paper(), "bon é.pdf")]))
    link = client.get(url).select_one("#echanges ~ ol a")
    assert isinstance(link, Tag)
    document_id = str(link["href"]).rsplit("/", 1)[1]
    desk = f"/territoires/{world.territory.slug}/guichet/{url.rsplit('/', 1)[1]}/justificatifs/{document_id}"
    for who, path, status in (
        (world.owner, str(link["href"]), 200),
        (world.driver, str(link["href"]), 200),
        (world.clerk, desk, 200),
        (world.supervisor, desk, 200),
        (world.agent, desk, 403),
        (world.clerk, str(link["href"]), 404),
        (world.owner, desk, 404),
    ):
        client.sign_in(who.id)
        answer = client.raw.get(path)
        assert answer.status_code == status, (who, path)
        if status == 200:
            assert answer.data == pdf_paper()
            assert answer.headers["Content-Disposition"].startswith("attachment")
            assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Cache-Control"] == "no-store"


def test_all_vehicles_of_a_search_are_ticked_and_unticked(world: World, client: PageClient) -> None:
    vans = [world.vehicle(label=f"Camionnette {number}") for number in range(40)]
    lorry = world.vehicle(label="Porteur")
    values = filled(world, vehicles=[str(lorry)], vehicle_search="camionnette", action="all-vehicles")
    page = client.post(new_url(world), values, status=200)
    assert set(values_of(page, "vehicles")) == {str(one) for one in [*vans, lorry]}
    page = client.post(new_url(world), {**values, "action": "no-vehicles"}, status=200)
    assert values_of(page, "vehicles") == []


def test_perimeters_are_asked_for_by_name_without_a_tour(world: World, client: PageClient) -> None:
    ids = {p.name: p.id for p in law_snapshot(world.territory.id).perimeters.values()}
    search = filled(world, perimeter_search="course", action="search-perimeters")
    page = client.post(new_url(world), search, status=200)
    assert [box["value"] for box in page.select("input[name=perimeters]")] == [ids["Course du canal"]]
    empty = {"stops-0-address": "", "stops-1-address": ""}
    missing = client.post(new_url(world), filled(world, **empty))
    assert {"stops-0-address", "stops-1-address"} <= set(errors(missing))
    url = client.submit(new_url(world), filled(world, perimeters=[ids["Course du canal"]], **empty))
    world.run_jobs(world.app)
    page = client.get(url)
    assert "Course du canal" in page.get_text()
    assert page.find(id="itineraire") is None
    assert page.select_one("[data-map]") is not None


def test_drivers_are_asked_for_where_the_territory_wants_them(world: World, client: PageClient) -> None:
    first = filled(world)
    assert client.get(new_url(world)).find(id="drivers") is None
    values = AccessValues(5, 30, 10, True, 12, 30)
    change_access_settings(world.staff_actor(StaffRole.SUPERVISOR), world.territory.slug, values, 0)
    page = client.post(new_url(world), first)
    assert set(errors(page)) == {"drivers"}
    (vehicle,) = first["vehicles"]
    part = client.post(keep_url(world, "conducteurs"), first, status=200, headers=HTMX)
    assert part.find("input", id=f"driver-{vehicle}-name") is not None
    url = client.submit(new_url(world), {**first, f"driver-{vehicle}-name": "Dominique Petit"})
    assert world.seen(UUID(url.rsplit("/", 1)[1])).vehicles[0].driver_name == "Dominique Petit"


def test_company_answers_a_question_with_a_document(world: World, client: PageClient) -> None:
    found = world.ready()
    url = page_url(world, found.id)
    with unit_of_work() as uow:
        rows = update(AccessRequest).where(AccessRequest.id == found.id)
        uow.session.execute(rows.values(state=RequestState.INFORMATION_ASKED))
    form = client.get(url).find("form", action=f"{url}/reponse")
    assert isinstance(form, Tag)
    page = client.post(f"{url}/reponse", {"text": " "})
    assert "Écrivez quelques mots." in page.get_text()
    page = client.post(f"{url}/reponse", {"text": "Voici", "documents": [file_of(b"MZ", "x.pdf")]})
    assert value(page, "text").strip() == "Voici"
    to = client.submit(f"{url}/reponse", {"text": "Voici", "documents": [file_of(pdf_paper(), "bon.pdf")]})
    assert urlsplit(to).path == url
    shown = client.get(to).select(".j-thread__item")
    assert [item.p.strong.get_text() for item in shown if item.p and item.p.strong] == ["Camille Durand"] * 2
    assert world.seen(found.id).state is RequestState.READY
    page = client.post(f"{url}/reponse", {"text": "Encore"}, status=409)
    assert "n’attend plus de précisions" in page.get_text()
    assert value(page, "text").strip() == "Encore"
    client.submit(f"{url}/messages", {"text": "Encore"})
    client.submit(f"{url}/messages", {"text": "", "documents": [file_of(png_paper())]})
    assert len(client.get(url).select(".j-thread__item")) == 4


def test_refusal_is_contested_once(world: World, client: PageClient) -> None:
    found = world.ready()
    url = page_url(world, found.id)
    assert client.get(url).find(id="contestation") is None
    world.refuse(found)
    assert client.get(url).find(id="contestation") is not None
    assert "Écrivez quelques mots." in client.post(f"{url}/contestation", {"text": ""}).get_text()
    client.submit(f"{url}/contestation", {"text": "Nous livrons une pharmacie."})
    assert world.seen(found.id).decisions == (VehicleDecision.PENDING,)
    page = client.post(f"{url}/contestation", {"text": "Encore"}, status=409)
    assert page.find(id="retrait") is None


def test_past_request_is_renewed_in_two_clicks(world: World, client: PageClient) -> None:
    found = world.ready()
    draft = client.submit(f"{page_url(world, found.id)}/renouvellement")
    page = client.get(draft)
    assert found.number in page.get_text()
    fields: dict[str, Any] = {"action": "submit", "vehicles": values_of(page, "vehicles")}
    for name in ("territory", "starts_on", "starts_time", "ends_on", "ends_time", "reason", "form_key"):
        fields[name] = value(page, name).strip()
    for tag in page.select("[name^=stops-]"):
        fields[str(tag["name"])] = str(tag.get("value", ""))
    again = world.seen(UUID(client.submit(new_url(world), fields).rsplit("/", 1)[1]))
    assert (again.renewed_from, again.stops, again.reason) == (found.id, found.stops, found.reason)
    assert (again.starts_at, again.ends_at) == (found.starts_at, found.ends_at)


def test_same_thing_is_asked_elsewhere_with_nothing_typed_again(world: World, client: PageClient) -> None:
    found = world.ready()
    url = page_url(world, found.id)
    assert client.get(url).find(id="ailleurs") is None
    make_territory("ailleurs", "Val d’ailleurs")
    assert client.get(url).find(id="ailleurs") is not None
    page = client.get(client.submit(f"{url}/renouvellement", {"territory": "ailleurs"}))
    assert values_of(page, "vehicles") == [str(found.vehicles[0].vehicle_id)]
    assert value(page, "reason").strip() == found.reason
    assert value(page, "stops-0-address") == ""
    assert client.raw.post(f"{url}/renouvellement", data={"territory": "nulle-part"}).status_code == 404


def test_every_vehicle_of_a_large_fleet_is_found_and_stays_ticked(world: World, client: PageClient) -> None:
    ticked = world.vehicle("ZZ-998-ZZ")
    other = world.vehicle("ZZ-999-ZZ", label="Élévateur")
    large_fleet(world, 5_001)
    page = client.get(new_url(world))
    assert "Tout cocher (500)" in page.get_text()
    for search in ("zz 999 zz", "ÉLÉVATEUR"):
        values = filled(world, vehicles=[str(ticked)], vehicle_search=search, action="search")
        page = client.post(new_url(world), values, status=200)
        assert [str(box["value"]) for box in page.select("input[name=vehicles]")] == [str(ticked), str(other)]
        assert values_of(page, "vehicles") == [str(ticked)]


def test_renewal_keeps_the_vehicles_of_a_large_fleet(world: World, client: PageClient) -> None:
    vehicle, gone = world.vehicle("ZZ-998-ZZ"), world.vehicle("ZZ-999-ZZ")
    found = world.ready(vehicles=[vehicle, gone])
    archive_vehicle(world.company_actor(), world.company.id, gone)
    large_fleet(world, 5_001)
    page = client.get(client.submit(f"{page_url(world, found.id)}/renouvellement"))
    assert values_of(page, "vehicles") == [str(vehicle)]


def large_fleet(world: World, count: int) -> None:
    """Add vehicles whose plates come first."""
    model = world.vehicle("AA-001-AA")
    columns = Vehicle.__table__.columns
    with unit_of_work() as uow:
        row = dict(uow.session.execute(select(*columns).where(Vehicle.id == model)).one()._mapping)
        plates = (f"AA{number % 899 + 100}A{'ABCDEFGH'[number // 899]}" for number in range(count))
        uow.session.execute(
            insert(Vehicle), [{**row, "id": new_id(), "plate": plate, "plate_key": plate} for plate in plates]
        )
