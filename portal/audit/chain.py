"""The chain that shows whether the journal was altered.

Each entry gets, soon after its transaction, a number and a digest: SHA-256 of the digest before and of the entry's
canonical text. Whoever changes, removes or inserts an entry must compute every later digest again, and the digest noted
elsewhere (`joptimiz audit verify` prints it) no longer agrees.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from sqlalchemy import Select, func, select
from sqlalchemy.exc import IntegrityError

from portal.audit.models import AuditEntry, AuditSeal
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.db import session, unit_of_work

_FIRST = bytes(32)
_AT_ONCE = 5_000
# Entries are numbered when they are written and appear when their transaction ends: one may come to light after
# thousands that were numbered later. The rare one that is later still is found by the hourly search through all.
_SOUGHT_BACK = 100_000
# Long enough for any transaction and any stop of the portal's upkeep to be over.
SEALED_WITHIN = timedelta(hours=2)


class Break(StrEnum):
    """How the journal departs from its chain."""

    CHANGED = "changed"
    MISSING = "missing"
    RENUMBERED = "renumbered"
    CUT_SHORT = "cut_short"
    NOT_AS_NOTED = "not_as_noted"
    NEVER_SEALED = "never_sealed"


@dataclass(frozen=True, slots=True)
class Verification:
    """What reading the whole journal found.

    number and digest: the last link that holds; write them down elsewhere to see a journal that is cut short. broken:
    how it departs from there on, entry_id: the entry concerned. unsealed: entries too young for the chain.
    """

    number: int
    digest: bytes
    unsealed: int
    broken: Break | None = None
    entry_id: int | None = None


def canonical_text(entry: AuditEntry) -> bytes:
    """Return the bytes of an entry that the chain covers: every column, names sorted, instants in UTC."""
    content = {
        "id": entry.id,
        "at": entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "tag": entry.tag.value,
        "actor": entry.actor_label,
        "actor_id": entry.actor_id and str(entry.actor_id),
        "territory": entry.territory_id and str(entry.territory_id),
        "company": entry.company_id and str(entry.company_id),
        "subject": entry.subject_id and str(entry.subject_id),
        "data": entry.data,
    }
    return json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def link(before: bytes, entry: AuditEntry) -> bytes:
    """Return the 32 bytes that bind an entry to everything before it."""
    return hashlib.sha256(before + canonical_text(entry)).digest()


def seal_entries(*, everything: bool = False, clock: Clock = SYSTEM_CLOCK) -> int:
    """Add the entries that wait to the chain, in the order of their numbers; return how many.

    everything: look for them in the whole journal, not among its last entries only. Two programs that seal at once do
    not fork the chain: the number is taken by one of them, and the other leaves its share to the next round.
    """
    try:
        with unit_of_work() as uow:
            last = uow.session.execute(
                select(AuditSeal.number, AuditSeal.digest).order_by(AuditSeal.number.desc()).limit(1)
            ).one_or_none()
            number, digest = (last.number, last.digest) if last else (0, _FIRST)
            waiting = uow.session.scalars(_unsealed(everything=everything).limit(_AT_ONCE)).all()
            now = clock.now()
            for entry in waiting:
                number, digest = number + 1, link(digest, entry)
                uow.session.add(AuditSeal(number=number, entry_id=entry.id, digest=digest, sealed_at=now))
            return len(waiting)
    except IntegrityError:
        return 0


def _unsealed(*, everything: bool) -> Select[AuditEntry]:
    statement = (
        select(AuditEntry)
        .outerjoin(AuditSeal, AuditSeal.entry_id == AuditEntry.id)
        .where(AuditSeal.entry_id.is_(None))
        .order_by(AuditEntry.id)
    )
    if everything:
        return statement
    newest = select(func.max(AuditSeal.entry_id)).scalar_subquery()
    return statement.where(AuditEntry.id > func.coalesce(newest, 0) - _SOUGHT_BACK)


def verify_journal(*, noted: tuple[int, bytes] | None = None, clock: Clock = SYSTEM_CLOCK) -> Verification:
    """Read the whole journal against its chain. noted: a number and its digest, written down at an earlier time.

    Stops at the first departure. Memory is bounded whatever the length of the journal.
    """
    unsealed = session().scalar(select(func.count()).select_from(_unsealed(everything=True).subquery())) or 0
    number, digest = 0, _FIRST
    for seal, entry in _links():
        if seal.number != number + 1:
            return Verification(number, digest, unsealed, Break.RENUMBERED, seal.entry_id)
        if entry is None:
            return Verification(number, digest, unsealed, Break.MISSING, seal.entry_id)
        if link(digest, entry) != seal.digest:
            return Verification(number, digest, unsealed, Break.CHANGED, entry.id)
        if noted is not None and noted[0] == seal.number and noted[1] != seal.digest:
            return Verification(number, digest, unsealed, Break.NOT_AS_NOTED, entry.id)
        number, digest = seal.number, seal.digest
    if noted is not None and noted[0] > number:
        return Verification(number, digest, unsealed, Break.CUT_SHORT)
    late = _oldest_unsealed(clock.now() - SEALED_WITHIN)
    return Verification(number, digest, unsealed, Break.NEVER_SEALED if late else None, late)


def _links() -> Iterator[tuple[AuditSeal, AuditEntry | None]]:
    done = 0
    while True:
        rows = (
            session()
            .execute(
                select(AuditSeal, AuditEntry)
                .outerjoin(AuditEntry, AuditEntry.id == AuditSeal.entry_id)
                .where(AuditSeal.number > done)
                .order_by(AuditSeal.number)
                .limit(_AT_ONCE)
                .execution_options(populate_existing=True)
            )
            .all()
        )
        if not rows:
            return
        yield from ((seal, entry) for seal, entry in rows)
        done = rows[-1][0].number
        session().expunge_all()


def _oldest_unsealed(before: datetime) -> int | None:
    statement = _unsealed(everything=True).where(AuditEntry.at < before).with_only_columns(AuditEntry.id).limit(1)
    found: int | None = session().scalar(statement)
    return found
