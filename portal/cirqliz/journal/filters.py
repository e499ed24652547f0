"""What a reader of the journal looks for, as the address of the page says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from portal.audit import AuditTag, Wanted

_LONGEST = 80
GROUPS: Mapping[str, tuple[str, ...]] = {
    "demandes": ("cirqliz:request:", "cirqliz:batch:"),
    "laissez-passer": ("cirqliz:pass:",),
    "regles": ("cirqliz:rule:", "cirqliz:quota:", "cirqliz:settings:"),
    "personnes": ("accounts:",),
    "flotte": ("fleet:",),
    "territoire": ("territories:", "numeriz:", "itineriz:"),
}
"""The beginnings of the tags of each group."""


@dataclass(frozen=True, slots=True)
class JournalFilter:
    """The filters as they were chosen. first_day, last_day: days of the reader's clock, both included."""

    who: str = ""
    group: str = ""
    first_day: date | None = None
    last_day: date | None = None
    text: str = ""

    @staticmethod
    def read(args: Mapping[str, str]) -> JournalFilter:
        """Return the filters of a query string; what cannot be understood narrows nothing."""
        group = args.get("groupe", "")
        return JournalFilter(
            who=args.get("qui", "").strip()[:_LONGEST],
            group=group if group in GROUPS else "",
            first_day=_day(args.get("du", "")),
            last_day=_day(args.get("au", "")),
            text=args.get("q", "").strip()[:_LONGEST],
        )

    def args(self) -> dict[str, str]:
        """Return the query string that says the same, without what narrows nothing."""
        values = {
            "q": self.text,
            "qui": self.who,
            "groupe": self.group,
            "du": self.first_day.isoformat() if self.first_day else "",
            "au": self.last_day.isoformat() if self.last_day else "",
        }
        return {name: value for name, value in values.items() if value}

    def wanted(self, zone: str) -> Wanted:
        """Return what to read. zone: the clock the days are meant in."""
        return Wanted(
            who=self.who,
            tags=frozenset(tag for tag in AuditTag if tag.value.startswith(GROUPS[self.group]))
            if self.group
            else frozenset(),
            since=_midnight(self.first_day, zone),
            until=_midnight(self.last_day + timedelta(days=1), zone) if self.last_day else None,
            text=self.text,
        )


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    # Further than this no clock of a territory can be asked.
    return found if date(2000, 1, 1) <= found <= date(2200, 1, 1) else None


def _midnight(day: date | None, zone: str) -> datetime | None:
    return datetime.combine(day, time.min, ZoneInfo(zone)) if day else None
