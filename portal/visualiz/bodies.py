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


class _Bodies:
    """The documents made last in this process; the key holds the version of the law, so none is ever out of date."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[object, ...], Body] = OrderedDict()
        self._guard = threading.Lock()

    def get(self, key: tuple[object, ...], document: Callable[[], object]) -> Body:
        with self._guard:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        plain = json.dumps(document(), ensure_ascii=False, separators=(",", ":")).encode()
        body = Body(plain, gzip.compress(plain, 6, mtime=0))
        with self._guard:
            self._kept[key] = body
            while len(self._kept) > _KEPT_BODIES:
                self._kept.popitem(last=False)
        return body


bodies = _Bodies()
