"""How many looks there were in a territory: per hour and place, by tone, and why those that were red were."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select

from portal.cirqliz.models import CheckCount, PassCheck
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.db import session
from portal.territories.api import TerritoryView

SHOWN_DAYS = 30


@dataclass(frozen=True, slots=True)
class CountLine:
    """Looks of one day, hour of the territory's clock, place, tone and result."""

    day: date
    hour: int
    place: str
    tone: str
    result: str
    looks: int


@dataclass(frozen=True, slots=True)
class PlaceHour:
    """Looks of all the days at one place and hour, by tone."""

    place: str
    hour: int
    green: int
    orange: int
    red: int


@dataclass(frozen=True, slots=True)
class Dashboard:
    """What the supervisor sees: by tone, per place and hour, refusals by result (most first)."""

    total: int
    tones: dict[str, int]
    hours: Sequence[PlaceHour]
    refusals: Sequence[tuple[str, int]]


def count_lines(territory: TerritoryView, *, clock: Clock = SYSTEM_CLOCK) -> list[CountLine]:
    """Return the counts of the last 30 days, from the looks still kept and from the counts of those erased."""
    zone = ZoneInfo(territory.timezone)
    today = clock.now().astimezone(zone).date()
    first = today - timedelta(days=SHOWN_DAYS - 1)
    counts: Counter[tuple[date, int, str, str, str]] = Counter()
    for key, looks in (*_kept(territory.id, zone, first), *_erased(territory.id, first)):
        if key[0] <= today:
            counts[key] += looks
    return [CountLine(*key, looks) for key, looks in sorted(counts.items())]


def _kept(territory_id: UUID, zone: ZoneInfo, first: date) -> Iterator[tuple[tuple[date, int, str, str, str], int]]:
    rows = session().execute(
        select(PassCheck.at, PassCheck.place, PassCheck.tone, PassCheck.result).where(
            PassCheck.territory_id == territory_id, PassCheck.at >= datetime.combine(first, time(), zone)
        )
    )
    for at, place, tone, result in rows:
        local = at.astimezone(zone)
        yield (local.date(), local.hour, place, tone, result), 1


def _erased(territory_id: UUID, first: date) -> Iterator[tuple[tuple[date, int, str, str, str], int]]:
    rows = session().scalars(select(CheckCount).where(CheckCount.territory_id == territory_id, CheckCount.day >= first))
    for row in rows:
        yield (row.day, row.hour, row.place, row.tone, row.result), row.looks


def dashboard(lines: Sequence[CountLine]) -> Dashboard:
    """Return the sums of the lines."""
    tones: Counter[str] = Counter()
    places: dict[tuple[str, int], Counter[str]] = {}
    refusals: Counter[str] = Counter()
    for line in lines:
        tones[line.tone] += line.looks
        places.setdefault((line.place, line.hour), Counter())[line.tone] += line.looks
        if line.tone == "red":
            refusals[line.result] += line.looks
    hours = [
        PlaceHour(place, hour, count["green"], count["orange"], count["red"])
        for (place, hour), count in sorted(places.items())
    ]
    shown = {tone: tones[tone] for tone in ("green", "orange", "red")}
    return Dashboard(tones.total(), shown, hours, refusals.most_common())
