"""Hours as people write them: read as they mean them, refused with the word at fault, and read back when shown."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import pytest
from flask import Flask
from flask_babel import Babel
from hypothesis import given
from hypothesis import strategies as st

from portal.common.errors import Invalid
from portal.numeriz.bays.plain_hours import plain_text_of, read_plain_hours, week_of
from portal.numeriz.imports.opening_hours import read_hours, write_hours
from portal.numeriz.imports.week import Week

DAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
OSM = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("du lundi au samedi de 6 h à 11 h 30 et de 14 h à 16 h", "Mo-Sa 06:00-11:30,14:00-16:00"),
        ("Lundi-Vendredi 6h-11h30, 14h-16h ; samedi 7h à 10h", "Mo-Fr 06:00-11:30,14:00-16:00; Sa 07:00-10:00"),
        ("tous les jours sauf le dimanche, de 6 heures à 10 heures", "Mo-Sa 06:00-10:00"),
        ("lun. au ven. 6:00–8:00", "Mo-Fr 06:00-08:00"),
        ("24h/24", "24/7"),
        ("lundi 6h-8h, mardi 7h-9h", "Mo 06:00-08:00; Tu 07:00-09:00"),
        ("en semaine entre 6 h et 10 h\nle week-end fermé", "Mo-Fr 06:00-10:00"),
        ("tous les jours 6h-8h ; dimanche fermé", "Mo-Sa 06:00-08:00"),
        ("de 22 h à 6 h (le lendemain)", "Mo-Su 22:00-06:00"),
        ("samedi de 20h à minuit", "Sa 20:00-24:00"),
        ("de midi à 14h les jours fériés", "PH 12:00-14:00"),
        ("du lundi au vendredi et les jours fériés, de 7 h à 9 h", "Mo-Fr 07:00-09:00; PH 07:00-09:00"),
        ("du lundi au vendredi de 7 h à 9 h, hors jours fériés", "Mo-Fr 07:00-09:00; PH off"),
        ("lundi au vendredi 6h-8h\nles jours fériés de 8h à 9h", "Mo-Fr 06:00-08:00; PH 08:00-09:00"),
        ("de 6h à 8h lundi et mardi, de 7h à 9h mercredi", "Mo-Tu 06:00-08:00; We 07:00-09:00"),
        ("le samedi, 24h/24", "Sa 00:00-24:00"),
        ("dimanche à mardi 6h-8h", "Mo-Tu,Su 06:00-08:00"),
        ("Mo-Sa 06:00-11:30; PH off", "Mo-Sa 06:00-11:30; PH off"),
    ],
)
def test_hours_are_read_when_they_are_written_plainly(text: str, hours: str) -> None:
    assert write_hours(read_plain_hours(text)) == hours
    assert write_hours(read_plain_hours(text.replace(" h", "\u00a0h").upper())) == hours


@pytest.mark.parametrize(
    ("text", "code", "word"),
    [
        ("toutes les 3 lunes", "hours-unread", "toutes les 3 lunes"),
        ("lundi 6h-8h sauf vacances", "hours-unread", "vacances"),
        ("25h-26h", "hours-unread", "25h"),
        ("6h75 à 8h", "hours-unread", "6h75"),
        ("jusqu'à 10h", "hours-unread", "10h"),
        ("à partir de 10h", "hours-unread", "partir de 10h"),
        ("le samedi", "hours-missing", "le samedi"),
        ("lundi 6h-8h, mardi", "hours-missing", "lundi 6h-8h, mardi"),
        ("6h-8h 9h-10h lundi 7h-9h", "hours-day-twice", None),
        ("lundi 6h", "hours-unread", "lundi 6h"),
        ("de 6h, 8h lundi", "hours-unread", "8h"),
        ("6h lundi à 8h", "hours-unread", "lundi"),
        ("lundi 6h-8h et 24h/24", "hours-unread", "lundi 6h-8h et 24h/24"),
        ("lundi 6h 8h", "hours-unread", "8h"),
        ("lundi 6h-8h ; lundi 14h-16h", "hours-day-twice", None),
        ("tous les jours de 6h à 10h ; dimanche de 8h à 9h", "hours-day-twice", None),
        ("fermé le dimanche, lundi 6h-8h", "hours-unread", "fermé le dimanche, lundi 6h-8h"),
        ("fermé", "bad-hours", None),
        ("9h-9h30 " * 80, "hours-too-long", None),
    ],
)
def test_the_word_at_fault_is_told_when_hours_are_not_understood(text: str, code: str, word: str | None) -> None:
    with pytest.raises(Invalid) as refused:
        read_plain_hours(text)
    assert (refused.value.code, refused.value.field) == (code, "hours")
    assert word is None or refused.value.params["word"] == word


WORDS = (
    *DAYS, *OSM, "6h", "8h30", "24:00", "minuit", "midi", "à", "et", ",", ";", "sauf", "fermé", "24h/24",
    "jours fériés", "tous les jours", "le week-end", "de", "(le lendemain)", "-", "\n", "99",
)  # fmt: skip


@given(words=st.lists(st.sampled_from(WORDS), max_size=12))
def test_hours_are_read_or_refused_whatever_is_typed(words: list[str]) -> None:
    text = " ".join(words)
    with suppress(Invalid):
        assert bool(read_plain_hours(text)) is bool(text.strip())


def clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


@st.composite
def weeks(draw: st.DrawFn) -> str:
    """Opening hours of some days, each with one or two spans, holidays left out or not."""
    days = draw(st.lists(st.sampled_from(OSM), min_size=1, max_size=7, unique=True))
    rules = []
    for day in days:
        bounds = sorted(draw(st.sets(st.integers(0, 1439), min_size=2, max_size=4).filter(lambda b: len(b) % 2 == 0)))
        spans = ",".join(f"{clock(a)}-{clock(b)}" for a, b in zip(bounds[::2], bounds[1::2], strict=True))
        rules.append(f"{day} {spans}")
    return "; ".join(rules) + draw(st.sampled_from(["", "; PH off"]))


@given(text=weeks())
def test_hours_shown_for_editing_read_back_to_the_same_when_they_are_a_week(app_context: None, text: str) -> None:
    hours = read_hours(text)
    assert Week.of(read_plain_hours(plain_text_of(hours))).days == Week.of(hours).days


def test_the_week_is_said_day_by_day_when_holidays_differ() -> None:
    lines = week_of(read_hours("Mo-Fr 06:00-08:00; PH off"))
    assert [len(line.spans) for line in lines] == [1, 1, 1, 1, 1, 0, 0, 0]
    assert lines[-1].weekday is None


@pytest.fixture(scope="module")
def app_context() -> Iterator[None]:
    app = Flask(__name__)

    Babel(app, default_locale="fr")
    with app.test_request_context():
        yield
