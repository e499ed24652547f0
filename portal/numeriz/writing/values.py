"""The words of writing: faults of a document, an order at work, a version of an order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as attribute
from datetime import datetime
from typing import Any
from uuid import UUID

from portal.numeriz import codec
from portal.numeriz.impact.since import SinceStudy
from portal.numeriz.values import OrderChange, OrderDraft

type Document = Mapping[str, Any]

AMENDS, AUTHORS, DELETED_AT, DELETED_BY = "amends", "authors", "deleted_at", "deleted_by"
"""Keys of a document that belong to this package: the version it started from, the ids of the accounts that wrote in
it, when and by whom it was thrown away."""
OWN_KEYS = (AMENDS, AUTHORS, DELETED_AT, DELETED_BY)


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a document cannot be published. field: its place in the document, `measures.0.periods.1.end`; code, params:
    for `writing.messages.fault_sentence`.
    """

    field: str
    code: str
    params: Mapping[str, str | int] = attribute(default_factory=dict, hash=False)


def document_digest(document: Document, followed: Sequence[Any] = (), graph: str = "") -> str:
    """What tells a document from every other: what the impact page judged, and what was signed.

    followed: what the events of its measures say, where other hours would be another law. graph: version of the road
    graph, on which the same words may close other streets.
    """
    around = [part for part in (followed, graph) if part]
    return codec.digest([document, *around] if around else document)


@dataclass(frozen=True, slots=True)
class WorkView:
    """An order being written, or a model. alarms: coded, as the impact page last found them for `judged`.

    authors: ids of the accounts that wrote in it. followed: what the events that its measures follow say now, by
    `document.followed_events`. graph: version of the territory's road graph now; empty without one.
    """

    id: UUID
    territory_id: UUID
    order_id: UUID | None
    title: str
    is_model: bool
    document: Document
    revision: int
    author_id: UUID | None
    author_name: str
    judged: str
    alarms: Sequence[Any]
    sign_asked_at: datetime | None
    signed_digest: str
    signed_by_id: UUID | None
    signed_by_name: str
    signed_at: datetime | None
    created_at: datetime
    updated_at: datetime
    authors: frozenset[str] = frozenset()
    followed: Sequence[Any] = ()
    graph: str = ""

    @property
    def digest(self) -> str:
        """The digest of what is written now, with the hours of the events that it follows: they become law too.

        So is the road graph part of it: another one gives the same words other effects.
        """
        return document_digest(self.document, self.followed, self.graph)

    @property
    def is_judged(self) -> bool:
        """Tell whether the impact page has seen what is written now."""
        return self.judged == self.digest

    @property
    def is_signed(self) -> bool:
        """Tell whether somebody who wrote nothing of it signed what is written now."""
        return (
            self.signed_digest == self.digest
            and self.signed_by_id is not None
            and not self.was_written_by(self.signed_by_id)
        )

    def was_written_by(self, account_id: UUID) -> bool:
        """Tell whether an account wrote in it: the last author, or an earlier one."""
        return account_id == self.author_id or str(account_id) in self.authors

    @property
    def amends(self) -> int:
        """The version of its order that it started from; 0 for a new order."""
        found = self.document.get(AMENDS)
        return found if isinstance(found, int) else 0

    @property
    def deleted_at(self) -> datetime | None:
        """When it was thrown away; None while it is kept."""
        found = self.document.get(DELETED_AT)
        return datetime.fromisoformat(found) if isinstance(found, str) else None

    @property
    def deleted_by(self) -> str:
        """Who threw it away."""
        return str(self.document.get(DELETED_BY, ""))


@dataclass(frozen=True, slots=True)
class VersionView:
    """What an order written here said from an instant on. document: the words of the form; None when it had none.

    awaits: a second person has still to sign it.
    """

    id: UUID
    order_id: UUID
    number: int
    change: OrderChange
    order: OrderDraft = attribute(repr=False)
    document: Document | None = attribute(repr=False)
    reason: str
    actor_id: UUID | None
    actor_name: str
    signed_by_name: str
    at: datetime
    awaits: bool = False


@dataclass(frozen=True, slots=True)
class PublishingState:
    """What stands between a document and the law.

    draft: the order that it says, None while there are faults. alarms: of the impact page, for what is written now;
    empty while it was not seen. replaced_by: the version stored since this work began, None when there is none.
    also_from: another source that says the same order. switched: the order it replaces is lifted or activated by the
    hot switch, which publishing ends. over: every period has passed already. since: what the law has become since the
    effects were studied.
    """

    faults: Sequence[Fault]
    draft: OrderDraft | None = attribute(repr=False)
    warnings: Sequence[Mapping[str, Any]]
    impact_seen: bool
    alarms: Sequence[Any]
    signed: bool
    replaced_by: VersionView | None
    also_from: str
    switched: bool
    over: bool
    since: SinceStudy

    @property
    def ready(self) -> bool:
        """Tell whether it may be published now."""
        return not self.faults and self.impact_seen and (self.signed or not self.alarms) and self.replaced_by is None
