"""Rules at work, on SQLite and PostgreSQL: who they approve, what they leave, what is kept, what supervisors may do."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from portal.accounts.api import refuse_company
from portal.audit import list_entries
from portal.audit.tags import AuditTag
from portal.cirqliz.decisions.batches.services import prepare_batch
from portal.cirqliz.decisions.claims import claim_requests
from portal.cirqliz.decisions.commands import Answer, ClaimRequests, PrepareBatch
from portal.cirqliz.models import AccessRequest, AutomaticDecision, RequestVehicle
from portal.cirqliz.passes.queries import list_passes_of_request
from portal.cirqliz.reexamination.services import open_reexamination
from portal.cirqliz.requests.services import withdraw_request
from portal.cirqliz.rules import queries
from portal.cirqliz.rules.applying import Foretold, ask_to_apply, find_unasked, foretell
from portal.cirqliz.rules.conditions import Condition, Kind, Rule
from portal.cirqliz.rules.engine import is_drawn, replay
from portal.cirqliz.rules.policies import RuleValues
from portal.cirqliz.rules.services import add_rule, change_rule, move_rule, retire_rule
from portal.cirqliz.rules.settings import AccessValues, access_settings, change_access_settings
from portal.cirqliz.rules.trial import explain, facts_of_past, try_on_last
from portal.cirqliz.states import ReexaminationCause, RefusalReason, RequestState, RuleOutcome, VehicleDecision
from portal.common.actor import Actor, StaffRole, system_actor
from portal.common.errors import Conflict, Denied, Invalid, NotFound
from portal.common.ids import new_id
from portal.db import session, unit_of_work
from portal.fleet.models import Category
from portal.jobs import JobState, get_job
from portal.mail import list_outbox
from tests.factories.accounts import make_company
from tests.factories.cirqliz import INSIDE_BLUE, INSIDE_RED, OUTSIDE, World, make_vehicle
from tests.factories.rules import BLUE, N1_N2, VERIFIED, make_rule, set_sample
from tests.factories.territories import make_territory

STOPS = (OUTSIDE, INSIDE_BLUE)


@pytest.fixture
def ruled(world: World) -> World:
    """The world with the rule of the issue, and nobody drawn by lot."""
    set_sample(world, 0)
    make_rule(world)
    return world


def proposal(request_id: UUID) -> queries.RuleProposal:
    found = queries.rule_proposal(request_id)
    assert found is not None
    return found


def test_rule_approves_as_a_clerk_would_when_all_its_conditions_hold(ruled: World) -> None:
    found = ruled.ready(vehicles=[ruled.vehicle("AA-111-AA"), ruled.vehicle("BB-222-BB")], stops=STOPS)
    assert found.state is RequestState.APPROVED
    assert {v.decided_by for v in found.vehicles} == {"system:rule:Bleu, vérifiée, N1 ou N2 v1"}
    assert [one.plate_display for one in list_passes_of_request(found.id)] == ["AA-111-AA", "BB-222-BB"]
    entry = next(e for e in list_entries(subject_id=found.id).items if e.tag is AuditTag.REQUEST_DECIDED)
    assert (entry.data["rule"], entry.data["rule_number"]) == ("Bleu, vérifiée, N1 ou N2", 1)
    assert any("AA-111-AA" in mail.body for mail in list_outbox())
    told = proposal(found.id)
    assert (told.rule_number, told.outcome, told.sampled, told.obstacle) == (1, RuleOutcome.APPROVE, False, None)


@pytest.mark.parametrize(
    ("vehicle", "stops", "obstacle"),
    [
        ({"category": Category.N3, "gross_weight_kg": 19_000}, STOPS, None),
        ({"category": Category.N1, "gross_weight_kg": 12_000}, STOPS, None),
        ({}, (OUTSIDE, INSIDE_RED), None),
        ({}, (OUTSIDE, INSIDE_BLUE, INSIDE_RED), None),
    ],
    ids=["N3", "a category its weight denies", "red", "blue and red"],
)
def test_request_waits_for_a_person_when_a_condition_does_not_hold(
    ruled: World, vehicle: dict[str, object], stops: tuple[object, ...], obstacle: str | None
) -> None:
    found = ruled.ready(vehicles=[ruled.vehicle(**vehicle)], stops=stops)
    assert found.state is RequestState.READY
    told = proposal(found.id)
    assert (told.rule_name, told.outcome, told.obstacle) == (None, RuleOutcome.HUMAN, obstacle)


def test_red_waits_for_a_person_whatever_a_rule_says(world: World) -> None:
    set_sample(world, 0)
    make_rule(world, VERIFIED, name="Toute entreprise vérifiée")
    found = world.ready()
    assert found.state is RequestState.READY
    told = proposal(found.id)
    assert (told.rule_name, told.outcome, told.obstacle) == (
        "Toute entreprise vérifiée",
        RuleOutcome.HUMAN,
        "colour-needs-person",
    )


def test_plate_known_elsewhere_goes_to_a_person_when_the_rule_asks_so(world: World) -> None:
    set_sample(world, 0)
    make_rule(world, BLUE, Condition(Kind.PLATES_ONCE))
    mine, twin = world.vehicle("CC-333-CC"), world.vehicle("DD-444-DD")
    make_vehicle(make_company("Fleurs d’ailleurs").id, "DD-444-DD")
    assert world.ready(vehicles=[mine], stops=STOPS).state is RequestState.APPROVED
    assert world.ready(vehicles=[twin], stops=STOPS).state is RequestState.READY


def test_company_that_is_not_verified_goes_to_a_person(ruled: World) -> None:
    make_rule(ruled, BLUE, name="Tout le bleu")
    refused = ruled.submitted(stops=STOPS)
    refuse_company(system_actor("test"), ruled.company.id, "inconnue")
    ruled.run_jobs(ruled.app)
    assert ruled.seen(refused.id).state is RequestState.READY
    assert proposal(refused.id).obstacle == "company-not-verified"


def test_tour_without_a_lawful_way_goes_to_a_person(ruled: World) -> None:
    ruled.planner.status = "no_lawful_route"
    found = ruled.ready(stops=STOPS)
    assert found.state is RequestState.READY
    assert proposal(found.id).obstacle == "tour-not-lawful"


def test_sample_waits_for_a_person_with_the_proposal_shown(ruled: World) -> None:
    set_sample(ruled, 100)
    found = ruled.ready(stops=STOPS)
    assert found.state is RequestState.READY
    assert list_passes_of_request(found.id) == []
    told = proposal(found.id)
    assert (told.rule_name, told.outcome, told.sampled) == ("Bleu, vérifiée, N1 ou N2", RuleOutcome.APPROVE, True)


def test_same_requests_are_drawn_each_time_and_about_as_many_as_asked(world: World) -> None:
    def request() -> AccessRequest:
        line = RequestVehicle(vehicle_id=new_id())
        return AccessRequest(
            id=new_id(),
            territory_id=world.territory.id,
            company_id=world.company.id,
            starts_at=world.day,
            vehicles=[line],
        )

    requests = [request() for _ in range(600)]
    first = [is_drawn(one) for one in requests]
    assert first == [is_drawn(one) for one in requests]
    # 5 % of 600 is 30; outside these bounds fewer than once in a million draws.
    assert 8 <= sum(first) <= 62


def test_same_lot_is_drawn_when_the_same_thing_is_filed_again(ruled: World) -> None:
    set_sample(ruled, 50)
    vehicles = [ruled.vehicle() for _ in range(8)]
    owner, company_id = ruled.company_actor(), ruled.company.id
    lots = []
    for vehicle_id in vehicles:
        states = []
        for _ in range(2):
            found = ruled.ready(vehicles=[vehicle_id], stops=STOPS)
            states.append(found.state)
            if found.state is RequestState.READY:
                withdraw_request(owner, company_id, found.id)
        lots.append(states)
    # Both lots were met but for one draw in a hundred, and then nothing is said of the other one.
    assert all(len(set(states)) == 1 for states in lots), lots


@pytest.mark.parametrize(
    ("again", "state"),
    [
        ({}, RequestState.READY),
        ({"starts_at": 11, "ends_at": 13}, RequestState.READY),
        ({"starts_at": 12, "ends_at": 13}, RequestState.APPROVED),
    ],
    ids=["the same dates", "dates that meet", "other dates"],
)
def test_rule_leaves_to_a_person_what_a_person_refused(
    world: World, again: dict[str, int], state: RequestState
) -> None:
    vehicle_id = world.vehicle("AA-111-AA")
    world.refuse(world.ready(vehicles=[vehicle_id], stops=STOPS))
    set_sample(world, 0)
    make_rule(world)
    dates = {name: world.day + timedelta(hours=hour) for name, hour in again.items()}
    assert world.ready(stops=STOPS, **dates).state is RequestState.APPROVED
    found = world.ready(vehicles=[vehicle_id, world.vehicle()], stops=STOPS, **dates)
    assert found.state is state
    assert proposal(found.id).obstacle == (None if state is RequestState.APPROVED else "refused-before")


def test_rule_approves_again_once_the_refusal_was_answered_otherwise(world: World) -> None:
    vehicle_id = world.vehicle("AA-111-AA")
    refused = world.ready(vehicles=[vehicle_id], stops=STOPS)
    world.refuse(refused)
    with unit_of_work() as uow:
        row = uow.session.get_one(AccessRequest, refused.id)
        open_reexamination(uow, row, ReexaminationCause.APPEAL, "Nos fleurs fanent", world.company_actor())
    world.approve(world.seen(refused.id))
    set_sample(world, 0)
    make_rule(world)
    assert world.ready(vehicles=[vehicle_id], stops=STOPS).state is RequestState.APPROVED


def test_answer_is_given_again_from_what_was_kept_alone(ruled: World) -> None:
    make_rule(ruled, Condition(Kind.COLOURS, ("red",)), name="Rouge à une personne", outcome=RuleOutcome.HUMAN)
    found = [ruled.ready(stops=STOPS), ruled.ready(), ruled.ready(stops=STOPS, vehicles=[ruled.vehicle(hazmat=True)])]
    chief = ruled.staff_actor(StaffRole.SUPERVISOR)
    for rule in queries.list_rules(ruled.territory.id):
        retire_rule(chief, ruled.territory.slug, rule.id)
    for request in found:
        kept = queries.list_answers(request.id)[0]
        again = replay(ruled.territory.id, kept)
        assert again.outcome is kept.outcome
        assert (again.rule and again.rule.id) == (kept.rule and str(kept.rule.id))
    assert session().query(AutomaticDecision).count() == 3


def test_rule_has_versions_when_it_is_changed(ruled: World) -> None:
    chief, slug = ruled.staff_actor(StaffRole.SUPERVISOR), ruled.territory.slug
    first = queries.list_rules(ruled.territory.id)[0]
    values = RuleValues("Bleu et N1", (BLUE, Condition(Kind.CATEGORIES, ("N1",))), RuleOutcome.APPROVE)
    second = change_rule(chief, slug, first.id, values)
    assert change_rule(chief, slug, second, values) == second
    assert [(one.number, one.name) for one in queries.list_rules(ruled.territory.id)] == [(2, "Bleu et N1")]
    versions = queries.list_versions(ruled.territory.id, first.family_id)
    assert [(one.number, one.retired_at is None) for one in versions] == [(2, True), (1, False)]
    with pytest.raises(Conflict, match="rule-changed"):
        change_rule(chief, slug, first.id, values)
    entry = next(e for e in list_entries(territory_id=ruled.territory.id).items if e.tag is AuditTag.RULE_CHANGED)
    assert entry.data["before"]["name"] == "Bleu, vérifiée, N1 ou N2"
    assert entry.data["after"]["name"] == "Bleu et N1"
    json.dumps(dict(entry.data))


def test_rules_are_asked_in_the_order_the_supervisor_sets(ruled: World) -> None:
    chief, slug = ruled.staff_actor(StaffRole.SUPERVISOR), ruled.territory.slug
    kept = make_rule(ruled, N1_N2, name="Une personne pour tout", outcome=RuleOutcome.HUMAN)
    assert ruled.ready(stops=STOPS).state is RequestState.APPROVED
    move_rule(chief, slug, kept, up=True)
    move_rule(chief, slug, kept, up=True)
    assert queries.list_rules(ruled.territory.id)[0].name == "Une personne pour tout"
    assert ruled.ready(stops=STOPS).state is RequestState.READY
    retire_rule(chief, slug, kept)
    assert ruled.ready(stops=STOPS).state is RequestState.APPROVED
    with pytest.raises(Conflict, match="rule-changed"):
        retire_rule(chief, slug, kept)


@pytest.mark.parametrize(
    ("values", "code"),
    [
        (RuleValues(" ", (BLUE,), RuleOutcome.APPROVE), "rule-name-missing"),
        (RuleValues("x" * 121, (BLUE,), RuleOutcome.APPROVE), "rule-name-too-long"),
        (RuleValues("bleu, VÉRIFIÉE, n1 ou n2", (BLUE,), RuleOutcome.APPROVE), "rule-name-taken"),
        (RuleValues("Vide", (), RuleOutcome.APPROVE), "rule-without-conditions"),
        (RuleValues("Rouge", (Condition(Kind.COLOURS, ("blue", "red")),), RuleOutcome.APPROVE), "rule-approves-colour"),
        (RuleValues("Fermé", (Condition(Kind.POLICIES, ("closed",)),), RuleOutcome.APPROVE), "rule-approves-policy"),
    ],
)
def test_rule_is_refused_when_it_says_nothing_or_too_much(ruled: World, values: RuleValues, code: str) -> None:
    with pytest.raises(Invalid, match=code):
        add_rule(ruled.staff_actor(StaffRole.SUPERVISOR), ruled.territory.slug, values)


def test_rules_are_the_supervisors_of_the_territory_alone(ruled: World) -> None:
    rule = queries.list_rules(ruled.territory.id)[0]
    values = RuleValues("Autre", (BLUE,), RuleOutcome.APPROVE)
    for role in (StaffRole.CLERK, StaffRole.CONTROL_AGENT, StaffRole.ADMINISTRATOR):
        with pytest.raises(Denied):
            add_rule(ruled.staff_actor(role), ruled.territory.slug, values)
    elsewhere = make_territory("ailleurs")
    chief = replace(ruled.staff_actor(StaffRole.SUPERVISOR), staff={elsewhere.slug: frozenset({StaffRole.SUPERVISOR})})
    with pytest.raises(NotFound):
        retire_rule(chief, elsewhere.slug, rule.id)
    with pytest.raises(Denied):
        retire_rule(chief, ruled.territory.slug, rule.id)


def test_draft_is_tried_on_the_last_requests_before_it_counts(world: World) -> None:
    world.approve(world.ready(stops=STOPS))
    refused = world.ready(stops=STOPS)
    world.refuse(refused)
    world.ready()
    set_sample(world, 0)
    draft = Rule("", "Tout", 0, (VERIFIED,), RuleOutcome.APPROVE)
    result = try_on_last(world.territory.id, [draft], draft)
    assert (result.looked_at, result.approved, result.blocked, result.kept_for_person) == (3, 2, 1, 0)
    assert [one.number for one in result.refused] == [refused.number]
    first = Rule("1", "Avant", 1, (BLUE,), RuleOutcome.HUMAN)
    assert try_on_last(world.territory.id, [first, draft], draft).approved == 0


def test_past_request_is_explained_condition_by_condition(ruled: World) -> None:
    found = ruled.ready(
        vehicles=[ruled.vehicle("EE-555-EE", category=Category.N3, gross_weight_kg=26_000)], stops=STOPS
    )
    facts = facts_of_past(ruled.territory.id, found.number.lower())
    assert facts is not None
    rules = [one.rule for one in queries.list_rules(ruled.territory.id)]
    tried = explain(rules, facts).tried[0]
    assert [one.holds for one in tried.conditions] == [True, True, False]
    assert (tried.conditions[2].found[0].of, tried.conditions[2].found[0].value) == ("EE-555-EE", "N3")
    assert facts_of_past(ruled.territory.id, "VAL-2000-000001") is None
    assert facts_of_past(make_territory("autre").id, found.number) is None


def test_settings_have_defaults_until_a_supervisor_sets_them(world: World) -> None:
    now = access_settings(world.territory.id)
    assert (now.sample_percent, now.appeal_days, now.undo_min, now.asks_driver_name) == (5, 30, 10, False)
    assert (now.sync_hours, now.scan_retention_days, now.version) == (12, 30, 0)
    chief, slug = world.staff_actor(StaffRole.SUPERVISOR), world.territory.slug
    wanted = AccessValues(0, 15, 5, True, 24, 7)
    change_access_settings(chief, slug, wanted, 0)
    assert access_settings(world.territory.id).asks_driver_name
    assert access_settings(world.territory.id).scan_retention_days == 7
    with pytest.raises(Conflict, match="settings-changed"):
        change_access_settings(chief, slug, wanted, 0)
    with pytest.raises(Invalid, match="setting-out-of-range"):
        change_access_settings(chief, slug, replace(wanted, undo_min=61), 1)
    with pytest.raises(Denied):
        change_access_settings(world.staff_actor(), slug, wanted, 1)


def supervisor(world: World) -> Actor:
    return world.staff_actor(StaffRole.SUPERVISOR)


def test_rule_answers_to_what_was_waiting_when_the_supervisor_asks(world: World) -> None:
    set_sample(world, 0)
    ids = {name: world.ready(stops=STOPS).id for name in ("waits", "claimed", "batch", "other", "again", "third")}
    clerk, slug = world.staff_actor(), world.territory.slug
    claim_requests(clerk, slug, ClaimRequests((ids["claimed"],)))
    no = Answer(VehicleDecision.REFUSED, RefusalReason.DUPLICATE)
    prepare_batch(clerk, slug, PrepareBatch({ids["batch"]: world.seen(ids["batch"]).version}, no, "lot"))
    two = world.ready(vehicles=[world.vehicle(), world.vehicle()], stops=STOPS)
    world.refuse(two, [two.vehicles[0].vehicle_id])
    world.refuse(world.seen(ids["again"]))
    with unit_of_work() as uow:
        refused = uow.session.get_one(AccessRequest, ids["again"])
        assert open_reexamination(uow, refused, ReexaminationCause.APPEAL, "Revoyez", world.company_actor())
    red = world.ready()
    assert find_unasked(world.territory.id) == [], "without a rule there is nothing to apply"
    make_rule(world)
    waiting = [ids["waits"], ids["other"], ids["third"], red.id]
    assert find_unasked(world.territory.id) == waiting
    assert foretell(world.territory.id) == Foretold(unasked=4, looked_at=4, approved=3)
    set_sample(world, 100)
    assert foretell(world.territory.id).approved == 0, "those drawn by lot go to a person"
    set_sample(world, 0)
    job_id = ask_to_apply(supervisor(world), slug)
    with pytest.raises(Conflict, match="rules-being-applied"):
        ask_to_apply(supervisor(world), slug)
    world.run_jobs(world.app)
    job = get_job(job_id)
    assert (job.state, job.done, job.total) == (JobState.DONE, 4, 4)
    states = {name: world.seen(id_).state for name, id_ in ids.items()}
    ready, approved = RequestState.READY, RequestState.APPROVED
    assert states == {
        "waits": approved,
        "other": approved,
        "third": approved,
        "claimed": RequestState.UNDER_REVIEW,
        "batch": ready,
        "again": ready,
    }
    assert world.seen(red.id).state is ready
    assert world.seen(two.id).pending, "what a person began stays a person's"
    entry = next(e for e in list_entries(subject_id=ids["waits"]).items if e.tag is AuditTag.REQUEST_DECIDED)
    assert (entry.actor_label, entry.data["rule_number"]) == ("system:rule:Bleu, vérifiée, N1 ou N2 v1", 1)
    asked = list_entries(subject_id=job_id).items[0]
    assert (asked.tag, asked.actor_label, asked.data["requests"]) == (AuditTag.RULES_APPLIED, "Sam Chef", 4)
    assert find_unasked(world.territory.id) == []
    with pytest.raises(Conflict, match="nothing-to-apply"):
        ask_to_apply(supervisor(world), slug)


def test_sample_of_what_was_waiting_goes_to_a_person(world: World) -> None:
    set_sample(world, 100)
    found = world.ready(stops=STOPS)
    make_rule(world)
    ask_to_apply(supervisor(world), world.territory.slug)
    world.run_jobs(world.app)
    assert world.seen(found.id).state is RequestState.READY
    told = proposal(found.id)
    assert (told.outcome, told.sampled) == (RuleOutcome.APPROVE, True)


def test_request_is_left_alone_when_a_clerk_took_it_meanwhile(world: World) -> None:
    set_sample(world, 0)
    found = world.ready(stops=STOPS)
    make_rule(world)
    ask_to_apply(supervisor(world), world.territory.slug)
    claim_requests(world.staff_actor(), world.territory.slug, ClaimRequests((found.id,)))
    world.run_jobs(world.app)
    assert world.seen(found.id).state is RequestState.UNDER_REVIEW


def test_rules_are_applied_by_supervisors_alone(world: World) -> None:
    world.ready(stops=STOPS)
    make_rule(world)
    with pytest.raises(Denied):
        ask_to_apply(world.staff_actor(), world.territory.slug)
