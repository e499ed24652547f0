"""The database: base model, column types, unit of work, paging."""

from portal.db.base import Base, db
from portal.db.paging import Page, paginate
from portal.db.types import UtcDateTime
from portal.db.unit_of_work import UnitOfWork, session, unit_of_work

__all__ = ["Base", "Page", "UnitOfWork", "UtcDateTime", "db", "paginate", "session", "unit_of_work"]
