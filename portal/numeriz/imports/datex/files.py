"""Files of traffic orders in DATEX II v3, opened as a stream: the national base, and everybody else's."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from lxml.etree import _Element as Element

from portal.common.errors import Invalid
from portal.common.text import fold
from portal.numeriz.imports.datex.orders import Manner, read_order
from portal.numeriz.imports.datex.terms import EXTENSION_NAMESPACE, OUR_NAMESPACE
from portal.numeriz.imports.documents import clean_text
from portal.numeriz.imports.reading import (
    Format,
    Reading,
    ReadingContext,
    SourceFile,
    SourceRecord,
    Understood,
)
from portal.numeriz.imports.written_clock import SlotClock
from portal.numeriz.imports.xml import XmlRecords, digest_of, find, is_xml, local_name, root_of, text_of
from portal.numeriz.models import SOURCE_LENGTH
from portal.numeriz.values import Category, ImportKind, Issue, OrderDraft

# Changed whenever an order would be understood otherwise, so that unchanged records are read again.
_VERSION = "2"
_ORDER, _CREATOR, _ABOUT = "trafficRegulationOrder", "publicationCreator", "_payloadPublicationExtension"
_ROOTS = ("payload", "messageContainer")
_PUBLICATION = b"TrafficRegulationPublication"
_NATIONAL_CREATOR = re.compile(rb"nationalIdentifier>\s*DiaLog\s*<")
DIALOG_SOURCE = "dialog"
# Their slots are written with the offset of the day of the import, or without any conversion.
_UNCERTAIN_CLOCKS = frozenset({"litteralis", "bacidf", "api"})
_SCOPES = {
    "all": frozenset(item.value for item in Category),
    **{item.value: frozenset({item.value}) for item in Category},
    "part": frozenset[str](),
}


def _is_publication(head: bytes) -> bool:
    return _PUBLICATION in head and is_xml(head, *_ROOTS)


def _is_national(head: bytes, _name: str) -> bool:
    """The national base names itself and declares its extension; its own example in the standard reading does not."""
    return EXTENSION_NAMESPACE.encode() in head and _NATIONAL_CREATOR.search(head) is not None and _is_publication(head)


def _open_national(files: Sequence[SourceFile], context: ReadingContext) -> Reading[OrderDraft]:
    """Options: `scope` = all, temporary, permanent or part, what the file holds all of (default all); `slot_clock` and
    `slot_clock.<sub-source>` = utc or local, how clock times are written (default utc, an hour behind all year)."""
    scope = _SCOPES.get(context.options.get("scope", "all"))
    if scope is None:
        raise Invalid("bad-option", name="scope")
    clocks = {
        name.removeprefix("slot_clock").removeprefix("."): _slot_clock(name, value)
        for name, value in context.options.items()
        if name == "slot_clock" or name.startswith("slot_clock.")
    }

    def clock_of(origin: str) -> tuple[SlotClock, bool]:
        chosen = clocks.get(origin) or clocks.get("")
        return chosen or SlotClock.UTC, chosen is None and origin in _UNCERTAIN_CLOCKS

    manner = Manner(DIALOG_SOURCE, context.zone, context.bounds, True, "", clock_of, licence="Licence Ouverte 2.0")
    reading: Reading[OrderDraft] = Reading("dialog", DIALOG_SOURCE, iter(()), scope)
    reading.issues.append(Issue("direction-never-written"))
    return _opened(reading, files, context, manner)


def _open_standard(files: Sequence[SourceFile], context: ReadingContext) -> Reading[OrderDraft]:
    """Options: `source`, whom the orders are kept under (default from the creator); `snapshot` = yes when the file
    holds everything the source has; `licence` of the data."""
    source = clean_text(context.options.get("source", ""), SOURCE_LENGTH) or _source_of(files)
    manner = Manner(
        source, context.zone, context.bounds, False, "", licence=clean_text(context.options.get("licence", ""), 160)
    )
    snapshot = frozenset({""}) if context.options.get("snapshot") == "yes" else frozenset[str]()
    return _opened(Reading("datex2", source, iter(()), snapshot), files, context, manner)


def _source_of(files: Sequence[SourceFile]) -> str:
    """A name for the source, from whoever created the file."""
    for file in files:
        for element in XmlRecords(file.path, _CREATOR, _ORDER):
            if local_name(element) == _CREATOR:
                words = fold(f"{text_of(element, 'country')} {text_of(element, 'nationalIdentifier')}")
                return f"datex2 {words}".strip().replace(" ", "-")[:SOURCE_LENGTH]
            break
    return "datex2"


def _slot_clock(name: str, value: str) -> SlotClock:
    if value not in set(SlotClock):
        raise Invalid("bad-option", name=name)
    return SlotClock(value)


def _opened(
    reading: Reading[OrderDraft], files: Sequence[SourceFile], context: ReadingContext, manner: Manner
) -> Reading[OrderDraft]:
    for file in files:
        size = file.path.stat().st_size
        if not size:
            raise Invalid("file-empty")
        if size > context.most_bytes:
            raise Invalid("file-too-large", most=context.most_bytes // (1024 * 1024))
        reading.total_bytes += size
        root_of(file.head())
    streams = [XmlRecords(file.path, _ORDER, _CREATOR, _ABOUT) for file in files]
    reading.read_bytes = lambda: sum(stream.bytes_read for stream in streams)
    reading.records = _records(reading, zip(files, streams, strict=True), context, manner)
    return reading


def _records(
    reading: Reading[OrderDraft],
    opened: Iterator[tuple[SourceFile, XmlRecords]],
    context: ReadingContext,
    manner: Manner,
) -> Iterator[SourceRecord[OrderDraft]]:
    decides = _decides(context, reading.format)
    scopes: set[str] = set()
    place = 0
    for file, stream in opened:
        named = replace(manner, file=clean_text(file.name, 120))
        own = False
        for element in stream:
            name = local_name(element)
            if name == _ABOUT:
                about = next(element.iter(f"{{{OUR_NAMESPACE}}}publication"), None)
                own = about is not None and bool(context.own_url) and about.get("portal") == context.own_url
            if name != _ORDER:
                continue
            place += 1
            scope = _scope_of(element) if manner.national else ""
            scopes.add(scope)
            yield _record(element, place, scope, named, decides, own=own)
    # A file without a single order of a scope does not hold that scope: it was asked for the other one.
    reading.snapshot &= scopes
    reading.complete = True


def _record(
    element: Element, place: int, scope: str, manner: Manner, decides: Sequence[str], *, own: bool
) -> SourceRecord[OrderDraft]:
    def read() -> Understood[OrderDraft]:
        return Understood((), (Issue("own-export"),)) if own else read_order(element, manner)

    record_id = clean_text(element.get("id", ""), 255) or f"#{place}"
    return SourceRecord(record_id, digest_of(element, *decides), place, read, scope)


def _decides(context: ReadingContext, name: str) -> list[str]:
    """Everything beside its text that decides how an order is read."""
    return [
        f"{name} {_VERSION}",
        context.zone.key,
        str(context.bounds),
        context.own_url,
        str(sorted(_reading_options(context.options).items())),
    ]


def _reading_options(options: Mapping[str, str]) -> dict[str, str]:
    """Options that change what is read of an order, not what the file holds."""
    return {name: value for name, value in options.items() if name not in {"scope", "snapshot"}}


def _scope_of(element: Element) -> str:
    """Permanent when the order has no end."""
    validity = find(element, "validityByOrder", "validityTimeSpecification")
    ended = bool(text_of(validity, "overallEndTime"))
    return (Category.TEMPORARY if ended else Category.PERMANENT).value


DIALOG = Format("dialog", ImportKind.ORDERS, _is_national, _open_national, streams=True)
DATEX2 = Format("datex2", ImportKind.ORDERS, lambda head, _name: _is_publication(head), _open_standard, streams=True)
