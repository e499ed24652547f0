"""A spreadsheet of bays: its columns are confirmed on screen, its good rows stored, the others told; it is undone."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask_babel import force_locale

from portal.audit import AuditTag, list_entries
from portal.common.clock import SYSTEM_CLOCK
from portal.numeriz.bays.columns import COLUMNS, column_of
from portal.numeriz.bays.queries import list_bays
from portal.numeriz.bays.sheet import sample_lines
from portal.numeriz.bays.suspending import Suspending, suspend_bay
from portal.numeriz.imports.opening_hours import write_hours
from portal.numeriz.law.memory import law_version
from portal.numeriz.reports import get_report, page_reports
from portal.numeriz.values import BayRegime, ImportState
from portal.territories.queries import TerritoryView
from tests.factories.law import TESTER
from tests.support.web import PageClient

BASE = "/territoires/paris-3e/numeriz"
FILE = """Réf;Voie;Lat;Long;Genre;Horaires;Longueur (cm);PTAC
A-1;12 rue du Port;48,8625;2,3610;périodique;lundi au samedi 6h-11h30;1250;19
A-2;14 rue du Port;48,8626;2,3611;permanente;;8;3500
A-3;16 rue du Port;48,8627;2,3612;permanente;à toute heure;8;
A-4;18 rue du Port;43,1000;2,3612;permanente;;8;
A-2;20 rue du Port;48,8629;2,3613;permanente;;8;
;22 rue du Port;48,8630;2,3614;périodique;;8;
"""


def send(clerk: PageClient, text: str) -> str:
    return clerk.submit(f"{BASE}/aires/tableau", {"file": (io.BytesIO(text.encode()), "aires.csv")})


def chosen(clerk: PageClient, url: str) -> dict[str, str]:
    page = clerk.get(url)
    selects = page.select("select")
    return {
        str(select["name"]): str(option["value"]) if (option := select.select_one("option[selected]")) else ""
        for select in selects
    }


def test_good_rows_are_stored_and_the_others_told_when_columns_are_confirmed(
    clerk: PageClient, territory: TerritoryView, app: Flask, run_jobs: Callable[[Flask], int]
) -> None:
    url = send(clerk, FILE)
    columns = chosen(clerk, url)
    assert columns == {
        "c0": "local_id", "c1": "address", "c2": "lat", "c3": "lon", "c4": "", "c5": "hours", "c6": "length_cm",
        "c7": "max_gross_weight_kg",
    }  # fmt: skip
    looked = clerk.post(url, {**columns, "c4": "regime", "do": "look"}, status=200)
    text = looked.get_text()
    assert "2 lignes comprises" in text and "4 lignes écartées" in text
    assert "Ligne 4\u00a0:" in text and "à toute heure" in text and "hors du territoire" in text
    assert not list_bays(territory.id)
    report_url = clerk.submit(url, {**columns, "c4": "regime", "do": "import"})
    run_jobs(app)
    bays = {bay.local_id: bay for bay in list_bays(territory.id)}
    assert bays.keys() == {"A-1", "A-2"}
    first, second = bays["A-1"], bays["A-2"]
    assert (first.length_cm, first.max_gross_weight_kg, first.regime) == (1250, 19_000, BayRegime.PERIODIC)
    assert write_hours(first.hours) == "Mo-Sa 06:00-11:30"
    assert (second.length_cm, second.max_gross_weight_kg, second.regime) == (800, 3500, BayRegime.PERMANENT)
    report = clerk.get(report_url).get_text()
    assert "Lignes écartées" in report and "une aire périodique a des horaires" in report
    assert clerk.raw.get(url).status_code == 303, "a file is imported once"


def test_what_a_file_leaves_out_is_kept_when_a_bay_is_known(
    clerk: PageClient, territory: TerritoryView, app: Flask, run_jobs: Callable[[Flask], int]
) -> None:
    second, third = "Identifiant;Adresse;Commentaire\nA-1;12 bis;Refaite\n", "Identifiant;Adresse\nA-1;12 bis\n"
    for text in (FILE, second, third):
        url = send(clerk, text)
        clerk.submit(url, {**chosen(clerk, url), "c4": "regime" if text is FILE else "", "do": "import"})
        run_jobs(app)
    bay = next(found for found in list_bays(territory.id) if found.local_id == "A-1")
    assert (bay.address, bay.length_cm, bay.details["COMMENTAIRE"]) == ("12 bis", 1250, "Refaite")
    last = page_reports(territory.id).items[0]
    assert get_report(territory.id, last.id).state is ImportState.UNCHANGED


def test_the_last_file_is_undone_save_what_was_touched_since(
    clerk: PageClient, territory: TerritoryView, app: Flask, run_jobs: Callable[[Flask], int]
) -> None:
    def stored(text: str, **named: str) -> str:
        url = send(clerk, text)
        report_url = clerk.submit(url, {**chosen(clerk, url), **named, "do": "import"})
        run_jobs(app)
        return report_url

    first = stored(FILE, c4="regime")
    before = {bay.local_id: bay for bay in list_bays(territory.id)}
    rows = (
        "A-1;Ailleurs;48,8630;2,3610\nA-2;Ailleurs;48,8626;2,3611\nA-5;2 quai;48,8631;2,3611\nA-6;4 quai;48,8632;2,3611"
    )
    last = stored(f"Identifiant;Adresse;Latitude;Longitude\n{rows}\n")
    assert not clerk.get(first).select("a[href$='/annuler']"), "only the last one is undone"
    bays = {bay.local_id: bay for bay in list_bays(territory.id)}
    for local_id in ("A-2", "A-6"):
        now = SYSTEM_CLOCK.now()
        suspend_bay(TESTER, territory.id, bays[local_id].id, Suspending(now, now + timedelta(hours=1), "tranchée"))
    version = law_version(territory.id)

    asked = clerk.get(str(clerk.get(last).select("a[href$='/annuler']")[0]["href"]))
    text = asked.get_text()
    assert "ajoutées (1)" in text and "modifiées (1)" in text and "2 aires ont été modifiées depuis" in text
    url = f"{BASE}/aires/tableau/{last.rsplit('/', 1)[1]}/annuler"
    clerk.submit(url)

    after = {bay.local_id: bay for bay in list_bays(territory.id)}
    assert after.keys() == {"A-1", "A-2", "A-6"} and after["A-1"] == before["A-1"]
    assert (after["A-2"].address, after["A-6"].address) == ("Ailleurs", "4 quai")
    assert law_version(territory.id) != version
    report = page_reports(territory.id).items[0]
    assert [report.counts[name] for name in ("bays_restored", "bays_removed", "bays_kept")] == [1, 1, 2]
    entry = list_entries(territory_id=territory.id, subject_id=report.id).items[0]
    assert entry.tag is AuditTag.BAYS_CHANGED and entry.data["undone"] == "aires.csv"
    shown = clerk.get(last)
    assert "Cet import est annulé." in shown.get_text() and not shown.select("a[href$='/annuler']")
    assert "déjà annulé" in clerk.raw.get(url, follow_redirects=True).get_data(as_text=True)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "vide"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "tableau lisible"),
        (b"bonjour\n", "Aucune ligne de titres"),
        (b"Identifiant;Adresse\n", "aucune aire"),
        (b"PK\x03\x04 no workbook", "tableau lisible"),
    ],
)
def test_a_sentence_says_why_when_a_file_is_no_table(clerk: PageClient, content: bytes, told: str) -> None:
    page = clerk.post(f"{BASE}/aires/tableau", {"file": (io.BytesIO(content), "aires.csv")})
    assert told in page.select_one("#file-error").get_text()  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ({"c0": "address", "c1": "address"}, "Deux colonnes"),
        ({"c0": "comment"}, "Dites quelle colonne"),
        ({"c0": "plate"}, "n’existe pas"),
    ],
)
def test_columns_are_asked_again_when_they_make_no_sense(clerk: PageClient, columns: dict[str, str], told: str) -> None:
    url = send(clerk, "Identifiant;Adresse\nA-1;12 rue du Port\n")
    assert told in clerk.post(url, {**columns, "do": "import"}).get_text()


def test_nothing_is_left_when_a_file_is_abandoned(clerk: PageClient, territory: TerritoryView) -> None:
    url = send(clerk, FILE)
    clerk.submit(f"{url}/abandonner")
    clerk.get(url, status=404)
    assert not page_reports(territory.id).items


def test_the_sample_has_titles_that_are_read_back_whatever_the_language(app: Flask) -> None:
    with app.test_request_context(), force_locale("en"):
        titles, row = sample_lines()
    assert "Identifiant" in titles and len(titles) == len(row)
    assert [column_of(title) for title in titles] == [column for column in COLUMNS if column.example]
