"""Reading the registry's answers, in the shape its service documents (invented companies)."""

from __future__ import annotations

import copy

import pytest

from portal.accounts.registry import read_answer

SIRET, HEAD_OFFICE = "90000012300019", "90000012300027"
ANSWER = {
    "results": [
        {
            "siren": "900000123",
            "nom_complet": "FLEURS DURAND (LE BOUQUET)",
            "nom_raison_sociale": "FLEURS DURAND",
            "activite_principale": "47.76Z",
            "etat_administratif": "A",
            "siege": {
                "siret": HEAD_OFFICE,
                "activite_principale": "47.76Z",
                "adresse": "3 PLACE DU MARCHE 69001 LYON",
                "code_postal": "69001",
                "libelle_commune": "LYON",
                "etat_administratif": "A",
            },
            "matching_etablissements": [
                {
                    "siret": SIRET,
                    "activite_principale": "47.76Z",
                    "adresse": "12 RUE DES LILAS 75003 PARIS",
                    "code_postal": "75003",
                    "libelle_commune": "PARIS",
                    "etat_administratif": "A",
                }
            ],
        }
    ],
    "total_results": 1,
    "page": 1,
    "per_page": 1,
    "total_pages": 1,
}


def test_establishment_is_read_when_it_matches():
    found = read_answer(ANSWER, SIRET)
    assert found is not None
    assert (found.name, found.address, found.postcode, found.city) == (
        "FLEURS DURAND",
        "12 RUE DES LILAS",
        "75003",
        "PARIS",
    )
    assert found.is_open and found.naf_code == "47.76Z"
    assert found.snapshot["siret"] == SIRET


def test_head_office_is_read_when_it_is_the_one_asked():
    found = read_answer({"results": [ANSWER["results"][0] | {"matching_etablissements": []}]}, HEAD_OFFICE)
    assert found is not None and found.city == "LYON"


def test_nothing_is_found_when_another_establishment_is_answered():
    assert read_answer(ANSWER, "90000099900011") is None
    assert read_answer({"results": []}, SIRET) is None


@pytest.mark.parametrize(("level", "value"), [("unit", "C"), ("place", "F")])
def test_establishment_is_closed_when_the_unit_or_the_place_is(level, value):
    answer = copy.deepcopy(ANSWER)
    unit = answer["results"][0]
    (unit if level == "unit" else unit["matching_etablissements"][0])["etat_administratif"] = value
    found = read_answer(answer, SIRET)
    assert found is not None and not found.is_open


def test_address_stays_whole_when_it_does_not_end_with_the_city():
    answer = copy.deepcopy(ANSWER)
    answer["results"][0]["matching_etablissements"][0]["adresse"] = "12 RUE DES LILAS"
    found = read_answer(answer, SIRET)
    assert found is not None and found.address == "12 RUE DES LILAS"


def test_answer_of_another_shape_is_an_error():
    with pytest.raises(KeyError):
        read_answer({"erreur": "trop de requêtes"}, SIRET)
