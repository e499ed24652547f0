"""What storing finds on its way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from portal.numeriz.values import Issue


@dataclass(slots=True)
class Tally:
    """Counts while storing; issues found by comparing with what is stored."""

    counts: Counter[str]
    issues: list[Issue]
    changed: bool = False


def update_row(row: Any, values: Mapping[str, Any], now: datetime) -> bool:
    """Set the values that differ; tell whether any did."""
    different = {name: value for name, value in values.items() if getattr(row, name) != value}
    for name, value in different.items():
        setattr(row, name, value)
    if different:
        row.updated_at = now
    return bool(different)
