"""The themes that are measured, in the order of the table. A new line goes in its theme, a new theme goes here."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from portal.runtime.bench import (
    addresses,
    alerts,
    control,
    feed,
    fleet_file,
    impact,
    large_fleet,
    law,
    lawgrid,
    long_queue,
    map_browser,
    matching,
    pages,
    passes,
    perimeters,
    places,
    road_book,
    route_jobs,
    routes,
    tours,
    verification,
    what,
)
from portal.runtime.bench.ground import Ground
from portal.runtime.bench.line import Line

type Theme = Callable[[Ground], Iterator[Line]]

THEMES: dict[str, Theme] = {
    "pages": pages.measure,
    "long-queue": long_queue.measure,
    "passes": passes.measure,
    "verification": verification.measure,
    "control": control.measure,
    "routes": routes.measure,
    "tours": tours.measure,
    "route-jobs": route_jobs.measure,
    "road-book": road_book.measure,
    "addresses": addresses.measure,
    "fleet-file": fleet_file.measure,
    "large-fleet": large_fleet.measure,
    "feed": feed.measure,
    "perimeters": perimeters.measure,
    "map-browser": map_browser.measure,
    "alerts": alerts.measure,
    "law": law.measure,
    "what": what.measure,
    "lawgrid": lawgrid.measure,
    "matching": matching.measure,
    "places": places.measure,
    "impact": impact.measure,
}
