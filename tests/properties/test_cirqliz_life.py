"""Whatever people do to a request and its passes, in any order: nothing lives again, nothing is given undecided."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.cirqliz.models import AccessPass, AccessRequest
from portal.cirqliz.passes.queries import PassView, list_passes_of_request
from portal.cirqliz.passes.services import give_back_pass, revoke_pass
from portal.cirqliz.requests.queries import RequestView
from portal.cirqliz.requests.services import withdraw_request
from portal.cirqliz.states import (
    NEXT_REQUEST_STATES,
    PassState,
    RequestState,
    RevocationReason,
    VehicleDecision,
)
from portal.cirqliz.verification.services import check_token
from portal.cirqliz.verification.verdict import Tone
from portal.common.clock import FixedClock
from portal.common.errors import PortalError
from portal.fleet.api import archive_vehicle
from tests.factories.cirqliz import RunJobs, World, make_world

ACTS = ("compute", "approve-first", "approve", "refuse-first", "refuse", "withdraw", "revoke", "give-back", "archive")


@pytest.fixture
def world(app: Flask, run_jobs: RunJobs) -> Iterator[World]:
    planner = app.extensions["tour_planner"]
    yield make_world(app, run_jobs)
    app.extensions["tour_planner"] = planner


def act(world: World, found: RequestView, name: str) -> None:
    """Do one act, as a person who clicks whatever is there; a refusal is fine."""
    first = found.vehicles[0].vehicle_id
    passes = list_passes_of_request(found.id)
    try:
        if name == "compute":
            world.run_jobs(world.app)
        elif name.startswith("approve"):
            world.approve(found, [first] if name.endswith("first") else None)
        elif name.startswith("refuse"):
            world.refuse(found, [first] if name.endswith("first") else None)
        elif name == "withdraw":
            withdraw_request(world.company_actor(), world.company.id, found.id)
        elif name == "archive":
            archive_vehicle(world.company_actor(), world.company.id, first)
        elif passes and name == "revoke":
            revoke_pass(world.staff_actor(), world.territory.slug, passes[0].id, RevocationReason.MISUSE)
        elif passes:
            give_back_pass(world.company_actor(), world.company.id, passes[-1].id)
    except PortalError:
        pass


def check(world: World, before: RequestView, passes: list[PassView], after: RequestView) -> list[PassView]:
    """Check what must hold after any act; return the passes as they are now."""
    assert after.state is before.state or after.state in NEXT_REQUEST_STATES[before.state]
    now = list(list_passes_of_request(after.id))
    approved = {v.vehicle_id for v in after.vehicles if v.decision is VehicleDecision.APPROVED}
    assert {one.vehicle_id for one in now} == approved
    assert len(now) == len(approved)
    was_revoked = {one.id for one in passes if one.state is PassState.REVOKED}
    assert was_revoked <= {one.id for one in now if one.state is PassState.REVOKED}
    inside = FixedClock(world.day + timedelta(hours=8))
    for one in now:
        green = check_token(one.token, clock=inside).verdict.tone is Tone.GREEN
        assert green == (one.state is PassState.ACTIVE)
    return now


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(ACTS), min_size=1, max_size=8))
def test_nothing_lives_again_whatever_is_done(world: World, acts: list[str]) -> None:
    found = world.submitted(vehicles=[world.vehicle(), world.vehicle()])
    passes: list[PassView] = []
    for name in acts:
        act(world, found, name)
        after = world.seen(found.id)
        passes = check(world, found, passes, after)
        found = after


def test_tables_refuse_what_the_life_forbids() -> None:
    for now in RequestState:
        for following in RequestState:
            if following is now or following in NEXT_REQUEST_STATES[now]:
                continue
            with pytest.raises(ValueError, match="cannot go"):
                AccessRequest(state=now).state = following
    with pytest.raises(ValueError, match="cannot go"):
        AccessPass(state=PassState.REVOKED).state = PassState.ACTIVE
