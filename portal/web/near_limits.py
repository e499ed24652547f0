"""A limit for each caller of a page, counted by this process alone: for a page that answers without the queue, fast.

Elsewhere the limits are counted beside the queue, for all processes together (`extensions.limiter`).
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from functools import wraps
from threading import Lock
from typing import Final

from flask import abort
from flask_limiter.util import get_remote_address

from portal.web.extensions import limiter

_MINUTE_S: Final = 60


class MinuteCount:
    """How often each caller came in the running minute of a clock. clock: seconds that never go back."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._minute = -1
        self._seen: Counter[str] = Counter()

    def add(self, caller: str) -> int:
        """Count one more visit; return how many there are in this minute."""
        minute = int(self._clock() // _MINUTE_S)
        with self._lock:
            if minute != self._minute:
                self._minute = minute
                self._seen.clear()
            self._seen[caller] += 1
            return self._seen[caller]


def limit_near[**P, R](per_minute: int) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Answer 429 to a caller who comes more often in a minute; each process counts for itself."""
    count = MinuteCount()

    def limited(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def counted(*args: P.args, **kwargs: P.kwargs) -> R:
            if limiter.enabled and count.add(get_remote_address()) > per_minute:
                abort(429)
            return view(*args, **kwargs)

        return counted

    return limited
