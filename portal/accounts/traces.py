"""What the contexts keep of a person: each declares its tables here, for the copy she may take and for the erasure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlalchemy.orm import InstrumentedAttribute


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody as tables know her. names: all that she acted under; where she is, or once acted: companies, places."""

    id: UUID
    email: str
    names: frozenset[str]
    company_ids: frozenset[UUID]
    territory_ids: frozenset[UUID]


@dataclass(frozen=True, slots=True)
class Traces:
    """Rows of one table that have to do with a person.

    name: of their file in the copy. rows: which ones they are. told: the columns she gets. label: the column with her
    name, which a pseudonym replaces. emptied: texts that are emptied. is_hers: the rows go with the account.
    """

    name: str
    rows: Callable[[Person], ColumnElement[bool]]
    told: Sequence[InstrumentedAttribute[Any]]
    label: InstrumentedAttribute[Any] | None = None
    emptied: Sequence[InstrumentedAttribute[Any]] = ()
    is_hers: bool = False

    @property
    def table(self) -> type[Any]:
        """The mapped class of the rows."""
        return self.told[0].parent.class_


_declared: dict[str, Traces] = {}


def declare_traces(*traces: Traces) -> None:
    """Make rows known to the copy and to the erasure, once per name."""
    for one in traces:
        _declared.setdefault(one.name, one)


def all_traces() -> Sequence[Traces]:
    """Return what was declared, in order of declaration."""
    return list(_declared.values())
