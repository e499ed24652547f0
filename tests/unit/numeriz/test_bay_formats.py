"""Bay files: what each layout says, to the line; figures counted by hand in the real files with the csv module."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from portal.common.errors import Invalid
from portal.numeriz.imports.bays.paris import PARIS_HOURS
from portal.numeriz.imports.formats import formats_of, recognise
from portal.numeriz.imports.reading import Bounds, ReadingContext, SourceFile
from portal.numeriz.values import BayDraft, BayLayout, BayRegime, DeliveryHours, ImportKind, Issue
from portal.regulations.schedules import HolidayRule, TimeSlot, Weekday

WEEK = frozenset(Weekday)
MO_FR = frozenset(list(Weekday)[:5])
PARIS_3E = (2.3515, 48.8576, 2.3807, 48.8700)


@dataclass(frozen=True)
class Found:
    format: str
    bays: Sequence[BayDraft]
    issues: Sequence[Issue]
    counts: Counter[str]

    @property
    def codes(self) -> list[str]:
        return [issue.code for issue in self.issues]


def read(path: Path, bounds: Bounds | None = None, name: str = "auto") -> Found:
    context = ReadingContext(
        ZoneInfo("Europe/Paris"), bounds, datetime(2026, 1, 1, tzinfo=UTC), most_bytes=20 * 1024 * 1024, most_rows=5000
    )
    file = SourceFile(path.name, path)
    chosen = recognise(ImportKind.BAYS, file.head(), path.name) if name == "auto" else formats_of(ImportKind.BAYS)[name]
    assert chosen is not None
    reading = chosen.open([file], context)
    bays: list[BayDraft] = []
    issues: list[Issue] = []
    for record in reading.records:
        understood = record.read()
        bays += understood.drafts
        issues += [*understood.issues, *(issue for draft in understood.drafts for issue in draft.issues)]
    assert reading.complete
    return Found(chosen.name, bays, [*reading.issues, *issues], reading.counts)


def written(tmp_path: Path, text: str, encoding: str = "utf-8") -> Path:
    path = tmp_path / "aires.csv"
    path.write_bytes(text.encode(encoding))
    return path


def test_lyon_is_read_to_the_line_when_it_follows_the_national_schema(shared_data: Path) -> None:
    found = read(shared_data / "delivery-bays" / "grand-lyon-example.csv")
    assert (found.format, len(found.bays), found.codes) == ("grand-lyon", 16, ["shape-repaired"])
    bays = {bay.local_id: bay for bay in found.bays}
    assert Counter(bay.regime for bay in found.bays) == {BayRegime.PERIODIC: 12, BayRegime.PERMANENT: 4}
    assert Counter(bay.active for bay in found.bays) == {True: 14, False: 2}
    assert Counter(bay.layout for bay in found.bays) == {
        BayLayout.PARALLEL: 14,
        BayLayout.ANGLED: 1,
        BayLayout.PERPENDICULAR: 1,
    }
    assert sum(bay.max_stay_min == 30 for bay in found.bays) == 9
    assert [bay.local_id for bay in found.bays if bay.outline is not None] == ["GL-2300"]
    first = bays["GL-2300"]
    assert (first.source, first.name, first.length_cm, first.width_cm) == ("grand-lyon", "200046977_20", 900, 180)
    assert first.outline is not None and first.outline.is_valid
    assert first.outline.bounds == pytest.approx((4.855154, 45.769581, 4.855190, 45.769668))
    assert first.details["UUID"] == "828e1140-523c-4a41-b466-ab1b64a4a4bd"
    assert first.details["DATE_MAJ"] == "2025-10-22T14:25:05Z"
    assert first.details["ABAISSEMENT_TROTTOIR"] == "non"
    assert bays["GL-2303"].hours == (
        DeliveryHours(MO_FR, (TimeSlot(time(13), time(19)),)),
        DeliveryHours(frozenset({Weekday.SATURDAY}), (TimeSlot(time(9), time(19)),)),
    )


def test_paris_is_read_to_the_line_when_the_city_publishes_it(shared_data: Path) -> None:
    found = read(shared_data / "delivery-bays" / "paris-3e-republique.csv", PARIS_3E)
    assert (found.format, len(found.bays), found.codes) == ("paris", 641, [])
    assert Counter(bay.regime for bay in found.bays) == {BayRegime.PERMANENT: 342, BayRegime.PERIODIC: 299}
    by_rule = DeliveryHours(WEEK - {Weekday.SUNDAY}, (TimeSlot(time(7), time(20)),), HolidayRule.EXCEPTED)
    own = [bay for bay in found.bays if bay.hours and bay.hours != (by_rule,)]
    night = [bay for bay in own if any(slot.ends_next_day for part in bay.hours for slot in part.slots)]
    assert (len(night), sum(bay.hours == (by_rule,) for bay in found.bays) + len(own)) == (14, 311)
    first = next(bay for bay in found.bays if bay.local_id == "6450")
    assert (first.address, first.length_cm, first.width_cm, first.places) == ("23 rue Rambuteau, Paris 4", 1080, 200, 1)
    assert (round(first.lon, 6), round(first.lat, 6)) == (2.354586, 48.860823)


@pytest.mark.parametrize(
    ("bands", "hours", "codes"),
    [
        (";;;", "rule", []),
        ("NaN;NaN;;", "rule", []),
        ("07:00;10:00;;", (DeliveryHours(frozenset(), (TimeSlot(time(7), time(10)),)),), []),
        ("9h30;12h00;;", (), ["bad-hours"]),
        ("07:00;;;", (), ["bad-hours"]),
        ("07:00;10:00;midi;13:00", (), ["bad-hours"]),
    ],
)
def test_hours_are_unknown_when_paris_writes_some_that_cannot_be_read(
    tmp_path: Path, bands: str, hours: object, codes: list[str]
) -> None:
    header = (
        "Régime prioritaire;Régime particulier;Nouvel identifiant;geo_point_2d;Plage horaire 1-Début;"
        "Plage horaire 1-Fin;Plage horaire 2-Début;Plage horaire 2-Fin\n"
    )
    found = read(written(tmp_path, f"{header}LIVRAISON;ZL périodique;7;48.86,2.36;{bands}\n"), PARIS_3E)
    [bay] = found.bays
    expected = (PARIS_HOURS,) if hours == "rule" else hours
    assert (bay.hours, found.codes) == (expected, codes)


def test_unknown_stays_unknown_when_hauts_de_seine_writes_zero(shared_data: Path) -> None:
    found = read(shared_data / "delivery-bays" / "hauts-de-seine.csv")
    assert (found.format, len(found.bays)) == ("hauts-de-seine", 980)
    assert Counter(found.codes) == {"not-a-delivery-bay": 27}, "26 for cash transport, and one of an unknown code"
    assert found.counts["lines"] == 1007 and found.counts["rejected"] == 27
    assert sum(bay.length_cm is not None for bay in found.bays) == 900
    assert Counter(bay.width_cm for bay in found.bays) == {None: 960, 100: 17, 250: 3}
    assert Counter(bay.max_gross_weight_kg for bay in found.bays) == {None: 977, 3500: 3}
    assert Counter(bay.regime for bay in found.bays) == {BayRegime.UNKNOWN: 661, BayRegime.PERIODIC: 319}
    first = found.bays[0]
    assert (first.local_id, first.length_cm, first.width_cm, first.insee_code) == ("92012025", 1000, None, "92012")
    assert first.address == "5 Rue Heyrault, 92100 Boulogne Billancourt"
    assert first.hours == (DeliveryHours(frozenset(), (TimeSlot(time(8), time(19)),)),)
    assert (first.lon, first.lat) == (2.2399017498472906, 48.83185379190816)


def test_no_bay_of_antibes_is_kept_when_its_file_places_none(shared_data: Path) -> None:
    found = read(shared_data / "delivery-bays" / "antibes-v0.csv")
    assert (found.format, len(found.bays), found.counts["lines"]) == ("antibes", 0, 42)
    assert found.codes == ["bay-without-place"] * 21, "two lines for each of twenty-one bays, all at 1,1"


ANTIBES = (
    "ID,COLL_INSEE,ARR_REF,VEH_TONNAGE,INTERV_JH,INTERV_DUREE,EMPRISE_DESIGNATION,EMPRISE_COTE,EMPRISE_LONGUEUR,"
    "STATIONNEMENT_TYPE,GEOM_XY,GEOM_WKT\n"
)


def test_the_lines_of_a_bay_are_one_when_they_are_its_time_bands(tmp_path: Path) -> None:
    found = read(
        written(
            tmp_path,
            ANTIBES
            + '1,06004,1045/23,19,06:00-10:00,30,7 rue d’Alger,,10,En épi,"7.12,43.58",\n'
            + '2,06004,1045/23,3.5,10:00-19:00,20,7 rue d’Alger,,10,En épi,"7.12,43.58",\n'
            + "3,06004,1045/23,19,Mo-Fr 06:00-10:00,,12 rue du Port,,8,,,"
            + '"POLYGON((7.1 43.5,7.1001 43.5,7.1001 43.5001,7.1 43.5))"\n',
        )
    )
    first, second = found.bays
    assert found.codes == ["limits-by-hours"]
    assert (first.name, first.lon, first.lat, first.length_cm) == ("7 rue d’Alger", 7.12, 43.58, 1000)
    assert (first.max_gross_weight_kg, first.max_stay_min, first.layout) == (3500, 20, BayLayout.ANGLED)
    assert first.hours == (DeliveryHours(frozenset(), (TimeSlot(time(6), time(19)),)),)
    assert first.details["INTERV_JH"] == "06:00-10:00 (19 t) ; 10:00-19:00 (3.5 t)"
    assert (second.max_gross_weight_kg, second.max_stay_min) == (19_000, None)
    assert second.outline is not None and second.outline.contains_properly(second.outline.representative_point())
    assert first.local_id != second.local_id and first.local_id.startswith("06004-")


HEADER = (
    "ID;NOM;LONGITUDE;LATITUDE;GEOM_WKT;LONGUEUR;LARGEUR;TYPE;DISPOSITION;DUREE_MAX;ACTIVE;TEMPORALITE_CDS;"
    "TEMPORALITE_OSM\n"
)
NIGHT = DeliveryHours(frozenset({Weekday.FRIDAY}), (TimeSlot(time(22), time(6)),))
CDS = '"[{""days_of_week"":[""fri""],""times_of_day"":[[""22:00"",""06:00""]]}]"'
POLYGON = "2.36 48.86, 2.3601 48.86, 2.3601 48.8601, 2.36 48.8601, 2.36 48.86"


@pytest.mark.parametrize(
    ("row", "changes", "codes"),
    [
        ("1;75056_1;2.36;48.86;;;;;;;;;", {"name": "75056_1", "insee_code": "75056"}, []),
        ("1;200046977X_1;2.36;48.86;;;;;;;;;", {"insee_code": ""}, []),
        ("1;;2.36;48.86;;900;200;AIRE PERMANENTE;Épi;30;OUI;;", {"regime": BayRegime.PERMANENT, "length_cm": 900}, []),
        ("1;;2,36;48,86;;NA;NaN;N/A;n/a;;non;;", {"length_cm": None, "width_cm": None, "active": False}, []),
        ("1;;2.36;48.86;;9;;;;;;;", {"length_cm": None}, ["unbelievable-size"]),
        ("1;;2.36;48.86;;;;quai;travers;trente;peut-être;;", {"active": True}, ["unknown-value"] * 4),
        (f"1;;2.36;48.86;;;;;;;;{CDS};", {"hours": (NIGHT,)}, []),
        (f"1;;2.36;48.86;;;;;;;;{CDS};Fr 22:00-30:00", {"hours": (NIGHT,)}, []),
        (f"1;;2.36;48.86;;;;;;;;{CDS};Fr 21:00-06:00", {"hours": (NIGHT,)}, ["hours-differ"]),
        ("1;;2.36;48.86;;;;;;;;pas du json;Fr 22:00-06:00", {"hours": (NIGHT,)}, ["bad-hours"]),
        ("1;;2.36;48.86;;;;;;;;[1];selon humeur", {"hours": ()}, ["bad-hours", "bad-hours"]),
        (f"1;;2.36;48.86;\"POLYGON(({POLYGON}))\";;;;;;;;", {}, []),
        (f"1;;2.36;48.86;\"polygon({POLYGON})\";;;;;;;;", {}, ["shape-repaired"]),
        ("1;;2.36;48.86;POINT(2.36 48.86);;;;;;;;", {"outline": None}, ["outline-dropped"]),
        ("1;;2.36;48.86;\"POLYGON((0 0, 1 0, 1 1, 0 0))\";;;;;;;;", {"outline": None}, ["outline-dropped"]),
        ("1;;2.36;48.86;\"POLYGON((nan nan, 1 0, 1 1))\";;;;;;;;", {"outline": None}, ["outline-dropped"]),
        ("1;;2.36;48.86;\"POLYGON((1e308 1e308, 1 0, 1 1, 1e308 1e308))\";;;;;;;;", {"outline": None},
         ["outline-dropped"]),
        ("1;;2.9;48.86;;;;;;;;;", {}, ["outside-territory"]),
    ],
)  # fmt: skip
def test_a_line_is_kept_with_its_doubts_when_it_is_odd(
    tmp_path: Path, row: str, changes: dict[str, object], codes: list[str]
) -> None:
    found = read(written(tmp_path, HEADER + row + "\n"), PARIS_3E, "national")
    [bay] = found.bays
    assert {name: getattr(bay, name) for name in changes} == changes
    assert found.codes == codes
    assert (bay.outline is None) is ("POLYGON" not in row.upper() or "outline-dropped" in codes)


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (";;2.36;48.86", "bay-without-id"),
        ("1;;;48.86", "bay-without-place"),
        ("1;;2.36;x", "bay-without-place"),
        ("1;;0;0", "bay-without-place"),
        ("1;;nan;48.86", "bay-without-place"),
        ("1;;1e308;48.86", "bay-without-place"),
        ("1;;2.36;148.86", "bay-without-place"),
    ],
)
def test_a_line_is_left_out_and_told_when_it_is_no_bay(tmp_path: Path, row: str, code: str) -> None:
    found = read(written(tmp_path, HEADER + row + "\n"), PARIS_3E)
    assert (found.bays, found.codes, found.counts["rejected"]) == ([], [code], 1)


def test_a_file_is_refused_when_its_axes_are_exchanged(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="coordinates-swapped") as caught:
        read(written(tmp_path, HEADER + "1;;2.36;48.86\n2;;48.86;2.36\n"), PARIS_3E)
    assert caught.value.params == {"where": 3, "file": "aires.csv"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_accents_are_kept_whatever_the_encoding(tmp_path: Path, encoding: str) -> None:
    found = read(written(tmp_path, HEADER + "1;Quai de l’Évêché;2.36;48.86\n", encoding))
    assert found.bays[0].name == "Quai de l’Évêché"
    assert found.codes == ([] if encoding.startswith("utf-8") else ["encoding-guessed"])
