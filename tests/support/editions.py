"""Open-data files written for a test: a place, an edition, records around drafts, and the bytes of a file."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import singledispatch
from typing import Any, BinaryIO
from uuid import NAMESPACE_URL, UUID, uuid5
from zoneinfo import ZoneInfo

from flask import Flask
from flask_babel import Babel, force_locale

from portal.numeriz.exports.edition import (
    BayRecord,
    Edition,
    EventRecord,
    OrderRecord,
    PerimeterRecord,
    Place,
    Source,
    Writer,
)
from portal.numeriz.values import BayDraft, EventDraft, OrderDraft, PerimeterDraft
from portal.regulations.holidays import HolidayRegion

NOW = datetime(2026, 10, 5, 8, tzinfo=UTC)
BEFORE = datetime(2026, 9, 1, 8, tzinfo=UTC)
PLACE = Place(
    uuid5(NAMESPACE_URL, "place"), "essai", "Ville d’essai", ZoneInfo("Europe/Paris"), HolidayRegion.METROPOLE
)
EDITION = Edition(
    "essai", "Ville d’essai", NOW, "https://portail.exemple", (Source("numeriz"), Source("x", "ODbL 1.0"))
)

type Draft = OrderDraft | PerimeterDraft | BayDraft | EventDraft
type Open = Callable[[BinaryIO, Edition], Writer]


@contextmanager
def in_french() -> Iterator[None]:
    """The language the files are written in."""
    app = Flask("editions")
    Babel(app)
    with app.app_context(), force_locale("fr"):
        yield


def named(text: str) -> UUID:
    """An id that is the same in every run."""
    return uuid5(NAMESPACE_URL, text)


@singledispatch
def record(draft: Any) -> Any:
    """The record that a stored draft is published from."""
    raise TypeError(type(draft).__name__)


@record.register
def _order(draft: OrderDraft) -> OrderRecord:
    key = f"{draft.source}:{draft.key}"
    return OrderRecord(
        named(key),
        PLACE,
        draft.source,
        draft.key,
        draft.identifier,
        draft.title,
        draft.authority_name,
        draft.category,
        draft.subject,
        draft.url,
        tuple((named(f"{key}:{rank}"), measure) for rank, measure in enumerate(draft.measures)),
        BEFORE,
        NOW,
        draft.provenance,
    )


@record.register
def _perimeter(draft: PerimeterDraft) -> PerimeterRecord:
    assert draft.colour is not None and draft.shape is not None
    return PerimeterRecord(
        named(f"{draft.event}:{draft.colour}:{draft.geometry_digest}"),
        PLACE,
        draft.event,
        draft.name,
        draft.colour,
        draft.shape,
        draft.geometry_digest,
        draft.activations,
        draft.policy,
        draft.named_roads,
        NOW,
        draft.provenance,
    )


@record.register
def _bay(draft: BayDraft) -> BayRecord:
    return BayRecord(named(f"{draft.source}:{draft.local_id}"), PLACE, draft, BEFORE, NOW)


@record.register
def _event(draft: EventDraft) -> EventRecord:
    return EventRecord(named(f"{draft.source}:{draft.source_id}"), PLACE, draft, NOW)


def written(open_writer: Open, drafts: Sequence[Draft], edition: Edition = EDITION) -> bytes:
    """The bytes of a file that these drafts fill, and nothing else."""
    stream = io.BytesIO()
    with in_french():
        writer = open_writer(stream, edition)
        for draft in drafts:
            found = record(draft)
            match found:
                case OrderRecord():
                    writer.order(found)
                case PerimeterRecord():
                    writer.perimeter(found)
                case BayRecord():
                    writer.bay(found)
                case EventRecord():
                    writer.event(found)
        writer.close()
    return stream.getvalue()
