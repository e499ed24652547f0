"""The list twin of the map: what applies at a moment, in pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from flask import url_for

from portal.db import Page
from portal.numeriz.api import BayView, page_bays
from portal.regulations.measures import Measure, Origin
from portal.regulations.perimeters import Colour, Perimeter
from portal.regulations.snapshot import LawSnapshot
from portal.territories.api import TerritoryView
from portal.visualiz.law_lines import bay_lines, measure_href, measure_lines, measure_title, perimeter_lines
from portal.visualiz.layers import is_in_force
from portal.visualiz.moments import Moment

PAGE_SIZE = 25


class ListKind(StrEnum):
    """What the list shows."""

    PERIMETERS = "perimetres"
    ORDERS = "arretes"
    EVENTS = "evenements"
    SIGNS = "panneaux"
    BAYS = "aires"


ORIGINS = {ListKind.ORDERS: Origin.ORDER, ListKind.EVENTS: Origin.EVENT, ListKind.SIGNS: Origin.OSM}


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the list. href: its page, or that of its source; None for a bay."""

    title: str
    lines: Sequence[str]
    colour: Colour | None = None
    href: str | None = None


def list_page(
    territory: TerritoryView, law: LawSnapshot, kind: ListKind, moment: Moment, cursor: str | None
) -> Page[Entry]:
    """Return a page of what applies at the moment; for bays, of all those in use."""
    if kind is ListKind.BAYS:
        return page_bays(territory.id, cursor, active_only=True, size=PAGE_SIZE).map(_bay_entry)
    known: Sequence[Perimeter | Measure] = (
        list(law.perimeters.values())
        if kind is ListKind.PERIMETERS
        else [measure for measure in law.measures.values() if measure.origin is ORIGINS[kind]]
    )
    in_force = [item for item in known if is_in_force(item, law, moment.at)]
    in_force.sort(key=lambda item: (_sort_title(item), item.id))

    def entry(item: Perimeter | Measure) -> Entry:
        if isinstance(item, Perimeter):
            href = url_for("visualiz.show_perimeter", territory=territory.slug, perimeter_id=UUID(item.id))
            return Entry(item.name, perimeter_lines(item, law.zone, moment.at), item.colour, href)
        return Entry(measure_title(item), measure_lines(item, law.zone), None, measure_href(item, territory.slug))

    return _sliced(in_force, cursor).map(entry)


def _sort_title(item: Perimeter | Measure) -> str:
    return item.name if isinstance(item, Perimeter) else measure_title(item)


def _bay_entry(bay: BayView) -> Entry:
    return Entry(bay.address or bay.local_id, bay_lines(bay))


def _sliced[R: (Perimeter | Measure)](items: Sequence[R], cursor: str | None) -> Page[R]:
    """The page that begins at the item a cursor names; from the start when it is gone: the law has changed since."""
    places = {item.id: place for place, item in enumerate(items)}
    first = places.get(cursor or "", 0)
    shown = items[first : first + PAGE_SIZE]
    after, before = first + PAGE_SIZE, max(0, first - PAGE_SIZE)
    return Page(
        shown,
        items[after].id if after < len(items) else None,
        items[before].id if first > 0 else None,
    )
