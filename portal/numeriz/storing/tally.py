"""What storing finds on its way."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from portal.numeriz.values import Issue, doubt_count

MAX_REPORT_ITEMS: Final = 500


@dataclass(slots=True)
class Tally:
    """Counts while storing; issues found by comparing with what is stored."""

    counts: Counter[str]
    issues: list[Issue]
    changed: bool = False


class Findings:
    """The issues of an import: all of them counted, only so many of one code kept, whatever the size of the source."""

    def __init__(self, issues: Iterable[Issue] = ()) -> None:
        self.totals: Counter[str] = Counter()
        self.doubts = 0
        self._kept: dict[str, list[Issue]] = defaultdict(list)
        self.add(issues)

    def add(self, issues: Iterable[Issue]) -> None:
        """Count issues and keep the first of each code."""
        for issue in issues:
            self.totals[issue.code] += 1
            self.doubts += doubt_count([issue])
            if len(self._kept[issue.code]) < MAX_REPORT_ITEMS:
                self._kept[issue.code].append(issue)

    def listed(self) -> list[Issue]:
        """The issues to show, rarest code first: a thousand of one kind must not hide the only one of another."""
        codes = sorted(self._kept, key=lambda code: (self.totals[code], code))
        return [issue for code in codes for issue in self._kept[code]][:MAX_REPORT_ITEMS]


def update_row(row: Any, values: Mapping[str, Any], now: datetime) -> bool:
    """Set the values that differ; tell whether any did."""
    different = {name: value for name, value in values.items() if getattr(row, name) != value}
    for name, value in different.items():
        setattr(row, name, value)
    if different:
        row.updated_at = now
    return bool(different)
