"""Keyset paging: the cost of a page does not grow with the table."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from portal.common.errors import Invalid
from portal.db.unit_of_work import session

DEFAULT_PAGE_SIZE = 50
# A cursor comes back through the URL, where anybody may write another.
_LONGEST_CURSOR = 800
_LARGEST_INT = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Page[T]:
    """One page of a list; the cursors are opaque texts for the links, None where the list ends."""

    items: Sequence[T]
    next_cursor: str | None
    previous_cursor: str | None

    def map[U](self, change: Callable[[T], U]) -> Page[U]:
        """Return the same page with each item changed."""
        return Page([change(item) for item in self.items], self.next_cursor, self.previous_cursor)


def _encode(direction: str, values: Sequence[object]) -> str:
    plain = [value.isoformat() if isinstance(value, datetime) else str(value) for value in values]
    return base64.urlsafe_b64encode(json.dumps([direction, *plain]).encode()).decode().rstrip("=")


def _decode(cursor: str, keys: Sequence[InstrumentedAttribute[Any]]) -> tuple[str, list[object]]:
    try:
        if len(cursor) > _LONGEST_CURSOR:
            raise ValueError("longer than any cursor of ours")
        found = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(found, list) or not all(isinstance(text, str) for text in found):
            raise ValueError("not a list of texts")
        direction, *plain = found
        if direction not in {"n", "p"} or len(plain) != len(keys):
            raise ValueError("not a direction and one value per key")
        return direction, [_restore(text, key) for text, key in zip(plain, keys, strict=True)]
    except (ValueError, OverflowError, binascii.Error) as error:
        raise Invalid("bad-cursor") from error


def _restore(text: str, key: InstrumentedAttribute[Any]) -> object:
    kind = key.type.python_type
    if kind is datetime:
        at = datetime.fromisoformat(text)
        if at.tzinfo is None:
            raise ValueError("an instant without its zone")
        return at.astimezone(UTC)
    if kind is UUID:
        return UUID(text)
    if kind is int and not -_LARGEST_INT <= int(text) <= _LARGEST_INT:
        raise ValueError("larger than any number of a column")
    if "\x00" in text:
        raise ValueError("no database holds the sign zero")
    text.encode()  # half a sign is no text
    return kind(text)


def paginate[T](
    statement: Select[T],
    keys: Sequence[InstrumentedAttribute[Any]],
    cursor: str | None = None,
    size: int = DEFAULT_PAGE_SIZE,
    descending: bool = False,
) -> Page[T]:
    """Return the page of entities after (or before) a cursor.

    keys: columns of the selected entity that order the list; the last must be unique. Raises Invalid("bad-cursor").
    """
    backwards, bound = False, None
    if cursor:
        direction, bound = _decode(cursor, keys)
        backwards = direction == "p"
    falling = descending != backwards
    if bound is not None:
        row = tuple_(*keys)
        edge = tuple_(*bound, types=[key.type for key in keys])
        statement = statement.where(row < edge if falling else row > edge)
    ordered = statement.order_by(*((key.desc() if falling else key.asc()) for key in keys)).limit(size + 1)
    found = list(session().scalars(ordered).unique())
    more = len(found) > size
    found = found[:size]
    if backwards:
        found.reverse()

    def cursor_of(item: T, direction: str) -> str:
        return _encode(direction, [getattr(item, key.key) for key in keys])

    has_next = bool(found) and (more if not backwards else True)
    has_previous = bool(found) and (cursor is not None if not backwards else more)
    return Page(
        found,
        cursor_of(found[-1], "n") if has_next else None,
        cursor_of(found[0], "p") if has_previous else None,
    )
