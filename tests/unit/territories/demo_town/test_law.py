"""The invented law: complete, sound, dated, and where the town is."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

import pytest
import shapely
from shapely.geometry import LineString, Point, box

from portal.regulations.measures import MeasureType
from portal.regulations.perimeters import Colour
from portal.territories.demo_town import Town
from portal.territories.demo_town.law import TownLaw
from portal.territories.demo_town.law_shapes import PARIS

TODAY = date(2026, 11, 23)


@pytest.fixture(scope="module")
def law(town: Town) -> TownLaw:
    """Return the law on one day."""
    return town.law(TODAY)


def test_law_is_equal_when_town_and_date_are(town: Town, law: TownLaw) -> None:
    again = town.law(TODAY)
    assert again == law
    assert town.law(TODAY + timedelta(days=1)) != law


def test_every_type_of_measure_is_there_when_orders_are_listed(law: TownLaw) -> None:
    found = {measure.type for order in law.orders for measure in order.measures}
    assert found == set(MeasureType) - {MeasureType.UNKNOWN}
    assert 25 <= len(law.orders) <= 32
    assert max(Counter(order.identifier for order in law.orders).values()) == 1


def test_order_obeys_the_entry_rules_when_published(town: Town, law: TownLaw) -> None:
    frame = box(*town.bounds).buffer(1e-4)
    for order in law.orders:
        assert len(order.identifier) <= 60
        assert len(order.title) <= 255
        assert (order.end is None) == (order.category == "permanent") == (order.subject is None)
        for measure in order.measures:
            assert measure.order.title == order.title
            assert measure.locations
            assert measure.periods
            for place in measure.locations:
                assert place.shape.is_valid
                assert not place.shape.is_empty
                assert frame.contains(place.shape), order.title


def test_titles_have_no_plain_space_before_a_colon_when_typeset(law: TownLaw) -> None:
    assert not [order.title for order in law.orders if " :" in order.title or "5 t" in order.title]


def test_some_temporary_orders_bind_today_and_some_later_when_dated(law: TownLaw) -> None:
    now = {order.identifier for order in law.orders if order.category == "temporary" and order.start.date() <= TODAY}
    later = {order.identifier for order in law.orders if order.start.date() > TODAY}
    assert now
    assert later


def test_event_has_three_days_and_colours_when_it_is_two_days_ahead(law: TownLaw) -> None:
    assert law.event.first_day == TODAY + timedelta(days=2)
    assert law.event.last_day == TODAY + timedelta(days=4)
    own = [p for p in law.perimeters if p.event == law.event.name]
    assert {p.colour for p in own} == {Colour.BLUE, Colour.RED, Colour.GREY}
    stadium = [p for p in own if p.id.startswith("demo-stade")]
    assert all(len(p.activations) == 3 for p in stadium)
    first = stadium[0].activations[0]
    assert first.end is not None
    start, end = first.start.astimezone(PARIS), first.end.astimezone(PARIS)
    assert (start.hour, start.minute, end.hour) == (11, 30, 19)


def test_perimeters_of_the_two_sites_do_not_overlap_when_drawn(law: TownLaw) -> None:
    sites = [p.shape for p in law.perimeters if p.id.startswith(("demo-stade", "demo-marche"))]
    assert len(sites) == 5
    for i, one in enumerate(sites):
        for other in sites[i + 1 :]:
            assert one.intersection(other).area < 1e-12


def test_motorway_crosses_a_perimeter_on_its_viaduct_when_drawn(town: Town, law: TownLaw) -> None:
    blue = next(p.shape for p in law.perimeters if p.id == "demo-stade-bleu")
    crossing = [
        dict(road.tags)
        for road in town.roads
        if dict(road.tags)["highway"] == "motorway" and LineString([town.nodes[n] for n in road.nodes]).crosses(blue)
    ]
    assert crossing
    assert all(tags["bridge"] == "yes" and tags["layer"] == "1" for tags in crossing)


def test_one_perimeter_is_always_active_when_there_is_no_event(law: TownLaw) -> None:
    always = [p for p in law.perimeters if p.activations[0].end is None]
    assert [p.colour for p in always] == [Colour.RED]


def test_one_way_order_follows_the_traffic_when_drawn(town: Town, law: TownLaw) -> None:
    ways = {tuple(town.nodes[n] for n in road.nodes) for road in town.roads if dict(road.tags).get("oneway") == "yes"}
    places = [m.locations[0] for o in law.orders for m in o.measures if m.type is MeasureType.ONE_WAY]
    assert len(places) == 2
    for place in places:
        assert {tuple(line.coords) for line in shapely.get_parts(place.shape)} <= ways


def test_bays_stand_beside_their_street_when_placed(town: Town, law: TownLaw) -> None:
    lines = {s.name: LineString([town.plane.to_plane(p) for p in s.line]) for s in town.streets}
    assert len(law.bays) == 400
    assert {bay.regime for bay in law.bays} == {"permanent", "periodic"}
    for bay in law.bays:
        away = lines[bay.street].distance(Point(town.plane.to_plane((bay.lon, bay.lat))))
        assert away < 4
        assert (bay.regime == "periodic") == bool(bay.slots)
        assert 6 < bay.length_m < 32
        assert bay.address[0].isdigit()


def test_live_events_are_on_streets_that_no_order_rules(town: Town, law: TownLaw) -> None:
    frame = box(*town.bounds).buffer(1e-4)
    ruled = [place.shape for order in law.orders for measure in order.measures for place in measure.locations]
    assert {incident.kind for incident in law.incidents} == {"closure", "alternate", "accident"}
    for incident in law.incidents:
        assert frame.contains(incident.shape)
        assert incident.start < incident.end
        assert not any(incident.shape.equals(shape) for shape in ruled)
