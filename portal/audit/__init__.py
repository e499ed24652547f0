"""The append-only journal of decisions. Services write one entry per use case, inside its transaction."""

from portal.audit.journal import JournalEntry, list_entries, record
from portal.audit.tags import AuditTag

__all__ = ["AuditTag", "JournalEntry", "list_entries", "record"]
