"""Law written as open data and read again is the same law, as far as the format can carry it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.numeriz.exports.datex2 import Datex2Writer
from portal.numeriz.imports.datex.files import DATEX2
from portal.numeriz.imports.datex.perimeters import DATEX2_PERIMETERS
from portal.numeriz.imports.reading import Format, ReadingContext, SourceFile
from portal.numeriz.values import Category, Issue, MeasureDraft, OrderDraft, PerimeterDraft, Subject
from portal.regulations.measures import Direction, LocationKind, MeasureLocation, MeasureType
from portal.regulations.perimeters import AccessPolicy, Activation, Colour, Motorised
from portal.regulations.schedules import HolidayRule, Period, TimeSlot, Weekday
from portal.regulations.vehicles import (
    Access,
    AirClass,
    AirClassIn,
    CarriesHazmat,
    FreeText,
    HasAccess,
    IsRoadUser,
    Over,
    RoadUser,
    Size,
    Usage,
    UsedFor,
    VehicleRule,
)
from tests.support.editions import EDITION, PLACE, written

WORDS = st.text(st.sampled_from("abéÀ’'-<>&\"/#0 "), max_size=20).map(lambda text: " ".join(text.split()))
NAMES = WORDS.filter(bool)
CRITERIA = st.one_of(
    st.builds(Over, st.sampled_from([size for size in Size if size is not Size.FOOTPRINT]), st.integers(1, 10**5)),
    st.builds(Over, st.just(Size.FOOTPRINT), st.integers(1, 10**7)),
    st.builds(AirClassIn, st.frozensets(st.sampled_from(AirClass), min_size=1)),
    st.just(CarriesHazmat()),
    st.builds(UsedFor, st.sampled_from(Usage)),
    st.builds(HasAccess, st.sampled_from(Access)),
    st.builds(IsRoadUser, st.sampled_from(RoadUser)),
    st.builds(FreeText, NAMES),
)
RULES = st.builds(VehicleRule, st.lists(CRITERIA, max_size=3).map(tuple), st.lists(CRITERIA, max_size=3).map(tuple))
SLOTS = st.builds(TimeSlot, st.times(), st.times())
INSTANTS = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 the zone is beside
NUMBERS = st.floats(-80, 80, allow_nan=False).map(lambda number: round(number, 9))
POINTS = st.tuples(NUMBERS, NUMBERS)
LINES = st.lists(POINTS, min_size=2, max_size=5, unique=True)
SHAPES = st.one_of(
    LINES.map(shapely.LineString),
    st.lists(LINES, min_size=2, max_size=3).map(shapely.MultiLineString),
    POINTS.map(lambda corner: shapely.box(corner[0], corner[1], corner[0] + 0.1, corner[1] + 0.1)),
    POINTS.map(
        lambda corner: shapely.box(corner[0], corner[1], corner[0] + 1, corner[1] + 1).difference(
            shapely.box(corner[0] + 0.2, corner[1] + 0.2, corner[0] + 0.4, corner[1] + 0.4)
        )
    ),
    POINTS.map(
        lambda corner: shapely.MultiPolygon(
            [shapely.box(corner[0] + step, corner[1], corner[0] + step + 0.1, corner[1] + 0.1) for step in (0, 1)]
        )
    ),
    st.just(shapely.LineString()),
)
LOCATIONS = st.builds(
    MeasureLocation,
    st.sampled_from(LocationKind),
    WORDS,
    SHAPES,
    st.sampled_from(Direction),
    named_roads=st.frozensets(NAMES, max_size=2),
)


@st.composite
def periods(draw: st.DrawFn) -> Period:
    start = draw(INSTANTS)
    length = draw(st.none() | st.timedeltas(timedelta(0), timedelta(days=4000)))
    days = draw(st.frozensets(st.sampled_from(Weekday)))
    slots = tuple(draw(st.lists(SLOTS, max_size=3)))
    return Period(start, None if length is None else start + length, days, slots, draw(st.sampled_from(HolidayRule)))


MEASURES = st.builds(
    MeasureDraft,
    st.sampled_from(MeasureType),
    st.lists(LOCATIONS, max_size=3).map(tuple),
    st.lists(periods(), max_size=2).map(tuple),
    RULES,
    st.none(),
) | st.builds(
    MeasureDraft,
    st.just(MeasureType.SPEED_LIMIT),
    st.lists(LOCATIONS, min_size=1, max_size=2).map(tuple),
    st.lists(periods(), min_size=1, max_size=2).map(tuple),
    RULES,
    st.none() | st.integers(1, 130),
)
ORDERS = st.builds(
    OrderDraft,
    NAMES,
    NAMES,
    NAMES,
    st.sampled_from(Category),
    st.lists(MEASURES, min_size=1, max_size=3).map(tuple),
    st.none() | st.sampled_from(Subject),
    url=st.sampled_from(["", "https://exemple.fr/a?b=1&c=2"]),
)


def read_back(layout: Format[Any], content: bytes, own_url: str = "") -> tuple[list[Any], list[Issue]]:
    """What a reader of ours understands of a file, and what it doubts."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "file.xml"
        path.write_bytes(content)
        assert layout.recognises(SourceFile("file.xml", path).head(), "file.xml")
        context = ReadingContext(PLACE.zone, None, EDITION.produced_at, 10**9, 10**6, own_url)
        reading = layout.open([SourceFile("file.xml", path)], context)
        drafts: list[Any] = []
        issues: list[Issue] = []
        for record in reading.records:
            understood = record.read()
            drafts += understood.drafts
            issues += understood.issues
        assert reading.complete
        return drafts, [*issues, *reading.issues]


def said(draft: OrderDraft) -> OrderDraft:
    """What an order says, without where it comes from, what was matched, and two spellings of the same."""
    return replace(
        draft,
        source="",
        source_id="",
        provenance={},
        issues=(),
        measures=tuple(replace(measure, locations=tuple(_place(found) for found in measure.locations),
                               periods=tuple(_period(found) for found in measure.periods))
                       for measure in draft.measures),
    )  # fmt: skip


def _place(found: MeasureLocation) -> MeasureLocation:
    """Outlines begin anywhere; nowhere is nowhere, whatever its type."""
    shape = found.shape
    if shape.is_empty:
        shape = shapely.Point()
    elif shape.geom_type.endswith("Polygon"):
        shape = shapely.normalize(shape)
    return replace(found, shape=shape, edges=())


def _period(found: Period) -> Period:
    """On holidays alone weekdays say nothing; "every day and holidays" is every day."""
    if found.holidays is HolidayRule.ONLY:
        return replace(found, weekdays=frozenset())
    if found.holidays is HolidayRule.ALSO and not found.weekdays:
        return replace(found, holidays=HolidayRule.IGNORED)
    return found


def carried(draft: OrderDraft) -> OrderDraft:
    """The order with the measures the format can carry: those that say when and where."""
    return replace(
        draft, measures=tuple(measure for measure in draft.measures if measure.periods and measure.locations)
    )


def check_datex2(drafts: Sequence[OrderDraft]) -> None:
    found, _issues = read_back(DATEX2, written(Datex2Writer, drafts))
    assert [said(draft) for draft in found] == [said(kept) for kept in map(carried, drafts) if kept.measures]


@given(st.lists(ORDERS, min_size=1, max_size=3))
@settings(deadline=None, max_examples=80, derandomize=True)
def test_orders_are_the_same_when_their_datex2_is_read_back(drafts: list[OrderDraft]) -> None:
    check_datex2(drafts)


@given(ORDERS.filter(lambda draft: bool(carried(draft).measures)))
@settings(deadline=None, max_examples=10, derandomize=True)
def test_nothing_is_read_back_when_the_file_is_our_own(draft: OrderDraft) -> None:
    content = written(Datex2Writer, [draft])
    drafts, issues = read_back(DATEX2, content, EDITION.portal_url)
    assert drafts == [] and {issue.code for issue in issues} == {"own-export"}


PERIMETERS = st.builds(
    PerimeterDraft,
    NAMES,
    NAMES,
    st.sampled_from(Colour),
    SHAPES.filter(lambda shape: shape.geom_type.endswith("Polygon")),
    st.integers(1, 10**9).map("{:064x}".format),
    st.lists(
        st.builds(
            lambda start, length: Activation(start, None if length is None else start + length),
            INSTANTS,
            st.none() | st.timedeltas(timedelta(0), timedelta(days=30)),
        ),
        min_size=1,
        max_size=3,
    ).map(tuple),
    st.none() | st.builds(AccessPolicy, st.sampled_from(Motorised), st.lists(CRITERIA, max_size=3).map(tuple), WORDS),
    st.frozensets(NAMES, max_size=2),
)


@given(st.lists(PERIMETERS, min_size=1, max_size=3), ORDERS)
@settings(deadline=None, max_examples=40, derandomize=True)
def test_perimeters_are_the_same_when_their_datex2_is_read_back(
    drafts: list[PerimeterDraft], order: OrderDraft
) -> None:
    found, issues = read_back(DATEX2_PERIMETERS, written(Datex2Writer, [order, *drafts]))
    assert issues == []
    assert [_perimeter(draft) for draft in found] == [_perimeter(draft) for draft in drafts]


def _perimeter(found: PerimeterDraft) -> PerimeterDraft:
    return replace(found, shape=shapely.normalize(found.shape), provenance={})
