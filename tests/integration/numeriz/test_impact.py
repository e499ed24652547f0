"""What a draft order would do, on a small town with a graph: streets, alarms, detours, clashes, who is concerned."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
import shapely
from flask import Flask
from sqlalchemy import update

from portal.common.actor import Actor, ActorKind
from portal.common.clock import SYSTEM_CLOCK
from portal.common.errors import Conflict
from portal.db import unit_of_work
from portal.itineriz.models import Route
from portal.itineriz.services import CreateRoute, create_route
from portal.itineriz.trip import Stop
from portal.numeriz.impact.alarms import emergency_alarms, stops_emergency
from portal.numeriz.impact.found import Impact
from portal.numeriz.impact.judging import Ground, judge, measures_of
from portal.numeriz.impact.keeping import ask_impact, ask_signature, kept_impact, sign_work
from portal.numeriz.impact.messages import alarm_sentence
from portal.numeriz.impact.since import SinceStudy
from portal.numeriz.impact.streets import edges_of, streets_of
from portal.numeriz.law.memory import law_of
from portal.numeriz.models import OrderWork
from portal.numeriz.ports import neighbours
from portal.numeriz.values import Category, OrderDraft, Subject
from portal.numeriz.writing import (
    document_of,
    get_work,
    publish_work,
    publishing_state,
    save_work,
    start_work,
)
from portal.regulations.measures import Direction, LocationKind, MeasureLocation, MeasureType
from portal.regulations.schedules import Period
from portal.regulations.snapshot import LawSnapshot
from portal.regulations.vehicles import Access, HasAccess, Over, Size, Usage, UsedFor, VehicleRule
from portal.territories.build.graph import INFO_NAME
from portal.territories.emergency import EmergencyPlace
from portal.territories.models import Territory
from portal.territories.queries import GRAPH_NAME, TerritoryView, build_folder
from tests.factories.accounts import make_company, make_user
from tests.factories.law import bay_draft, make_law, measure_draft, order_draft
from tests.factories.territories import make_territory
from tests.support.impact_town import BOUNDS, at, build_town, make_town

RunJobs = Callable[[Flask], int]
ZONE = ZoneInfo("Europe/Paris")
MIDDLE = (at(4, 4), at(12, 4))
"""Two blocks of the street in the middle of the town."""
BRIDGE = (at(16, 4), at(20, 4))
MOTORWAY = (at(0, -1), at(16, -1))
HEAVY = VehicleRule((Over(Size.GROSS_WEIGHT, 3_500),), (UsedFor(Usage.EMERGENCY),))


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_town(tmp_path_factory.mktemp("impact"))


@pytest.fixture
def town(app: Flask, graph: Path) -> TerritoryView:
    return make_town(graph)


def this_week() -> list[Period]:
    now = SYSTEM_CLOCK.now().replace(microsecond=0, second=0)
    return [Period(now - timedelta(hours=1), now + timedelta(days=7))]


def ban(line: tuple[tuple[float, float], ...] = MIDDLE, **more: Any) -> OrderDraft:
    return order_draft(measure_draft(line=line, **{"periods": this_week(), **more}))


def judged(town: TerritoryView, draft: OrderDraft, **more: Any) -> Impact:
    return judge(Ground(town, law_of(town), SYSTEM_CLOCK.now(), neighbours(), **more), draft)


def test_each_street_is_counted_once_when_both_of_its_directions_are_closed(town: TerritoryView) -> None:
    impact = judged(town, ban())
    (line,) = impact.lengths or ()
    assert line.road_class == "residential"
    assert line.closed_m == pytest.approx(8 * 73.2, rel=0.02) == line.regulated_m
    (line,) = judged(town, ban(direction=Direction.FORWARD)).lengths or ()
    assert line.closed_m == pytest.approx(8 * 73.2, rel=0.02)
    (line,) = judged(town, ban(kind=MeasureType.SPEED_LIMIT, max_speed_kmh=30)).lengths or ()
    assert line.closed_m == 0.0 < line.regulated_m


def test_the_streets_inside_are_counted_when_an_area_is_closed(town: TerritoryView) -> None:
    area = MeasureLocation(LocationKind.AREA, "Centre", shapely.box(*at(6, 3), *at(10, 5)))
    draft = ban()
    impact = judged(town, replace(draft, measures=(replace(draft.measures[0], locations=(area,)),)))
    by_class = {line.road_class: line.closed_m for line in impact.lengths or ()}
    assert by_class == {
        "residential": pytest.approx(4 * 73.2, rel=0.05),
        "tertiary": pytest.approx(2 * 111.2, rel=0.05),
    }
    assert impact.area_km2 == pytest.approx(0.0651, rel=0.02)


@pytest.mark.parametrize(
    ("line", "vehicles", "expected"),
    [
        pytest.param(MIDDLE, VehicleRule(), [], id="a street of the grid"),
        pytest.param(BRIDGE, VehicleRule(), ["cut-off"], id="the only way to the lake"),
        pytest.param(BRIDGE, HEAVY, [], id="those who help are exempted"),
        pytest.param(MOTORWAY, VehicleRule(), ["motorway"], id="the motorway"),
        pytest.param(MOTORWAY, HEAVY, ["motorway"], id="the motorway for lorries alone"),
    ],
)
def test_an_alarm_is_on_when_a_motorway_or_an_access_is_closed(
    town: TerritoryView, line: tuple[tuple[float, float], ...], vehicles: VehicleRule, expected: list[str]
) -> None:
    impact = judged(town, ban(line, vehicles=vehicles))
    assert [alarm.code for alarm in impact.alarms] == expected
    assert impact.cut_off is not None
    assert impact.cut_off.streets == (("Rue du Lac",) if line == BRIDGE else ())


CORNER = ((at(4, 0), at(8, 0)), (at(4, 0), at(4, 2)), (at(0, 2), at(0, 4)))
"""What leads from the corner of the town to the rest, but for the street along its edge."""
EDGE = (at(0, 2), at(4, 2))
CORNER_STREETS = ("Rue 0", "Avenue 0")


def closures(*lines: tuple[tuple[float, float], ...], **more: Any) -> OrderDraft:
    """An order that closes several streets."""
    measures = (measure_draft(line=line, **{"periods": this_week(), **more}) for line in lines)
    return order_draft(*measures, title="Déjà fermé")


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        pytest.param({}, True, id="at the same time"),
        pytest.param({"vehicles": HEAVY}, False, id="those who help are exempted"),
        pytest.param({"kind": MeasureType.NO_PARKING}, False, id="nothing is closed"),
        pytest.param(
            {"periods": [Period(datetime(2020, 1, 1, tzinfo=ZONE), datetime(2021, 1, 1, tzinfo=ZONE))]},
            False,
            id="long over",
        ),
        pytest.param(
            {"periods": [Period(SYSTEM_CLOCK.now() + timedelta(days=8), SYSTEM_CLOCK.now() + timedelta(days=9))]},
            False,
            id="only after the draft",
        ),
    ],
)
def test_an_alarm_is_on_when_the_other_access_is_closed_already(
    town: TerritoryView, more: dict[str, Any], expected: bool
) -> None:
    make_law(town, orders=[closures(*CORNER, **more)])
    impact = judged(town, ban(EDGE))
    assert impact.cut_off is not None
    assert [alarm.code for alarm in impact.alarms] == (["cut-off"] if expected else [])
    assert impact.cut_off.streets == (CORNER_STREETS if expected else ())
    assert impact.cut_off.with_others is expected
    if expected:
        assert "y contribuent" in alarm_sentence(impact.alarms[0])


def test_what_is_closed_or_cut_off_already_is_no_alarm_of_the_draft(town: TerritoryView) -> None:
    make_law(town, orders=[closures(*CORNER, EDGE)])
    assert judged(town, ban((at(12, 2), at(12, 4)))).alarms == ()
    impact = judged(town, ban(BRIDGE))
    assert impact.cut_off is not None and impact.cut_off.streets == ("Rue du Lac",)
    assert not impact.cut_off.with_others


def test_nothing_is_cut_off_with_the_order_that_is_amended(town: TerritoryView) -> None:
    make_law(town, orders=[closures(*CORNER)])
    order_id = next(iter(law_of(town).measures.values())).order.id
    assert judged(town, ban(EDGE), replaces=UUID(order_id)).alarms == ()


def test_an_alarm_names_the_hospital_when_the_street_before_it_is_closed(graph: Path) -> None:
    table = edges_of(graph)
    measures = measures_of(ban())
    streets = streets_of(table, LawSnapshot.build((), measures, zone=ZONE, version="essai"))
    closed = streets.closed_by(filter(stops_emergency, measures))
    near, far = shapely.Point(at(8, 4.3)), shapely.Point(at(8, 7))
    grounds = shapely.box(*at(7.5, 4.2), *at(8.5, 4.5))
    places = [
        EmergencyPlace("hospital", "Hôpital Nord", near),
        EmergencyPlace("hospital", "", grounds),
        EmergencyPlace("fire_station", "Caserne", far),
    ]
    (alarm,) = emergency_alarms(streets, closed, places)
    assert (alarm.code, alarm.params) == ("hospital", {"name": "Hôpital Nord", "street": "Rue 4"})
    assert not list(emergency_alarms(streets, closed, [places[2]]))
    assert not list(emergency_alarms(streets, closed[:0], places))


def test_through_traffic_loses_time_when_the_middle_is_closed(town: TerritoryView) -> None:
    impact = judged(town, ban())
    by_vehicle = {one.vehicle: one.detours for one in impact.detours or ()}
    for found in by_vehicle.values():
        assert found is not None and found.sampled > 0 and found.blocked == 0
        assert found.metres >= 0 and found.longest_s >= found.seconds >= 0
    assert judged(town, ban()).detours == impact.detours, "the same question gives the same sample"
    heavy = {one.vehicle: one.detours for one in judged(town, ban(vehicles=HEAVY)).detours or ()}
    assert heavy["van"] is None and heavy["lorry"] is not None
    assert (
        judged(
            town, ban(periods=[Period(datetime(2024, 1, 1, tzinfo=ZONE), datetime(2024, 2, 1, tzinfo=ZONE))])
        ).detours
        is None
    )


@pytest.mark.parametrize(
    ("draft", "expected"),
    [
        pytest.param(ban, "duplicate", id="the same again"),
        pytest.param(lambda: ban(vehicles=HEAVY), "same-kind", id="for other vehicles"),
        pytest.param(lambda: ban(line=(at(0, 4), at(16, 4))), "same-kind", id="on a longer piece"),
        pytest.param(lambda: ban(kind=MeasureType.NO_PARKING), None, id="another matter"),
        pytest.param(lambda: ban(line=(at(4, 6), at(12, 6))), None, id="another street"),
        pytest.param(lambda: ban(line=(at(8, 2), at(8, 6))), None, id="a street that crosses it"),
        pytest.param(
            lambda: ban(periods=[Period(datetime(2020, 1, 1, tzinfo=ZONE), datetime(2021, 1, 1, tzinfo=ZONE))]),
            None,
            id="long over",
        ),
    ],
)
def test_orders_of_the_same_street_are_told_when_they_hold_at_the_same_time(
    town: TerritoryView, draft: Callable[[], OrderDraft], expected: str | None
) -> None:
    make_law(town, orders=[ban()])
    impact = judged(town, draft())
    assert [clash.code for clash in impact.clashes] == ([] if expected is None else [expected])
    assert impact.clash_count == len(impact.clashes)
    for clash in impact.clashes:
        assert clash.street == "Rue 4" and clash.metres == pytest.approx(8 * 73.2, rel=0.05)


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        pytest.param(
            {"kind": MeasureType.ONE_WAY, "direction": Direction.BACKWARD},
            {"kind": MeasureType.ONE_WAY, "direction": Direction.FORWARD},
            "opposite-directions",
            id="one way and back",
        ),
        pytest.param(
            {"kind": MeasureType.NO_ENTRY, "direction": Direction.FORWARD},
            {"kind": MeasureType.ONE_WAY, "direction": Direction.FORWARD},
            "opposite-directions",
            id="a ban against a one way",
        ),
        pytest.param(
            {"kind": MeasureType.NO_ENTRY, "direction": Direction.BACKWARD},
            {"kind": MeasureType.ONE_WAY, "direction": Direction.FORWARD},
            None,
            id="both leave the same direction",
        ),
        pytest.param(
            {"kind": MeasureType.SPEED_LIMIT, "max_speed_kmh": 30},
            {"kind": MeasureType.SPEED_LIMIT, "max_speed_kmh": 50},
            "other-speed",
            id="two speeds",
        ),
    ],
)
def test_orders_that_contradict_each_other_are_told(
    town: TerritoryView, ours: dict[str, Any], theirs: dict[str, Any], expected: str | None
) -> None:
    make_law(town, orders=[ban(**theirs)])
    found = [clash.code for clash in judged(town, ban(**ours)).clashes]
    assert found == ([] if expected is None else [expected])


def test_nothing_clashes_with_the_order_that_is_amended(town: TerritoryView) -> None:
    make_law(town, orders=[ban()])
    (measure,) = law_of(town).measures.values()
    assert judged(town, ban(), replaces=UUID(measure.order.id)).clashes == ()


def test_stops_and_bays_inside_are_counted_when_the_street_is_closed(town: TerritoryView) -> None:
    make_law(town, bays=[bay_draft(lon=at(8, 4)[0], lat=at(8, 4)[1]), bay_draft(lon=at(8, 8)[0], lat=at(8, 8)[1])])
    company = make_company()
    stops = tuple(Stop(*at(*place), label="Client", service_s=300) for place in ((0, 0), (6, 4), (8, 4.2), (8, 8)))
    actor = Actor(ActorKind.SYSTEM, "essai")
    command = CreateRoute(town.id, company.id, stops, SYSTEM_CLOCK.now(), {"gvw_t": 3.5})
    route_id = create_route(actor, command, enqueue_job=False)
    impact = judged(town, ban())
    assert impact.bays == 1
    assert impact.stops is not None
    assert (impact.stops.tours, impact.stops.stops, impact.stops.companies) == (1, 2, 1)
    with unit_of_work() as uow:
        later = SYSTEM_CLOCK.now() + timedelta(days=30)
        uow.session.execute(update(Route).where(Route.id == route_id).values(depart_at=later))
    after = judged(town, ban())
    assert after.stops is not None and after.stops.stops == 0


@pytest.mark.parametrize(
    ("more", "north_m", "expected"),
    [
        pytest.param({}, 8, 1, id="beside the street"),
        pytest.param({}, 35, 0, id="on the street behind"),
        pytest.param({"vehicles": VehicleRule((Over(Size.GROSS_WEIGHT, 19_000),))}, 8, 0, id="for lorries alone"),
        pytest.param(
            {"vehicles": VehicleRule((), (HasAccess(Access.LOCAL_ACCESS),))}, 8, 0, id="but those who deliver"
        ),
        pytest.param({"kind": MeasureType.NO_PARKING}, 8, 1, id="nobody parks"),
        pytest.param({"kind": MeasureType.SPEED_LIMIT, "max_speed_kmh": 30}, 8, 0, id="slower"),
    ],
)
def test_a_bay_is_lost_when_no_van_may_stop_there(
    town: TerritoryView, more: dict[str, Any], north_m: float, expected: int
) -> None:
    lon, lat = at(8, 4)
    make_law(town, bays=[bay_draft(lon=lon, lat=lat + north_m / 111_195)])
    assert judged(town, ban(**more)).bays == expected


def test_the_page_says_what_is_unknown_when_there_is_no_graph(app: Flask) -> None:
    town = make_territory("sans-graphe", bounds=BOUNDS)
    impact = judged(town, ban())
    assert (impact.lengths, impact.cut_off, impact.detours, impact.alarms) == (None, None, None, ())
    assert not impact.emergency_known


# The job, and the signature


def begun(town: TerritoryView, author: Actor, draft: OrderDraft) -> UUID:
    order = replace(draft, category=Category.TEMPORARY, subject=Subject.ROADWORKS)
    return start_work(author, town.id, document=document_of(order, ZONE))


def person(name: str) -> Actor:
    return Actor(ActorKind.USER, name, user_id=make_user().id)


def test_a_second_person_signs_when_an_alarm_is_on(app: Flask, run_jobs: RunJobs, town: TerritoryView) -> None:
    author, other = person("Camille"), person("Dominique")
    work_id = begun(town, author, ban(BRIDGE))
    with pytest.raises(Conflict, match="impact-not-seen"):
        ask_signature(town.id, work_id)
    ask_impact(town.id, work_id)
    ask_impact(town.id, work_id)
    assert run_jobs(app) == 1
    work = get_work(town.id, work_id)
    assert work.is_judged and [alarm["code"] for alarm in work.alarms] == ["cut-off"]
    kept = kept_impact(work_id)
    assert kept is not None and kept.digest == work.digest
    for actor, digest, code in ((author, work.digest, "own-work"), (other, "0" * 64, "work-changed")):
        with pytest.raises(Conflict, match=code):
            sign_work(actor, town.id, work_id, digest)
    ask_signature(town.id, work_id)
    assert get_work(town.id, work_id).sign_asked_at is not None
    sign_work(other, town.id, work_id, work.digest)
    assert get_work(town.id, work_id).is_signed
    with pytest.raises(Conflict, match="signed-already"):
        sign_work(other, town.id, work_id, work.digest)
    changed = {**work.document, "title": "Autrement"}
    save_work(author, town.id, work_id, work.revision, changed)
    after = get_work(town.id, work_id)
    assert not after.is_signed and not after.is_judged


def test_effects_and_signature_end_when_the_road_graph_is_another(
    app: Flask, run_jobs: RunJobs, town: TerritoryView
) -> None:
    author, other = person("Camille"), person("Dominique")
    work_id = begun(town, author, ban(BRIDGE))
    ask_impact(town.id, work_id)
    run_jobs(app)
    sign_work(other, town.id, work_id, get_work(town.id, work_id).digest)
    assert get_work(town.id, work_id).is_signed
    assert town.graph_dir is not None
    newer = build_folder(town.slug, "newer") / GRAPH_NAME
    newer.mkdir(parents=True)
    info = json.loads((town.graph_dir / INFO_NAME).read_text())
    (newer / INFO_NAME).write_text(json.dumps({**info, "version": "another"}))
    with unit_of_work() as uow:
        uow.session.execute(update(Territory).where(Territory.id == town.id).values(build_version="newer"))
    after = get_work(town.id, work_id)
    assert not after.is_judged and not after.is_signed


def test_the_signature_ends_when_other_alarms_are_found(app: Flask, run_jobs: RunJobs, town: TerritoryView) -> None:
    author, other = person("Camille"), person("Dominique")
    work_id = begun(town, author, ban(BRIDGE))
    ask_impact(town.id, work_id)
    run_jobs(app)
    sign_work(other, town.id, work_id, get_work(town.id, work_id).digest)
    ask_impact(town.id, work_id)
    run_jobs(app)
    assert get_work(town.id, work_id).is_signed, "the same alarms"
    with unit_of_work() as uow:
        uow.session.execute(update(OrderWork).where(OrderWork.id == work_id).values(alarms=[]))
    ask_impact(town.id, work_id)
    run_jobs(app)
    assert not get_work(town.id, work_id).is_signed


def studied(app: Flask, run_jobs: RunJobs, town: TerritoryView, *drafts: OrderDraft) -> list[UUID]:
    """Drafts, each by somebody else, whose effects are known."""
    works = [begun(town, person("Camille"), draft) for draft in drafts]
    for work_id in works:
        ask_impact(town.id, work_id)
    run_jobs(app)
    return works


def test_a_duplicate_published_since_the_study_is_shown_before_publishing(
    app: Flask, run_jobs: RunJobs, town: TerritoryView
) -> None:
    first, second, elsewhere = studied(
        app, run_jobs, town, *(replace(ban(line), identifier=str(at)) for at, line in enumerate((MIDDLE, MIDDLE, EDGE)))
    )
    actor = person("Dominique")
    assert publishing_state(town, get_work(town.id, first)).since == SinceStudy()
    order_id = publish_work(actor, town.id, first, 1)
    with pytest.raises(Conflict, match="new-clashes"):
        publish_work(actor, town.id, second, 1)
    state = publishing_state(town, get_work(town.id, second))
    assert state.ready and [(one.code, one.order_id) for one in state.since.clashes] == [("duplicate", str(order_id))]
    with pytest.raises(Conflict, match="new-clashes"):
        publish_work(actor, town.id, second, 1, seen="autre")
    other = publishing_state(town, get_work(town.id, elsewhere)).since
    assert other == SinceStudy() and other.mark == "", "nothing changed where this one is"
    publish_work(actor, town.id, elsewhere, 1)
    publish_work(actor, town.id, second, 1, seen=state.since.mark)
    assert len(law_of(town).measures) == 3


def test_what_the_study_showed_is_not_asked_again(app: Flask, run_jobs: RunJobs, town: TerritoryView) -> None:
    make_law(town, orders=[ban()])
    (work_id,) = studied(app, run_jobs, town, replace(ban(), identifier="2"))
    make_law(town, orders=[replace(ban(BRIDGE), identifier="3")])
    since = publishing_state(town, get_work(town.id, work_id)).since
    assert not since.clashes
    publish_work(person("Dominique"), town.id, work_id, 1)


def test_nothing_is_kept_when_the_draft_has_faults_or_is_gone(
    app: Flask, run_jobs: RunJobs, town: TerritoryView
) -> None:
    author = person("Camille")
    work_id = begun(town, author, ban())
    ask_impact(town.id, work_id)
    save_work(author, town.id, work_id, 1, {**get_work(town.id, work_id).document, "identifier": ""})
    assert run_jobs(app) == 1
    assert kept_impact(work_id) is None and not get_work(town.id, work_id).is_judged
