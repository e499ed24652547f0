"""Open data made by a job: one reading of the law, files put in place at once, made again when the law changes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Flask
from lxml import etree

from portal.common.clock import FixedClock
from portal.common.errors import NotFound
from portal.common.ids import new_id
from portal.db import unit_of_work
from portal.jobs import ClaimLost, JobState, RunningJob, cancel, enqueue, latest_job
from portal.jobs.models import Job
from portal.numeriz.exports.channels import CHANNELS
from portal.numeriz.exports.publishing import (
    AREA,
    PUBLISH_JOB,
    content_version,
    publish_due,
    published_files,
)
from portal.numeriz.exports.publishing import publish as publish_files
from portal.numeriz.law.memory import bump_law
from portal.numeriz.services import store_bays, store_orders
from portal.numeriz.values import BayDraft, OrderStatus
from portal.regulations.schedules import Period
from portal.territories.api import TerritoryView
from portal.territories.models import ALL_TERRITORIES
from tests.factories.law import (
    TESTER,
    bay_draft,
    make_law,
    make_territory,
    measure_draft,
    order_draft,
    perimeter_draft,
)

RunJobs = Callable[[Flask], int]
NOW = datetime.now(UTC)


def make_town(slug: str = "paris-3e", name: str = "Paris 3e") -> TerritoryView:
    territory = make_territory(slug, name=name)
    make_law(
        territory,
        perimeters=[perimeter_draft(spans=[("2024-01-01T00:00", None)])],
        orders=[order_draft(identifier="A-1", title="Rue des Tanneurs")],
        bays=[bay_draft("B", 2.36, 48.86)],
    )
    return territory


def publish(app: Flask, run_jobs: RunJobs, scope: str) -> None:
    with unit_of_work():
        enqueue(PUBLISH_JOB, {"scope": scope})
    run_jobs(app)
    job = latest_job(PUBLISH_JOB, {"scope": scope})
    assert job is not None and job.state is JobState.DONE


def content(scope: str, channel: str) -> bytes:
    with published_files(scope)[channel].open() as stream:
        return stream.read()


def stored_files(app: Flask) -> set[Path]:
    folder = Path(urlsplit(app.extensions["settings"].files_url).path)
    return set((folder / AREA).glob("*"))


def titles(scope: str) -> set[str]:
    features = json.loads(content(scope, "geojson"))["features"]
    return {found["properties"].get("order_title") for found in features} - {None}


def test_every_file_is_in_place_when_a_scope_is_published(database: Flask, run_jobs: RunJobs) -> None:
    make_town()
    before = stored_files(database)
    publish(database, run_jobs, "paris-3e")
    files = published_files("paris-3e")
    assert set(files) == {channel.name for channel in CHANNELS}
    assert len(stored_files(database) - before) == len(CHANNELS)
    for name, found in files.items():
        body = content("paris-3e", name)
        assert found.size_bytes == len(body) and found.etag == hashlib.sha256(body).hexdigest()
    assert files["datex2"].record_count == 2
    assert files["geojson"].record_count == 3
    assert files["bays-csv"].record_count == files["curb-zones"].record_count == 1
    assert len(etree.fromstring(content("paris-3e", "datex2")).findall(".//{*}trafficRegulationOrder")) == 2
    assert json.loads(content("paris-3e", "about"))["title"] == "Paris 3e"


def test_old_files_go_when_new_ones_take_their_place(database: Flask, run_jobs: RunJobs) -> None:
    territory = make_town()
    before = stored_files(database)
    publish(database, run_jobs, "paris-3e")
    first = stored_files(database) - before
    store_orders(TESTER, territory.id, [order_draft(identifier="A-2", title="Rue Neuve")])
    publish(database, run_jobs, "paris-3e")
    assert titles("paris-3e") == {"Rue des Tanneurs", "Rue Neuve"}
    assert not first & stored_files(database)
    assert len(stored_files(database) - before) == len(CHANNELS)


def test_the_portal_publishes_every_territory_when_asked_for_all(database: Flask, run_jobs: RunJobs) -> None:
    make_town()
    make_town("lyon", "Lyon")
    publish(database, run_jobs, ALL_TERRITORIES)
    publish(database, run_jobs, "lyon")
    places = {found["properties"]["territory"] for found in json.loads(content(ALL_TERRITORIES, "geojson"))["features"]}
    assert places == {"paris-3e", "lyon"}
    assert published_files(ALL_TERRITORIES)["geojson"].record_count == 6
    assert published_files("lyon")["geojson"].record_count == 3
    assert published_files("paris-3e") == {}


def test_only_law_that_applies_or_will_is_published(database: Flask, run_jobs: RunJobs) -> None:
    territory = make_territory()
    over = measure_draft(periods=[Period(NOW - timedelta(days=9), NOW - timedelta(days=1))])
    soon = measure_draft(periods=[Period(NOW + timedelta(days=1), NOW + timedelta(days=9))])
    make_law(
        territory,
        perimeters=[perimeter_draft("Passée"), perimeter_draft("Sans couleur", None)],
        orders=[
            order_draft(over, title="Passé"),
            order_draft(soon, title="À venir"),
            order_draft(title="Brouillon", status=OrderStatus.DRAFT),
            order_draft(title="Retiré", status=OrderStatus.WITHDRAWN),
        ],
        bays=[],
    )
    publish(database, run_jobs, "paris-3e")
    assert titles("paris-3e") == {"À venir"}
    assert published_files("paris-3e")["geojson"].record_count == 1


def test_sources_and_licences_are_listed_when_they_differ(database: Flask, run_jobs: RunJobs) -> None:
    territory = make_town()
    store_bays(TESTER, territory.id, [_with_licence("P", "ODbL 1.0")])
    publish(database, run_jobs, "paris-3e")
    told = json.loads(content("paris-3e", "about"))["sources"]
    assert {(source["name"], source["licence"]) for source in told} >= {
        ("numeriz", "Licence Ouverte 2.0"),
        ("paris", "ODbL 1.0"),
    }


def _with_licence(local_id: str, licence: str) -> BayDraft:
    return replace(bay_draft(local_id, 2.361, 48.861), source="paris", provenance={"licence": licence})


def test_what_changed_is_asked_for_once_when_it_is_due(database: Flask, run_jobs: RunJobs) -> None:
    territory = make_town()
    make_town("lyon", "Lyon")
    assert set(publish_due()) == {"paris-3e", "lyon", ALL_TERRITORIES}
    assert publish_due() == []  # they wait already
    assert run_jobs(database) == 3
    assert publish_due() == []
    with unit_of_work() as uow:
        bump_law(uow, territory.id)
    assert publish_due() == []  # made a moment ago: the changes of an import go out together
    later = FixedClock(datetime.now(UTC) + timedelta(minutes=2))
    if later.now().date() == datetime.now(UTC).date():  # at midnight everything is due
        assert set(publish_due(later)) == {"paris-3e", ALL_TERRITORIES}


def test_everything_is_due_when_a_day_begins(database: Flask, run_jobs: RunJobs) -> None:
    make_town()
    publish_due()
    run_jobs(database)
    assert set(publish_due(FixedClock(datetime.now(UTC) + timedelta(days=1)))) == {"paris-3e", ALL_TERRITORIES}


@pytest.mark.parametrize(("minutes", "asked"), [(2, []), (11, ["paris-3e"])])
def test_a_failed_scope_waits_longer_before_it_is_tried_again(database: Flask, minutes: int, asked: list[str]) -> None:
    make_town()
    publish_due()
    with unit_of_work() as uow:
        for row in uow.session.query(Job).filter(Job.kind == PUBLISH_JOB):
            row.state = JobState.FAILED if row.args["scope"] == "paris-3e" else JobState.RUNNING
    assert publish_due(FixedClock(datetime.now(UTC) + timedelta(minutes=minutes))) == asked


def test_a_scope_that_is_not_there_is_refused(database: Flask) -> None:
    with pytest.raises(NotFound):
        content_version("ailleurs", NOW)


class Overtaken(RunningJob):
    """A run that somebody cancels while it works."""

    def progress(self, step: str, done: int = 0, total: int = 0) -> None:
        super().progress(step, done, total)
        cancel(self.id)


def test_no_file_is_left_behind_when_the_run_was_cancelled(app: Flask) -> None:
    make_town()
    before = stored_files(app)
    with unit_of_work() as uow:
        job_id = enqueue(PUBLISH_JOB, {"scope": "paris-3e"})
        claim = new_id()
        row = uow.session.get_one(Job, job_id)
        row.state, row.claim = JobState.RUNNING, claim
    with pytest.raises(ClaimLost):
        publish_files(Overtaken(app, job_id, claim, 20), "paris-3e")
    assert published_files("paris-3e") == {} and stored_files(app) == before
