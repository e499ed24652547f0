"""Whatever stands in a cell or a property, a reader gives drafts and coded reasons, and nothing else."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.common.errors import Invalid
from portal.numeriz.codec import hours_from_json, hours_to_json, measure_to_json
from portal.numeriz.imports.cerema_schema import COLUMNS
from portal.numeriz.imports.formats import formats_of
from portal.numeriz.imports.reading import ReadingContext, SourceFile
from portal.numeriz.messages import ERRORS, ISSUES
from portal.numeriz.values import BayDraft, ImportKind, OrderDraft, PerimeterDraft

CONTEXT = ReadingContext(
    ZoneInfo("Europe/Paris"), (2.35, 48.85, 2.39, 48.88), datetime(2026, 1, 1, tzinfo=UTC), 10**6, most_rows=50
)
# Words the readers know, and what may stand around them.
WORDS = st.sampled_from(
    """|NC|NaN|0|-1|1e400|3,5|2.36|48.86|99|Interdit|Autorise|Poids lourds|Tous véhicules|Livraison|à partir de|jusqu'à
    |5|Mo-Fr 07:00-09:00|22:00-06:00|PH off|2024-02-30|2024-03-31|0001-01-01|9999-12-31
    |LINESTRING(2.36 48.86,2.37 48.86)|POLYGON((2 48,3 48,3 49,2 48))|POLYGON EMPTY|POINT(1 1)|LINESTRING(2 48)
    |48.86,2.36|2.36,48.86|[{}]|oui|07:00|24:00|[{"days_of_week":["mon"],"times_of_day":[["08:00","25:00"]]}]
    |aire permanente|LIVRAISON|7h|ZL périodique|Deux sens|Commune de X""".replace("\n    ", "").split("|")
)
SIGNS = st.characters(exclude_categories=["Cs"], exclude_characters="\x00")
CELLS = st.one_of(WORDS, WORDS, st.lists(WORDS, max_size=3).map("|".join), st.text(SIGNS, max_size=12))
LAYOUTS = {
    "national": (
        "ID,LONGITUDE,LATITUDE,GEOM_WKT,LONGUEUR,LARGEUR,TYPE,DUREE_MAX,ACTIVE,TEMPORALITE_CDS,TEMPORALITE_OSM,NOM"
    ),
    "paris": (
        "Régime prioritaire,Régime particulier,Longueur,Plage horaire 1-Début,Plage horaire 1-Fin,Nouvel identifiant,"
        "geo_point_2d"
    ),
    "hauts-de-seine": "id,type,longueur,h_debut,h_fin,tonnage,geo_point_2d",
    "antibes": "COLL_INSEE,VEH_TONNAGE,INTERV_JH,INTERV_DUREE,EMPRISE_DESIGNATION,EMPRISE_LONGUEUR,GEOM_XY,GEOM_WKT",
    "cerema": ",".join(COLUMNS),
}
VALUES = st.recursive(
    st.one_of(CELLS, st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(WORDS, inner, max_size=3)),
    max_leaves=6,
)


def read(kind: ImportKind, layout: str, content: bytes, folder: Path) -> list[Any]:
    """The drafts of a file; every reason it gives has a sentence."""
    path = folder / "file"
    path.write_bytes(content)
    drafts: list[Any] = []
    refused: set[str] = set()
    told: set[str] = set()
    try:
        reading = formats_of(kind)[layout].open([SourceFile("file", path)], CONTEXT)
        for record in reading.records:
            try:
                found = record.read()
            except Invalid as error:
                told.add(error.code)
                continue
            drafts += found.drafts
            said = [*reading.issues, *found.issues, *(issue for draft in found.drafts for issue in draft.issues)]
            told |= {issue.code for issue in said}
    except Invalid as error:
        refused.add(error.code)
    assert refused <= ERRORS.keys() and told <= ISSUES.keys()
    return drafts


@pytest.mark.parametrize("layout", LAYOUTS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_table_gives_drafts_or_reasons_whatever_its_cells(tmp_path: Path, layout: str, data: st.DataObject) -> None:
    columns = LAYOUTS[layout].split(",")
    rows = data.draw(st.lists(st.fixed_dictionaries(dict.fromkeys(columns, CELLS)), min_size=1, max_size=3))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns)
    writer.writeheader()
    writer.writerows(rows)
    kind = ImportKind.ORDERS if layout == "cerema" else ImportKind.BAYS
    for draft in read(kind, layout, text.getvalue().encode(), tmp_path):
        if isinstance(draft, BayDraft):
            assert hours_from_json(hours_to_json(draft.hours)) == draft.hours
            assert -180 <= draft.lon <= 180 and -90 <= draft.lat <= 90 and 0 < len(draft.local_id) <= 80
        else:
            assert isinstance(draft, OrderDraft) and draft.identifier and draft.title
            json.dumps([measure_to_json(measure) for measure in draft.measures], allow_nan=False)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    properties=st.dictionaries(
        st.sampled_from(["event", "name", "colour", "start", "end", "activations", "kind"]), VALUES, max_size=6
    ),
    geometry=st.one_of(
        VALUES, st.fixed_dictionaries({"type": st.sampled_from(["Polygon", "Point", "Cercle"]), "coordinates": VALUES})
    ),
)
def test_a_collection_gives_drafts_or_reasons_whatever_its_values(
    tmp_path: Path, properties: Mapping[str, Any], geometry: object
) -> None:
    known = {"type": "Feature", "properties": {"colour": "red", "event": "Fête"}, "geometry": None}
    feature = {"type": "Feature", "properties": properties, "geometry": geometry}
    content = json.dumps({"type": "FeatureCollection", "features": [known, feature]}).encode()
    for layout in ("geojson", "jop2024"):
        for draft in read(ImportKind.PERIMETERS, layout, content, tmp_path):
            assert isinstance(draft, PerimeterDraft)
            assert draft.shape is None or (draft.shape.is_valid and not draft.shape.is_empty)
