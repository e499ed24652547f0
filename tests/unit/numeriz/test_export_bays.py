"""Delivery bays as we write them: the national CSV read back, and curb zones with their policies."""

from __future__ import annotations

import itertools
import json
import math
from dataclasses import replace
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
import shapely
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from portal.numeriz.exports.bays_csv import COLUMNS, BaysCsvWriter
from portal.numeriz.exports.curbs import PoliciesWriter, ZonesWriter, rectangle, time_spans
from portal.numeriz.exports.edition import Edition
from portal.numeriz.imports.bays.national import NATIONAL
from portal.numeriz.imports.reading import ReadingContext, SourceFile
from portal.numeriz.values import BayDraft, BayLayout, BayRegime, DeliveryHours
from portal.regulations.schedules import HolidayRule, TimeSlot, Weekday
from tests.support.editions import EDITION, written

MORNING, NIGHT = TimeSlot(time(7), time(10)), TimeSlot(time(21), time(6))
WORK_DAYS = frozenset(Weekday) - {Weekday.SATURDAY, Weekday.SUNDAY}
OUTLINE = shapely.Polygon([(2.36, 48.86), (2.3601, 48.86), (2.3601, 48.86002), (2.36, 48.86002)])


def bay(**more: object) -> BayDraft:
    values: dict[str, object] = {
        "local_id": "75103-1",
        "lon": 2.3612345,
        "lat": 48.8623456,
        "source": "national",
        "address": "12 rue Basse",
        "regime": BayRegime.PERIODIC,
        "layout": BayLayout.PARALLEL,
        "length_cm": 1000,
        "width_cm": 200,
        "hours": (DeliveryHours(WORK_DAYS, (MORNING,)),),
        "max_stay_min": 30,
        **more,
    }
    return BayDraft(**values)  # type: ignore[arg-type]


def read_back(content: bytes, folder: Path, own_url: str = "") -> tuple[list[BayDraft], list[str]]:
    """The drafts of a national CSV, and the codes of its doubts."""
    path = folder / "aires.csv"
    path.write_bytes(content)
    context = ReadingContext(ZoneInfo("Europe/Paris"), None, datetime(2026, 10, 5, tzinfo=UTC), 10**8, 10**5, own_url)
    reading = NATIONAL.open([SourceFile("aires.csv", path)], context)
    drafts: list[BayDraft] = []
    codes: list[str] = []
    for record in reading.records:
        understood = record.read()
        drafts += understood.drafts
        codes += [issue.code for issue in understood.issues]
    return drafts, codes


def csv_file(*drafts: BayDraft) -> bytes:
    return written(BaysCsvWriter, drafts)


@pytest.mark.parametrize(
    "draft",
    [
        bay(),
        bay(regime=BayRegime.PERMANENT, hours=(), layout=BayLayout.ANGLED, name="75103_4", insee_code="75103"),
        bay(regime=BayRegime.GOODS_ZONE, layout=BayLayout.PERPENDICULAR, length_cm=None, width_cm=None),
        bay(regime=BayRegime.UNKNOWN, layout=BayLayout.UNKNOWN, hours=(), max_stay_min=None, address=""),
        bay(hours=(DeliveryHours(frozenset(), (MORNING, NIGHT)), DeliveryHours(frozenset({Weekday.SUNDAY}), (NIGHT,)))),
        bay(hours=(DeliveryHours(WORK_DAYS, (MORNING,), HolidayRule.EXCEPTED),)),
        bay(outline=OUTLINE),
        bay(
            details={"UUID": "550e8400-e29b-41d4-a716-446655440000", "CODE_POSTAL": "75003", "COMMENTAIRE": "À l’angle"}
        ),
        bay(lon=-1.5, lat=-21.1),
    ],
    ids=lambda draft: f"{draft.regime.value}-{len(draft.hours)}",
)
def test_a_bay_is_the_same_when_its_csv_is_read_back(draft: BayDraft, tmp_path: Path) -> None:
    content = csv_file(draft)
    [found], codes = read_back(content, tmp_path)
    assert codes == []
    assert replace(found, provenance={}, outline=None) == replace(draft, provenance={}, outline=None)
    assert (found.outline is None) == (draft.outline is None)
    if draft.outline is not None and found.outline is not None:
        assert found.outline.normalize().equals_exact(draft.outline.normalize(), 0)
    assert csv_file(found) == content


def test_the_columns_are_those_of_the_schema(shared_data: Path) -> None:
    schema = json.loads((shared_data / "delivery-bays" / "schema-aire-livraison-v1.0.0.json").read_text("utf-8"))
    assert [field["name"] for field in schema["fields"]] == list(COLUMNS)


@pytest.mark.parametrize("name", ["grand-lyon-example.csv"])
def test_a_real_file_is_the_same_when_written_and_read_again(shared_data: Path, name: str, tmp_path: Path) -> None:
    drafts, _codes = read_back((shared_data / "delivery-bays" / name).read_bytes(), tmp_path)
    again, codes = read_back(csv_file(*drafts), tmp_path)
    assert len(drafts) == 16 and codes == []
    for first, second in zip(drafts, again, strict=True):
        assert replace(first, outline=None, issues=()) == replace(second, outline=None, issues=())
        assert (first.outline is None) == (second.outline is None)


@pytest.mark.parametrize("comment", ["", "À l’angle", "x" * 255, "Publié par la Ville"])
def test_our_own_bays_are_not_read_back_and_another_portal_reads_them(comment: str, tmp_path: Path) -> None:
    details = {"COMMENTAIRE": comment} if comment else {}
    content = csv_file(bay(details=details), bay(source="paris", local_id="75103-2"))
    assert read_back(content, tmp_path, EDITION.portal_url + "/") == ([], ["own-export"] * 2)
    drafts, codes = read_back(content, tmp_path, "https://ailleurs.exemple")
    assert (codes, [draft.details for draft in drafts]) == ([], [details, {}])


def test_two_bays_have_two_ids_when_their_sources_gave_the_same() -> None:
    lines = csv_file(bay(), bay(source="paris")).decode().splitlines()
    place = COLUMNS.index("ID")
    assert [line.split(",")[place] for line in lines[1:]] == ["75103-1", "essai:paris:75103-1"]


def test_a_cell_is_not_run_when_a_spreadsheet_opens_it() -> None:
    content = csv_file(bay(address="=cmd()", lon=-1.5)).decode()
    assert "'=cmd()" in content and ",-1.5," in content


def zones(*drafts: BayDraft, bearing: float | None = None) -> dict[str, Any]:
    def opened(stream: BinaryIO, edition: Edition) -> ZonesWriter:
        return ZonesWriter(stream, edition, lambda _place: lambda _lon, _lat: bearing)

    found: dict[str, Any] = json.loads(written(opened, drafts))
    return found


def policies(*drafts: BayDraft) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(written(PoliciesWriter, drafts))
    return found


def test_the_envelope_says_version_clock_date_and_licence() -> None:
    for found in (zones(bay()), policies(bay()), zones(), policies()):
        assert found["version"] == "1.0.1" and found["time_zone"] == "Europe/Paris" and found["currency"] == "EUR"
        assert found["last_updated"] == round(EDITION.produced_at.timestamp() * 1000)
        assert found["license_url"].startswith("https://") and "font foi" in found["notice"]
        assert found["sources"][1] == {"name": "x", "licence": "ODbL 1.0", "url": ""}


def test_a_zone_has_what_the_specification_requires() -> None:
    [zone] = zones(bay(places=2))["data"]["zones"]
    UUID(zone["curb_zone_id"])
    assert zone["length"] == 1000 and zone["width"] == 200 and zone["num_spaces"] == 2
    assert zone["parking_angle"] == "parallel" and zone["street_name"] == "12 rue Basse"
    assert zone["start_date"] == zone["published_date"] < zone["last_updated_date"]
    assert {policy["curb_policy_id"] for policy in policies(bay())["data"]["policies"]} == set(zone["curb_policy_ids"])


def test_an_id_stays_when_words_change_and_not_when_the_place_does() -> None:
    ids = [
        zones(draft)["data"]["zones"][0]["curb_zone_id"]
        for draft in (bay(), bay(address="Ailleurs", max_stay_min=20), bay(lon=2.362))
    ]
    assert ids[0] == ids[1] != ids[2]


def _metres(polygon: BaseGeometry) -> list[float]:
    points = shapely.get_coordinates(polygon).tolist()
    scale = math.cos(math.radians(points[0][1]))
    return [math.hypot((bx - ax) * scale, by - ay) * 111_195.08 for (ax, ay), (bx, by) in itertools.pairwise(points)]


@pytest.mark.parametrize(("bearing", "box"), [(None, "wide"), (90.0, "wide"), (0.0, "high"), (30.0, "slanted")])
def test_the_rectangle_lies_along_the_street_when_only_a_point_is_known(bearing: float | None, box: str) -> None:
    [zone] = zones(bay(), bearing=bearing)["data"]["zones"]
    polygon = shape(zone["geometry"])
    assert sorted(_metres(polygon)) == pytest.approx([2, 2, 10, 10], abs=0.02)
    assert polygon.centroid.distance(shapely.Point(2.3612345, 48.8623456)) < 1e-6
    west, south, east, north = polygon.bounds
    wide, high = (east - west) * math.cos(math.radians(48.86)) * 111_195.08, (north - south) * 111_195.08
    expected = {"wide": (10, 2), "high": (2, 10), "slanted": (5 + math.sqrt(3), 5 * math.sqrt(3) + 1)}[box]
    assert (wide, high) == pytest.approx(expected, abs=0.05)
    assert zone["geometry_origin"] == {
        "from": "point",
        "size_assumed": False,
        "direction_assumed": bearing is None,
    }


def test_a_size_is_assumed_for_the_drawing_alone_when_it_is_unknown() -> None:
    [zone] = zones(bay(length_cm=None, width_cm=None))["data"]["zones"]
    assert "length" not in zone and "width" not in zone and zone["geometry_origin"]["size_assumed"]


def test_the_outline_is_the_zone_when_the_source_drew_one() -> None:
    [zone] = zones(bay(outline=OUTLINE))["data"]["zones"]
    assert shape(zone["geometry"]).equals(OUTLINE) and zone["geometry_origin"] == {"from": "source"}
    assert rectangle(2, 48, 1000, 200, 0).exterior.is_ccw


@pytest.mark.parametrize(
    ("draft", "said"),
    [
        (bay(regime=BayRegime.PERMANENT, hours=()), [("loading", False), ("no parking", False)]),
        (bay(), [("loading", True), ("no parking", True), ("parking", False)]),
        (bay(regime=BayRegime.GOODS_ZONE), [("loading", True), ("no parking", True)]),
        (bay(regime=BayRegime.UNKNOWN), [("loading", True), ("no parking", True)]),
        (bay(hours=()), []),
        (bay(regime=BayRegime.UNKNOWN, hours=()), []),
    ],
)
def test_policies_say_no_more_than_is_known(draft: BayDraft, said: list[tuple[str, bool]]) -> None:
    found = sorted(policies(draft)["data"]["policies"], key=lambda policy: policy["priority"])
    assert [(policy["rules"][0]["activity"], "time_spans" in policy) for policy in found] == said
    if said:
        assert found[0]["rules"] == [{"activity": "loading", "user_classes": ["delivery"], "max_stay": 30}]


def test_equal_policies_of_two_bays_are_one() -> None:
    assert len(policies(bay(), bay(local_id="2"))["data"]["policies"]) == 3
    first, second = zones(bay(), bay(local_id="2"))["data"]["zones"]
    assert first["curb_policy_ids"] == second["curb_policy_ids"]


@pytest.mark.parametrize(
    ("hours", "spans"),
    [
        (
            DeliveryHours(frozenset({Weekday.FRIDAY}), (NIGHT,)),
            [
                {"days_of_week": ["sat"], "time_of_day_end": "06:00"},
                {"days_of_week": ["fri"], "time_of_day_start": "21:00"},
            ],
        ),
        (DeliveryHours(frozenset(), (MORNING,)), [{"time_of_day_start": "07:00", "time_of_day_end": "10:00"}]),
        (DeliveryHours(frozenset({Weekday.SUNDAY}), ()), [{"days_of_week": ["sun"]}]),
        (
            DeliveryHours(frozenset({Weekday.MONDAY}), (MORNING,), HolidayRule.EXCEPTED),
            [
                {
                    "days_of_week": ["mon"],
                    "time_of_day_start": "07:00",
                    "time_of_day_end": "10:00",
                    "designated_period": "holidays",
                    "designated_period_except": True,
                }
            ],
        ),
        (
            DeliveryHours(frozenset({Weekday.MONDAY}), (MORNING,), HolidayRule.ALSO),
            [
                {"days_of_week": ["mon"], "time_of_day_start": "07:00", "time_of_day_end": "10:00"},
                {"time_of_day_start": "07:00", "time_of_day_end": "10:00", "designated_period": "holidays"},
            ],
        ),
        (DeliveryHours(frozenset(), (), HolidayRule.ONLY), [{"designated_period": "holidays"}]),
    ],
)
def test_hours_are_time_spans_when_they_cross_midnight_or_name_holidays(
    hours: DeliveryHours, spans: list[dict[str, object]]
) -> None:
    assert time_spans(hours) == spans


def test_no_policy_is_written_when_hours_hold_no_whole_minute() -> None:
    moment = DeliveryHours(frozenset(), (TimeSlot(time(8, 0, 10), time(8, 0, 40)),))
    assert policies(bay(hours=(moment,)))["data"]["policies"] == []
