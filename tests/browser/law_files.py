"""Files of the law that a clerk of the demonstration sends."""

from __future__ import annotations

from portal.common.ids import new_id
from portal.territories.demo_town import Town
from portal.territories.demo_town.town import Street
from tests.browser.errands import demo_day
from tests.support.datex import any_of, order, publication, regulation, when, where


def quiet_street(town: Town) -> Street:
    """A street of the suburbs that the law of the demonstration leaves alone."""
    law = town.law(demo_day())
    ruled = {place.label for found in law.orders for measure in found.measures for place in measure.locations}
    return next(s for s in town.streets if s.zone == "suburb" and s.name not in ruled and s.length_m > 150)


def closure_file(town: Town, title: str) -> bytes:
    """An order of the national base that closes that street."""
    line = {"type": "LineString", "coordinates": [list(point) for point in quiet_street(town).line]}
    closure = regulation(any_of(when()), any_of(where(line)))
    name = str(new_id())
    return publication(order(closure, order_id=name, title=title, regulation_id=f"{name[:8]}#{name}")).encode()
