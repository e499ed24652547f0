"""Events and zones in the database: whole or not at all, one clerk at a time, and never away from under a pass."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.audit import AuditTag, list_entries
from portal.audit.journal import JournalEntry
from portal.cirqliz.api import active_pass_rights
from portal.common.clock import SYSTEM_CLOCK
from portal.common.errors import Conflict, Invalid
from portal.common.ids import new_id
from portal.db import session
from portal.numeriz.codec import digest
from portal.numeriz.law.memory import law_snapshot, law_version
from portal.numeriz.models import PerimeterShape
from portal.numeriz.queries import list_perimeters, perimeters_version
from portal.numeriz.services import store_perimeters
from portal.numeriz.zones import edits
from portal.numeriz.zones.calendar import Session
from portal.numeriz.zones.drawing import Drawn
from portal.numeriz.zones.plans import carry_out, undoing
from portal.numeriz.zones.ports import holders_of
from portal.numeriz.zones.queries import EventView, find_city_event, get_city_event
from portal.regulations.perimeters import Activation, Colour
from portal.territories.queries import TerritoryView
from tests.factories.cirqliz import World, make_world
from tests.factories.law import TESTER, at, make_law, make_territory, perimeter_draft, square
from tests.support.races import overtaken

PARIS = ZoneInfo("Europe/Paris")
SPAN = Activation(at("2027-07-14T13:30"), at("2027-07-14T21:30"))
OTHER_SPAN = Activation(at("2027-07-15T13:30"), at("2027-07-15T21:30"))


@pytest.fixture
def territory(database: Flask) -> TerritoryView:
    return make_territory()


def make_event(territory: TerritoryView, name: str = "Fête du canal") -> EventView:
    sessions = [Session(at("2027-07-14T16:00"), at("2027-07-14T20:30"))]
    plan = edits.plan_new_event(new_id(), edits.event_values(name, sessions, 150, 60, {}))
    carry_out(TESTER, territory.id, plan)
    return get_city_event(territory.id, plan.event_id)


def add_zone(territory: TerritoryView, event: EventView, colour: Colour, west: float = 2.360) -> UUID:
    shape = square(west, 48.860)
    zone_id = new_id()
    plan = edits.plan_zone(territory.id, event, zone_id, f"Zone {colour}", colour, Drawn(shape, digest(shape.wkt)))
    carry_out(TESTER, territory.id, plan)
    return zone_id


def make_dated(territory: TerritoryView) -> EventView:
    """An event with a red zone in force."""
    event = make_event(territory)
    zone_id = add_zone(territory, event, Colour.RED)
    event = get_city_event(territory.id, event.id)
    carry_out(TESTER, territory.id, edits.plan_dates(territory.id, event, [zone_id], [SPAN]))
    return get_city_event(territory.id, event.id)


def entries(territory: TerritoryView) -> list[JournalEntry]:
    found = list_entries(territory_id=territory.id).items
    return [entry for entry in found if entry.tag is AuditTag.PERIMETERS_CHANGED]


def test_the_law_follows_when_zones_are_dated(territory: TerritoryView) -> None:
    event = make_event(territory)
    zone_id = add_zone(territory, event, Colour.RED)
    assert str(zone_id) not in law_snapshot(territory.id).perimeters
    before = perimeters_version(territory.id)
    event = get_city_event(territory.id, event.id)
    carry_out(TESTER, territory.id, edits.plan_dates(territory.id, event, [zone_id], [SPAN, OTHER_SPAN]))
    perimeter = law_snapshot(territory.id).perimeters[str(zone_id)]
    assert (perimeter.id, perimeter.event, perimeter.colour) == (str(zone_id), "Fête du canal", Colour.RED)
    assert perimeter.activations == (SPAN, OTHER_SPAN)
    assert perimeters_version(territory.id) != before
    told = entries(territory)[0]
    assert (told.data["action"], told.subject_id) == ("dated", event.id)
    assert told.data["before"][str(zone_id)]["activations"] == []
    assert len(told.data["after"][str(zone_id)]["activations"]) == 2


def test_nothing_is_written_when_nothing_changes(territory: TerritoryView) -> None:
    event = make_dated(territory)
    version, lines = law_version(territory.id), len(entries(territory))
    plan = edits.plan_dates(territory.id, event, [event.zones[0].id], [SPAN])
    assert not carry_out(TESTER, territory.id, plan)
    assert get_city_event(territory.id, event.id).revision == event.revision
    assert (law_version(territory.id), len(entries(territory))) == (version, lines)


def test_everything_is_undone_when_a_zone_is_drawn_twice(territory: TerritoryView) -> None:
    event = make_dated(territory)
    version, lines = law_version(territory.id), len(entries(territory))
    shapes = session().scalar(select(func.count()).select_from(PerimeterShape))
    drawn = Drawn(square(2.360, 48.860), digest(square(2.360, 48.860).wkt))
    fresh = Drawn(square(2.370, 48.862), digest("another"))
    plan = edits.plan_zone(territory.id, event, new_id(), "La même", Colour.RED, drawn)
    other = edits.plan_zone(territory.id, event, new_id(), "Une autre", Colour.BLUE, fresh)
    both = type(plan)(
        plan.action, plan.event_id, plan.revision, None, {**other.zones, **plan.zones}, {**other.shapes, **plan.shapes}
    )
    with pytest.raises(Invalid, match="zone-drawn-twice"):
        carry_out(TESTER, territory.id, both)
    assert len(get_city_event(territory.id, event.id).zones) == 1
    assert get_city_event(territory.id, event.id).revision == event.revision
    assert (law_version(territory.id), len(entries(territory))) == (version, lines)
    assert session().scalar(select(func.count()).select_from(PerimeterShape)) == shapes


def test_the_second_clerk_is_told_when_both_save_at_once(database: Flask, territory: TerritoryView) -> None:
    event = make_dated(territory)
    zone_id = event.zones[0].id
    mine = edits.plan_dates(territory.id, event, [zone_id], [OTHER_SPAN])
    theirs = edits.plan_withdrawal(territory.id, event, [zone_id], erase=False)
    session().rollback()
    done, told = overtaken(
        database,
        lambda: carry_out(TESTER, territory.id, mine),
        lambda: carry_out(TESTER, territory.id, theirs),
    )
    assert done
    assert isinstance(told, Conflict)
    assert told.code == "city-event-changed"
    assert get_city_event(territory.id, event.id).zones[0].activations == (OTHER_SPAN,)


@pytest.mark.parametrize("change", ["dates", "outline", "name", "withdrawal", "erased", "added", "policy"])
def test_all_is_as_before_when_a_change_is_undone(app: Flask, change: str) -> None:
    territory = make_territory()
    event = make_dated(territory)
    zone_id = event.zones[0].id
    larger = Drawn(square(2.359, 48.859, 0.006), digest(change))
    values = edits.values_of(event)
    plan = {
        "dates": lambda: edits.plan_dates(territory.id, event, [zone_id], [OTHER_SPAN]),
        "outline": lambda: edits.plan_zone(territory.id, event, zone_id, "Z", Colour.GREY, larger),
        "name": lambda: edits.plan_event(territory.id, event, {**values, "name": "Autre nom"}),
        "withdrawal": lambda: edits.plan_withdrawal(territory.id, event, [zone_id], erase=False),
        "erased": lambda: edits.plan_withdrawal(territory.id, event, [zone_id], erase=True),
        "added": lambda: edits.plan_zone(territory.id, event, new_id(), "Z", Colour.BLUE, larger),
        "policy": lambda: edits.plan_event(
            territory.id,
            event,
            {**values, "policies": {"red": {"motorised": "free", "vehiclesAllowed": [], "notice": ""}}},
        ),
    }[change]()
    assert carry_out(TESTER, territory.id, plan)
    changed = get_city_event(territory.id, event.id)
    assert (changed.zones, changed.name) != (event.zones, event.name)
    undo = undoing(territory.id, event.id, changed.revision)
    assert undo is not None
    assert carry_out(TESTER, territory.id, undo)
    back = get_city_event(territory.id, event.id)
    assert (back.zones, back.name, back.policies) == (event.zones, event.name, event.policies)
    assert undoing(territory.id, event.id, back.revision) is None


def test_zones_of_an_import_keep_what_they_are_when_they_are_taken_over(app: Flask) -> None:
    territory = make_territory()
    make_law(territory, perimeters=[perimeter_draft()])
    before = list_perimeters(territory.id)
    version = law_version(territory.id)
    carry_out(TESTER, territory.id, edits.plan_adoption(territory.id, "Course du canal 2024"))
    assert (list_perimeters(territory.id), law_version(territory.id)) == (before, version)
    # The same file again changes nothing of what is said here.
    make_law(territory, perimeters=[perimeter_draft()])
    assert list_perimeters(territory.id) == before


def test_an_import_changes_nothing_of_a_zone_when_a_clerk_has_changed_it(app: Flask) -> None:
    territory = make_territory()
    make_law(territory, perimeters=[perimeter_draft()])
    carry_out(TESTER, territory.id, edits.plan_adoption(territory.id, "Course du canal 2024"))
    event_id = find_city_event(territory.id, "Course du canal 2024")
    assert event_id is not None
    event = get_city_event(territory.id, event_id)
    carry_out(TESTER, territory.id, edits.plan_withdrawal(territory.id, event, [event.zones[0].id], erase=False))
    before = list_perimeters(territory.id)
    outcome = store_perimeters(TESTER, territory.id, [perimeter_draft()])
    assert list_perimeters(territory.id) == before
    assert not outcome.changed
    assert [(issue.code, issue.params) for issue in outcome.issues] == [
        ("perimeter-held-here", {"name": "Course du canal"})
    ]


@pytest.fixture
def world(app: Flask, run_jobs: Callable[[Flask], int]) -> World:
    return make_world(app, run_jobs)


def _with_pass(world: World) -> tuple[EventView, UUID, UUID]:
    """The event of the red perimeter taken over, its zone, and a vehicle whose pass opens it."""
    zone = next(found for found in list_perimeters(world.territory.id) if found.colour is Colour.RED)
    world.planner.needed = (str(zone.id),)
    vehicle_id = world.vehicle()
    world.approve(world.ready(vehicles=[vehicle_id]))
    carry_out(TESTER, world.territory.id, edits.plan_adoption(world.territory.id, zone.event))
    event_id = find_city_event(world.territory.id, zone.event)
    assert event_id is not None
    return get_city_event(world.territory.id, event_id), zone.id, vehicle_id


def test_a_zone_stays_and_its_passes_hold_when_it_is_withdrawn(world: World) -> None:
    event, zone_id, vehicle_id = _with_pass(world)
    rights: Any = active_pass_rights(vehicle_id)
    assert holders_of(world.territory.id, [zone_id], SYSTEM_CLOCK.now())[zone_id].passes == 1
    plan = edits.plan_withdrawal(world.territory.id, event, [zone_id], erase=True)
    carry_out(TESTER, world.territory.id, plan)
    left = get_city_event(world.territory.id, event.id)
    assert [zone.activations for zone in left.zones] == [()]
    assert active_pass_rights(vehicle_id) == rights
    undo = undoing(world.territory.id, event.id, left.revision)
    assert undo is not None
    carry_out(TESTER, world.territory.id, undo)
    assert get_city_event(world.territory.id, event.id).zones == event.zones


def test_a_zone_is_not_erased_when_a_pass_came_after_the_plan_was_made(world: World) -> None:
    event, zone_id, _vehicle_id = _with_pass(world)
    plan = edits.plan_withdrawal(world.territory.id, event, [zone_id], erase=False)
    erasing = type(plan)(plan.action, plan.event_id, plan.revision, None, {zone_id: None})
    with pytest.raises(Conflict, match="zone-held"):
        carry_out(TESTER, world.territory.id, erasing)
    assert len(get_city_event(world.territory.id, event.id).zones) == 1


def test_a_pass_that_is_over_counts_apart_when_holders_are_counted(world: World) -> None:
    _event, zone_id, _vehicle_id = _with_pass(world)
    later = datetime.now(UTC) + timedelta(days=30)
    found = holders_of(world.territory.id, [zone_id], later)[zone_id]
    assert found.passes == 0
    assert not found.nobody
    assert holders_of(make_territory("ailleurs").id, [zone_id], later)[zone_id].nobody
