"""The database: base model, column types, unit of work, searching, paging, upserts."""

from portal.db.base import Base, db
from portal.db.matching import holds_text
from portal.db.paging import Page, paginate
from portal.db.types import UtcDateTime
from portal.db.unit_of_work import UnitOfWork, session, unit_of_work
from portal.db.upserts import Upsert, insert_into

__all__ = [
    "Base",
    "Page",
    "UnitOfWork",
    "Upsert",
    "UtcDateTime",
    "db",
    "holds_text",
    "insert_into",
    "paginate",
    "session",
    "unit_of_work",
]
