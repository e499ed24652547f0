"""The calendar file of a pass: hours inside its dates, lines that every reader takes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from flask import Flask

from portal.cirqliz.law import Span
from portal.cirqliz.passes.calendar import make_calendar
from portal.cirqliz.passes.queries import PassView
from portal.cirqliz.states import PassState
from tests.unit.cirqliz.test_card import END, START, TOWN, make_pass

URL = "https://exemple.fr/p/abc"


def calendar(app: Flask, one: PassView, hours: dict[str, tuple[Span, ...]]) -> str:
    with app.test_request_context():
        return make_calendar(one, TOWN, hours, START - timedelta(days=1), URL).decode()


def values(text: str, name: str) -> list[str]:
    """The values of a property, unfolded."""
    unfolded = text.replace("\r\n ", "")
    return [line.partition(":")[2] for line in unfolded.split("\r\n") if line.partition(":")[0] == name]


def test_events_stay_inside_the_dates_and_share_equal_hours(app: Flask) -> None:
    early = Span(START - timedelta(hours=2), START + timedelta(hours=1))
    endless = Span(START + timedelta(hours=3), None)
    text = calendar(app, make_pass(perimeters=3), {"0": (early, endless), "1": (early,)})
    assert values(text, "DTSTART") == ["20260908T050000Z", "20260908T080000Z"]
    assert values(text, "DTEND") == ["20260908T060000Z", "20260908T140000Z"]
    first, second = values(text, "DESCRIPTION")
    assert ("Zone 0" in first, "Zone 1" in first, "Zone 1" in second) == (True, True, False)
    assert len(set(values(text, "UID"))) == 2


def test_whole_window_is_told_when_no_hours_are_known(app: Flask) -> None:
    text = calendar(app, make_pass(), {})
    assert values(text, "DTSTART") == [f"{START:%Y%m%dT%H%M%SZ}"]
    assert values(text, "DTEND") == [f"{END:%Y%m%dT%H%M%SZ}"]
    assert "ne sont pas connues" in values(text, "DESCRIPTION")[0]


def test_lines_are_short_and_texts_escaped(app: Flask) -> None:
    one = make_pass()
    name = "Été ; à 5, rue\\de é" * 9
    named = replace(one, perimeters=(replace(one.perimeters[0], name=name),))
    text = calendar(app, named, {"0": (Span(START, END),)})
    assert text.endswith("END:VCALENDAR\r\n")
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    (told,) = values(text, "DESCRIPTION")
    assert "Été \\; à 5\\, rue\\\\de é" in told
    assert told.startswith(f"{one.number}\\n")


def test_events_are_cancelled_when_the_pass_no_longer_counts(app: Flask) -> None:
    one = make_pass(state=PassState.SUSPENDED)
    text = calendar(app, one, {"0": (Span(START, END),)})
    assert (values(text, "STATUS"), values(text, "SEQUENCE")) == (["CANCELLED"], ["1"])
