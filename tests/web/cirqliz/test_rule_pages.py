"""The supervisor's pages: rules written, tried, ordered, withdrawn; the test bench; quotas; settings."""

from __future__ import annotations

from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag

from portal.cirqliz.rules.queries import list_rules
from portal.cirqliz.rules.quotas import list_quotas
from portal.cirqliz.rules.settings import access_settings
from portal.cirqliz.states import RequestState
from tests.factories.cirqliz import INSIDE_BLUE, OUTSIDE, World
from tests.factories.rules import make_rule, perimeter_id, set_sample
from tests.support.query_count import counted_queries
from tests.support.web import PageClient

TERRITORY = "/territoires/val-essai"
RULES = f"{TERRITORY}/regles"
STOPS = (OUTSIDE, INSIDE_BLUE)
RULE: dict[str, Any] = {
    "name": "Fourgons en bleu",
    "outcome": "approve",
    "colours": ["blue", "white"],
    "company_verified": "y",
    "categories": ["N1", "N2"],
    "most_days": "2",
}


@pytest.fixture
def client(world: World, page_client: PageClient) -> PageClient:
    """The supervisor, signed in; nobody is drawn by lot."""
    set_sample(world, 0)
    page_client.sign_in(world.supervisor.id)
    return page_client


def words(page: BeautifulSoup) -> str:
    return page.get_text(" ", strip=True).replace("\u00a0", " ")


def test_supervisor_tries_a_rule_before_it_counts(world: World, client: PageClient) -> None:
    world.approve(world.ready(stops=STOPS))
    refused = world.ready(stops=STOPS)
    world.refuse(refused)
    page = client.post(f"{RULES}/nouvelle", {**RULE, "act": "try"}, status=200)
    shown = words(page)
    assert (
        "Si tous les périmètres sont blancs ou bleus et l’entreprise est vérifiée et tous les véhicules sont "
        "de catégorie N1 ou N2 et la période demandée dure au plus 2 jours, alors approuver."
    ) in shown
    assert "Elle aurait approuvé 2 demandes sur les 2 dernières. Parmi elles, 1 a été refusée par un agent." in shown
    assert refused.number in shown
    assert list_rules(world.territory.id) == []
    typed = page.find("input", attrs={"name": "name"})
    assert isinstance(typed, Tag)
    assert typed["value"] == "Fourgons en bleu"
    assert client.submit(f"{RULES}/nouvelle", {**RULE, "act": "save"}) == RULES
    assert "Fourgons en bleu" in words(client.get(RULES))
    assert world.ready(stops=STOPS).state is RequestState.APPROVED


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"name": ""}, "Donnez un nom à la règle."),
        ({"outcome": ""}, "Choisissez ce que la règle répond."),
        ({"colours": ["blue", "red"]}, "Seuls les périmètres bleus et blancs"),
        ({"most_days": "deux"}, "Écrivez un nombre entier."),
        ({"most_days": "0"}, "Écrivez un nombre d’au moins 1."),
        ({"naf": "fleuriste"}, "Écrivez des débuts de codes NAF"),
    ],
)
def test_fault_is_said_beside_its_field_when_a_rule_cannot_be_saved(
    world: World, client: PageClient, change: dict[str, Any], sentence: str
) -> None:
    page = client.post(f"{RULES}/nouvelle", {**RULE, **change, "act": "save"})
    assert sentence in words(page)
    assert page.select(".j-field--error")
    assert list_rules(world.territory.id) == []


def test_supervisor_changes_orders_and_withdraws_rules(world: World, client: PageClient) -> None:
    make_rule(world, name="Première")
    make_rule(world, name="Seconde")
    first, second = list_rules(world.territory.id)
    form = client.get(f"{RULES}/{second.id}/modification")
    ticked = {str(box["value"]) for box in form.select("input[name=categories][checked]")}
    assert ticked == {"N1", "N2"}
    assert client.submit(f"{RULES}/{second.id}/modification", {**RULE, "naf": "47.7, 46.22Z", "act": "save"}) == RULES
    second = list_rules(world.territory.id)[1]
    assert (second.name, second.number) == ("Fourgons en bleu", 2)
    page = client.get(f"{RULES}/{second.id}")
    assert "commence par 47.7 ou 46.22Z" in words(page)
    assert [cell.get_text(strip=True) for cell in page.select("tbody th")] == ["2", "1"]
    client.submit(f"{RULES}/{second.id}/place", {"vers": "haut"})
    assert [one.name for one in list_rules(world.territory.id)] == ["Fourgons en bleu", "Première"]
    client.submit(f"{RULES}/{first.id}/retrait", {})
    assert [one.name for one in list_rules(world.territory.id)] == ["Fourgons en bleu"]
    assert "Première" in words(client.get(RULES))
    client.submit(f"{RULES}/{first.id}/retrait", {})
    assert "modifiée ou retirée entre-temps" in words(client.get(RULES))


def test_bench_says_which_rule_answers_and_why(world: World, client: PageClient) -> None:
    make_rule(world, name="Bleu")
    found = world.ready()
    shown = words(client.get(f"{RULES}/essai?request={found.number}"))
    assert "Aucune règle ne répond : une personne décide." in shown
    assert "Course du canal : Rouge non" in shown
    typed = "colour=blue&policy=justified&category=N1&status=y&vehicles=2&days=1&ahead=3"
    assert "La règle « Bleu » approuve." in words(client.get(f"{RULES}/essai?{typed}"))
    closed = typed.replace("policy=justified", "policy=closed")
    assert "La règle « Bleu » aurait approuvé, mais un périmètre fermé" in words(client.get(f"{RULES}/essai?{closed}"))
    unknown = typed.replace("category=N1", "category=")
    assert "n° 1 : inconnu" in words(client.get(f"{RULES}/essai?{unknown}"))
    assert "Aucune demande de ce territoire" in words(client.get(f"{RULES}/essai?request=VAL-1999-000001"))


def test_supervisor_sets_quotas_by_lines(world: World, client: PageClient) -> None:
    id_ = perimeter_id(world, "Course du canal")
    assert "Aucun périmètre n’a de limite" in words(client.get(f"{TERRITORY}/quotas"))
    client.get(f"{TERRITORY}/quotas?perimetre={id_}")
    sent = {"perimeter_id": id_, "rows": "07:00-09:00 = 20\n\n9h-10h30: 5\n"}
    assert client.submit(f"{TERRITORY}/quotas", sent) == f"{TERRITORY}/quotas"
    assert [(one.from_min, one.to_min, one.most) for one in list_quotas(world.territory.id)[id_]] == [
        (420, 540, 20),
        (540, 630, 5),
    ]
    page = client.get(f"{TERRITORY}/quotas?perimetre={id_}")
    area = page.find("textarea", attrs={"name": "rows"})
    assert isinstance(area, Tag)
    assert area.get_text().split("\n")[-2:] == ["07:00-09:00 = 20", "09:00-10:30 = 5"]
    for rows, sentence in (
        ("le matin = 3", "La ligne « le matin = 3 » n’est pas comprise"),
        ("10:00-09:00 = 3", "le début avant la fin"),
        ("07:00-09:00 = 3\n08:00-10:00 = 3", "se recouvrent"),
    ):
        again = client.post(f"{TERRITORY}/quotas", {"perimeter_id": id_, "rows": rows})
        assert sentence in words(again)
    client.get(f"{TERRITORY}/quotas?perimetre=nulle-part", status=404)


def test_supervisor_sets_how_access_is_handled(world: World, client: PageClient) -> None:
    url = f"{TERRITORY}/reglages"
    page = client.get(url)
    version = page.find("input", attrs={"name": "version"})
    assert isinstance(version, Tag)
    sent = {
        "sample_percent": "12",
        "appeal_days": "20",
        "undo_min": "0",
        "asks_driver_name": "y",
        "sync_hours": "6",
        "scan_retention_days": "10",
        "version": str(version["value"]),
    }
    assert client.submit(url, sent) == url
    now = access_settings(world.territory.id)
    assert (now.sample_percent, now.undo_min, now.asks_driver_name) == (12, 0, True)
    late = client.post(url, {**sent, "undo_min": "5"}, status=409)
    assert "Quelqu’un d’autre a changé les réglages" in words(late)
    wrong = client.post(url, {**sent, "version": str(now.version), "undo_min": "90"})
    assert "Choisissez un nombre de 0 à 60." in words(wrong)


def test_list_of_rules_costs_the_same_whatever_their_number(world: World, client: PageClient) -> None:
    make_rule(world, name="Une")
    client.get(RULES)
    with counted_queries() as few:
        client.get(RULES)
    for number in range(6):
        make_rule(world, name=f"Autre {number}")
    with counted_queries() as many:
        client.get(RULES)
    assert len(many) <= len(few)


@pytest.mark.parametrize("path", ["regles", "regles/nouvelle", "regles/essai", "quotas", "reglages"])
def test_tab_of_the_rules_is_marked_when_a_page_behind_it_is_open(client: PageClient, path: str) -> None:
    (tab,) = client.get(f"{TERRITORY}/{path}").select(".j-tabs > ul a[aria-current]")
    assert tab.get_text(strip=True) == "Règles"
    assert tab["aria-current"] == ("page" if path == "regles" else "true")


def test_supervisor_applies_a_new_rule_to_what_was_waiting(world: World, client: PageClient) -> None:
    found = world.ready(stops=STOPS)
    world.ready()
    assert "pas encore été soumises" not in words(client.get(RULES))
    client.submit(f"{RULES}/nouvelle", {**RULE, "act": "save"})
    shown = words(client.get(RULES))
    assert "2 demandes n’ont pas encore été soumises à ces règles" in shown
    assert shown.count("1 serait approuvée.") == 2, "before the button and when it asks to confirm"
    assert "Appliquer maintenant à 2 demandes" in shown
    assert client.submit(f"{RULES}/application", {}) == RULES
    shown = client.get(RULES)
    assert "Les règles répondent aux demandes qui attendent" in words(shown)
    assert shown.select_one("progress") is not None
    assert not shown.select("#appliquer"), "asked once"
    world.run_jobs(world.app)
    assert "Terminé." in words(client.get(f"{RULES}/application"))
    assert world.seen(found.id).state is RequestState.APPROVED
    assert "pas encore été soumise" not in words(client.get(RULES))
    client.submit(f"{RULES}/application", {})
    assert "Aucune demande n’attend une autre réponse des règles." in words(client.get(RULES))
