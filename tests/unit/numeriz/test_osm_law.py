"""What tags of OpenStreetMap say of goods traffic: the table of the signs, and where nothing may be concluded."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from shapely.geometry import LineString, Point

from portal.common.ids import new_id
from portal.numeriz.imports.opening_hours import write_hours
from portal.numeriz.osm.law import measures_of_osm, measures_of_roads, rules_of_tags
from portal.numeriz.osm.rules import OsmRule
from portal.numeriz.osm.values import ALWAYS
from portal.regulations.evaluate import Purpose, State, stops_inside, verdict
from portal.regulations.holidays import HolidayRegion
from portal.regulations.measures import Direction, LocationKind, Origin
from portal.regulations.snapshot import LawSnapshot
from portal.regulations.vehicles import FreeText, Vehicle, describe
from portal.territories.api import Accent, TaggedRoad, TerritoryView

PARIS = ZoneInfo("Europe/Paris")
LINE = ((2.36, 48.86), (2.361, 48.86))
HEAVY = "gross_weight_kg>3500"

SIGNS: list[tuple[str, list[str]]] = [
    # Access: the most specific key decides.
    ("motor_vehicle=no", ["all"]),
    ("vehicle=no", ["all"]),
    ("access=no", ["all"]),
    ("access=yes", []),
    ("access=permissive", []),
    ("motor_vehicle=destination", ["all but localAccess"]),
    ("motor_vehicle=delivery", ["all but localAccess"]),
    ("motor_vehicle=delivery;destination", ["all but localAccess"]),
    ("access=customers", ["all but localAccess"]),
    ("access=private", ["all but localAccess"]),
    ("access=residents", ["all but resident"]),
    ("access=permit", ["all but permit"]),
    ("motor_vehicle=agricultural;forestry", ["all but agricultural, forestry"]),
    ("hgv=no", [HEAVY]),
    ("hgv=destination", [f"{HEAVY} but localAccess"]),
    ("hgv=delivery", [f"{HEAVY} but localAccess"]),
    ("hgv=designated", []),
    ("hgv=discouraged", []),
    ("goods=no", [f"all but {HEAVY}"]),
    ("goods=no hgv=no", [f"all but {HEAVY}", HEAVY]),
    ("motor_vehicle=no hgv=yes", [f"all but {HEAVY}"]),
    ("motor_vehicle=no goods=yes", [HEAVY]),
    ("access=no motor_vehicle=yes", []),
    ("access=no vehicle=destination", ["all but localAccess"]),
    ("vehicle=destination motor_vehicle=no", ["all"]),
    ("motor_vehicle=yes hgv=no access=no", [HEAVY]),
    ("motor_vehicle=destination hgv=no", [f"all but localAccess, {HEAVY}", HEAVY]),
    ("access=no bus=yes", ["all but publicTransport"]),
    ("motor_vehicle=no psv=yes emergency=yes", ["all but publicTransport, taxi, emergency"]),
    ("motor_vehicle=no taxi=no", ["all"]),
    # Whose land a service road is says nothing of the law; a ban does.
    ("highway=service access=private", []),
    ("highway=service access=customers", []),
    ("highway=service access=no", ["all"]),
    ("highway=service motor_vehicle=destination", ["all but localAccess"]),
    # Values nobody knows conclude nothing.
    ("access=military", ["? access=military"]),
    ("hgv=yes;no", ["? hgv=yes;no"]),
    ("motor_vehicle=no hgv=local", ["? hgv=local", f"all but {HEAVY}", "? hgv=local; motor_vehicle=no"]),
    # Other vehicles, and tags of some lanes only.
    ("bicycle=no foot=no motorcar=no", []),
    ("access:motorcar=destination", []),
    ("hgv:lanes=no|yes", []),
    ("maxheight:signed=no", []),
    ("motor_vehicle:both_ways=no", ["all"]),
    # Weights are permitted weights; limits are strict.
    ("maxweight=3.5", [HEAVY]),
    ("maxweight=3,5 t", [HEAVY]),
    ("maxweight=19", ["gross_weight_kg>19000"]),
    ("maxweight=7500 kg", ["gross_weight_kg>7500"]),
    ("maxweight=8000 lbs", ["gross_weight_kg>3628"]),
    ("maxweight=none", []),
    ("maxweight=unsigned", []),
    ("maxweight=3500", ["? maxweight=3500"]),
    ("maxweight=3.5;7.5", ["? maxweight=3.5;7.5"]),
    ("maxweight=-5", ["? maxweight=-5"]),
    ("maxweight=NaN", ["? maxweight=NaN"]),
    ("maxweightrating=7.5", ["gross_weight_kg>7500"]),
    ("maxweightrating:hgv=7.5", ["gross_weight_kg>7500"]),
    ("maxweight:hgv=3", [HEAVY]),
    ("maxweight=3 maxweight:hgv=12", ["gross_weight_kg>12000", f"gross_weight_kg>3000 but {HEAVY}"]),
    ("maxgcweight=26", ["gross_weight_kg>26000"]),
    ("maxaxleload=10", ["axle_load_kg>10000"]),
    # Sizes.
    ("maxheight=3.5", ["height_cm>350"]),
    ("maxheight=3.5 m", ["height_cm>350"]),
    ("maxheight=350 cm", ["height_cm>350"]),
    ("maxheight=12'6\"", ["height_cm>381"]),
    ("maxheight=11'", ["height_cm>335"]),
    ("maxheight=default", []),
    ("maxheight=below_default", []),
    ("maxheight=0", ["? maxheight=0"]),
    ("maxheight=35", ["? maxheight=35"]),
    ("maxheight=low", ["? maxheight=low"]),
    ("maxheight:physical=3.2", ["height_cm>320"]),
    ("maxheight=3 maxheight:physical=3.2", ["height_cm>300"]),
    ("maxwidth=2", ["width_cm>200"]),
    ("maxlength=10 m", ["length_cm>1000"]),
    ("maxlength:hgv=10", ["? maxlength:hgv=10"]),
    ("maxheight=4.3 maxwidth=2", ["height_cm>430", "width_cm>200"]),
    # Heavy and high at once cannot be said: the limit for all stays, unless it is the stricter one.
    ("maxheight=3.5 maxheight:hgv=3.2", ["? maxheight:hgv=3.2", "height_cm>350"]),
    ("maxlength=10 maxlength:hgv=8", ["? maxlength:hgv=8", "length_cm>1000"]),
    (
        "maxheight=3.5 maxheight:hgv=4",
        ["? maxheight:hgv=4", "? maxheight:hgv=4; maxheight=3.5", f"height_cm>350 but {HEAVY}"],
    ),
    # Dangerous goods: those of one kind only are shown.
    ("hazmat=no", ["hazmat"]),
    ("hazmat=destination", ["hazmat but localAccess"]),
    ("hazmat=designated", []),
    ("hazmat:water=no", ["? hazmat:water=no"]),
    ("hazmat:adr_tunnel_cat=A", []),
    ("hazmat:adr_tunnel_cat=C", ["? hazmat:adr_tunnel_cat=C"]),
]

CONDITIONS: list[tuple[Mapping[str, str], list[str]]] = [
    ({"motor_vehicle:conditional": "no @ (Mo-Fr 07:00-20:00)"}, ["all @ Mo-Fr 07:00-20:00"]),
    ({"hgv:conditional": "no @ (22:00-06:00)"}, [f"{HEAVY} @ Mo-Su 22:00-06:00"]),
    ({"hgv:conditional": "no @ 22:00-06:00"}, [f"{HEAVY} @ Mo-Su 22:00-06:00"]),
    ({"access:conditional": "no @ (weight>3.5)"}, [HEAVY]),
    ({"access:conditional": "no @ (weight>=7.5)"}, ["gross_weight_kg>7499"]),
    ({"access:conditional": "no @ (weightrating > 7.5 t)"}, ["gross_weight_kg>7500"]),
    ({"access:conditional": "destination @ (hgv AND 22:00-06:00)"}, [f"{HEAVY} but localAccess @ Mo-Su 22:00-06:00"]),
    ({"hgv:conditional": "no @ (weight>12 AND Mo-Sa)"}, ["gross_weight_kg>12000 @ Mo-Sa 00:00-24:00"]),
    ({"motor_vehicle:conditional": "no @ (length>12)"}, ["length_cm>1200"]),
    ({"motor_vehicle:conditional": "no @ (hazmat)"}, ["hazmat"]),
    ({"hgv:conditional": "no @ (length>12)"}, ["? hgv:conditional=no @ (length>12)"]),
    # Conditional over plain: the rest of the week keeps the plain value.
    (
        {"motor_vehicle": "no", "motor_vehicle:conditional": "delivery @ (06:00-10:00)"},
        ["all but localAccess @ Mo-Su 06:00-10:00", "all @ Mo-Su 00:00-06:00,10:00-24:00"],
    ),
    (
        {"hgv": "no", "hgv:conditional": "yes @ (Mo-Fr 09:00-16:00)"},
        [
            f"{HEAVY} @ Mo-Fr 00:00-09:00,16:00-24:00; Sa-Su 00:00-24:00",
        ],
    ),
    (
        {"motor_vehicle": "no", "hgv:conditional": "yes @ (05:00-07:00)"},
        [
            f"all but {HEAVY}",
            f"{HEAVY} @ Mo-Su 00:00-05:00,07:00-24:00",
        ],
    ),
    ({"hgv": "no", "hgv:conditional": "yes @ (weight<=7.5)"}, ["gross_weight_kg>7500"]),
    ({"hgv": "no", "hgv:conditional": "yes @ (weight<7.5)"}, ["gross_weight_kg>7499"]),
    ({"hgv": "yes", "motor_vehicle:conditional": "no @ (Su)"}, [f"all but {HEAVY} @ Su 00:00-24:00"]),
    # The last value that holds wins.
    (
        {"motor_vehicle:conditional": "no @ (Mo-Su); yes @ (Sa 08:00-12:00)"},
        ["all @ Mo-Fr,Su 00:00-24:00; Sa 00:00-08:00,12:00-24:00"],
    ),
    # Whom a value is for.
    ({"motor_vehicle": "no", "motor_vehicle:conditional": "yes @ (delivery)"}, ["all but localAccess"]),
    (
        {"motor_vehicle": "no", "motor_vehicle:conditional": "yes @ (delivery AND 06:00-11:00)"},
        ["all but localAccess @ Mo-Su 06:00-11:00", "all @ Mo-Su 00:00-06:00,11:00-24:00"],
    ),
    ({"maxweight": "7.5", "maxweight:conditional": "none @ (destination)"}, ["gross_weight_kg>7500 but localAccess"]),
    (
        {"maxweight": "12", "maxweight:conditional": "7.5 @ (22:00-06:00)"},
        ["gross_weight_kg>7500 @ Mo-Su 22:00-06:00", "gross_weight_kg>12000 @ Mo-Su 06:00-22:00"],
    ),
    ({"hazmat:conditional": "no @ (07:00-19:00)"}, ["hazmat @ Mo-Su 07:00-19:00"]),
    # Two sizes at once, or a size and a load, cannot be said: only shown, and a limit that is less strict stays.
    (
        {"maxheight": "3.5", "maxheight:conditional": "3.2 @ (weight>7.5)"},
        ["? maxheight:conditional=3.2 @ (weight>7.5)", "height_cm>350"],
    ),
    (
        {"maxheight": "3.5", "maxheight:conditional": "3.2 @ (weight>7.5 AND Mo-Fr)"},
        ["? maxheight:conditional=3.2 @ (weight>7.5 AND Mo-Fr)", "height_cm>350"],
    ),
    ({"maxheight:conditional": "3.5 @ (length>10)"}, ["? maxheight:conditional=3.5 @ (length>10)"]),
    (
        {"maxheight": "4", "maxheight:conditional": "3.5 @ (length>10)"},
        ["? maxheight:conditional=3.5 @ (length>10)", "height_cm>400"],
    ),
    (
        {"maxheight": "3.5", "maxheight:conditional": "4 @ (length>10)"},
        ["? maxheight:conditional=4 @ (length>10)", "? maxheight:conditional=4 @ (length>10); maxheight=3.5"],
    ),
    (
        {"maxheight": "3.5", "maxheight:conditional": "3 @ (weight<=7.5)"},
        ["height_cm>300 but gross_weight_kg>7500", "height_cm>350"],
    ),
    (
        {"maxheight": "3.5", "maxheight:hgv:conditional": "none @ (22:00-06:00)"},
        [f"height_cm>350 but {HEAVY}", "height_cm>350 @ Mo-Su 06:00-22:00"],
    ),
    (
        {"maxheight": "4", "maxheight:hgv": "3.5", "maxheight:conditional": "3 @ (09:00-18:00)"},
        [
            "? maxheight:hgv=3.5",
            "? maxheight:hgv=3.5; maxheight:conditional=3 @ (09:00-18:00)",
            f"height_cm>300 but {HEAVY} @ Mo-Su 09:00-18:00",
            f"height_cm>400 but {HEAVY} @ Mo-Su 00:00-09:00,18:00-24:00",
            "height_cm>400",
        ],
    ),
    ({"maxweight:conditional": "12 @ (hazmat)"}, ["? maxweight:conditional=12 @ (hazmat)"]),
    (
        {"hazmat": "no", "hazmat:conditional": "no @ (weight>7.5)"},
        ["? hazmat:conditional=no @ (weight>7.5)", "hazmat"],
    ),
    (
        {"hazmat": "no", "hazmat:conditional": "destination @ (weight>7.5)"},
        [
            "? hazmat:conditional=destination @ (weight>7.5)",
            "? hazmat:conditional=destination @ (weight>7.5); hazmat=no",
            "hazmat but gross_weight_kg>7500",
        ],
    ),
    # Public holidays and seasons.
    ({"motor_vehicle:conditional": "no @ (Su,PH 10:00-18:00)"}, ["all @ Su 10:00-18:00; PH 10:00-18:00"]),
    ({"motor_vehicle:conditional": "no @ (Mo-Fr 07:00-09:00; PH off)"}, ["all @ Mo-Fr 07:00-09:00; PH off"]),
    (
        {"motor_vehicle:conditional": "destination @ (Jul 23-Aug 21 Sa 14:00-20:00; Jul 23-Aug 21 Su,PH 10:00-20:00)"},
        ["all but localAccess @ Sa 14:00-20:00; Su 10:00-20:00; PH 10:00-20:00 from (7, 23) to (8, 21)"],
    ),
    ({"hgv:conditional": "no @ (Nov 15-Mar 15)"}, [f"{HEAVY} from (11, 15) to (3, 15)"]),
    ({"hgv:conditional": "no @ (Jul-Aug)"}, [f"{HEAVY} from (7, 1) to (8, 31)"]),
    ({"hgv:conditional": "no @ (Feb)"}, [f"{HEAVY} from (2, 1) to (2, 29)"]),
    (
        {"maxheight": "3.5", "maxheight:conditional": "3.2 @ (Jul-Aug)"},
        ["height_cm>320 from (7, 1) to (8, 31)", "height_cm>350"],
    ),
    (
        {"maxheight": "3.5", "maxheight:conditional": "4 @ (Jul-Aug)"},
        ["? maxheight:conditional=4 @ (Jul-Aug); maxheight=3.5", "height_cm>400 from (7, 1) to (8, 31)"],
    ),
    (
        {"hgv": "destination", "hgv:conditional": "destination @ (SH)"},
        [
            "? hgv:conditional=destination @ (SH)",
            f"{HEAVY} but localAccess",
        ],
    ),
    # Streets for walkers that have hours are closed for the rest of the day.
    (
        {"highway": "pedestrian", "motor_vehicle:conditional": "delivery @ (06:00-10:00)"},
        ["all but localAccess @ Mo-Su 06:00-10:00", "all @ Mo-Su 00:00-06:00,10:00-24:00"],
    ),
    ({"highway": "pedestrian", "motor_vehicle": "delivery"}, ["all but localAccess"]),
    # Not understood: shown, and what it may free is not closed either.
    ({"hgv:conditional": "no @ (SH)"}, ["? hgv:conditional=no @ (SH)"]),
    ({"hgv:conditional": "no"}, ["? hgv:conditional=no"]),
    ({"hgv:conditional": "no @ (axles>3)"}, ["? hgv:conditional=no @ (axles>3)"]),
    ({"hgv:conditional": "no @ (sunset-sunrise)"}, ["? hgv:conditional=no @ (sunset-sunrise)"]),
    ({"hgv:conditional": "no @ (2024 Jun 01-2024 Aug 31)"}, ["? hgv:conditional=no @ (2024 Jun 01-2024 Aug 31)"]),
    ({"hgv:conditional": "no @ (Jul 1-Aug 31 22:00-06:00)"}, ["? hgv:conditional=no @ (Jul 1-Aug 31 22:00-06:00)"]),
    ({"hgv:conditional": "no @ (delivery)"}, ["? hgv:conditional=no @ (delivery)"]),
    (
        {"hgv": "no", "hgv:conditional": "yes @ (SH)"},
        ["? hgv:conditional=yes @ (SH)", "? hgv:conditional=yes @ (SH); hgv=no"],
    ),
    ({"hgv": "no", "hgv:conditional": "no @ (SH)"}, ["? hgv:conditional=no @ (SH)", HEAVY]),
    ({"hgv": "no", "hgv:conditional": "yes @ (Jul-Aug)"}, ["? hgv:conditional=yes @ (Jul-Aug); hgv=no"]),
    (
        {"hgv": "no", "hgv:conditional": "yes @ (22:00-06:00; PH off)"},
        ["? hgv:conditional=yes @ (22:00-06:00; PH off)", "? hgv:conditional=yes @ (22:00-06:00; PH off); hgv=no"],
    ),
]


def told(rule: OsmRule) -> str:
    """A rule in one line; a mere warning begins with a question mark."""
    if rule.applies_to and isinstance(rule.applies_to[0], FreeText):
        return f"? {rule.applies_to[0].text}"
    line = ", ".join(describe(criterion) for criterion in rule.applies_to) or "all"
    if rule.except_:
        line += f" but {', '.join(describe(criterion) for criterion in rule.except_)}"
    if rule.hours != ALWAYS:
        line += f" @ {write_hours(rule.hours)}"
    return line + (f" from {rule.season[0]} to {rule.season[1]}" if rule.season else "")


def plain_tags(text: str) -> dict[str, str]:
    """`a=b c=d`; a value may hold a blank before its unit."""
    tags: dict[str, str] = {}
    for part in text.split(" "):
        key, sign, value = part.partition("=")
        if sign:
            tags[key] = value
        else:
            tags[next(reversed(tags))] += f" {key}"
    return tags


@pytest.mark.parametrize(("text", "expected"), SIGNS, ids=[text for text, _ in SIGNS])
def test_signs_say_whom_they_bind_when_they_hold_at_all_hours(text: str, expected: list[str]) -> None:
    rules = rules_of_tags({"highway": "residential", **plain_tags(text)})
    assert sorted(told(rule) for rule, _ in rules) == sorted(expected)
    assert {direction for _, direction in rules} <= {Direction.BOTH}


@pytest.mark.parametrize(("tags", "expected"), CONDITIONS, ids=[" ".join(tags.values()) for tags, _ in CONDITIONS])
def test_conditions_say_when_and_for_whom_when_they_are_understood(
    tags: Mapping[str, str], expected: list[str]
) -> None:
    assert sorted(told(rule) for rule, _ in rules_of_tags({"highway": "residential", **tags})) == sorted(expected)


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"maxheight": "3.5"}, [("height_cm>350", Direction.BOTH)]),
        ({"maxheight:forward": "3.5"}, [("height_cm>350", Direction.FORWARD)]),
        ({"hgv:backward": "no"}, [(HEAVY, Direction.BACKWARD)]),
        ({"hgv:backward:conditional": "no @ (Su)"}, [(f"{HEAVY} @ Su 00:00-24:00", Direction.BACKWARD)]),
        ({"hgv": "no", "hgv:forward": "yes"}, [(HEAVY, Direction.BACKWARD)]),
        (
            {"maxheight": "4", "maxheight:forward": "3.5"},
            [("height_cm>350", Direction.FORWARD), ("height_cm>400", Direction.BACKWARD)],
        ),
        ({"oneway": "yes", "hgv:backward": "no"}, []),
        ({"oneway": "yes", "hgv:forward": "no"}, [(HEAVY, Direction.BOTH)]),
        ({"oneway": "-1", "hgv:backward": "no"}, [(HEAVY, Direction.BOTH)]),
        ({"junction": "roundabout", "hgv": "no"}, [(HEAVY, Direction.BOTH)]),
    ],
)
def test_one_direction_is_bound_when_the_tag_names_it(
    tags: Mapping[str, str], expected: list[tuple[str, Direction]]
) -> None:
    assert [(told(rule), direction) for rule, direction in rules_of_tags(tags)] == expected


def test_a_road_becomes_measures_of_openstreetmap_when_it_is_tagged() -> None:
    road = TaggedRoad(
        16875298, {"highway": "residential", "name": "Rue Meslay", "maxheight": "4.3", "maxwidth": "2"}, LINE
    )
    first, second = measures_of_roads([road], PARIS)
    assert (first.id, second.id) == ("osm:way/16875298#1", "osm:way/16875298#2")
    assert first.origin is Origin.OSM and first.may_close
    assert first.order.id == second.order.id == "osm:way/16875298"
    assert (first.order.title, second.order.title) == ("maxheight=4.3", "maxwidth=2")
    assert first.order.url == "https://www.openstreetmap.org/way/16875298"
    [place] = first.locations
    assert (place.label, place.kind, place.direction) == ("Rue Meslay", LocationKind.NAMED_STREET, Direction.BOTH)
    assert list(place.shape.coords) == list(LINE)
    [period] = first.periods
    assert period.end is None and period.is_continuous


def test_a_square_is_an_area_when_it_is_drawn_as_one() -> None:
    ring = (*LINE, (2.361, 48.861), LINE[0])
    [measure] = measures_of_roads([TaggedRoad(1, {"highway": "pedestrian", "area": "yes", "hgv": "no"}, ring)], PARIS)
    assert measure.locations[0].shape.geom_type == "Polygon"
    [outline] = measures_of_roads([TaggedRoad(2, {"highway": "residential", "hgv": "no"}, ring)], PARIS)
    assert outline.locations[0].shape.geom_type == "LineString"


@pytest.mark.parametrize(
    ("season", "start", "end"),
    [
        ("Jul 23-Aug 21", datetime(2024, 7, 22, 22, tzinfo=UTC), datetime(2024, 8, 21, 22, tzinfo=UTC)),
        ("Feb", datetime(2024, 1, 31, 23, tzinfo=UTC), datetime(2024, 2, 29, 23, tzinfo=UTC)),
        ("Nov 15-Mar 15", datetime(2024, 11, 14, 23, tzinfo=UTC), datetime(2025, 3, 15, 23, tzinfo=UTC)),
        ("Dec 24-Dec 31", datetime(2024, 12, 23, 23, tzinfo=UTC), datetime(2024, 12, 31, 23, tzinfo=UTC)),
    ],
)
def test_a_season_comes_back_each_year_when_it_has_local_days(season: str, start: datetime, end: datetime) -> None:
    [measure] = measures_of_roads([TaggedRoad(1, {"hgv:conditional": f"no @ ({season})"}, LINE)], PARIS)
    assert [(period.start, period.end) for period in measure.periods if period.start.year == start.year] == [
        (start, end)
    ]
    assert {period.start.astimezone(PARIS).year for period in measure.periods} == set(range(2020, 2040))


def _street(way_id: int, west: int, east: int, **tags: str) -> TaggedRoad:
    """A piece of a street that runs from west to east, in thousandths of a degree."""
    return TaggedRoad(way_id, tags, ((2.36 + west / 1000, 48.86), (2.36 + east / 1000, 48.86)))


def test_pieces_of_a_street_are_one_measure_when_they_meet_and_spare_local_access() -> None:
    only = {"motor_vehicle": "destination"}
    pieces = [
        _street(1, 0, 1, **only),
        _street(2, 2, 3, **only),
        _street(3, 1, 2, **only, name="Rue du Milieu"),
        _street(4, 3, 4, access="destination"),
        _street(5, 5, 6, **only),
        _street(6, 6, 7, motor_vehicle="no"),
        _street(7, 7, 8, motor_vehicle="no"),
    ]
    measures = list(measures_of_roads(pieces, PARIS))
    assert [(measure.id, len(measure.locations)) for measure in measures] == [
        ("osm:way/1#1", 4),
        ("osm:way/5#1", 1),
        ("osm:way/6#1", 1),
        ("osm:way/7#1", 1),
    ]
    assert {place.label for place in measures[0].locations} == {"", "Rue du Milieu"}
    assert measures[0].order.title == "motor_vehicle=destination; access=destination"


def test_a_stop_on_the_last_piece_of_a_street_opens_the_first_when_they_are_one() -> None:
    pieces = [_street(way_id, way_id, way_id + 1, motor_vehicle="destination") for way_id in range(4)]
    law = LawSnapshot.build([], measures_of_roads(pieces, PARIS), zone=PARIS, version="1")
    van, noon = Vehicle(gross_weight_kg=3500), datetime(2024, 6, 3, 10, tzinfo=UTC)
    way_in = LineString(pieces[0].coords)
    stop = stops_inside(law, [Point(2.3635, 48.86)])
    assert verdict(law, way_in, noon, van, purpose=stop).state is State.ALLOWED
    assert verdict(law, way_in, noon, van, purpose=Purpose.TRANSIT).state is State.FORBIDDEN


def test_the_signs_are_those_of_the_build_when_it_appears_later(tmp_path: Path) -> None:
    path = tmp_path / "restrictions.jsonl.gz"
    town = TerritoryView(
        new_id(), "val", "Val", "Europe/Paris", HolidayRegion.METROPOLE, None, None, Accent.BLUE, "1",
        None, None, None, path, "", "", False, 1,
    )  # fmt: skip
    assert measures_of_osm(town) == ()
    path.write_bytes(gzip.compress(f"{_street(1, 0, 1, hgv='no').as_line()}\n".encode()))
    [measure] = measures_of_osm(town)
    assert measure.order.title == "hgv=no"
    assert measures_of_osm(town)[0] is measure, "read once per build"
    assert measures_of_osm(replace(town, restrictions_path=None)) == ()
