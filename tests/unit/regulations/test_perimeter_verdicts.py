"""What perimeters answer: colours, policies, passes, purposes, overlaps."""

from __future__ import annotations

import pytest
from shapely import box

from portal.regulations.evaluate import Purpose, ReasonCode, State, StopsInside, stops_inside, verdict
from portal.regulations.passes import PassRight
from portal.regulations.perimeters import AccessPolicy, Colour, Motorised
from portal.regulations.schedules import Interval
from portal.regulations.vehicles import AirClass, AirClassIn, Fact, FreeText, Usage, Vehicle
from tests.support.law import INSIDE, OUTSIDE, law_of, local, perimeter

NOON = local("2024-07-27 12:00")
TRUCK = Vehicle(gross_weight_kg=12000)
STOP, CROSS = Purpose.STOP_INSIDE, Purpose.TRANSIT


def pass_for(*colours: Colour, ids: tuple[str, ...] = (), start: str = "00:00", end: str = "23:00") -> PassRight:
    return PassRight(local(f"2024-07-27 {start}"), local(f"2024-07-27 {end}"), frozenset(ids), frozenset(colours))


@pytest.mark.parametrize(
    ("colour", "purpose", "state", "code"),
    [
        (Colour.BLUE, STOP, State.ALLOWED, ReasonCode.DOCUMENT_NEEDED),
        (Colour.BLUE, CROSS, State.PASS_REQUIRED, ReasonCode.TRANSIT_NEEDS_PASS),
        (Colour.RED, STOP, State.PASS_REQUIRED, ReasonCode.PASS_NEEDED),
        (Colour.RED, CROSS, State.PASS_REQUIRED, ReasonCode.PASS_NEEDED),
        (Colour.GREY, STOP, State.PASS_REQUIRED, ReasonCode.ACCREDITATION_NEEDED),
        (Colour.BLACK, STOP, State.FORBIDDEN, ReasonCode.PERIMETER_CLOSED),
        (Colour.WHITE, CROSS, State.ALLOWED, ReasonCode.PERIMETER_FREE),
    ],
)
def test_colour_decides_when_no_pass_is_held(colour: Colour, purpose: Purpose, state: State, code: ReasonCode) -> None:
    answer = verdict(law_of(perimeter(colour)), INSIDE, NOON, TRUCK, purpose=purpose)
    assert answer.state is state
    (reason,) = answer.reasons
    assert (reason.code, reason.kind, reason.id, reason.colour) == (code, "perimeter", "p1", colour)
    assert (reason.starts_at, reason.ends_at) == (local("2024-07-27 10:00"), local("2024-07-27 20:00"))


@pytest.mark.parametrize(
    ("at", "state"),
    [
        ("09:59", State.ALLOWED),
        ("10:00", State.PASS_REQUIRED),
        ("19:59", State.PASS_REQUIRED),
        ("20:00", State.ALLOWED),
    ],
)
def test_traffic_is_free_when_the_perimeter_is_not_active(at: str, state: State) -> None:
    assert verdict(law_of(perimeter()), INSIDE, local(f"2024-07-27 {at}"), TRUCK).state is state


def test_interval_counts_when_the_law_is_active_at_any_moment_of_it() -> None:
    law = law_of(perimeter())
    grazing = Interval(local("2024-07-27 09:00"), local("2024-07-27 10:01"))
    before = Interval(local("2024-07-27 09:00"), local("2024-07-27 10:00"))
    assert verdict(law, INSIDE, grazing, TRUCK).state is State.PASS_REQUIRED
    assert verdict(law, INSIDE, before, TRUCK).state is State.ALLOWED


def test_policy_of_the_event_replaces_that_of_the_colour() -> None:
    law = law_of(perimeter(Colour.BLUE, policy=AccessPolicy(Motorised.PASS_REQUIRED)))
    assert verdict(law, INSIDE, NOON, TRUCK).state is State.PASS_REQUIRED


@pytest.mark.parametrize("colour", list(Colour))
@pytest.mark.parametrize("purpose", list(Purpose))
@pytest.mark.parametrize("by_id", [True, False])
def test_pass_opens_the_perimeter_wholly_when_it_names_it(colour: Colour, purpose: Purpose, by_id: bool) -> None:
    held = pass_for(ids=("p1",)) if by_id else pass_for(colour)
    answer = verdict(law_of(perimeter(colour)), INSIDE, NOON, TRUCK, [held], purpose)
    assert answer.state is State.ALLOWED
    expected = ReasonCode.PERIMETER_FREE if colour is Colour.WHITE else ReasonCode.PASS_HELD
    assert [reason.code for reason in answer.reasons] == [expected]


@pytest.mark.parametrize(
    ("held", "opens"),
    [
        ([pass_for(Colour.BLUE)], False),
        ([pass_for(ids=("p2",))], False),
        ([pass_for(Colour.RED, start="11:00", end="13:00")], True),
        ([pass_for(Colour.RED, start="11:00", end="12:30")], False),
        ([pass_for(Colour.RED, end="12:00"), pass_for(ids=("p1",), start="12:00")], True),
        ([pass_for(Colour.RED, end="12:00"), pass_for(ids=("p1",), start="12:01")], False),
    ],
)
def test_pass_opens_only_when_it_covers_the_whole_time(held: list[PassRight], opens: bool) -> None:
    during = Interval(local("2024-07-27 11:30"), local("2024-07-27 12:45"))
    answer = verdict(law_of(perimeter()), INSIDE, during, TRUCK, held)
    assert (answer.state is State.ALLOWED) is opens


def test_pass_need_not_cover_the_time_when_the_perimeter_sleeps() -> None:
    during = Interval(local("2024-07-27 08:00"), local("2024-07-27 11:00"))
    held = [pass_for(Colour.RED, start="10:00", end="11:00")]
    assert verdict(law_of(perimeter()), INSIDE, during, TRUCK, held).state is State.ALLOWED


def test_strictest_wins_when_events_overlap() -> None:
    law = law_of(
        perimeter(Colour.BLUE, id="blue"), perimeter(Colour.BLACK, id="black"), perimeter(Colour.RED, id="red")
    )
    answer = verdict(law, INSIDE, NOON, TRUCK)
    assert answer.state is State.FORBIDDEN
    assert [reason.id for reason in answer.reasons] == ["black", "red", "blue"]
    assert [reason.id for reason in answer.obstacles] == ["black", "red"]


def test_pass_for_one_event_does_not_open_the_other_when_they_overlap() -> None:
    law = law_of(perimeter(id="p1"), perimeter(id="p2"))
    answer = verdict(law, INSIDE, NOON, TRUCK, [pass_for(ids=("p1",))])
    assert [reason.id for reason in answer.obstacles] == ["p2"]


@pytest.mark.parametrize("colour", [Colour.BLUE, Colour.RED, Colour.GREY, Colour.BLACK])
def test_emergency_vehicle_passes_when_the_policy_lets_it(colour: Colour) -> None:
    ambulance = Vehicle(usages=frozenset({Usage.EMERGENCY}))
    answer = verdict(law_of(perimeter(colour)), INSIDE, NOON, ambulance, purpose=CROSS)
    assert answer.state is State.ALLOWED
    assert answer.reasons[0].code is ReasonCode.PERIMETER_EXEMPT
    assert answer.reasons[0].params == {"by": "emergency"}


def test_emergency_vehicle_is_stopped_when_the_policy_exempts_nobody() -> None:
    ambulance = Vehicle(usages=frozenset({Usage.EMERGENCY}))
    law = law_of(perimeter(policy=AccessPolicy(Motorised.CLOSED)))
    assert verdict(law, INSIDE, NOON, ambulance).state is State.FORBIDDEN


def test_answer_is_unknown_when_an_exemption_rests_on_a_missing_fact() -> None:
    policy = AccessPolicy(Motorised.PASS_REQUIRED, (AirClassIn(frozenset({AirClass.E})), FreeText("forains")))
    answer = verdict(law_of(perimeter(policy=policy)), INSIDE, NOON, TRUCK)
    assert answer.state is State.UNKNOWN
    assert answer.reasons[0].missing_facts == (Fact.AIR_CLASS,)
    assert [(w.code, w.params["text"]) for w in answer.warnings] == [(ReasonCode.FREE_TEXT, "forains")]


def test_stop_in_one_zone_is_no_stop_in_another_when_a_tour_crosses_both() -> None:
    law = law_of(
        perimeter(Colour.BLUE, id="stop"), perimeter(Colour.BLUE, id="crossed", shape=box(2.4, 48.8, 2.5, 48.9))
    )
    purpose = stops_inside(law, [INSIDE])
    assert purpose == StopsInside(frozenset({"stop"}))
    assert verdict(law, INSIDE, NOON, TRUCK, purpose=purpose).state is State.ALLOWED
    assert verdict(law, box(2.41, 48.81, 2.42, 48.82), NOON, TRUCK, purpose=purpose).state is State.PASS_REQUIRED


def test_nothing_is_said_when_the_place_is_outside() -> None:
    answer = verdict(law_of(perimeter()), OUTSIDE, NOON, TRUCK)
    assert (answer.state, answer.reasons, answer.warnings) == (State.ALLOWED, (), ())


def test_reason_is_written_as_json_values() -> None:
    public = verdict(law_of(perimeter()), INSIDE, NOON, TRUCK).to_public()
    assert public == {
        "verdict": "pass_required",
        "reasons": [
            {
                "code": "perimeter-pass-needed",
                "kind": "perimeter",
                "id": "p1",
                "title": "Zone p1",
                "state": "pass_required",
                "starts_at": "2024-07-27T08:00:00+00:00",
                "ends_at": "2024-07-27T18:00:00+00:00",
                "event": "Escrime",
                "colour": "red",
                "policy": "passRequired",
                "missing_exemptions": ["emergency", "police"],
            }
        ],
        "warnings": [],
    }
