"""Hours as people write them in French, read into days, slots and a rule for public holidays. Pure.

« du lundi au samedi de 6 h à 11 h 30 et de 14 h à 16 h, sauf jours fériés », a new line or « ; » for other days; what
`hours_words` says is read back. The notation of opening hours (`Mo-Sa 06:00-11:30`) is understood as well. Everything
else is refused with the word at fault: hours that were guessed would send a driver to a bay that is not free.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from flask_babel import force_locale

from portal.common.errors import Invalid
from portal.numeriz.imports.opening_hours import read_hours, write_hours
from portal.numeriz.imports.week import ALL_KINDS, Kind, NotWeekly, Week
from portal.numeriz.values import DeliveryHours
from portal.numeriz.words import hours_words
from portal.regulations.schedules import Weekday

LONGEST: Final = 500
_SHOWN: Final = 30
_CLOCKS: Final = frozenset({"time", "noon", "midnight"})
_OSM: Final = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
_DAYS: Final = (
    "lun(?:di)?",
    "mar(?:di)?",
    "mer(?:credi)?",
    "jeu(?:di)?",
    "ven(?:dredi)?",
    "sam(?:edi)?",
    "dim(?:anche)?",
)
_TOKENS: Final = re.compile(
    "|".join(
        [
            r"(?P<all>24\s*h?\s*(?:/|sur)\s*24\s*h?|24\s*/\s*7|toute la journee|jour et nuit|en permanence)",
            r"(?P<every>7\s*j?\s*(?:/|sur)\s*7\s*j?|tous les jours|chaque jour|toute la semaine)",
            r"(?P<next>\(?\s*(?:le|du) lendemain\s*\)?)",
            r"(?P<time>(?P<h>\d{1,2})\s*(?:heures?|h|:)(?:\s*(?P<m>\d{2})(?!\d|\s*(?:h|:)))?(?!\w))",
            r"(?P<noon>midi)\b",
            r"(?P<midnight>minuit)\b",
            r"(?P<holidays>jours? feries?|feries?)\b",
            r"(?P<weekend>(?:les )?week[- ]?ends?|fins? de semaine)\b",
            r"(?P<workdays>jours? ouvrables?)\b",
            r"(?P<openweek>en semaine|jours? ouvres?)\b",
            *(rf"(?P<day{place}>{name}s?)\b\.?" for place, name in enumerate(_DAYS)),
            r"(?P<except>sauf|hors|excepte[es]*|a l'exception)\b",
            r"(?P<off>fermee?|aucune|jamais|pas de livraisons?)\b",
            r"(?P<to>(?:jusqu'a|au|a)\b|[-\u2013])",
            r"(?P<and>(?:et|ou|puis|ainsi que)\b|[,+&])",
            r"(?P<noise>(?:livraisons?|autorisees?|du|de|des|les?|la|entre|ouvert|horaires?)\b|[dl]'|[:.])",
            r"(?P<space>\s+)",
        ]
    )
)


@dataclass(slots=True)
class _Rule:
    """Some days and their hours, in the notation of opening hours; off: these days have none.

    hours_first: the hours stood before the days, so that other hours begin another rule.
    """

    days: list[str] = field(default_factory=list)
    times: list[str] = field(default_factory=list)
    excepted: list[str] = field(default_factory=list)
    off: bool = False
    hours_first: bool = False

    @property
    def named(self) -> str:
        """The days, as opening hours name them; "" for every day."""
        return ",".join(dict.fromkeys(self.days))

    def week(self) -> Week:
        """What the rule says. Raises Invalid(bad-hours), NotWeekly."""
        written = f"{self.named} {','.join(self.times)}".strip()
        return Week.of(read_hours("; ".join([written, *(f"{day} off" for day in dict.fromkeys(self.excepted))])))

    def kinds(self) -> list[Kind]:
        """The kinds of day that the rule names."""
        days = Week.of(read_hours(f"{self.named or 'Mo-Su'} 00:00-24:00")).days
        return [kind for kind, spans in days.items() if spans]


def read_plain_hours(text: str) -> tuple[DeliveryHours, ...]:
    """Read hours; empty for an empty text.

    Raises Invalid(field `hours`): hours-too-long, hours-unread and hours-missing (params: word), hours-day-twice,
    bad-hours (a night that is cut, or no hours).
    """
    spelling = text.replace("\u00a0", " ").replace("\u202f", " ").strip()
    if not spelling:
        return ()
    if len(spelling) > LONGEST:
        raise Invalid("hours-too-long", field="hours", most=LONGEST)
    try:
        return read_hours(spelling)
    except Invalid:
        rules = [rule for line in _lines(spelling) for rule in _rules_of(line)]
    try:
        found = _together(rules).hours()
    except (Invalid, NotWeekly) as error:
        twice = isinstance(error, Invalid) and error.code == "hours-day-twice"
        raise Invalid("hours-day-twice" if twice else "bad-hours", field="hours", value=spelling[:80]) from error
    if not found:
        raise Invalid("bad-hours", field="hours", value=spelling[:80])
    return found


def _together(rules: Sequence[_Rule]) -> Week:
    """The week of all rules. A day told twice is refused: nobody knows whether hours are added or replaced.

    Raises Invalid(hours-day-twice, bad-hours), NotWeekly. What is said of holidays alone stands for them.
    """
    week = Week.empty()
    holidays = [rule for rule in rules if rule.days == ["PH"]]
    for rule in [rule for rule in rules if rule not in holidays and not rule.off]:
        for kind, spans in rule.week().days.items():
            if spans and week.days[kind]:
                raise Invalid("hours-day-twice")
            week.add([kind], spans)
    for rule in holidays:
        kinds = rule.kinds()
        week.replace(kinds, () if rule.off else rule.week().days[kinds[0]])
    for rule in rules:
        if rule.off and rule not in holidays:
            week.replace(rule.kinds(), ())
    return week


def plain_text_of(hours: tuple[DeliveryHours, ...]) -> str:
    """Hours as text to be edited, that reads back to the same: in French words, else in the notation of opening hours.

    Raises Invalid(bad-hours) for hours that neither can say.
    """
    with force_locale("fr"):
        words = hours_words(hours).replace(" ; ", "\n")
    try:
        if Week.of(read_plain_hours(words)).days == Week.of(hours).days:
            return words
    except (Invalid, NotWeekly):
        return write_hours(hours)
    return write_hours(hours)


@dataclass(frozen=True, slots=True)
class DayLine:
    """What one kind of day holds. weekday None: public holidays. spans: (start, end) in minutes from its midnight."""

    weekday: Weekday | None
    spans: tuple[tuple[int, int], ...]


def week_of(hours: tuple[DeliveryHours, ...]) -> tuple[DayLine, ...]:
    """The hours day by day; a line for public holidays when they differ from the day they fall on.

    Empty where the holidays differ from one weekday to another, or the hours are no week.
    """
    try:
        days = Week.of(hours).days
    except NotWeekly:
        return ()
    lines = [DayLine(day, days[day, False]) for day in Weekday]
    if all(days[day, True] == days[day, False] for day in Weekday):
        return tuple(lines)
    held = {spans for (_day, holiday), spans in days.items() if holiday}
    return (*lines, DayLine(None, held.pop())) if len(held) == 1 and len(ALL_KINDS) == len(days) else ()


def _lines(text: str) -> Iterator[str]:
    for line in re.split(r"[;\n\r]+", text):
        if line.strip(" .,"):
            yield line


def _plain(text: str) -> str:
    """Lower case without accents, so that each sign stays where it was as far as a person can tell."""
    bare = unicodedata.normalize("NFKD", text.replace("’", "'"))
    return "".join(sign for sign in bare if not unicodedata.combining(sign)).casefold()


def _rules_of(line: str) -> Iterator[_Rule]:
    """The rules of a line. Raises Invalid: hours-unread with the first word that is not understood, hours-missing."""
    rules = [_Rule()]
    place, text = 0, _plain(line)
    joined, excepting = "", False
    while place < len(text):
        found = _TOKENS.match(text, place)
        if found is None:
            raise _unread(text[place:])
        kind, place = str(found.lastgroup), found.end()
        kind = "time" if found["time"] else kind
        rule = rules[-1]
        if kind in {"space", "noise"}:
            continue
        if kind in {"to", "and"}:
            joined = "comma" if found[0] in ",+&" else kind
            continue
        opened = bool(rule.times) and rule.times[-1].endswith("-")
        if opened and kind not in _CLOCKS:
            raise _unread(found[0])
        if kind == "except":
            excepting = True
        elif kind in _CLOCKS:
            if rule.hours_first and not rule.off and not opened:
                rules.append(rule := _Rule())
            _add_time(rule, found, kind, joined)
        elif kind == "next":
            if not rule.times:
                raise _unread(found[0])
        elif kind == "all":
            rule.times.append("00:00-24:00")
        elif kind == "off":
            rule.off = True
        else:
            if (rule.times or rule.off) and not excepting:
                if rule.days and not rule.hours_first:
                    rules.append(rule := _Rule())
                else:
                    rule.hours_first = True
            _add_days(rule.excepted if excepting else rule.days, _days_of(kind), joined)
        if kind == "all" or kind in _CLOCKS:
            # Hours may follow what is excepted: « tous les jours sauf le dimanche de 6 h à 10 h ».
            excepting = False
        joined = ""
    for rule in rules:
        whole = "00:00-24:00" in rule.times and len(rule.times) > 1
        if any(time.endswith("-") for time in rule.times) or (rule.off and rule.times) or whole:
            raise _unread(line)
        if not (rule.times or rule.off):
            raise Invalid("hours-missing", field="hours", word=line.strip()[:_SHOWN])
        yield rule


def _unread(rest: str) -> Invalid:
    return Invalid("hours-unread", field="hours", word=rest.strip()[:_SHOWN])


def _add_time(rule: _Rule, found: re.Match[str], kind: str, joined: str) -> None:
    hour, minute = (int(found["h"]), int(found["m"] or 0)) if kind == "time" else (12 if kind == "noon" else 0, 0)
    opened = bool(rule.times) and rule.times[-1].endswith("-")
    if kind == "midnight" and opened:
        hour = 24
    if hour > 24 or minute > 59 or (hour == 24 and (minute or not opened)):
        raise _unread(found[0])
    clock = f"{hour:02}:{minute:02}"
    if not opened:
        if joined == "to":
            raise _unread(found[0])
        rule.times.append(f"{clock}-")
    elif joined in {"to", "and"}:
        # « entre 6 h et 10 h » as well as « de 6 h à 10 h ».
        rule.times[-1] += clock
    else:
        raise _unread(found[0])


def _days_of(kind: str) -> str:
    named = {"holidays": "PH", "every": "Mo-Su", "weekend": "Sa-Su", "workdays": "Mo-Sa", "openweek": "Mo-Fr"}
    return named[kind] if kind in named else _OSM[int(kind.removeprefix("day"))]


def _add_days(days: list[str], named: str, joined: str) -> None:
    if joined != "to":
        days.append(named)
    elif days and "-" not in days[-1] and "-" not in named and "PH" not in {days[-1], named}:
        days[-1] = f"{days[-1]}-{named}"
    else:
        raise _unread(named)
