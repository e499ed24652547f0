"""Finding addresses in the Paris extract: what is not sure is asked, never guessed."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
from flask import Flask

from portal.itineriz.addresses.finding import Doubt, Finder
from portal.itineriz.places.queries import PlaceView
from portal.itineriz.places.sheet import SheetRow
from portal.territories.api import TerritoryView
from tests.support.located import located_territory, paris_addresses, paris_graph, routed_territory

__all__ = ["located_territory", "paris_addresses", "paris_graph", "routed_territory"]


@pytest.fixture
def town(database: Flask, located_territory: Callable[[], TerritoryView]) -> TerritoryView:
    return located_territory()


def saved(label: str, lon: float) -> PlaceView:
    return PlaceView(UUID(int=1), UUID(int=2), label, "", lon, 48.865, 0, ())


@pytest.mark.parametrize(
    ("text", "doubt"),
    [
        ("98 rue Oberkampf", None),
        ("98, rue Oberkampf, 75011 Paris", None),
        ("98 rue Oberkamf, Paris", None),
        ("98 r. Oberkampf 75011 PARIS CEDEX", None),
        ("98 rue Oberkampf, 93200 Saint-Denis", Doubt.DIFFERS),
        ("98 rue Oberkampf, Lyon", Doubt.DIFFERS),
        ("98 rue Oberkampf, 69001 Lyon", Doubt.DIFFERS),
        ("rue de Bretagne", Doubt.STREET_ONLY),
        ("rue Inconnue du Tout", Doubt.NOT_FOUND),
    ],
)
def test_an_address_is_found_only_when_nothing_written_says_otherwise(
    town: TerritoryView, text: str, doubt: Doubt | None
):
    located = Finder(town).find(text)
    assert located.doubt is doubt, located
    assert (located.found is None) is (doubt is not None)
    if doubt is Doubt.DIFFERS:
        assert located.alternatives[0].label.startswith("98 Rue Oberkampf"), "what was found is proposed"


def test_saved_places_alike_but_for_their_accents_are_told_apart(town: TerritoryView):
    finder = Finder(town, [saved("Café Léa", 2.36), saved("Cafe Lea", 2.37), saved("Dépôt", 2.38), saved("北京", 2.39)])
    assert [finder.find("", name=name).found.lon for name in ("Café Léa", "Cafe Lea", "depot", "北京")] == [
        2.36,
        2.37,
        2.38,
        2.39,
    ]
    either = finder.find("", name="CAFE LEA")
    assert (either.found, either.doubt) == (None, Doubt.SEVERAL)
    assert {one.lon for one in either.alternatives} == {2.36, 2.37}
    assert finder.find("", name="東京").found is None


def test_a_row_longer_than_its_titles_is_doubtful_with_what_it_may_be(town: TerritoryView):
    located = Finder(town).find_row(SheetRow(2, {"address": "98 rue Oberkampf"}, "75011 Paris"))
    assert (located.found, located.doubt) == (None, Doubt.TOO_LONG)
    assert located.alternatives[0].label.startswith("98 Rue Oberkampf")
