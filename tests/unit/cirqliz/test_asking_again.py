"""The dates proposed for a request asked again, and the delay told before one asks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import shapely
from flask import Flask

from portal.cirqliz.requests.delays import UsualDelay
from portal.cirqliz.requests.messages import delay_sentences, duration_words
from portal.cirqliz.requests.renewal import next_window
from portal.cirqliz.requests.thread import is_mail_due
from portal.regulations.perimeters import Activation, Colour, Perimeter
from portal.regulations.schedules import Interval

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 9, 9, 8, tzinfo=PARIS)  # a Wednesday
SATURDAY = Interval(datetime(2026, 9, 5, 7, tzinfo=PARIS), datetime(2026, 9, 5, 11, 30, tzinfo=PARIS))


def perimeter(*days: datetime) -> Perimeter:
    """A red perimeter active on whole days; without any, at all times."""
    spans = tuple(Activation(day, day + timedelta(days=1)) for day in days)
    always = (Activation(datetime(2020, 1, 1, tzinfo=UTC), None),)
    return Perimeter("p", "Marché", "Centre", Colour.RED, shapely.Point(2, 48).buffer(0.01), spans or always)


@pytest.mark.parametrize(
    ("concerned", "start"),
    [
        ([], datetime(2026, 9, 12, 7, tzinfo=PARIS)),
        ([perimeter()], datetime(2026, 9, 12, 7, tzinfo=PARIS)),
        ([perimeter(datetime(2026, 9, 19, tzinfo=PARIS))], datetime(2026, 9, 19, 7, tzinfo=PARIS)),
        ([perimeter(datetime(2026, 9, 11, tzinfo=PARIS))], datetime(2026, 9, 11, 7, tzinfo=PARIS)),
        ([perimeter(datetime(2027, 3, 2, tzinfo=PARIS))], datetime(2027, 3, 2, 7, tzinfo=PARIS)),
        ([perimeter(datetime(2026, 9, 5, tzinfo=PARIS))], datetime(2026, 9, 12, 7, tzinfo=PARIS)),
        ([perimeter(datetime(2026, 10, 31, tzinfo=PARIS))], datetime(2026, 10, 31, 7, tzinfo=PARIS)),
    ],
    ids=[
        "nothing known",
        "always active",
        "in ten days",
        "a Friday only",
        "next year",
        "over",
        "after the clock change",
    ],
)
def test_next_dates_suit_the_perimeters(concerned: list[Perimeter], start: datetime) -> None:
    found = next_window(SATURDAY, NOW, PARIS, concerned)
    assert (found.start, found.end - found.start) == (start, timedelta(hours=4.5))
    assert found.start.astimezone(PARIS).hour == 7


def test_next_dates_never_begin_before_tomorrow() -> None:
    today = Interval(NOW + timedelta(hours=1), NOW + timedelta(hours=2))
    assert next_window(today, NOW, PARIS, [perimeter()]).start == datetime(2026, 9, 16, 9, tzinfo=PARIS)


@pytest.mark.parametrize(
    ("wait", "words"),
    [
        (timedelta(seconds=20), "10 minutes"),
        (timedelta(minutes=10), "20 minutes"),
        (timedelta(minutes=55), "1 heure"),
        (timedelta(hours=18, minutes=1), "19 heures"),
        (timedelta(hours=47), "2 jours"),
        (timedelta(days=3), "4 jours"),
    ],
)
def test_words_of_a_delay_are_never_too_short(app: Flask, wait: timedelta, words: str) -> None:
    with app.test_request_context(headers={"Accept-Language": "fr"}):
        assert duration_words(wait) == words


def test_people_and_rules_are_told_apart(app: Flask) -> None:
    with app.test_request_context(headers={"Accept-Language": "fr"}):
        assert delay_sentences(UsualDelay(None, None)) == []
        people, rule = delay_sentences(UsualDelay(timedelta(days=1, hours=2), timedelta(minutes=1)))
    assert people.startswith("90\u00a0% des demandes")
    assert people.endswith("en moins de 27 heures.")
    assert rule.endswith("en moins de 10 minutes.")


def test_talking_without_a_pause_still_brings_mails() -> None:
    minutes = [NOW + timedelta(minutes=9 * number) for number in range(5)]
    assert [is_mail_due(minutes[:number], minutes[number]) for number in range(5)] == [True, False, True, False, True]
