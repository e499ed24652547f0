"""The pages of a pass: for the phone, for the driver, for the day of a breakdown, for a whole fleet."""

from __future__ import annotations

import io
import re
from datetime import timedelta

import pypdfium2
import pytest
from flask import Flask

from portal.cirqliz.models import AccessPass
from portal.cirqliz.passes import stand_ins
from portal.cirqliz.passes.links import pass_key
from portal.cirqliz.passes.queries import PassView, find_by_short_code, get_pass, list_passes_of_request
from portal.cirqliz.passes.services import give_back_pass
from portal.cirqliz.passes.sheets import KEPT_FOR, list_sheets, purge_sheets
from portal.cirqliz.states import PassState, RevocationReason, SuspensionReason
from portal.common.clock import SYSTEM_CLOCK, FixedClock
from portal.db import unit_of_work
from portal.files import file_store
from portal.mail import list_outbox
from tests.factories.accounts import make_company
from tests.factories.cirqliz import World
from tests.support.web import PageClient


@pytest.fixture
def client(world: World, page_client: PageClient) -> PageClient:
    """The owner of the company, signed in."""
    page_client.sign_in(world.owner.id)
    return page_client


def issued(world: World, *plates: str) -> list[PassView]:
    """Passes just issued for vehicles of these plates, by plate."""
    found = world.ready(vehicles=[world.vehicle(plate) for plate in plates])
    world.approve(found)
    return list(list_passes_of_request(found.id))


def begun(one: PassView) -> None:
    """Let the dates of a pass hold the present instant."""
    now = SYSTEM_CLOCK.now()
    with unit_of_work() as uow:
        row = uow.session.get(AccessPass, one.id)
        assert row is not None
        row.valid_from, row.valid_to = now - timedelta(hours=1), now + timedelta(hours=3)


def base(world: World, one: PassView) -> str:
    return f"/entreprises/{world.company.id}/laissez-passer/{one.id}"


def test_phone_shows_plate_code_and_what_to_type(world: World, client: PageClient) -> None:
    (one,) = issued(world, "AA-111-AA")
    page = client.get(base(world, one))
    assert page.h1.get_text(strip=True) == "AA-111-AA"
    assert page.select_one(".j-qr svg") is not None
    assert one.short_code in page.select_one(".j-pass__code").get_text()
    assert find_by_short_code(one.short_code.lower().replace("0", "o")) == get_pass(world.company.id, one.id)
    pass_ = page.select_one("[data-pass]")
    assert (pass_["data-copy"], pass_["data-to"]) == ("live", one.valid_to.isoformat())
    assert page.select_one("[data-kept]").has_attr("hidden")


def test_worker_is_served_at_the_root_and_never_cached(client: PageClient) -> None:
    answer = client.raw.get("/laissez-passer-hors-ligne.js")
    assert (answer.status_code, answer.mimetype) == (200, "text/javascript")
    assert answer.headers["Cache-Control"] == "no-cache"


def test_driver_opens_the_pass_by_the_link_of_the_mail(world: World, client: PageClient, app: Flask) -> None:
    (one,) = issued(world, "AA-111-AA")
    sent = client.submit(f"{base(world, one)}/conducteur", {"address": " Chauffeur@Exemple.fr "})
    assert sent.endswith("/laissez-passer")
    mail = list_outbox()[0]
    assert (mail.recipient, "AA-111-AA" in mail.subject) == ("chauffeur@exemple.fr", True)
    path = re.search(r"/p/\S+", mail.body)
    assert path is not None
    driver = PageClient(app.test_client())
    page = driver.get(path[0])
    assert page.select_one(".j-qr svg") is not None
    assert not page.select(f'a[href*="{world.company.id}"]')
    calendar = driver.raw.get(f"{path[0]}/calendrier.ics")
    assert (calendar.status_code, calendar.mimetype) == (200, "text/calendar")
    give_back_pass(world.company_actor(), world.company.id, one.id)
    assert driver.get(path[0]).select_one(".j-qr") is None


@pytest.mark.parametrize("spoilt", ["x", "{key}x", "{other}"])
def test_link_opens_nothing_when_it_is_not_ours(world: World, page_client: PageClient, spoilt: str) -> None:
    (one,) = issued(world, "AA-111-AA")
    key = spoilt.format(key=pass_key(one.id), other=pass_key(one.company_id))
    assert page_client.raw.get(f"/p/{key}").status_code == 404


def test_link_ends_a_day_after_its_pass(world: World, page_client: PageClient) -> None:
    (one,) = issued(world, "AA-111-AA")
    now = SYSTEM_CLOCK.now()
    for ended, status in ((timedelta(hours=23), 200), (timedelta(hours=25), 404)):
        with unit_of_work() as uow:
            row = uow.session.get(AccessPass, one.id)
            assert row is not None
            row.valid_from, row.valid_to = now - timedelta(days=3), now - ended
        assert page_client.raw.get(f"/p/{pass_key(one.id)}").status_code == status


@pytest.mark.parametrize("address", ["", "chauffeur", "a@b@c.fr"])
def test_pass_is_not_sent_when_the_address_is_wrong(world: World, client: PageClient, address: str) -> None:
    (one,) = issued(world, "AA-111-AA")
    before = len(list_outbox())
    page = client.post(f"{base(world, one)}/conducteur", {"address": address}, status=422)
    assert page.select_one("#address-error") is not None
    assert len(list_outbox()) == before


def test_pass_goes_to_another_vehicle_on_the_day_of_a_breakdown(world: World, client: PageClient) -> None:
    (one,) = issued(world, "AA-111-AA")
    other = world.vehicle("BB-222-BB")
    heavier = world.vehicle("CC-333-CC", gross_weight_kg=19000)
    url = f"{base(world, one)}/report"
    assert "que pendant ses dates" in client.get(url).get_text()
    begun(one)
    page = client.get(url)
    offered = {option["value"] for option in page.select("#vehicle option")} - {""}
    assert offered == {str(other)}
    assert "plus lourd" in client.post(url, {"vehicle": str(heavier)}, status=422).get_text()
    client.submit(url, {"vehicle": str(other)})
    (new,) = [found for found in list_passes_of_request(one.request_id) if found.state is PassState.ACTIVE]
    assert (new.plate_display, new.swapped_from, new.perimeters) == ("BB-222-BB", one.id, one.perimeters)
    assert get_pass(world.company.id, one.id).revoke_reason is RevocationReason.PLATE_SWAPPED
    assert "déjà été reporté" in client.get(f"{base(world, new)}/report").get_text()
    assert "ne peut pas être reporté" in client.post(url, {"vehicle": str(other)}, status=409).get_text()


def test_stand_in_of_a_large_fleet_is_found_by_a_search(
    world: World, client: PageClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stand_ins, "_MOST_OFFERED", 2)
    (one,) = issued(world, "AA-111-AA")
    begun(one)
    url = f"{base(world, one)}/report"
    other = world.vehicle("ZZ-222-BB")
    assert client.get(f"{base(world, one)}/report?q=rien").find(id="q") is not None
    world.vehicle("BB-222-BB")
    page = client.get(url)
    assert "qu’une partie de votre flotte" in page.get_text()
    assert str(other) not in {option["value"] for option in page.select("#vehicle option")}
    page = client.get(f"{url}?q=zz+222")
    assert {option["value"] for option in page.select("#vehicle option")} == {"", str(other)}
    form = page.select_one("form[method=post][action*=report]")
    assert form is not None
    client.submit(str(form["action"]), {"vehicle": str(other)})
    assert "ZZ-222-BB" in {found.plate_display for found in list_passes_of_request(one.request_id)}


def test_calendar_follows_the_dates_of_the_pass(world: World, client: PageClient) -> None:
    (one,) = issued(world, "AA-111-AA")
    text = client.raw.get(f"{base(world, one)}.ics").get_data(as_text=True)
    assert text.count("BEGIN:VEVENT") == 1
    assert f"DTSTART:{one.valid_from:%Y%m%dT%H%M%SZ}" in text
    assert f"DTEND:{one.valid_to:%Y%m%dT%H%M%SZ}" in text
    assert "STATUS:CONFIRMED" in text
    give_back_pass(world.company_actor(), world.company.id, one.id)
    assert "STATUS:CANCELLED" in client.raw.get(f"{base(world, one)}.ics").get_data(as_text=True)


def test_one_file_holds_the_cards_of_the_fleet_by_plate(world: World, client: PageClient) -> None:
    issued(world, "CC-333-CC", "AA-111-AA", "BB-222-BB")
    revoked = issued(world, "DD-444-DD")[0]
    give_back_pass(world.company_actor(), world.company.id, revoked.id)
    listing = f"/entreprises/{world.company.id}/laissez-passer"
    page_url = client.submit(f"{listing}/cartes")
    assert client.submit(f"{listing}/cartes") == page_url
    assert client.get(page_url).select_one(".j-progress") is not None
    assert client.raw.get(f"{page_url}.pdf").headers["Location"].endswith(page_url)
    world.run_jobs(world.app)
    assert "3 cartes" in client.get(page_url).get_text()
    answer = client.raw.get(f"{page_url}.pdf")
    assert answer.mimetype == "application/pdf"
    document = pypdfium2.PdfDocument(io.BytesIO(answer.data))
    texts = [page.get_textpage().get_text_bounded() for page in document]
    assert [re.search(r"[A-Z]{2}-\d{3}-[A-Z]{2}", text)[0] for text in texts] == [  # type: ignore[index]
        "AA-111-AA",
        "BB-222-BB",
        "CC-333-CC",
    ]
    document.close()
    assert client.raw.get(page_url.replace(str(world.company.id), str(make_company().id))).status_code == 404


def test_file_of_cards_is_erased_after_a_week(world: World, client: PageClient) -> None:
    issued(world, "AA-111-AA")
    page_url = client.submit(f"/entreprises/{world.company.id}/laissez-passer/cartes")
    world.run_jobs(world.app)
    later = SYSTEM_CLOCK.now() + KEPT_FOR
    assert purge_sheets(clock=FixedClock(later - timedelta(minutes=1))) == 0
    assert purge_sheets(clock=FixedClock(later + timedelta(minutes=1))) == 1
    assert list_sheets(world.company.id) == []
    assert client.raw.get(f"{page_url}.pdf").status_code == 404
    assert file_store().older("pass-sheets", later + timedelta(days=1)) == []


def test_no_file_is_made_when_there_is_nothing_to_print(world: World, client: PageClient) -> None:
    listing = f"/entreprises/{world.company.id}/laissez-passer"
    assert client.get(listing).select_one('form[action$="/cartes"]') is None
    assert "rien à imprimer" in client.post(f"{listing}/cartes", status=422).get_text()


def test_card_is_refused_when_the_pass_gives_no_right(world: World, client: PageClient) -> None:
    one = issued(world, "AB-123-CD")[0]
    page_url = f"/entreprises/{world.company.id}/laissez-passer/{one.id}"
    assert client.raw.get(f"{page_url}.pdf").status_code == 200
    assert client.get(page_url).select(f'a[href="{page_url}.pdf"]')
    for state, word in ((PassState.SUSPENDED, "est suspendu"), (PassState.REVOKED, "n’est plus valable")):
        with unit_of_work() as uow:
            row, now = uow.session.get_one(AccessPass, one.id), SYSTEM_CLOCK.now()
            row.state, row.changed_at = state, now
            row.suspend_reason = SuspensionReason.VEHICLE_CHANGED if state is PassState.SUSPENDED else None
            if state is PassState.REVOKED:
                row.revoked_at, row.revoke_reason = now, RevocationReason.MISUSE
        answer = client.raw.get(f"{page_url}.pdf")
        assert (answer.status_code, answer.mimetype) == (409, "text/html")
        assert f"{one.number} {word}" in answer.get_data(as_text=True)
        assert not client.get(page_url).select(f'a[href="{page_url}.pdf"]')
