"""Perimeters of any GeoJSON: columns named by options or found by usual names, and told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from portal.common.errors import Invalid
from portal.numeriz.imports.formats import recognise
from portal.numeriz.imports.perimeter_columns import colour_of
from portal.numeriz.imports.perimeters import GEOJSON
from portal.numeriz.imports.reading import Bounds, Reading, ReadingContext, SourceFile
from portal.numeriz.values import ImportKind, PerimeterDraft
from portal.regulations.perimeters import Colour

PARIS_3E = (2.3515, 48.8576, 2.3807, 48.8700)
RING = [[2.36, 48.86], [2.37, 48.86], [2.37, 48.87], [2.36, 48.86]]
SWAPPED = [[lat, lon] for lon, lat in RING]


def collection(*properties: Mapping[str, Any], ring: list[list[float]] = RING) -> dict[str, Any]:
    geometry = {"type": "Polygon", "coordinates": [ring]}
    features = [{"type": "Feature", "properties": dict(found), "geometry": geometry} for found in properties]
    return {"type": "FeatureCollection", "features": features}


def opened(
    tmp_path: Path, document: object, bounds: Bounds | None = PARIS_3E, **options: str
) -> Reading[PerimeterDraft]:
    path = tmp_path / "Fête du canal.geojson"
    path.write_text(json.dumps(document), encoding="utf-8")
    file = SourceFile(path.name, path)
    chosen = recognise(ImportKind.PERIMETERS, file.head(), path.name)
    assert chosen is not None
    named = {name.replace("__", "."): value for name, value in options.items()}
    context = ReadingContext(
        ZoneInfo("Europe/Paris"), bounds, datetime(2026, 1, 1, tzinfo=UTC), 10**7, 1000, options=named
    )
    return chosen.open([file], context)


def read(tmp_path: Path, document: object, **options: str) -> tuple[list[PerimeterDraft], list[str]]:
    reading = opened(tmp_path, document, PARIS_3E, **options)
    drafts = [draft for record in reading.records for draft in record.read().drafts]
    said = [*reading.issues, *(issue for draft in drafts for issue in draft.issues)]
    return drafts, [f"{issue.code} {issue.params.get('role', '')}".strip() for issue in said]


OWN = {"event": "Fête", "name": "Quai", "colour": "red", "start": "2026-07-14T10:00", "end": "2026-07-14T23:00"}


@pytest.mark.parametrize(
    ("properties", "options", "codes"),
    [
        (OWN, {}, []),
        ({**OWN, "colour": "Périmètre Rouge"}, {}, []),
        (
            {"MANIF": "Fête", "ZONE_A": "1", "DU": "14/07/2026 10:00", "AU": "14/07/2026 23h00"},
            {"event": "MANIF", "colour": "ZONE_A", "colour__1": "rouge", "start": "DU", "end": "AU"},
            [],
        ),
        (
            {"Événement": "Fête", "couleur": "ROUGE", "date_debut": "2026-07-14 10:00", "date_fin": "2026-07-14 23:00"},
            {},
            ["column-guessed event", "column-guessed colour", "column-guessed start", "column-guessed end"],
        ),
        (
            {"titre": "Fête", "type": "zone rouge", "debut": 1_784_016_000_000, "fin": 1_784_062_800_000},
            {},
            ["column-guessed event", "column-guessed colour", "column-guessed start", "column-guessed end"],
        ),
        (
            {"event": "Fête", "start": "2026-07-14T08:00Z", "end": "2026-07-14T21:00Z"},
            {"colour__*": "red"},
            [],
        ),
        (
            {"event": "Fête", "colour": "niveau 2", "start": "2026/07/14 10:00:00", "end": "2026/07/14 23:00:00"},
            {"colour__niveau 2": "rouge", "colour__*": "bleu"},
            [],
        ),
    ],
)
def test_a_perimeter_is_the_same_however_its_columns_are_named(
    tmp_path: Path, properties: dict[str, Any], options: dict[str, str], codes: list[str]
) -> None:
    [draft], said = read(tmp_path, collection(properties), **options)
    assert (draft.event, draft.colour, said) == ("Fête", Colour.RED, codes)
    [span] = draft.activations
    assert (span.start, span.end) == (datetime(2026, 7, 14, 8, tzinfo=UTC), datetime(2026, 7, 14, 21, tzinfo=UTC))


def test_the_event_is_the_name_of_the_file_when_no_column_gives_it(tmp_path: Path) -> None:
    [draft], said = read(tmp_path, collection({"colour": "bleu", "start": "2026-07-14T10:00"}))
    assert (draft.event, draft.activations[0].end, said) == ("Fête du canal", None, ["column-guessed event"])


def test_the_last_day_counts_when_an_end_has_no_hour(tmp_path: Path) -> None:
    [draft], said = read(tmp_path, collection({**OWN, "start": "2026-03-27", "end": "2026-03-29"}))
    assert draft.activations[0].end == datetime(2026, 3, 29, 22, tzinfo=UTC), "the clocks change on that day"
    assert said == ["end-day-included"]


def test_several_activations_are_read_when_our_own_file_lists_them(tmp_path: Path) -> None:
    pairs = [["2026-07-14T10:00", "2026-07-14T23:00"], ["2026-07-15T10:00", None], "jamais"]
    [draft], said = read(tmp_path, collection({"event": "Fête", "colour": "blue", "activations": pairs}))
    assert [span.end is None for span in draft.activations] == [False, True]
    assert said == ["bad-date"]


@pytest.mark.parametrize(
    ("properties", "options", "code"),
    [
        ({"event": "Fête"}, {}, "unknown-layout"),
        ({"event": "Fête", "zone": "Nord"}, {}, "unknown-layout"),
        (OWN, {"colour": "couleur"}, "column-missing"),
        (OWN, {"colour__1": "mauve"}, "option-unknown-colour"),
    ],
)
def test_a_file_is_refused_when_no_column_gives_a_colour(
    tmp_path: Path, properties: dict[str, Any], options: dict[str, str], code: str
) -> None:
    with pytest.raises(Invalid, match=code):
        opened(tmp_path, collection(properties), PARIS_3E, **options)


def test_a_file_is_refused_when_its_axes_are_exchanged(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="coordinates-swapped"):
        opened(tmp_path, collection(OWN, ring=SWAPPED))


def test_one_record_is_skipped_when_its_shape_cannot_be_drawn(tmp_path: Path) -> None:
    document = collection(OWN, {**OWN, "colour": "blue"})
    document["features"][0]["geometry"] = {"type": "Polygon", "coordinates": [[["a", "b"]]]}
    first, second = opened(tmp_path, document).records
    with pytest.raises(Invalid, match="bad-geometry"):
        first.read()
    assert second.read().drafts[0].colour is Colour.BLUE


@pytest.mark.parametrize(
    ("text", "colour"),
    [
        ("Bleue", Colour.BLUE),
        ("GREY", Colour.GREY),
        ("gray zone", Colour.GREY),
        ("Périmètre noir (SILT)", Colour.BLACK),
        ("Blanc", Colour.WHITE),
        ("rouge/bleu", None),
        ("", None),
        ("mauve", None),
        ("rougeâtre", None),
    ],
)
def test_a_colour_is_known_when_one_word_names_it(text: str, colour: Colour | None) -> None:
    assert colour_of(text) is colour


PUBLISHED = {
    "kind": "perimeter",
    "event": "Fête",
    "name": "Quai",
    "colour": "red",
    "activations": [{"start": "2026-07-14T08:00:00+00:00", "end": None, "sentence": "…"}],
}


def test_the_perimeters_alone_are_read_when_another_portal_published_everything(tmp_path: Path) -> None:
    document = {
        **collection(*[{"kind": "bay", "name": "B"}] * 300, PUBLISHED),
        "about": {"page": "https://la-bas.example/donnees"},
    }
    [draft], said = read(tmp_path, document)
    assert (draft.event, draft.colour, said) == ("Fête", Colour.RED, [])
    assert [(span.start, span.end) for span in draft.activations] == [(datetime(2026, 7, 14, 8, tzinfo=UTC), None)]


def test_nothing_is_read_when_this_portal_published_the_file(tmp_path: Path) -> None:
    path = tmp_path / "reglementation.geojson"
    document = {**collection(PUBLISHED), "about": {"page": "https://ici.example/donnees/paris"}}
    path.write_text(json.dumps(document), encoding="utf-8")
    context = ReadingContext(
        ZoneInfo("Europe/Paris"), None, datetime(2026, 1, 1, tzinfo=UTC), 10**7, 1000, own_url="https://ici.example"
    )
    [found] = (record.read() for record in GEOJSON.open([SourceFile(path.name, path)], context).records)
    assert (found.drafts, [issue.code for issue in found.issues]) == ((), ["own-export"])


def test_a_perimeter_has_no_end_when_its_end_is_that_of_the_calendar(tmp_path: Path) -> None:
    [draft], _ = read(tmp_path, collection({**OWN, "end": "9999-12-31"}))
    assert draft.activations[0].end is None
