"""Closures and incidents for navigation services: CIFS version 2, as XML and as JSON.

Options: `schedule_clock` = local | utc (default: utc for the national base, which writes its slots an hour early);
`oriented` = yes when the lines of the source are drawn in the direction of traffic; `source` = name of the one source
that the file holds all of, which keeps its incidents apart from those of another (a feed always has one).

Without a name, each reference written in the incidents is a part of its own: a file speaks for the references that it
holds, and no other, so that neither an empty file nor the file of someone else ends anything.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain
from typing import Any, Final

from lxml.etree import _Element as Element

from portal.common.errors import Invalid
from portal.numeriz.imports.documents import clean_text, read_json
from portal.numeriz.imports.events.cifs_incident import Incident, read_incident
from portal.numeriz.imports.events.opening import check_files
from portal.numeriz.imports.reading import Format, Reading, ReadingContext, SourceFile, SourceRecord
from portal.numeriz.imports.xml import XmlRecords, is_xml, local_name
from portal.numeriz.models import SOURCE_ID_LENGTH, SOURCE_LENGTH
from portal.numeriz.values import EventDraft, ImportKind, Issue

FORMAT_NAME: Final = "cifs"

# To be raised when the same incident is to be understood otherwise than before.
_READER = "cifs-1"
_SCOPE = ""
_SCOPE_LENGTH = 32
_OPTIONS = ("schedule_clock", "oriented", "source")


def recognises(head: bytes, _name: str) -> bool:
    """Tell whether a file starts as a list of incidents."""
    if is_xml(head, "incidents"):
        return True
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    named = b'"incident' in start or b'"starttime"' in start
    return start.startswith((b"{", b"[")) and named and b'"polyline"' in start


def open_cifs(files: Sequence[SourceFile], context: ReadingContext) -> Reading[EventDraft]:
    """Open a feed, which holds every incident of its source, or of each reference: one that is absent is over.

    Raises Invalid(`file-missing`, `file-empty`, `file-too-large`, `bad-option`, `not-incidents`) and, for JSON, what
    `read_json` raises.
    """
    total = check_files(files, context)
    if context.options.get("schedule_clock", "local") not in {"local", "utc"}:
        raise Invalid("bad-option", name="schedule_clock", value=context.options["schedule_clock"][:40])
    if context.options.get("oriented", "yes") not in {"yes", "no"}:
        raise Invalid("bad-option", name="oriented", value=context.options["oriented"][:40])
    parts = [_incidents_of(file) for file in files]
    named = clean_text(context.options.get("source", ""), SOURCE_LENGTH)
    reading: Reading[EventDraft] = Reading(
        format=FORMAT_NAME,
        source=clean_text(f"{FORMAT_NAME}:{named}" if named else FORMAT_NAME, SOURCE_LENGTH),
        records=iter(()),
        snapshot=frozenset({_SCOPE} if named else ()),
        total_bytes=total,
        read_bytes=lambda: sum(read() for _, read in parts),
    )
    incidents = chain.from_iterable(found for found, _ in parts)
    reading.records = _records(incidents, context, reading, by_reference=not named)
    return reading


def _records(
    incidents: Iterable[Incident], context: ReadingContext, reading: Reading[EventDraft], *, by_reference: bool
) -> Iterator[SourceRecord[EventDraft]]:
    scopes = set(reading.snapshot)
    decides = [_READER, str(context.zone), repr(context.bounds), *(context.options.get(name, "") for name in _OPTIONS)]
    for where, incident in enumerate(incidents, 1):
        reference = incident.said("source", "reference") if by_reference else ""
        record_id = f"{reference}|{incident.id}" if reference else incident.id
        if not incident.id or clean_text(record_id, SOURCE_ID_LENGTH) != record_id:
            reading.issues.append(Issue("event-without-id", where=where))
            continue
        text = json.dumps([incident.values, *decides], sort_keys=True, ensure_ascii=True)
        digest = hashlib.sha256(text.encode()).hexdigest()
        scope = _scope_of(reference)
        scopes.add(scope)
        key = (reading.source, record_id)
        yield SourceRecord(record_id, digest, where, partial(read_incident, incident, key, context, where), scope)
    reading.snapshot = frozenset(scopes)
    reading.complete = True


def _scope_of(reference: str) -> str:
    """The part of the source that a reference is; a long one is shortened to a digest."""
    if len(reference) <= _SCOPE_LENGTH:
        return reference or _SCOPE
    return hashlib.sha256(reference.encode()).hexdigest()[:_SCOPE_LENGTH]


def _incidents_of(file: SourceFile) -> tuple[Iterator[Incident], Callable[[], int]]:
    """The incidents of a file, and how many of its bytes were read."""
    if is_xml(file.head(), "incidents"):
        records = XmlRecords(file.path, "incident")
        return (Incident(_values(element)) for element in records), lambda: records.bytes_read
    content = file.path.read_bytes()
    listed = read_json(content)
    if isinstance(listed, dict):
        listed = listed.get("incidents")
    if isinstance(listed, dict):
        listed = listed.get("incident")
    if not isinstance(listed, list):
        raise Invalid("not-incidents")
    found = [item.get("incident", item) if isinstance(item, dict) else item for item in listed]
    if not all(isinstance(item, dict) for item in found):
        raise Invalid("not-incidents")
    return (Incident(item) for item in found), lambda: len(content)


def _values(element: Element) -> Mapping[str, Any]:
    """An XML incident as the JSON form writes it; its id is an attribute, days and lanes are elements."""
    found: dict[str, Any] = {str(name): str(value) for name, value in element.attrib.items()}
    for child in element:
        if len(child):
            found[local_name(child)] = _values(child)
        else:
            found[local_name(child)] = (child.text or "").strip()
    return found


CIFS: Final = Format(FORMAT_NAME, ImportKind.EVENTS, recognises, open_cifs)
