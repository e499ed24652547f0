"""What the portal says of the law, in French."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from datetime import UTC, datetime, time
from importlib import import_module
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import shapely
from flask import Flask

from portal.config import PROJECT_ROOT
from portal.numeriz import messages
from portal.numeriz import words as in_words
from portal.numeriz.law.reasons import sentence, state_words
from portal.numeriz.values import DeliveryHours, MeasureDraft
from portal.regulations.evaluate import Reason, ReasonCode, State
from portal.regulations.measures import Direction, LocationKind, MeasureLocation, MeasureType, Origin
from portal.regulations.perimeters import Colour, Motorised
from portal.regulations.schedules import HolidayRule, Period, TimeSlot, Weekday
from portal.regulations.vehicles import (
    Access,
    AirClass,
    AirClassIn,
    CarriesHazmat,
    Criterion,
    Fact,
    FreeText,
    HasAccess,
    IsRoadUser,
    Over,
    RoadUser,
    Size,
    Usage,
    UsedFor,
    VehicleRule,
)

PARIS = ZoneInfo("Europe/Paris")
NB = "\u00a0"


@pytest.fixture(autouse=True)
def french(app: Flask) -> Iterator[None]:
    with app.test_request_context("/", headers={"Accept-Language": "fr"}):
        yield


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def measure(rule: VehicleRule, *periods: Period, direction: Direction = Direction.BOTH) -> MeasureDraft:
    place = MeasureLocation(LocationKind.NAMED_STREET, "Rue Basse", shapely.LineString([(0, 0), (1, 1)]), direction)
    return MeasureDraft(MeasureType.NO_ENTRY, (place,), periods, rule)


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        ("2004-10-17T23:00Z", None, f"depuis le 18{NB}oct.{NB}2004"),  # written with the offset of winter: 01:00 here
        ("2024-09-01T22:00Z", None, f"depuis le 2{NB}sept.{NB}2024"),  # midnight here
        ("2024-01-14T22:00Z", None, f"depuis le 15{NB}janv.{NB}2024"),  # written with the offset of summer: 23:00 here
        ("2024-09-01T20:00Z", None, f"depuis le 1{NB}sept.{NB}2024{NB}à{NB}22:00"),
        ("2024-09-01T21:30Z", None, f"depuis le 1{NB}sept.{NB}2024{NB}à{NB}23:30"),
        ("2024-09-01T22:00Z", "2024-09-02T00:00Z", f"le 2{NB}sept.{NB}2024{NB}à{NB}00:00 jusqu’à 02:00"),
        (
            "2026-10-25T00:30Z",
            "2026-10-25T01:30Z",
            f"le 25{NB}oct.{NB}2026{NB}à{NB}02:30 (heure d’été) jusqu’à 02:30 (heure d’hiver)",
        ),
    ],
)
def test_p3_the_hour_is_left_out_when_a_permanent_rule_starts_at_a_midnight(
    app: Flask, start: str, end: str | None, said: str
) -> None:
    ends = None if end is None else datetime.fromisoformat(end)
    with app.test_request_context("/"):
        assert in_words.span_words(datetime.fromisoformat(start), ends, PARIS) == said


def test_a_measure_says_what_where_when_for_whom_except_when_it_has_all_of_them() -> None:
    rule = VehicleRule((Over(Size.GROSS_WEIGHT, 7500),), (HasAccess(Access.LOCAL_ACCESS), UsedFor(Usage.TAXI)))
    week = frozenset(list(Weekday)[:5])
    period = Period(utc("2024-09-01T22:00"), None, week, (TimeSlot(time(22), time(6)),))
    assert in_words.measure_sentence(measure(rule, period, direction=Direction.UNKNOWN), PARIS) == (
        f"Circulation interdite{NB}: Rue Basse (sens non précisé), depuis le 2{NB}sept.{NB}2024, "
        "du lundi au vendredi, de 22:00 à 06:00 (le lendemain), "
        f"pour les véhicules de plus de 7,5{NB}t de PTAC, sauf desserte locale et taxis."
    )


def test_a_measure_says_so_when_it_has_no_place_or_period() -> None:
    said = in_words.measure_sentence(MeasureDraft(MeasureType.NO_PARKING, (), ()), PARIS)
    assert said == (f"Stationnement interdit{NB}: lieu non précisé, période non précisée, pour tous les véhicules.")


@pytest.mark.parametrize(
    ("criterion", "words"),
    [
        (Over(Size.AXLE_LOAD, 10_000), f"véhicules de plus de 10{NB}t à l’essieu"),
        (Over(Size.HEIGHT, 320), f"véhicules de plus de 3,2{NB}m de haut"),
        (Over(Size.WIDTH, 255), f"véhicules de plus de 2,55{NB}m de large"),
        (Over(Size.LENGTH, 1200), f"véhicules de plus de 12{NB}m de long"),
        (Over(Size.FOOTPRINT, 290_000), f"véhicules de plus de 29{NB}m² au sol"),
        (AirClassIn(frozenset({AirClass.CLASS_5, AirClass.NONE})), "véhicules Crit’Air 5 et sans vignette"),
        (CarriesHazmat(), "transports de matières dangereuses"),
        (UsedFor(Usage.EMERGENCY), "véhicules de secours"),
        (IsRoadUser(RoadUser.BICYCLE), "vélos"),
        (FreeText("les lamas"), f"«{NB}les lamas{NB}»"),
    ],
)
def test_a_criterion_is_read_when_it_is_named(criterion: Criterion, words: str) -> None:
    assert in_words.criterion_words(criterion) == words


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (set(), ""),
        (set(Weekday), ""),
        ({Weekday.TUESDAY}, "le mardi"),
        ({Weekday.MONDAY, Weekday.THURSDAY}, "le lundi et le jeudi"),
        ({Weekday.SATURDAY, Weekday.SUNDAY}, "le samedi et le dimanche"),
        ({Weekday.MONDAY, Weekday.TUESDAY, Weekday.WEDNESDAY}, "du lundi au mercredi"),
    ],
)
def test_days_are_said_short_when_they_follow(days: set[Weekday], words: str) -> None:
    assert in_words.days_words(days) == words


@pytest.mark.parametrize(
    ("days", "holidays", "words"),
    [
        (set(), HolidayRule.IGNORED, ""),
        ({Weekday.TUESDAY}, HolidayRule.IGNORED, "le mardi"),
        (set(), HolidayRule.EXCEPTED, "tous les jours, sauf les jours fériés"),
        ({Weekday.TUESDAY}, HolidayRule.EXCEPTED, "le mardi, sauf les jours fériés"),
        ({Weekday.SUNDAY}, HolidayRule.ALSO, "le dimanche et les jours fériés"),
        (set(), HolidayRule.ALSO, ""),
        ({Weekday.SUNDAY}, HolidayRule.ONLY, "les jours fériés"),
    ],
)
def test_holidays_are_told_when_they_change_the_days(days: set[Weekday], holidays: HolidayRule, words: str) -> None:
    assert in_words.days_with_holidays_words(days, holidays) == words
    hours = DeliveryHours(frozenset(days), (TimeSlot(time(7), time(0)),), holidays)
    assert in_words.hours_words([hours]) == f"{words or 'tous les jours'}, de 07:00 à 24:00"
    period = Period(datetime(2024, 1, 1, tzinfo=UTC), None, frozenset(days), (), holidays)
    assert in_words.period_words(period, PARIS).endswith(words)


@pytest.mark.parametrize(
    ("by", "words"),
    [
        ("localAccess", "desserte locale"),
        ("gross_weight_kg>3500", f"véhicules de plus de 3,5{NB}t"),
    ],
)
def test_a_sign_says_no_date_and_whom_it_spares_when_it_is_of_openstreetmap(by: str, words: str) -> None:
    reason = Reason(
        ReasonCode.MEASURE_EXEMPT,
        "measure",
        "osm:way/1#1",
        "motor_vehicle=no",
        State.ALLOWED,
        datetime(1970, 1, 1, tzinfo=UTC),
        None,
        params={"by": by, "place": "Rue Basse"},
        origin=Origin.OSM,
    )
    said = sentence(reason, PARIS)
    assert said.startswith("Selon OpenStreetMap") and "Rue Basse" in said
    assert words in said and "1970" not in said


@pytest.mark.parametrize("code", list(ReasonCode))
@pytest.mark.parametrize("kind", ["perimeter", "measure"])
def test_every_reason_has_a_sentence_when_it_is_given(code: ReasonCode, kind: str) -> None:
    reason = Reason(
        code,
        "perimeter" if kind == "perimeter" else "measure",
        "1",
        "Stade",
        State.FORBIDDEN,
        utc("2024-09-08T03:30"),
        utc("2024-09-08T12:00"),
        colour=Colour.RED if kind == "perimeter" else None,
        policy=Motorised.PASS_REQUIRED,
        missing_exemptions=(UsedFor(Usage.EMERGENCY),),
        missing_facts=(Fact.HEIGHT,),
        params={"place": "Rue Basse", "max_speed_kmh": 30, "text": "sauf lamas", "by": "emergency"},
    )
    said = sentence(reason, PARIS)
    assert said.startswith("Périmètre rouge «" if kind == "perimeter" else "Arrêté «")
    assert f"8{NB}sept.{NB}2024{NB}à{NB}05:30 jusqu’à 14:00" in said
    assert said.endswith(".") and "%(" not in said


def test_every_state_has_words_when_it_is_given() -> None:
    assert len({state_words(state) for state in State}) == len(State)


def _codes(folder: Path, call: str) -> set[str]:
    """The first argument, a text, of every call of a name in the code of a folder."""
    found: set[str] = set()
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == call and node.args:
                first = node.args[0]
                options = [first.body, first.orelse] if isinstance(first, ast.IfExp) else [first]
                found |= {o.value for o in options if isinstance(o, ast.Constant) and isinstance(o.value, str)}
    return found


def _told(folder: Path) -> set[str]:
    """The codes that have a sentence in the messages of Numeriz or of one of its parts."""
    names = (
        ".".join(path.relative_to(PROJECT_ROOT).with_suffix("").parts) for path in sorted(folder.rglob("messages.py"))
    )
    tables = (table for name in names for table in vars(import_module(name)).values() if isinstance(table, dict))
    return {code for table in tables for code in table if isinstance(code, str)}


def test_every_doubt_and_refusal_has_a_sentence_when_the_code_can_raise_it() -> None:
    folder = PROJECT_ROOT / "portal" / "numeriz"
    told = _told(folder)
    assert _codes(folder, "Issue") - told == set()
    # A cell of a table that cannot be read is told by what its column expects.
    assert _codes(folder, "Invalid") - told == {"unread"}


def test_a_sentence_is_whole_when_its_parameters_are_missing() -> None:
    for code in messages.ERRORS:
        assert "%(" not in messages.error_sentence(code, {})
    for code in messages.ISSUES:
        assert "%(" not in messages.issue_sentence({"code": code})
    assert messages.issue_sentence({"code": "no-longer-known"}) == "no-longer-known"
