"""The commands, as a program calls them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import shapely
from flask import Flask

from portal.common.actor import system_actor
from portal.numeriz.api import law_snapshot
from portal.numeriz.importing import run_import
from portal.numeriz.imports.reading import SourceFile
from portal.numeriz.values import ImportKind
from portal.territories.api import TerritoryView

STOPS = ("--stop", "2.3560,48.8655", "--stop", "2.3780,48.8690")
FILES = ("zones", "para_ouverture")
TRUCK = '{"gvw_t": 12, "height_m": 3.5, "width_m": 2.5, "length_m": 9, "axle_load_t": 8, "hazmat": false}'


@pytest.fixture
def paris_law(app: Flask, routed_territory: Callable[[], TerritoryView], shared_data: Path) -> TerritoryView:
    """The territory of the extract with the perimeters of 2024 imported as a clerk would."""
    territory = routed_territory()
    files = [SourceFile(f"{name}.geojson", shared_data / "jop2024" / f"{name}.geojson") for name in FILES]
    run_import(system_actor("test"), territory, ImportKind.PERIMETERS, files)
    return territory


def run(app: Flask, *arguments: str):
    return app.test_cli_runner().invoke(args=list(arguments))


def route(app: Flask, depart: str, *more: str, stops: tuple[str, ...] = STOPS, vehicle: str = TRUCK):
    return run(
        app, "route", "--territory", "paris-3e", *stops, "--depart", depart, "--vehicle", vehicle, "--json", *more
    )


def test_the_answer_has_every_field_of_the_contract_when_a_route_is_found(app: Flask, paris_law: TerritoryView):
    done = route(app, "2024-09-07T09:00")
    assert done.exit_code == 0
    answer = json.loads(done.stdout)
    assert answer["status"] == "ok" and answer["violations"] == [] and answer["avoided"] == []
    assert answer["geometry"]["type"] == "LineString"
    assert answer["distance_m"] > 1000 and answer["duration_s"] > 120
    lon, lat, instant = answer["timeline"][0]
    assert (round(lon, 2), round(lat, 2), instant) == (2.36, 48.87, "2024-09-07T09:00:00+02:00")
    assert answer["geometry"]["coordinates"] == [[point[0], point[1]] for point in answer["timeline"]]
    assert answer["legs"][0]["instructions"]


def test_the_marathon_refuses_and_a_pass_opens_when_asked_on_the_day(app: Flask, paris_law: TerritoryView):
    refused = route(app, "2024-09-08T09:00")
    assert refused.exit_code == 0
    answer = json.loads(refused.stdout)
    assert answer["status"] == "no_lawful_route" and answer["geometry"] is None
    assert any(item["colour"] == "red" and item["why"] for item in answer["blocking"])
    assert answer["departures"] == ["2024-09-08T05:27:00+02:00", "2024-09-08T13:58:00+02:00"]
    opened = json.loads(route(app, "2024-09-08T09:00", "--colour-passes", "blue,red").stdout)
    plain = json.loads(route(app, "2024-09-07T09:00").stdout)
    assert opened["status"] == "ok"
    assert opened["geometry"] == plain["geometry"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"stops": ("--stop", "48.8655,2.3560", "--stop", "2.3780,48.8690")}, "inversé"),
        ({"stops": ("--stop", "2.3560,48.8655", "--stop", "nan,48.8690")}, "n’est pas une position"),
        ({"stops": ("--stop", "2.3560,48.8655", "--stop", "here")}, "n’est pas une position"),
        ({"stops": ("--stop", "2.3560,48.8655", "--stop", "5.37,43.29")}, "hors du territoire"),
        ({"stops": ("--stop", "2.3560,48.8655")}, "au moins deux"),
        ({"vehicle": "[]"}, "objet JSON"),
        ({"vehicle": "{"}, "objet JSON"),
        ({"vehicle": '{"gvw_t": NaN}'}, "objet JSON"),
        ({"vehicle": '{"height_m": 99}'}, "height_m est trop grand (8 au plus)"),
        ({"vehicle": '{"gvw_t": -1}'}, "gvw_t est trop petit"),
        ({"vehicle": '{"gvw_t": 1e308}'}, "gvw_t est trop grand"),
        ({"vehicle": '{"gvw_t": "12"}'}, "gvw_t doit être un nombre"),
        ({"vehicle": '{"usages": ["fun"]}'}, "usages a une valeur inconnue"),
        ({"vehicle": '{"wings": 2}'}, "wings n’est pas une clé connue"),
        ({"vehicle": "[" * 100_000}, "objet JSON"),
        ({"more": ("--colour-passes", "blue,purple")}, "inconnue\u00a0: purple"),
        ({"more": ("--colour-passes", "")}, "Couleurs connues"),
        ({"more": ("--arrive-by", "2024-09-07T12:00")}, "une seule des deux"),
        ({"more": ("--service", "5", "--service", "5", "--service", "5")}, "une pour chacun des 2"),
        ({"more": ("--window", "3=2024-09-07T09:00/2024-09-07T10:00")}, "numéro de l’arrêt"),
        ({"more": ("--window", "2=2024-09-07T11:00/2024-09-07T10:00")}, "numéro de l’arrêt"),
        ({"more": ("--window", "2=2024-09-07T11:00")}, "numéro de l’arrêt"),
        ({"more": ("--energy", "coal")}, "Énergie inconnue"),
        ({"depart": "tomorrow"}, "date et une heure"),
        ({"depart": "2024-09-08"}, "date et une heure"),
        ({"depart": "0001-01-01T00:00"}, "date et une heure"),
        ({"depart": "9999-12-31T23:59-12:00"}, "date et une heure"),
        ({"depart": "2024-03-31T02:30"}, "n’existe pas"),
    ],
)
def test_one_sentence_and_status_2_when_the_input_is_bad(
    app: Flask, routed_territory: Callable[[], TerritoryView], changes: dict, words: str
):
    routed_territory()
    depart = changes.pop("depart", "2024-09-07T09:00")
    refused = route(app, depart, *changes.pop("more", ()), **changes)
    assert refused.exit_code == 2
    assert refused.stdout == ""
    assert words in refused.stderr and len(refused.stderr.strip().splitlines()) == 1


def test_a_tour_is_asked_with_its_hours_and_its_order_when_every_option_is_given(
    app: Flask, routed_territory: Callable[[], TerritoryView]
):
    routed_territory()
    place = ("route", "--territory", "paris-3e", *STOPS, "--stop", "2.3650,48.8640", "--vehicle", TRUCK)
    asked = ("--arrive-by", "2024-09-07T12:00", "--service", "10", "--return", "--free-order", "--energy", "diesel")
    window = ("--window", "2=2024-09-07T08:00/2024-09-07T10:00,2024-09-07T11:00/2024-09-07T11:50")
    answer = json.loads(run(app, *place, *asked, *window, "--json").stdout)
    assert answer["status"] == "ok"
    assert answer["stops"][0]["service_s"] == 0 and answer["stops"][1]["service_s"] == 600
    assert answer["stops"][-1]["return"] is True and answer["arrive_at"] <= "2024-09-07T12:00:00+02:00"
    windows = next(stop["windows"] for stop in answer["stops"] if stop["number"] == 1)
    assert windows[0] == ["2024-09-07T08:00:00+02:00", "2024-09-07T10:00:00+02:00"] and len(windows) == 2
    assert answer["order"]["free"] is True and answer["emissions"]["fuel_l"] > 0
    said = run(app, *place, *asked, *window).stdout
    assert "Départ le 7\u00a0sept." in said and "Arrêt n°\u00a02" in said and "l de carburant" in said


def test_status_2_when_the_territory_is_unknown(app: Flask):
    refused = run(app, "route", "--territory", "nowhere", *STOPS, "--depart", "2024-09-07T09:00")
    assert refused.exit_code == 2 and "inconnu" in refused.stderr


def test_what_answers_the_verdict_when_asked_at_a_point(app: Flask, paris_law: TerritoryView):
    cases = [
        ("2024-09-08T09:00", (), "pass_required"),
        ("2024-09-07T09:00", (), "allowed"),
        ("2024-09-08T13:59:59", (), "pass_required"),
        ("2024-09-08T14:00", (), "allowed"),
        ("2024-09-08T09:00", ("--colour-passes", "red"), "allowed"),
    ]
    perimeters = law_snapshot(paris_law.id).perimeters.values()
    marathon = next(p for p in perimeters if "PARA_Marathon" in (p.name, p.event))
    inside = marathon.shape.intersection(shapely.box(*paris_law.bounds or ())).representative_point()
    place = ("--territory", "paris-3e", "--at", f"{inside.x},{inside.y}", "--vehicle", TRUCK, "--json")
    for when, passes, verdict in cases:
        done = run(app, "what", *place, "--when", when, *passes)
        assert done.exit_code == 0
        answer = json.loads(done.stdout)
        assert (when, answer["verdict"]) == (when, verdict)
        assert all(reason["why"] for reason in answer["reasons"])


def test_a_person_reads_french_sentences_when_json_is_not_asked(app: Flask, paris_law: TerritoryView):
    place = ("route", "--territory", "paris-3e", *STOPS, "--vehicle", TRUCK)
    refused = run(app, *place, "--depart", "2024-09-08T09:00").stdout
    assert refused.startswith("Aucun itinéraire permis à ce moment.\nObstacle\u00a0: Périmètre rouge")
    assert "Possible en partant le 8\u00a0sept.\u00a02024\u00a0à\u00a013:58." in refused
    found = run(app, *place, "--depart", "2024-09-07T09:00").stdout
    for text in (refused, found):
        assert text.splitlines()[-1].endswith("seuls l’arrêté signé et la signalisation font foi.")
    assert found.startswith("Itinéraire permis\u00a0: 2,5\u00a0km, ")
    assert "Rue Réaumur" in found and "no_lawful_route" not in refused


@pytest.mark.parametrize(
    ("at", "when", "words"),
    [
        ("48.86,2.36", "2024-09-07T09:00", "La position semble inversée"),
        ("5,43", "2024-09-07T09:00", "La position est hors du territoire"),
        ("here", "2024-09-07T09:00", "Ce n’est pas une position"),
        ("2.36,48.86", "noon", "L’instant doit être une date et une heure"),
    ],
)
def test_what_says_one_sentence_when_the_question_is_bad(
    app: Flask, routed_territory: Callable[[], TerritoryView], at: str, when: str, words: str
):
    routed_territory()
    refused = run(app, "what", "--territory", "paris-3e", "--at", at, "--when", when, "--json")
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert refused.stderr.startswith(words) and len(refused.stderr.splitlines()) == 1
