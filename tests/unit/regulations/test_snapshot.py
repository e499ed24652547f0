"""The index: nothing forgotten, nothing changed, shared by threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import shapely
from shapely import LineString, Point, Polygon, box

from portal.regulations.evaluate import (
    Interval,
    State,
    next_change,
    open_windows,
    verdict,
)
from portal.regulations.passes import PassRight
from portal.regulations.perimeters import Activation, Colour
from portal.regulations.snapshot import LawSnapshot
from portal.regulations.vehicles import Vehicle
from tests.support.law import INSIDE, ON_STREET, OUTSIDE, PARIS, law_of, local, measure, perimeter

TRUCK = Vehicle(gross_weight_kg=12000)
NOON = local("2024-07-27 12:00")


def test_empty_law_allows_everything() -> None:
    assert verdict(law_of(), INSIDE, NOON, TRUCK).state is State.ALLOWED
    assert law_of().candidates(INSIDE) == ()


def test_candidates_are_those_near_and_in_force_those_active() -> None:
    near, far, asleep = (
        perimeter(),
        measure(),
        perimeter(Colour.BLUE, ("2024-08-01 10:00", "2024-08-01 20:00"), id="p2"),
    )
    law = law_of(near, far, asleep)
    assert law.candidates(INSIDE) == (near, asleep)
    assert [hit.regulation for hit in law.at(INSIDE)] == [near, asleep]
    assert [hit.regulation for hit in law.in_force(INSIDE, Interval(NOON, NOON))] == [near]
    assert law.candidates(ON_STREET) == (far,)
    assert law.candidates(OUTSIDE) == ()


def test_a_box_holds_what_meets_it_and_is_active_when_asked() -> None:
    asleep = perimeter(Colour.BLUE, ("2024-08-01 10:00", "2024-08-01 20:00"), id="p2")
    diagonal = measure(id="m2", shape=LineString([(2.30, 48.90), (2.40, 49.0)]))
    here, street = perimeter(), measure()
    law = law_of(here, asleep, street, diagonal)
    assert law.in_box((2.305, 48.805, 2.306, 48.806)) == (here, asleep)
    assert law.in_box((2.305, 48.805, 2.306, 48.806), Interval(NOON, NOON)) == (here,)
    assert law.in_box((2.0, 48.0, 3.0, 49.5)) == (here, asleep, street, diagonal)
    # Inside the box of the diagonal, and far from its line.
    assert law.in_box((2.38, 48.90, 2.40, 48.92)) == ()
    assert law.in_box((-10.0, 0.0, -9.0, 1.0)) == ()


def test_law_of_some_days_answers_as_the_whole_law_does_in_them() -> None:
    later = perimeter(Colour.BLUE, ("2024-08-01 10:00", "2024-08-01 20:00"), id="p2")
    law = law_of(perimeter(), later, measure())
    days = law.around(Interval(NOON, NOON + timedelta(days=2)))
    assert set(days.perimeters) == {"p1"}
    assert set(days.measures) == {"m1"}
    for place in (INSIDE, ON_STREET):
        assert verdict(days, place, NOON, TRUCK) == verdict(law, place, NOON, TRUCK)
    alone = law.only(law.measures["m1"])
    assert (set(alone.perimeters), set(alone.measures), alone.calendar) == (set(), {"m1"}, law.calendar)


def test_what_was_prepared_is_kept_when_the_regulation_is_the_same_object() -> None:
    kept, gone = measure(), perimeter()
    before = law_of(kept, gone)
    assert before.at(ON_STREET)
    fresh = perimeter(id="p2")
    after = LawSnapshot.build([fresh], [kept], zone=PARIS, version="next", previous=before)
    assert [site.regulation.id for site in after.sites] == ["p2", "m1"]
    assert after.sites[1] is before.sites[1]
    assert [hit.regulation for hit in after.at(INSIDE)] == [fresh]


def test_street_is_found_when_the_address_stands_beside_it() -> None:
    beside = Point(2.405, 48.85 + 8 / 111_195)
    assert [hit.regulation.id for hit in law_of(measure()).at(beside)] == ["m1"]


def test_lists_of_other_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="as many"):
        law_of().at_many([INSIDE], [None, None])


def test_regulation_without_a_shape_is_kept_and_binds_nowhere() -> None:
    law = law_of(perimeter(shape=Polygon()))
    assert list(law.perimeters) == ["p1"]
    assert law.at(box(-180, -90, 180, 90)) == ()


def test_law_is_refused_when_an_id_is_repeated_or_a_shape_is_not_finite() -> None:
    with pytest.raises(ValueError, match="two regulations"):
        law_of(perimeter(), perimeter())
    with pytest.raises(ValueError, match="not finite"):
        law_of(measure(shape=LineString([(2.3, 48.8), (float("inf"), 48.8)])))


def test_question_is_refused_when_the_place_is_empty_or_the_instant_naive() -> None:
    with pytest.raises(ValueError, match="no place"):
        verdict(law_of(), Point(), NOON, TRUCK)
    with pytest.raises(ValueError, match="time zone"):
        verdict(law_of(perimeter()), INSIDE, NOON.replace(tzinfo=None), TRUCK)


def test_threads_get_the_same_answers_when_they_share_a_law() -> None:
    shapes = [Point(2.3 + n * 0.0005, 48.8 + m * 0.0005).buffer(0.002) for n in range(8) for m in range(4)]
    law = law_of(*(perimeter(id=f"p{i}", shape=shape) for i, shape in enumerate(shapes)))
    paths = [LineString([(2.29 + i * 0.0003, 48.79), (2.30 + i * 0.0003, 48.82)]) for i in range(60)]
    expected = [
        {f"p{i}" for i, shape in enumerate(shapes) if shapely.intersects(shape.buffer(-0.00002), path)}
        for path in paths
    ]

    def ids_on(path: LineString) -> set[str]:
        return {reason.id for reason in verdict(law, path, NOON, TRUCK).reasons}

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(ids_on, paths * 5))
    for got, sure in zip(found, expected * 5, strict=True):
        assert sure <= got
    assert found == found[: len(paths)] * 5


def test_next_change_is_the_first_instant_at_which_the_state_differs() -> None:
    law = law_of(perimeter(Colour.BLUE, id="blue"), perimeter(Colour.RED, ("2024-07-27 14:00", "2024-07-27 22:00")))
    held = [PassRight(local("2024-07-27 00:00"), local("2024-07-27 16:30"), colours=frozenset({Colour.RED}))]
    change = next_change(law, INSIDE, NOON, TRUCK)
    assert change is not None
    assert (change.at, change.verdict.state) == (local("2024-07-27 14:00"), State.PASS_REQUIRED)
    with_pass = next_change(law, INSIDE, NOON, TRUCK, held)
    assert with_pass is not None
    assert with_pass.at == local("2024-07-27 16:30")
    assert next_change(law, INSIDE, local("2024-07-27 22:00"), TRUCK) is None
    assert next_change(law, INSIDE, NOON, TRUCK, horizon=timedelta(hours=1)) is None


def test_open_windows_are_the_times_at_which_the_vehicle_is_allowed() -> None:
    law = law_of(
        perimeter(Colour.RED, ("2024-07-27 08:00", "2024-07-27 10:00"), ("2024-07-27 15:00", "2024-07-28 02:00"))
    )
    day = Interval(local("2024-07-27 00:00"), local("2024-07-28 00:00"))
    assert open_windows(law, INSIDE, day, TRUCK) == (
        Interval(local("2024-07-27 00:00"), local("2024-07-27 08:00")),
        Interval(local("2024-07-27 10:00"), local("2024-07-27 15:00")),
    )
    assert open_windows(law, OUTSIDE, day, TRUCK) == (day,)


def test_permanent_activation_never_ends() -> None:
    village = perimeter()
    law = law_of(type(village)("p1", "Village", "Village", Colour.RED, village.shape, (Activation(NOON, None),)))
    answer = verdict(law, INSIDE, NOON + timedelta(days=4000), TRUCK)
    assert (answer.state, answer.reasons[0].ends_at) == (State.PASS_REQUIRED, None)


# Hand-made copies of the records of 2024 around the two gaps and the bounds of the measured table.
BRIDGES = [
    (Colour.GREY, "2024-07-18 00:00", "2024-07-26 12:59"),
    (Colour.WHITE, "2024-07-18 00:00", "2024-07-26 12:59"),
    (Colour.RED, "2024-07-26 13:00", "2024-07-27 02:00"),
    (Colour.BLUE, "2024-07-26 13:00", "2024-07-27 02:00"),
]


@pytest.mark.parametrize(
    ("at", "colours"),
    [
        ("2024-07-17 23:59", set()),
        ("2024-07-18 00:00", {Colour.GREY, Colour.WHITE}),
        ("2024-07-26 12:58", {Colour.GREY, Colour.WHITE}),
        ("2024-07-26 12:59", set()),
        ("2024-07-26 13:00", {Colour.RED, Colour.BLUE}),
        ("2024-07-27 01:59", {Colour.RED, Colour.BLUE}),
        ("2024-07-27 02:00", set()),
    ],
)
def test_active_colours_are_counted_with_start_included_and_end_excluded(at: str, colours: set[Colour]) -> None:
    law = law_of(*(perimeter(c, (start, end), id=c.value) for c, start, end in BRIDGES))
    instant = local(at)
    hits = law.in_force(INSIDE, Interval(instant, instant))
    assert {hit.regulation.id for hit in hits} == {colour.value for colour in colours}
    assert law.zone is PARIS
