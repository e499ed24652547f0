"""The append-only journal of decisions. Services write one entry per use case, inside its transaction."""

from __future__ import annotations

from flask import Flask

from portal.audit.chain import seal_entries, verify_journal
from portal.audit.erased import account_mark, erased_name
from portal.audit.journal import JournalEntry, list_entries, record
from portal.audit.many import Subject, record_many
from portal.audit.reading import (
    Footprint,
    JournalScope,
    Seal,
    Wanted,
    entries_after,
    entries_of,
    footprint,
    last_seal,
    search_entries,
    subjects_of,
)
from portal.audit.tags import AuditTag

__all__ = [
    "AuditTag",
    "Footprint",
    "JournalEntry",
    "JournalScope",
    "Seal",
    "Subject",
    "Wanted",
    "account_mark",
    "entries_after",
    "entries_of",
    "erased_name",
    "footprint",
    "last_seal",
    "list_entries",
    "record",
    "record_many",
    "register",
    "seal_entries",
    "search_entries",
    "subjects_of",
    "verify_journal",
]


def register(app: Flask) -> None:
    """Attach the commands of the journal."""
    from portal.audit.cli import group

    app.cli.add_command(group)
