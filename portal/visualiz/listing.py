"""The list twin of the map: what applies at a moment, in pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from flask import url_for

from portal.db import Page
from portal.numeriz.api import BayView, list_bays, page_bays
from portal.regulations.measures import Measure, Origin
from portal.regulations.perimeters import Colour, Perimeter
from portal.regulations.snapshot import LawSnapshot
from portal.territories.api import TerritoryView
from portal.visualiz.bodies import Shelf
from portal.visualiz.choices import Choice
from portal.visualiz.concerned import concern_words
from portal.visualiz.law_lines import bay_lines, bay_title, measure_href, measure_lines, measure_title, perimeter_lines
from portal.visualiz.layers import Box
from portal.visualiz.moments import Moment
from portal.visualiz.onscreen import Layer, in_force_in

PAGE_SIZE = 25
_KEPT_ORDERS = 12
_orders: Shelf[Sequence[Perimeter | Measure]] = Shelf(_KEPT_ORDERS)


class ListKind(StrEnum):
    """What the list shows."""

    PERIMETERS = "perimetres"
    ORDERS = "arretes"
    EVENTS = "evenements"
    SIGNS = "panneaux"
    BAYS = "aires"


KINDS = {Origin.ORDER: ListKind.ORDERS, Origin.EVENT: ListKind.EVENTS, Origin.OSM: ListKind.SIGNS}
LAYERS = {
    ListKind.PERIMETERS: Layer.PERIMETERS,
    ListKind.ORDERS: Layer.ORDERS,
    ListKind.EVENTS: Layer.EVENTS,
    ListKind.SIGNS: Layer.SIGNS,
    ListKind.BAYS: Layer.BAYS,
}
"""The layer of the map that each kind lists."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the list. href: its page, or that of its source.

    concern: what it means for the vehicle asked about; empty for a bay.
    """

    title: str
    lines: Sequence[str]
    colour: Colour | None = None
    href: str | None = None
    concern: str = ""


def list_page(
    territory: TerritoryView,
    law: LawSnapshot,
    kind: ListKind,
    moment: Moment,
    choice: Choice,
    box: Box | None,
    cursor: str | None,
) -> Page[Entry]:
    """Return a page of what applies at the moment; for bays, of all those in use. box: only what is drawn in it."""
    if kind is ListKind.BAYS:

        def bay_entry(bay: BayView) -> Entry:
            href = url_for("visualiz.show_bay", territory=territory.slug, bay_id=bay.id)
            return Entry(bay_title(bay), bay_lines(bay, law.zone, moment.at), None, href)

        if box is None:
            return page_bays(territory.id, cursor, active_only=True, size=PAGE_SIZE).map(bay_entry)
        return _sliced(list_bays(territory.id, box), cursor).map(bay_entry)

    def sorted_items() -> Sequence[Perimeter | Measure]:
        in_force = [item for item in in_force_in(law, moment.at, box) if _kind_of(item) is kind]
        return sorted(in_force, key=_by_place)

    # Whoever opens the next page asks for the same order.
    in_force = _orders.get((territory.id, law.version, kind, moment.at, box), sorted_items)

    def entry(item: Perimeter | Measure) -> Entry:
        concern = concern_words(law, item, moment.at, choice)
        if isinstance(item, Perimeter):
            href = url_for("visualiz.show_perimeter", territory=territory.slug, perimeter_id=UUID(item.id))
            return Entry(item.name, perimeter_lines(item, law.zone, moment.at), item.colour, href, concern)
        href_of = measure_href(item, territory.slug)
        return Entry(measure_title(item), measure_lines(item, law.zone), None, href_of, concern)

    return _sliced(in_force, cursor).map(entry)


def _kind_of(item: Perimeter | Measure) -> ListKind:
    return ListKind.PERIMETERS if isinstance(item, Perimeter) else KINDS[item.origin]


def _by_place(item: Perimeter | Measure) -> tuple[str, str, str]:
    """The order of the list: names of places, without the words before them, which cost more to make than to sort."""
    if isinstance(item, Perimeter):
        return item.name, "", item.id
    return next((place.label for place in item.locations if place.label), item.order.title), item.type.value, item.id


def _sliced[R: (Perimeter | Measure, BayView)](items: Sequence[R], cursor: str | None) -> Page[R]:
    """The page that begins at the item a cursor names; from the start when it is gone: the law has changed since."""
    places = {str(item.id): place for place, item in enumerate(items)}
    first = places.get(cursor or "", 0)
    shown = items[first : first + PAGE_SIZE]
    after, before = first + PAGE_SIZE, max(0, first - PAGE_SIZE)
    return Page(
        shown,
        str(items[after].id) if after < len(items) else None,
        str(items[before].id) if first > 0 else None,
    )
