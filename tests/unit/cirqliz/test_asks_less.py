"""When a perimeter asks less than it did in a window."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from portal.cirqliz.reexamination.policies import asks_less
from portal.regulations.schedules import Interval

WINDOW = Interval(datetime(2024, 7, 1, 7, tzinfo=UTC), datetime(2024, 7, 1, 12, tzinfo=UTC))


def at(hour: int) -> str:
    return datetime(2024, 7, 1, hour, tzinfo=UTC).isoformat()


def red(*hours: tuple[int, int | None], **more: Any) -> dict[str, Any]:
    spans = [[at(start), None if end is None else at(end)] for start, end in hours]
    return {"id": "p", "name": "P", "colour": "red", "motorised": "passRequired", "hours": spans, **more}


GONE = {"colour": None, "motorised": None, "hours": None}


@pytest.mark.parametrize(
    ("before", "now", "less"),
    [
        (red((6, 13)), red((6, 13)), False),
        (red((6, 13)), red((6, 13), colour="blue"), True),
        (red((6, 13)), red((6, 13), colour="grey"), False),
        (red((6, 13)), red((6, 13), motorised="free"), True),
        (red((6, 13)), red((6, 13), motorised="closed"), False),
        # Stricter and yet shorter: some of the window is free now.
        (red((6, 13)), red((6, 9), motorised="closed"), True),
        (red((6, 13)), red((7, 12)), False),
        (red((6, 13)), red((6, 11)), True),
        (red((6, 13)), red((6, 9), (9, 13)), False),
        (red((6, 13)), red((6, None)), False),
        (red((6, None)), red((6, 13)), False),
        (red((6, None)), red((6, 11)), True),
        (red((8, 9)), red((9, 10)), True),
        (red((6, 13)), red(), True),
        (red((13, 18)), red(), False),
        (red((6, 13)), red(**GONE), True),
        (red((6, 13), hours=None), red(**GONE), False),
        (red((6, 13), hours=None), red((8, 9)), False),
        (red(**GONE), red((6, 13)), False),
    ],
)
def test_perimeter_asks_less(before: dict[str, Any], now: dict[str, Any], less: bool) -> None:
    assert asks_less(before, now, WINDOW) is less
