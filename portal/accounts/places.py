"""The table behind a staff role, by name: the columns that the queries of this context join with."""

from __future__ import annotations

from sqlalchemy import String, Uuid, column, table

territory_table = table("territory", column("id", Uuid()), column("slug", String()), column("name", String()))
