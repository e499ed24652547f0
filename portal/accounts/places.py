"""The territory behind a staff role: the columns of its table that the queries of this context join with."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import String, Uuid, column, select, table

from portal.common.errors import NotFound
from portal.db import session

territory_table = table("territory", column("id", Uuid()), column("slug", String()), column("name", String()))


@dataclass(frozen=True, slots=True)
class Place:
    """A territory as staff pages and mails name it."""

    id: UUID
    slug: str
    name: str


def get_place(slug: str) -> Place:
    """Return the territory of a slug; raises NotFound."""
    known = territory_table.c
    row = session().execute(select(known.id, known.slug, known.name).where(known.slug == slug)).one_or_none()
    if row is None:
        raise NotFound("territory-not-found", slug=slug)
    return Place(*row)
