"""The job that matches the law to the road graph, and who asks for it.

It looks for what waits, matches it, and stores it some seconds of work at a time, so that a run that is killed loses
little and the next one goes on. Work is shared: a place that was matched for one order is not matched for another.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

import numpy as np
from shapely.geometry.base import BaseGeometry
from sqlalchemy import delete, update

from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.ids import new_id
from portal.db import UnitOfWork, insert_into, unit_of_work
from portal.jobs import JobState, RunningJob, enqueue, latest_job, task
from portal.numeriz import codec
from portal.numeriz.law.memory import bump_law
from portal.numeriz.matching.places import Waiting, count_waiting, get_matches, list_waiting, match_place
from portal.numeriz.models import EdgeMatch
from portal.numeriz.values import doubt_count
from portal.territories.api import Match, RoadGraph, TerritoryView, get_graph_version, get_territory_by_id

MATCH_JOB: Final = "numeriz.match"
_STEP: Final = "matching"
_LONGEST_S: Final = 3600
_AT_ONCE: Final = 200
# Each time that something is stored the law has a new version, and every process reads it again.
_STORE_EVERY_S: Final = 10.0
# What makes a run fail is not gone a minute later.
_AFTER_FAILURE: Final = timedelta(hours=1)
_BOUNDS: Final = ("min_lon", "min_lat", "max_lon", "max_lat")


def ensure_matching(territory: TerritoryView, clock: Clock = SYSTEM_CLOCK) -> UUID | None:
    """Ask for the job when something waits and no job is under way; return the id of the one asked for.

    Cheap enough to be called after every change of the law, and regularly: a territory without a graph waits for
    nothing.
    """
    version = get_graph_version(territory)
    if version is None or not count_waiting(territory.id, version):
        return None
    args = {"territory_id": str(territory.id)}
    latest = latest_job(MATCH_JOB, args)
    if latest is not None:
        if not latest.state.ended:
            return None
        failed = latest.state is JobState.FAILED and latest.ended_at is not None
        if failed and latest.ended_at is not None and clock.now() - latest.ended_at < _AFTER_FAILURE:
            return None
    return enqueue(MATCH_JOB, args)


@task(MATCH_JOB, timeout_s=_LONGEST_S)
def match_law(job: RunningJob, territory_id: str) -> None:
    """Match everything that waits in a territory, then forget what was found on older versions of its graph."""
    territory = get_territory_by_id(UUID(territory_id))
    version = get_graph_version(territory)
    if version is None or territory.graph_dir is None:
        return
    match_waiting(territory.id, version, RoadGraph.open(territory.graph_dir), job)
    with job.finish() as uow:
        older = delete(EdgeMatch).where(EdgeMatch.territory_id == territory.id, EdgeMatch.graph_version != version)
        uow.session.execute(older)


def match_waiting(territory_id: UUID, version: str, graph: RoadGraph, job: RunningJob | None = None) -> int:
    """Match what waits and store it, some at a time; return how many orders, events and perimeters it was.

    job: told how far it is. Raises ClaimLost when another run took it over.
    """
    done = 0
    total = count_waiting(territory_id, version)
    while some := list_waiting(territory_id, version, _AT_ONCE):
        stored = _match_some(territory_id, version, graph, some)
        done += stored
        if job is not None:
            job.progress(_STEP, min(done, total), total)
    return done


def _match_some(territory_id: UUID, version: str, graph: RoadGraph, waiting: Sequence[Waiting]) -> int:
    """Match as many of some as the time between two stores allows, at least one; return how many."""
    known = dict(get_matches(territory_id, version, (place.digest for one in waiting for place in one.places)))
    fresh: dict[str, Match] = {}
    ready: list[Waiting] = []
    until = time.monotonic() + _STORE_EVERY_S
    for one in waiting:
        for place in one.places:
            if place.digest not in known:
                match = match_place(graph, place.location)
                if match is not None:
                    known[place.digest] = fresh[place.digest] = match
        ready.append(one)
        if time.monotonic() > until:
            break
    with unit_of_work() as uow:
        _store(uow, territory_id, graph, fresh)
        for one in ready:
            _tell(uow, one, known)
        if fresh:
            bump_law(uow, territory_id)
    return len(ready)


def _store(uow: UnitOfWork, territory_id: UUID, graph: RoadGraph, matches: Mapping[str, Match]) -> None:
    """Add matches; one that another run stored meanwhile stays as it is: it was computed alike."""
    now = SYSTEM_CLOCK.now()
    rows = [
        {
            "id": new_id(),
            "territory_id": territory_id,
            "graph_version": graph.table.version,
            "location_digest": digest,
            "matched_share": match.matched_share,
            "confidence": match.confidence,
            "edge_count": len(np.unique(match.edges["edge_id"])),
            "edges": codec.edges_to_bytes(match.edges),
            "missing": _wkb(match.missing),
            "path": _wkb(match.path),
            "issues": [{"code": doubt.code, "params": doubt.params} for doubt in match.doubts],
            **dict(zip(_BOUNDS, graph.table.bounds_of(match.edges["edge_id"]) or (None,) * 4, strict=True)),
            "matched_at": now,
        }
        for digest, match in matches.items()
    ]
    if rows:
        uow.session.execute(insert_into(uow, EdgeMatch).on_conflict_do_nothing(), rows)


def _wkb(shape: BaseGeometry | None) -> bytes | None:
    return None if shape is None else codec.shape_to_bytes(shape)


def _tell(uow: UnitOfWork, waiting: Waiting, matches: Mapping[str, Match]) -> None:
    """Write the doubts of a match where the clerk looks, unless the row says something else by now."""
    issues = [
        issue
        for place in waiting.places
        if (match := matches.get(place.digest)) is not None
        for issue in place.issues(match)
    ]
    uow.session.execute(
        update(waiting.model)
        .where(waiting.model.id == waiting.id, waiting.still_says())
        .values(
            matched_as=waiting.matched_as,
            match_issues=[issue.to_json() for issue in issues],
            match_issue_count=doubt_count(issues),
        )
        .execution_options(synchronize_session=False)
    )
