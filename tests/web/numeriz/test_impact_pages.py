"""The effects of a draft and its signature; the hot switch on a phone, seen on the public map."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import select

from portal.common.actor import Actor, ActorKind, StaffRole
from portal.common.clock import SYSTEM_CLOCK
from portal.db import session, unit_of_work
from portal.numeriz.models import OrderImpact, TrafficOrder
from portal.numeriz.values import Category, Subject
from portal.numeriz.writing import document_of, get_work, start_work
from portal.regulations.schedules import Period
from portal.territories.queries import TerritoryView
from tests.factories.accounts import MadeUser, make_staff, make_user
from tests.factories.law import make_law, make_territory, measure_draft, order_draft
from tests.support.impact_town import at, build_town, make_town
from tests.support.web import PageClient
from tests.support.written import judge, written

RunJobs = Callable[[Flask], int]
BASE = "/territoires/paris-3e/numeriz"
ALARM = {"code": "motorway", "params": {"metres": 120, "road": "A 99"}}


def staff(territory: TerritoryView) -> MadeUser:
    user = make_user()
    make_staff(user, territory.slug, StaffRole.CLERK)
    return user


@pytest.fixture
def author(page_client: PageClient, territory: TerritoryView) -> MadeUser:
    user = staff(territory)
    page_client.sign_in(user.id)
    return user


def begun(territory: TerritoryView, author: MadeUser, **more: str) -> UUID:
    actor = Actor(ActorKind.USER, "Camille", user_id=author.id)
    return start_work(actor, territory.id, document=written(**more))


def test_the_effects_are_shown_when_they_were_asked_for(
    app: Flask, run_jobs: RunJobs, page_client: PageClient, author: MadeUser, territory: TerritoryView
) -> None:
    url = f"{BASE}/redaction/{begun(territory, author)}/effets"
    page = page_client.get(url)
    assert "ne sont pas encore étudiés" in page.get_text()
    form = page.select_one(f"form[action='{url}']")
    assert form is not None and page.select_one("dl.j-figures") is None
    assert page_client.submit(url) == url
    page = page_client.get(url)
    assert page.select_one(".j-progress progress") is not None
    assert page.select_one(f"form[action='{url}']") is None, "it is under way"
    assert page_client.get(f"{url}/avancement").select_one("[hx-get]") is not None
    run_jobs(app)
    page = page_client.get(url)
    assert "n’est pas sur cette machine" in page.get_text(" ")
    assert page.select_one("dl.j-figures") is not None


def test_the_effects_wait_when_the_order_is_not_complete(
    page_client: PageClient, author: MadeUser, territory: TerritoryView
) -> None:
    work_id = begun(territory, author, identifier="")
    url = f"{BASE}/redaction/{work_id}/effets"
    assert page_client.get(url).select_one(f"form[action='{url}']") is None
    assert page_client.submit(url) == f"{BASE}/redaction/{work_id}/relire"
    assert page_client.get(f"{url}/avancement", status=303) is not None


def test_the_author_asks_and_another_signs_when_an_alarm_is_on(
    app: Flask, run_jobs: RunJobs, page_client: PageClient, author: MadeUser, territory: TerritoryView
) -> None:
    work_id = begun(territory, author)
    url = f"{BASE}/redaction/{work_id}"
    page_client.submit(f"{url}/effets")
    run_jobs(app)
    judge(territory.id, work_id, [ALARM])
    _keep_alarm(work_id)
    page = page_client.get(f"{url}/effets")
    assert "120\u00a0m d’autoroute ou de voie express fermés\u00a0: A 99." in page.get_text()
    assert page.select_one(f"form[action='{url}/signature']") is None
    digest = get_work(territory.id, work_id).digest
    page_client.submit(f"{url}/signature", {"digest": digest})
    assert not get_work(territory.id, work_id).is_signed, "not by the author"
    page_client.submit(f"{url}/demande-de-signature")
    assert "Relecture demandée" in page_client.get(f"{url}/effets").get_text()
    page_client.sign_in(staff(territory).id)
    for path in ("", "/arretes"):
        assert page_client.get(f"{BASE}{path}").select_one(f".j-banner a[href='{url}/effets']"), "it waits for them"
    form = page_client.get(f"{url}/effets").select_one(f"form[action='{url}/signature']")
    assert form is not None and form.select_one("[name=digest]")["value"] == digest  # type: ignore[index]
    page_client.submit(f"{url}/signature", {"digest": "autre"})
    assert not get_work(territory.id, work_id).is_signed, "not what was read"
    page_client.submit(f"{url}/signature", {"digest": digest})
    assert get_work(territory.id, work_id).is_signed
    assert page_client.get(BASE).select_one(f".j-banner a[href='{url}/effets']") is None
    assert "Signé" in page_client.get(f"{url}/effets").get_text()


def _keep_alarm(work_id: UUID) -> None:
    """Let the kept effects tell the alarm of the draft."""
    with unit_of_work() as uow:
        row = uow.session.get_one(OrderImpact, work_id)
        row.result = {**row.result, "alarms": [ALARM]}


def test_the_last_reading_names_a_duplicate_published_since_the_study(
    app: Flask, run_jobs: RunJobs, page_client: PageClient, tmp_path: Path
) -> None:
    town = make_town(build_town(tmp_path))
    author = staff(town)
    page_client.sign_in(author.id)
    now = SYSTEM_CLOCK.now()
    measure = measure_draft(line=(at(4, 4), at(12, 4)), periods=[Period(now, now + timedelta(days=7))])
    order = replace(order_draft(measure), category=Category.TEMPORARY, subject=Subject.ROADWORKS)
    actor, zone = Actor(ActorKind.USER, "Camille", user_id=author.id), ZoneInfo(town.timezone)
    first, second = (
        start_work(actor, town.id, document=document_of(replace(order, identifier=name, title=name), zone))
        for name in ("Fibre", "Gaz")
    )
    base = f"/territoires/{town.slug}/numeriz"
    for work_id in (first, second):
        page_client.submit(f"{base}/redaction/{work_id}/effets")
    run_jobs(app)
    url = f"{base}/redaction/{second}"

    def sent() -> dict[str, str]:
        form = page_client.get(f"{url}/relire").select_one(f"form[action='{url}/publier']")
        assert form is not None
        return {str(field["name"]): str(field.get("value", "")) for field in form.select("input[name]")}

    before = sent()
    page_client.submit(f"{base}/redaction/{first}/publier", {"revision": "1"})
    assert page_client.submit(f"{url}/publier", before) == f"{url}/relire"
    page = page_client.get(f"{url}/relire").get_text(" ", strip=True)
    assert "ont paru depuis l’étude des effets" in page
    assert "Fibre (Rue 4). Dit déjà la même chose au même endroit" in re.sub(r"\s+", " ", page)
    assert page_client.get(f"{url}/relire").select_one(f"form[action='{url}/effets']")
    assert page_client.submit(f"{url}/publier", sent()).startswith(f"{base}/arretes/")


def test_a_model_or_a_draft_of_elsewhere_has_no_effects(
    page_client: PageClient, author: MadeUser, territory: TerritoryView
) -> None:
    other = make_territory("ailleurs", name="Ailleurs")
    page_client.get(f"{BASE}/redaction/{begun(other, author)}/effets", status=404)


def listed(page_client: PageClient) -> str:
    return page_client.get(f"{BASE}/fermetures").get_text(" ", strip=True)


def test_the_map_of_somebody_else_follows_when_a_closure_is_lifted_on_a_phone(
    app: Flask, page_client: PageClient, author: MadeUser, territory: TerritoryView
) -> None:
    now = SYSTEM_CLOCK.now()
    measure = measure_draft(periods=[Period(now - timedelta(hours=1), now + timedelta(hours=30))])
    make_law(territory, orders=[order_draft(measure, title="Marché de Noël")])
    order_id = session().scalars(select(TrafficOrder.id)).one()
    anybody = app.test_client()

    def verdict() -> str:
        asked = {"lon": "2.371", "lat": "48.862", "profil": "vul"}
        return anybody.get("/carte/paris-3e/ici", query_string=asked).get_data(as_text=True)

    def version() -> str:
        found = anybody.get("/carte/paris-3e/etat.json").get_json()
        return str(found["version"])

    assert "Marché de Noël" in listed(page_client) and "En vigueur" in listed(page_client)
    assert "Marché de Noël" in verdict()
    before = version()
    url = f"{BASE}/fermetures/{order_id}"
    form = page_client.get(f"{BASE}/fermetures").select_one(f"form[action='{url}']")
    assert form is not None
    sent = {field["name"]: field.get("value", "") for field in form.select("input[name]")}
    assert page_client.submit(url, {**sent, "until": "suite", "reason": "Fin du marché"}).startswith(
        f"{BASE}/fermetures"
    )
    assert version() != before
    assert "Marché de Noël" not in verdict()
    page = listed(page_client)
    assert "Levé" in page and "Fin du marché" in page and "Revenir à l’arrêté écrit" in page
    # The same form again, from a page that is behind.
    page_client.submit(url, {**sent, "until": "suite"})
    assert "Quelqu’un a changé cet arrêté entre-temps" in listed(page_client)
    page_client.submit(url, {"change": "resumed", "seen": "2"})
    assert "Marché de Noël" in verdict()


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({"change": "lifted", "seen": "0"}, "Choisissez jusqu’à quand."),
        ({"change": "activated", "seen": "0", "until": "suite"}, "Choisissez jusqu’à quand."),
        ({"change": "activated", "seen": "0", "until": "hier"}, "Choisissez jusqu’à quand."),
        ({"change": "withdrawn", "seen": "0"}, "Choisissez de lever, d’activer ou de revenir à l’arrêté écrit."),
        ({"change": "resumed", "seen": "0"}, "Cet arrêté s’applique déjà comme il est écrit."),
        ({"change": "lifted", "seen": "zéro", "until": "1h", "reason": "x" * 201}, "La raison est trop longue."),
    ],
)
def test_a_sentence_says_why_when_a_switch_is_refused(
    page_client: PageClient, author: MadeUser, territory: TerritoryView, sent: dict[str, str], expected: str
) -> None:
    make_law(territory, orders=[order_draft()])
    order_id = session().scalars(select(TrafficOrder.id)).one()
    page_client.submit(f"{BASE}/fermetures/{order_id}", sent)
    assert expected in listed(page_client)


def test_an_activation_waits_at_the_desk_when_its_effects_were_not_studied(
    page_client: PageClient, author: MadeUser, territory: TerritoryView
) -> None:
    make_law(territory, orders=[order_draft(title="Barrage d’urgence")])
    order_id = session().scalars(select(TrafficOrder.id)).one()
    url = f"{BASE}/fermetures/{order_id}"
    page_client.submit(url, {"change": "activated", "seen": "0", "until": "2h"})
    assert "une autre personne doit confirmer cette activation" in listed(page_client)
    assert page_client.get(BASE).select_one(f"#a-confirmer a[href='{BASE}/fermetures']")
    for path in ("/arretes", "/fermetures"):
        section = page_client.get(f"{BASE}{path}").select_one("section[aria-labelledby='a-confirmer']")
        assert section is not None and "Barrage d’urgence" in section.get_text()
        assert section.select_one("form") is None, "whoever activated it is no second person"
    page_client.submit(url, {"change": "confirmed"})
    assert "une autre personne doit le confirmer" in listed(page_client)
    page_client.sign_in(staff(territory).id)
    assert page_client.get(f"{BASE}/arretes").select_one(f"section[aria-labelledby='a-confirmer'] form[action='{url}']")
    page_client.submit(url, {"change": "confirmed"})
    assert "Vous avez confirmé l’activation." in listed(page_client)
    assert "Activations à confirmer" not in listed(page_client) + page_client.get(BASE).get_text()


def test_an_order_of_another_day_is_activated_from_its_page(
    page_client: PageClient, author: MadeUser, territory: TerritoryView
) -> None:
    now = SYSTEM_CLOCK.now()
    later = measure_draft(periods=[Period(now + timedelta(days=9), now + timedelta(days=10))])
    make_law(territory, orders=[order_draft(later, title="Crue"), order_draft(title="Halles")])
    order_id = session().scalars(select(TrafficOrder.id).where(TrafficOrder.title == "Crue")).one()
    assert "Crue" not in listed(page_client)
    link = page_client.get(f"{BASE}/arretes/{order_id}").select_one(f"a[href^='{BASE}/fermetures?']")
    assert link is not None
    for url in (str(link["href"]), f"{BASE}/fermetures?q=crue"):
        page = page_client.get(url).get_text(" ", strip=True)
        assert "Crue" in page and "Activer maintenant" in page and "Halles" not in page
    url = f"{BASE}/fermetures/{order_id}"
    back = page_client.submit(url, {"change": "activated", "seen": "7", "until": "2h"})
    refused = page_client.get(back.partition("#")[0]).get_text(" ", strip=True)
    assert "Quelqu’un a changé cet arrêté entre-temps" in refused and "Crue" in refused
    page_client.submit(url, {"change": "activated", "seen": "0", "until": "2h"})
    assert "Crue" in listed(page_client)


def test_the_page_says_so_when_nothing_can_be_switched(
    page_client: PageClient, author: MadeUser, territory: TerritoryView
) -> None:
    assert "Rien aujourd’hui" in listed(page_client)
    make_law(territory, orders=[order_draft(title="Permanent")])
    assert "1 arrêté permanent" in listed(page_client)
    for asked in ("q=introuvable", f"arrete={territory.id}"):
        assert "Rien à ce nom" in page_client.get(f"{BASE}/fermetures?{asked}").get_text(" ", strip=True)
    page_client.post(f"{BASE}/fermetures/{territory.id}", {"change": "resumed"}, status=404)
