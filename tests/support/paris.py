"""The real Paris extract and the perimeters of 2024, for the tests of the planner."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import shapely
from shapely.geometry import shape

from portal.regulations.perimeters import Activation, Colour, Perimeter
from portal.regulations.snapshot import LawSnapshot
from portal.regulations.vehicles import Vehicle

PARIS = ZoneInfo("Europe/Paris")
EXTRACT = Path("osm") / "paris_bss.osm.pbf"
BOUNDS = (2.3515, 48.8576, 2.3807, 48.8700)
MARATHON = "PARA_Marathon"

TRUCK = Vehicle.from_public(
    {"gvw_t": 12, "height_m": 3.5, "width_m": 2.5, "length_m": 9, "axle_load_t": 8, "hazmat": False}
)
COLOURS = {"Bleu": Colour.BLUE, "Rouge": Colour.RED, "Gris": Colour.GREY, "Blanc": Colour.WHITE}


def local(text: str) -> datetime:
    """An instant from the local clock of Paris."""
    return datetime.fromisoformat(text).replace(tzinfo=PARIS)


def records(shared_data: Path) -> Iterator[dict[str, Any]]:
    """The drawn records of both files: name, colour, shape, start and end."""
    for name in ("zones", "para_ouverture"):
        features = json.loads((shared_data / "jop2024" / f"{name}.geojson").read_text(encoding="utf-8"))["features"]
        for number, feature in enumerate(features):
            if feature["geometry"] is None:
                continue
            values = feature["properties"]
            start, end = (
                datetime.strptime(values[key], "%Y/%m/%d %H:%M:%S.%f").replace(tzinfo=PARIS)
                for key in ("DATE_DEBUT", "DATE_FIN")
            )
            drawn = shapely.make_valid(shapely.force_2d(shape(feature["geometry"])))
            yield {
                "id": f"{name}-{number}",
                "name": values["EVENEMENT"],
                "colour": values["TYPE_PERI"],
                "shape": drawn,
                "start": start,
                "end": end,
            }


def law_of_2024(shared_data: Path) -> LawSnapshot:
    """The perimeters of 2024 as law, one perimeter per record."""
    perimeters = [
        Perimeter(
            record["id"],
            record["name"],
            record["name"],
            COLOURS[record["colour"]],
            record["shape"],
            (Activation(record["start"], record["end"]),),
        )
        for record in records(shared_data)
    ]
    return LawSnapshot.build(perimeters, [], zone=PARIS, version="2024")
