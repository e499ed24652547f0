"""The regular work of an installation."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask
from sqlalchemy import func, select

from portal.cirqliz.models import PassCheck
from portal.cirqliz.states import CheckMethod
from portal.common.clock import SYSTEM_CLOCK
from portal.common.ids import new_id
from portal.db import session, unit_of_work
from portal.jobs.models import Job
from portal.numeriz.exports.publishing import PUBLISH_JOB
from portal.runtime.upkeep import Upkeep
from tests.factories.accounts import make_user
from tests.factories.territories import make_territory


def test_old_scans_are_erased_and_recent_ones_kept(database: Flask) -> None:
    territory, agent = make_territory("bourg"), make_user()
    now = SYSTEM_CLOCK.now()
    with unit_of_work() as uow:
        for age_days in (0, 29, 31, 400):
            uow.session.add(
                PassCheck(
                    id=new_id(),
                    territory_id=territory.id,
                    checker_id=agent.id,
                    at=now - timedelta(days=age_days),
                    received_at=now - timedelta(days=age_days),
                    method=CheckMethod.SCAN,
                    tone="green",
                    result="active",
                )
            )
    assert Upkeep(database).round() == 0
    assert session().scalar(select(func.count()).select_from(PassCheck)) == 2


def test_files_are_asked_for_once_when_a_territory_says_something_new(database: Flask) -> None:
    make_territory("bourg")
    upkeep = Upkeep(database)
    upkeep.round()
    upkeep.round()
    asked = session().execute(select(Job.kind, Job.args)).all()
    assert sorted(args["scope"] for kind, args in asked if kind == PUBLISH_JOB) == ["bourg", "portail"]
