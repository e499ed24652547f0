"""Delivery bays of the real files, as stored."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from portal.common.errors import Invalid
from portal.numeriz.bays.queries import BayView, list_bays
from portal.numeriz.law.memory import law_version
from portal.numeriz.values import BayRegime, ImportKind, ImportOutcome
from portal.territories.queries import TerritoryView
from tests.factories.law import make_territory
from tests.support.imports import import_bytes

PLACED = [("paris-3e-republique.csv", 641, 641), ("hauts-de-seine.csv", 980, 1007), ("grand-lyon-example.csv", 14, 16)]


def imported(territory: TerritoryView, name: str, content: bytes) -> ImportOutcome:
    return import_bytes(ImportKind.BAYS, territory, [(name, content)])


@pytest.mark.parametrize(("name", "in_use", "lines"), PLACED)
def test_every_bay_is_stored_once_when_a_file_is_imported_twice(
    app: Flask, shared_data: Path, name: str, in_use: int, lines: int
) -> None:
    territory = make_territory(bounds=None)
    content = (shared_data / "delivery-bays" / name).read_bytes()
    first = imported(territory, name, content)
    version = law_version(territory.id)
    second = imported(territory, name, content)
    assert (first.changed, second.changed) == (True, False)
    assert (first.counts["records"], first.counts["lines"]) == (lines, lines)
    assert (first.counts["bays_added"], second.counts["bays_unchanged"]) == (first.counts["bays"],) * 2
    assert law_version(territory.id) == version
    assert len(list_bays(territory.id)) == in_use, "those out of use are kept, and not shown"


def test_what_was_read_is_what_is_shown_when_a_bay_is_stored(app: Flask, shared_data: Path) -> None:
    territory = make_territory(bounds=None)
    for name in ("grand-lyon-example.csv", "hauts-de-seine.csv"):
        imported(territory, name, (shared_data / "delivery-bays" / name).read_bytes())
    bays: dict[str, BayView] = {bay.local_id: bay for bay in list_bays(territory.id)}
    lyon = bays["GL-2300"]
    assert (lyon.regime, lyon.length_cm, lyon.width_cm) == (BayRegime.PERMANENT, 900, 180)
    assert [issue["code"] for issue in lyon.issues] == ["shape-repaired"]
    assert bays["92012025"].width_cm is None


def test_two_sources_keep_their_bays_apart_when_their_ids_meet(app: Flask) -> None:
    territory = make_territory(bounds=None)
    imported(territory, "a.csv", b"ID,LONGITUDE,LATITUDE\n1,2.36,48.86\n")
    imported(territory, "b.csv", b"ID,LONGITUDE,LATITUDE,NOM\n1,4.83,45.76,200046977_1\n")
    assert len(list_bays(territory.id)) == 2


def test_a_bay_is_left_as_it_is_when_another_source_brought_it_already(app: Flask, shared_data: Path) -> None:
    territory = make_territory()
    imported(territory, "paris.csv", (shared_data / "delivery-bays" / "paris-3e-republique.csv").read_bytes())
    before = list_bays(territory.id)
    known = next(bay for bay in before if bay.local_id == "6450")
    again = f"ID,LONGITUDE,LATITUDE\n6450,{known.lon:.7f},{known.lat:.7f}\n6451x,2.36,48.86\n"
    outcome = imported(territory, "aires-livraison.csv", again.encode())
    assert (outcome.counts["bays_unchanged"], outcome.counts["bays_added"]) == (1, 1)
    assert [issue.code for issue in outcome.issues] == ["bay-known-elsewhere"]
    assert len(list_bays(territory.id)) == len(before) + 1


def test_nothing_is_stored_when_the_axes_are_exchanged(app: Flask) -> None:
    territory = make_territory()
    with pytest.raises(Invalid, match="coordinates-swapped"):
        imported(territory, "a.csv", b"ID,LONGITUDE,LATITUDE\n1,2.36,48.86\n2,48.86,2.36\n")
    assert not list_bays(territory.id)


def test_the_report_tells_each_line_when_none_is_a_bay(app: Flask, shared_data: Path) -> None:
    territory = make_territory(bounds=None)
    content = (shared_data / "delivery-bays" / "antibes-v0.csv").read_bytes()
    outcome = imported(territory, "antibes-v0.csv", content)
    assert not outcome.changed and outcome.counts["rejected"] == 21
    assert [issue.where for issue in outcome.issues] == list(range(2, 44, 2))
