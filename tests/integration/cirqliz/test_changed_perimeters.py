"""A perimeter that changes before or after an answer, on both databases: nobody approves what they did not see."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from portal.cirqliz.decisions.batches.preview import preview_batch
from portal.cirqliz.decisions.commands import Answer
from portal.cirqliz.passes.queries import list_passes_of_request
from portal.cirqliz.reexamination.queries import open_reexamination_of
from portal.cirqliz.rules.queries import rule_proposal
from portal.cirqliz.states import ReexaminationCause, RequestState, RuleOutcome, VehicleDecision
from portal.common.errors import Conflict, Invalid
from portal.fleet.models import Category
from portal.mail import list_outbox
from portal.regulations.perimeters import Colour
from tests.factories.cirqliz import INSIDE_BLUE, OUTSIDE, World
from tests.factories.edits import edit_vehicle, look, recolour
from tests.factories.law import make_law, perimeter_draft, square
from tests.factories.rules import make_rule, set_sample

STOPS = (OUTSIDE, INSIDE_BLUE)
BLUE = "Abords du canal"
EXCEPTION = Answer(VehicleDecision.APPROVED, reason_text="Livraison d’oxygène", exceptional=True)


def colours(world: World, request_id: UUID) -> list[Colour]:
    return [one.colour for one in world.seen(request_id).perimeters]


def red_over_the_stop(world: World) -> None:
    """Add a red perimeter where a stop of the world lies in the blue one."""
    hours = (world.day + timedelta(hours=hour) for hour in (5.5, 14))
    start, end = (at.isoformat() for at in hours)
    make_law(
        world.territory,
        perimeters=[
            perimeter_draft("Course du canal", Colour.RED, square(2.360, 48.860), [(start, end)]),
            perimeter_draft(BLUE, Colour.BLUE, square(2.369, 48.860), [(start, end)]),
            perimeter_draft("Départ", Colour.RED, square(2.369, 48.860), [(start, end)]),
        ],
    )


@pytest.mark.parametrize("looked", [False, True], ids=["before the look", "after the look"])
def test_closed_perimeter_is_not_approved_as_the_blue_one_it_was(world: World, looked: bool) -> None:
    found = world.ready(stops=STOPS)
    recolour(world, BLUE, Colour.BLACK)
    if looked:
        assert look(world) == 1
    with pytest.raises(Conflict, match="request-changed" if looked else "perimeters-changed"):
        world.approve(found)
    assert colours(world, found.id) == [Colour.BLACK]
    with pytest.raises(Invalid, match="closed-not-exceptional"):
        world.approve(world.seen(found.id))
    assert world.decide(world.seen(found.id), EXCEPTION).state is RequestState.APPROVED
    (given,) = list_passes_of_request(found.id)
    assert [one.colour for one in given.perimeters] == [Colour.BLACK]


def test_perimeter_needed_anew_is_seen_before_it_is_approved(world: World) -> None:
    found = world.ready(stops=STOPS)
    red_over_the_stop(world)
    with pytest.raises(Conflict, match="perimeters-changed"):
        world.approve(found)
    world.approve(world.seen(found.id))
    (given,) = list_passes_of_request(found.id)
    assert sorted(one.colour for one in given.perimeters) == [Colour.BLUE, Colour.RED]


def test_refusal_needs_no_second_look_when_a_perimeter_changed(world: World) -> None:
    found = world.ready(stops=STOPS)
    recolour(world, BLUE, Colour.BLACK)
    assert world.refuse(found).state is RequestState.REFUSED


def test_preview_leaves_out_what_says_something_else_than_the_law(world: World) -> None:
    found = world.ready(stops=STOPS)
    recolour(world, BLUE, Colour.RED)
    answer = Answer(VehicleDecision.APPROVED)
    (line,) = preview_batch(world.staff_actor(), world.territory.slug, {found.id: found.version}, answer)
    assert line.refusal is not None and line.refusal.code == "perimeters-changed"


def test_proposal_of_a_rule_follows_the_perimeter_while_the_request_waits(world: World) -> None:
    set_sample(world, 100)
    make_rule(world)
    found = world.ready(stops=STOPS)
    look(world)
    told = rule_proposal(found.id)
    assert told is not None and (told.outcome, told.sampled) == (RuleOutcome.APPROVE, True)
    recolour(world, BLUE, Colour.RED)
    assert look(world) == 1
    told = rule_proposal(found.id)
    assert told is not None and told.outcome is RuleOutcome.HUMAN
    assert world.seen(found.id).state is RequestState.READY
    assert open_reexamination_of(found.id) is None


@pytest.mark.parametrize(
    ("colour", "reopened"),
    [(Colour.BLACK, True), (Colour.RED, True), (Colour.WHITE, False)],
    ids=["closed", "red", "freer"],
)
def test_approval_of_a_clerk_is_looked_at_again_when_more_is_asked(
    world: World, colour: Colour, reopened: bool
) -> None:
    found = world.ready(stops=STOPS)
    world.approve(found)
    look(world)
    mails = len(list_outbox())
    recolour(world, BLUE, colour)
    assert look(world) == 1
    assert world.seen(found.id).state is (RequestState.READY if reopened else RequestState.APPROVED)
    seen = open_reexamination_of(found.id)
    assert (seen is not None) is reopened
    assert len(list_outbox()) == mails + reopened
    if seen is not None:
        assert seen.cause is ReexaminationCause.CALENDAR_CHANGED
        assert seen.text.startswith(f"{BLUE}\u00a0: bleu")
        assert colours(world, found.id) == [colour]


def test_refused_vehicle_stays_refused_when_more_is_asked_of_the_approved_one(world: World) -> None:
    first, second = world.vehicle("AA-111-AA"), world.vehicle("BB-222-BB")
    found = world.ready(vehicles=[first, second], stops=STOPS)
    world.approve(found, [first])
    world.refuse(world.seen(found.id), [second])
    recolour(world, BLUE, Colour.BLACK)
    look(world)
    decisions = [v.decision for v in world.seen(found.id).vehicles]
    assert decisions == [VehicleDecision.PENDING, VehicleDecision.REFUSED]


@pytest.mark.parametrize("by_rule", [True, False], ids=["rule", "clerk"])
def test_change_made_while_a_request_is_open_again_is_looked_at(world: World, by_rule: bool) -> None:
    if by_rule:
        set_sample(world, 0)
        make_rule(world)
    first, second = world.vehicle("AA-111-AA"), world.vehicle("BB-222-BB", gross_weight_kg=7_500)
    found = world.ready(vehicles=[first, second], stops=STOPS)
    if not by_rule:
        world.approve(found)
    look(world)
    edit_vehicle(world, second, category=Category.N2, gross_weight_kg=9_000)
    recolour(world, BLUE, Colour.RED)
    look(world)
    after = world.seen(found.id)
    assert [v.decision for v in after.vehicles] == [VehicleDecision.PENDING, VehicleDecision.PENDING]
    assert colours(world, found.id) == [Colour.RED]
    assert look(world) == 0
