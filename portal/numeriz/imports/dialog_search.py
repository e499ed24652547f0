"""Orders of the national base as its search answers them in JSON: pages of `regulations`, or items alone.

The search does not give the id under which the feed of orders knows an order: what is imported from both stands twice.
So this format is for a territory that does not read that feed; one that does has its places named by `enrich`.
Option: `slot_clock` = utc (default: an hour behind all year, as its form writes) or local.
"""

from __future__ import annotations

import html
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from hashlib import sha256
from typing import Final

from portal.common.errors import Invalid
from portal.numeriz.imports.datex.one_way import is_one_way, speaks_of_one_way
from portal.numeriz.imports.dialog_search_parts import (
    Clock,
    Json,
    PlaceRead,
    member,
    objects,
    read_bounds,
    read_periods,
    read_place,
    read_vehicles,
    text,
)
from portal.numeriz.imports.documents import clean_text, read_content, read_json
from portal.numeriz.imports.reading import (
    Bounds,
    Format,
    Reading,
    ReadingContext,
    SourceFile,
    SourceRecord,
    Understood,
)
from portal.numeriz.imports.written_clock import SlotClock
from portal.numeriz.models import SOURCE_ID_LENGTH, TITLE_LENGTH
from portal.numeriz.values import Category, ImportKind, Issue, MeasureDraft, OrderDraft, OrderStatus, Subject
from portal.regulations.measures import MeasureType

SOURCE: Final = "dialog-json"

# To be raised when the same item is to be understood otherwise than before.
_READER = "dialog-json-2"
_TYPES: Final = {
    "noEntry": MeasureType.NO_ENTRY,
    "speedLimitation": MeasureType.SPEED_LIMIT,
    "alternateRoad": MeasureType.ALTERNATE_TRAFFIC,
    "noOvertaking": MeasureType.NO_OVERTAKING,
    "parkingProhibited": MeasureType.NO_PARKING,
}
_BANS: Final = {MeasureType.NO_ENTRY, MeasureType.ONE_WAY}
_CATEGORIES: Final = {"permanentRegulation": Category.PERMANENT, "temporaryRegulation": Category.TEMPORARY}
_SUBJECTS: Final = {
    "roadMaintenance": Subject.ROADWORKS,
    "incident": Subject.INCIDENT,
    "event": Subject.EVENT,
    "winterMaintenance": Subject.WINTER,
    "other": Subject.OTHER,
}


def recognises(head: bytes, _name: str) -> bool:
    """Tell whether a file starts as a page of the search, or as a list of its items."""
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    return start.startswith((b"{", b"[")) and b'"organization"' in start and b'"measures"' in start


def open_dialog_search(files: Sequence[SourceFile], context: ReadingContext) -> Reading[OrderDraft]:
    """Open pages. Raises Invalid(`bad-option`, `not-regulations`) and as `read_content` and `read_json` do."""
    clock = context.options.get("slot_clock", SlotClock.UTC.value)
    if clock not in set(SlotClock):
        raise Invalid("bad-option", name="slot_clock", value=clock[:40])
    items = [item for file in files for item in items_of(read_json(read_content(file, context.most_bytes)))]
    reading: Reading[OrderDraft] = Reading("dialog-json", SOURCE, iter(()))
    reading.issues += [Issue("direction-never-written"), Issue("heavy-never-written")]
    reading.records = _records(items, SlotClock(clock), context, reading)
    return reading


def items_of(page: object) -> list[Json]:
    """The orders of a page, or of a list. Raises Invalid(`not-regulations`)."""
    listed = page.get("regulations") if isinstance(page, dict) else page
    if not isinstance(listed, list) or not all(isinstance(item, dict) for item in listed):
        raise Invalid("not-regulations")
    return listed


def key_of(item: Json) -> str:
    """What tells an order from all others: its identifier is unique within its organisation only."""
    return f"{text(item, 'identifier')}#{text(member(item, 'organization'), 'uuid', 60)}"


def _records(
    items: Sequence[Json], clock: SlotClock, context: ReadingContext, reading: Reading[OrderDraft]
) -> Iterator[SourceRecord[OrderDraft]]:
    decides = [_READER, context.zone.key, repr(context.bounds), clock.value]
    for where, item in enumerate(items, 1):
        written = json.dumps([item, *decides], sort_keys=True, ensure_ascii=True)
        yield SourceRecord(
            key_of(item)[:SOURCE_ID_LENGTH],
            sha256(written.encode()).hexdigest(),
            where,
            partial(read_order, item, clock, context),
        )
    reading.complete = True


def read_order(item: Json, slot_clock: SlotClock, context: ReadingContext) -> Understood[OrderDraft]:
    """Turn an item into an order; one that lies wholly outside the territory is not kept."""
    issues: list[Issue] = []
    try:
        bounds = read_bounds(item.get("startDate"), item.get("endDate"), context.zone)
    except (ValueError, OverflowError):
        issues.append(Issue("order-dates-unreadable", {"value": clean_text(item.get("startDate"), 60)}))
        bounds = None, None
    clock = Clock(context.zone, slot_clock, bounds)
    title = clean_text(html.unescape(str(item.get("title") or "")), TITLE_LENGTH)
    measures: list[MeasureDraft] = []
    places: list[list[PlaceRead]] = []
    for number, found in enumerate(objects(item.get("measures")), 1):
        about: list[Issue] = []
        here = [read_place(place, context.bounds) for place in objects(found.get("locations"))]
        measures.append(_measure(found, title, here, clock, about))
        places.append(here)
        issues += [replace(issue, params={"measure": number, **issue.params}) for issue in about]
    if _outside([box for here in places for place in here for box in place.boxes], context.bounds):
        return Understood((), (Issue("outside-not-kept"),))
    if not measures:
        issues.append(Issue("no-measure"))
    if speaks_of_one_way(title) and any(measure.type in _BANS for measure in measures):
        issues.append(Issue("maybe-one-way"))
    return Understood((_draft(item, title, measures, places, issues),))


def _measure(found: Json, title: str, places: Sequence[PlaceRead], clock: Clock, issues: list[Issue]) -> MeasureDraft:
    written = text(found, "type", 60)
    kind = _TYPES.get(written)
    if kind is None:
        issues.append(Issue("unknown-measure", {"value": written}))
    speed = found.get("maxSpeed") if kind is MeasureType.SPEED_LIMIT else None
    if speed is not None and (not isinstance(speed, int) or isinstance(speed, bool) or not 1 <= speed <= 130):
        issues.append(Issue("speed-not-understood", {"value": clean_text(speed, 40)}))
        speed = None
    periods = read_periods(found.get("periods"), clock, issues)
    vehicles = read_vehicles(member(found, "vehicleSet"), issues)
    # A ban of some vehicles is never a one-way sign.
    if kind is MeasureType.NO_ENTRY and not vehicles.applies_to and is_one_way(title):
        kind = MeasureType.ONE_WAY
        issues.append(Issue("read-as-one-way"))
    issues += [issue for place in places for issue in place.issues]
    if not places:
        issues.append(Issue("place-not-drawn"))
    locations = tuple(location for place in places for location in place.locations)
    return MeasureDraft(kind or MeasureType.UNKNOWN, locations, periods, vehicles, speed)


def _draft(
    item: Json,
    title: str,
    measures: Sequence[MeasureDraft],
    places: Sequence[Sequence[PlaceRead]],
    issues: list[Issue],
) -> OrderDraft:
    organisation = member(item, "organization")
    status = text(item, "status", 40)
    if status != "published":
        issues.append(Issue("order-not-in-force", {"value": status}))
    category = _CATEGORIES.get(text(item, "category", 60))
    said = {
        "source": SOURCE,
        "organisation": text(organisation, "uuid", 60),
        "licence": "Licence Ouverte 2.0",
        "reason": text(item, "otherCategoryText"),
    }
    return OrderDraft(
        identifier=text(item, "identifier"),
        title=title,
        authority_name=text(organisation, "name", 160),
        category=category or (Category.TEMPORARY if item.get("endDate") else Category.PERMANENT),
        measures=tuple(measures),
        subject=_SUBJECTS.get(text(item, "subject", 60)),
        status=OrderStatus.PUBLISHED if status == "published" else OrderStatus.DRAFT,
        source=SOURCE,
        source_id=key_of(item),
        provenance={
            **{name: value for name, value in said.items() if value},
            "places": [[place.id for place in here] for here in places],
        },
        issues=tuple(issues),
    )


def _outside(boxes: Sequence[Bounds], bounds: Bounds | None) -> bool:
    """Tell whether everything drawn lies outside the territory; what is drawn nowhere may lie inside."""
    if bounds is None or not boxes:
        return False
    west, south, east, north = bounds
    return all(box[0] > east or box[2] < west or box[1] > north or box[3] < south for box in boxes)


DIALOG_JSON: Final = Format("dialog-json", ImportKind.ORDERS, recognises, open_dialog_search)
