"""How soon the public map shows something, what it weighs, and how it follows the slider, in Chromium without a GPU."""

from __future__ import annotations

import json
import os
import random
import sys
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from portal.config import PROJECT_ROOT
from portal.runtime.bench.ground import Ground
from portal.runtime.bench.line import Line, percentile
from portal.runtime.bench.map_page import DESK, PHONE, Feature, chromium, map_page, mark_ms, slider_steps_ms, weight_kb
from portal.visualiz.layers import MOST_FEATURES

_VISITS = 5
_PICTURE_MS, _WEIGHT_KB, _STEP_MS = 1500.0, 150.0, 50.0
_MEASURES = 10_000
_STEPS = [*range(360, 1320, 15)]
_ZONE = ZoneInfo("Europe/Paris")
_PARIS = (2.22, 48.81, 2.47, 48.91)
_COLOURS = {"Bleu": "blue", "Rouge": "red", "Gris": "grey", "Blanc": "white"}
_BUSY_DAY = date(2024, 7, 28)


def measure(ground: Ground) -> Iterator[Line]:
    """Yield first picture, weight and slider steps, each beside its target; nothing where there is no browser."""
    address = f"http://127.0.0.1:{ground.port}/carte/{ground.territory}"
    with chromium() as browser:
        if browser is None:
            sys.stderr.write("There is no Chromium with its driver: the map in the browser is not measured.\n")
            return
        laws, wholes, weights = [], [], []
        for _visit in range(_VISITS):
            with map_page(browser, address, PHONE) as page:
                laws.append(mark_ms(page, "map-law"))
                wholes.append(mark_ms(page, "map-whole"))
                weights.append(weight_kb(page))
        yield Line("map: law drawn on a phone, p50", percentile(laws, 50), "ms", "target", _PICTURE_MS)
        yield Line("map: with its streets, p50", percentile(wholes, 50), "ms", "target", _PICTURE_MS)
        yield Line("map: script and style, compressed", max(weights), "kB", "target", _WEIGHT_KB)
        perimeters = _perimeters_of_2024()
        if perimeters:
            day = f"{address}?jour={_BUSY_DAY}&heure=06:00"
            with map_page(browser, day, DESK, {"perimeters": perimeters}, _PARIS) as page:
                yield from _steps(f"{len(perimeters)} perimeters of 2024", slider_steps_ms(page, _STEPS))
        day = f"{address}?jour={_BUSY_DAY}&heure=06:00"
        measures = _measures(ground)
        for what, shown in (
            (f"{MOST_FEATURES:,} of {_MEASURES:,} measures, as a view is sent", measures[:MOST_FEATURES]),
            (f"{_MEASURES:,} measures drawn", measures),
        ):
            with map_page(browser, day, DESK, {"orders": shown}) as page:
                yield from _steps(what, slider_steps_ms(page, _STEPS))


def _steps(what: str, times_ms: list[float]) -> Iterator[Line]:
    for percent in (50, 95):
        yield Line(f"map: slider step, {what}, p{percent}", percentile(times_ms, percent), "ms", "target", _STEP_MS)


def _perimeters_of_2024() -> list[Feature]:
    """The records of the real files beside the repository that have a shape; none when they are not there."""
    folder = Path(os.environ.get("JOPTIMIZ_SHARED_DATA", PROJECT_ROOT.parent / "shared" / "data")) / "jop2024"
    records = [
        record for path in sorted(folder.glob("*.geojson")) for record in json.loads(path.read_bytes())["features"]
    ]
    return [_perimeter(str(rank), record) for rank, record in enumerate(records) if record["geometry"]]


def _perimeter(name: str, record: Feature) -> Feature:
    told = record["properties"]
    properties = {
        "id": name,
        "title": told["EVENEMENT"],
        "colour": _COLOURS[told["TYPE_PERI"]],
        "windows": [[_instant(told["DATE_DEBUT"]), _instant(told["DATE_FIN"])]],
        "lines": [],
    }
    return {"type": "Feature", "properties": properties, "geometry": record["geometry"]}


def _instant(text: str) -> str:
    return datetime.fromisoformat(text.replace("/", "-")).replace(tzinfo=_ZONE).isoformat()


def _measures(ground: Ground) -> list[Feature]:
    """Measures on the streets of the town, each for some hours of the day, so that every step changes hundreds."""
    drawn = random.Random(1)  # noqa: S311 the same measures each time, nothing secret
    streets = ground.town.streets
    midnight = datetime.combine(_BUSY_DAY, time(), _ZONE)
    found = []
    for rank in range(_MEASURES):
        start = midnight + timedelta(minutes=15 * drawn.randrange(80))
        end = start + timedelta(minutes=15 * drawn.randrange(4, 48))
        properties = {
            "id": f"{rank}.0",
            "rule": f"{rank % 16:08x}",
            "title": f"Mesure {rank}",
            "effect": ("closed", "limited", "other")[rank % 3],
            "windows": [[start.isoformat(), end.isoformat()]],
            "lines": [],
        }
        line = [list(point) for point in streets[rank % len(streets)].line]
        geometry = {"type": "LineString", "coordinates": line}
        found.append({"type": "Feature", "properties": properties, "geometry": geometry})
    return found
