"""Whatever happens to passes, in any order: none lives again, none is worth more than the answer that gave it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from portal.accounts.models import Company, CompanyStatus
from portal.cirqliz.models import AccessPass, AccessRequest
from portal.cirqliz.passes.life import resume_for_company, suspend_for_company, suspend_passes
from portal.cirqliz.passes.queries import PassView, list_passes_of_request, list_rights
from portal.cirqliz.passes.services import give_back_pass, revoke_pass
from portal.cirqliz.passes.swapping import swap_pass
from portal.cirqliz.reexamination.services import open_reexamination
from portal.cirqliz.requests.queries import RequestView
from portal.cirqliz.states import (
    NEXT_PASS_STATES,
    PassState,
    ReexaminationCause,
    RevocationReason,
    SuspensionReason,
    VehicleDecision,
)
from portal.cirqliz.verification.services import check_token
from portal.cirqliz.verification.verdict import Tone
from portal.common.clock import FixedClock
from portal.common.errors import PortalError
from portal.db import session, unit_of_work
from portal.fleet.api import archive_vehicle
from tests.factories.cirqliz import RunJobs, World, make_world


@pytest.fixture
def world(app: Flask, run_jobs: RunJobs) -> Iterator[World]:
    planner = app.extensions["tour_planner"]
    yield make_world(app, run_jobs)
    app.extensions["tour_planner"] = planner


class Life:
    """A request of two vehicles, a third that may stand in, and everything people do to them."""

    def __init__(self, world: World) -> None:
        self.world = world
        world.planner.orders.clear()  # what Hypothesis writes of the world stays short
        self.inside = FixedClock(world.day + timedelta(hours=8))
        self.vehicles = [world.vehicle(), world.vehicle()]
        self.spare = world.vehicle()
        self._set_status(CompanyStatus.VERIFIED)  # an example before may have closed it
        self.request_id = world.ready(vehicles=self.vehicles).id

    @property
    def request(self) -> RequestView:
        return self.world.seen(self.request_id)

    @property
    def passes(self) -> list[PassView]:
        return list(list_passes_of_request(self.request_id))

    def approve_one(self) -> None:
        self.world.approve(self.request, self.vehicles[:1])

    def approve_all(self) -> None:
        self.world.approve(self.request)

    def refuse_one(self) -> None:
        self.world.refuse(self.request, self.vehicles[:1])

    def refuse_all(self) -> None:
        self.world.refuse(self.request)

    def look_again(self) -> None:
        with unit_of_work() as uow:
            row = uow.session.scalars(
                select(AccessRequest).where(AccessRequest.id == self.request_id).with_for_update()
            ).one()
            open_reexamination(uow, row, ReexaminationCause.RULE_CHANGED, "", self.world.staff_actor())

    def change_vehicle(self) -> None:
        with unit_of_work() as uow:
            reason = SuspensionReason.VEHICLE_CHANGED
            suspend_passes(uow, self.world.company_actor(), reason, vehicle_ids=self.vehicles[:1])

    def close(self) -> None:
        with unit_of_work() as uow:
            self._set_status(CompanyStatus.CLOSED)
            suspend_for_company(uow, self.world.staff_actor(), self.world.company.id)

    def reopen(self) -> None:
        with unit_of_work() as uow:
            self._set_status(CompanyStatus.VERIFIED)
            resume_for_company(uow, self.world.staff_actor(), self.world.company.id)

    def swap_first(self) -> None:
        self._swap(0)

    def swap_last(self) -> None:
        self._swap(-1)

    def _swap(self, place: int) -> None:
        if self.passes:
            one = self.passes[place]
            actor, company_id = self.world.company_actor(), self.world.company.id
            swap_pass(actor, company_id, one.id, self.spare, clock=self.inside)

    def revoke(self) -> None:
        if self.passes:
            actor, slug = self.world.staff_actor(), self.world.territory.slug
            revoke_pass(actor, slug, self.passes[0].id, RevocationReason.MISUSE)

    def give_back(self) -> None:
        if self.passes:
            give_back_pass(self.world.company_actor(), self.world.company.id, self.passes[-1].id)

    def archive(self) -> None:
        archive_vehicle(self.world.company_actor(), self.world.company.id, self.vehicles[0])

    def _set_status(self, status: CompanyStatus) -> None:
        with unit_of_work() as uow:
            uow.session.execute(
                update(Company)
                .where(Company.id == self.world.company.id)
                .values(status=status)
                .execution_options(synchronize_session="fetch")
            )

    @property
    def closed(self) -> bool:
        status = session().scalars(select(Company.status).where(Company.id == self.world.company.id)).one()
        return status is CompanyStatus.CLOSED


ACTS: tuple[Callable[[Life], None], ...] = (
    Life.approve_one,
    Life.approve_all,
    Life.refuse_one,
    Life.refuse_all,
    Life.look_again,
    Life.change_vehicle,
    Life.close,
    Life.reopen,
    Life.swap_first,
    Life.swap_last,
    Life.revoke,
    Life.give_back,
    Life.archive,
)


def check_steps(before: list[PassView], after: list[PassView]) -> None:
    """No pass vanishes, and each state may follow the one before: nothing leads out of `revoked`."""
    now = {one.id: one for one in after}
    for one in before:
        then = now[one.id]
        assert then.state is one.state or then.state in NEXT_PASS_STATES[one.state]
        assert (then.token, then.number, then.valid_to) == (one.token, one.number, one.valid_to)
        if one.state is PassState.REVOKED:
            assert then == one
        if then.state is not one.state:
            assert then.changed_at != one.changed_at


def check_worth(life: Life) -> None:
    """A living pass is inside the answer that gave it: vehicle not refused, window, perimeters; one for a vehicle."""
    request, passes = life.request, life.passes
    answers = {vehicle.vehicle_id: vehicle.decision for vehicle in request.vehicles}
    by_id = {one.id: one for one in passes}
    holders = []
    for one in passes:
        if one.state is PassState.REVOKED:
            continue
        origin = by_id[one.swapped_from] if one.swapped_from else one
        if origin is not one:
            assert (origin.revoke_reason, origin.swapped_from) == (RevocationReason.PLATE_SWAPPED, None)
        holders.append(origin.vehicle_id)
        assert answers[origin.vehicle_id] is not VehicleDecision.REFUSED
        assert request.starts_at <= one.valid_from < one.valid_to <= request.ends_at
        assert one.perimeters == request_lines(request)
    assert len(holders) == len(set(holders))
    for one in passes:
        green = check_token(one.token, clock=life.inside).verdict.tone is Tone.GREEN
        assert green == (one.state is PassState.ACTIVE)
        assert not (green and life.closed)
    for vehicle_id in (*life.vehicles, life.spare):
        active = [one for one in passes if one.vehicle_id == vehicle_id and one.state is PassState.ACTIVE]
        assert len(list_rights(vehicle_id, life.inside.now())) == len(active)


def request_lines(request: RequestView) -> tuple[object, ...]:
    return tuple(sorted(request.perimeters, key=lambda line: (-line.colour.strictness, line.name)))


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(ACTS), min_size=1, max_size=12))
def test_no_pass_lives_again_or_outlives_its_answer(world: World, acts: list[Callable[[Life], None]]) -> None:
    life = Life(world)
    for act in (Life.approve_all, *acts):
        before = life.passes
        with suppress(PortalError):
            act(life)
        check_steps(before, life.passes)
        check_worth(life)


def test_table_refuses_what_the_life_forbids() -> None:
    for now in PassState:
        for following in PassState:
            if following is now or following in NEXT_PASS_STATES[now]:
                continue
            with pytest.raises(ValueError, match="cannot go"):
                AccessPass(state=now).state = following
