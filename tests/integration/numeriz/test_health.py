"""The questions of the health page, on each kind of database."""

from __future__ import annotations

from dataclasses import replace

import shapely
from flask import Flask
from sqlalchemy import select

from portal.common.clock import SYSTEM_CLOCK
from portal.common.ids import new_id
from portal.db import session, unit_of_work
from portal.numeriz.health.doubts import count_doubtful
from portal.numeriz.health.measures import Fault, law_health
from portal.numeriz.health.sources import Freshness, source_healths
from portal.numeriz.models import OrderPush, TrafficOrder
from portal.numeriz.pushing.reading import list_stuck
from portal.numeriz.values import ImportKind, Issue, OrderStatus, PushState
from portal.regulations.measures import LocationKind, MeasureLocation
from tests.factories.law import make_law, make_territory, measure_draft, order_draft, perimeter_draft
from tests.support.imports import import_bytes

NOWHERE = MeasureLocation(LocationKind.FREE_GEOMETRY, "Place du Cirque", shapely.LineString())
BAYS = b"ID,LONGITUDE,LATITUDE,TYPE\nB1,2.362,48.862,aire permanente\n,2.36,48.86,aire permanente\n"


def test_what_is_counted_is_of_the_territory_when_others_have_faults_too(database: Flask) -> None:
    here, elsewhere = make_territory(), make_territory("ailleurs")
    for territory in (here, elsewhere, elsewhere):
        lost = replace(measure_draft(), locations=(NOWHERE,))
        make_law(
            territory,
            orders=[
                order_draft(lost, measure_draft(), title="Jamais tracé"),
                order_draft(lost, status=OrderStatus.WITHDRAWN),
            ],
            perimeters=[perimeter_draft(issues=[Issue("no-activation")])],
        )
    found = law_health(here)
    assert (found.measures, found.total(Fault.NOT_DRAWN)) == ({"numeriz": 1}, 1)
    assert [line.detail for line in found.listed(Fault.NOT_DRAWN)] == ["Place du Cirque"]
    doubtful = count_doubtful(here.id)
    assert (doubtful[ImportKind.PERIMETERS], doubtful[ImportKind.EVENTS]) == (1, 0)


def test_the_last_import_alone_counts_when_a_file_was_sent_twice(database: Flask) -> None:
    territory = make_territory()
    import_bytes(ImportKind.BAYS, territory, [("avant.csv", BAYS)])
    import_bytes(ImportKind.BAYS, territory, [("apres.csv", BAYS + b"B2,2.363,48.863,aire permanente\n")])
    [source] = source_healths(territory.id, SYSTEM_CLOCK.now())
    assert (source.name, source.freshness, source.lost, source.doubts) == ("apres.csv", Freshness.IMPORTED, 1, 1)
    assert [group.code for group in source.reasons] == ["bay-without-id"]


def test_an_order_is_told_as_missing_when_its_newest_version_is(database: Flask) -> None:
    territory, elsewhere = make_territory(), make_territory("ailleurs")
    make_law(territory, orders=[order_draft(title="Refusé"), order_draft(title="Transmis")])
    ids = {title: key for key, title in session().execute(select(TrafficOrder.id, TrafficOrder.title))}
    histories = {"Refusé": (PushState.SENT, PushState.REFUSED), "Transmis": (PushState.FAILED, PushState.SENT)}
    with unit_of_work() as uow:
        for title, states in histories.items():
            for number, state in enumerate(states, 1):
                answer = {"code": "push-refused", "status": 400, "sentences": ["Hors du territoire."]}
                uow.session.add(
                    OrderPush(
                        id=new_id(),
                        order_id=ids[title],
                        version_number=number,
                        state=state,
                        answer=answer if state is PushState.REFUSED else {},
                        created_at=SYSTEM_CLOCK.now(),
                        updated_at=SYSTEM_CLOCK.now(),
                    )
                )
    [stuck] = list_stuck(territory.id)
    assert (stuck.title, stuck.state, tuple(stuck.sentences)) == ("Refusé", PushState.REFUSED, ("Hors du territoire.",))
    assert list_stuck(elsewhere.id) == []
