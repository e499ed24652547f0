"""What is sent as JSON, made once per version of the law and kept a while, plain and compressed."""

from __future__ import annotations

import gzip
import json
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

_KEPT_BODIES = 96


@dataclass(frozen=True, slots=True)
class Body:
    """A JSON document ready to be sent, plain and compressed."""

    plain: bytes
    compressed: bytes


class Shelf[T]:
    """What was made last in this process, by its key, at most so many."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[tuple[object, ...], T] = OrderedDict()
        self._guard = threading.Lock()

    def get(self, key: tuple[object, ...], make: Callable[[], T]) -> T:
        """Return what is kept under a key, made now when nothing is; two threads may make it at once."""
        with self._guard:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        made = make()
        with self._guard:
            self._kept[key] = made
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return made


def body_of(document: object) -> Body:
    """A document as it is sent."""
    plain = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    return Body(plain, gzip.compress(plain, 6, mtime=0))


bodies: Shelf[Body] = Shelf(_KEPT_BODIES)
"""The key holds the version of the law, so that none is ever out of date."""
