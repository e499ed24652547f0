"""The house numbers of the streets of a name, as the address index of a territory knows them."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass

from portal.common.errors import Unavailable
from portal.common.text import fold
from portal.territories.address_text import HouseNumber, name_words, read_house_numbers
from portal.territories.queries import TerritoryView

_MOST_STREETS = 200
_HOUSE = re.compile(r"[1-9]\d{0,3} ?(bis|ter|quater|[a-z])?")


@dataclass(frozen=True, slots=True)
class StreetHouses:
    """One street of one commune. lon, lat: its middle, degrees; houses: where each number stands, (lon, lat)."""

    name: str
    commune: str
    lon: float
    lat: float
    houses: dict[HouseNumber, tuple[float, float]]


def list_street_houses(territory: TerritoryView, name: str) -> Sequence[StreetHouses]:
    """Return the streets of a name, one per commune; none when the index has none or was not built.

    Names are compared as `name_words` does. Raises Unavailable("addresses-missing") when the index is not there.
    """
    path, words = territory.addresses_path, name_words(name)
    if path is None or not words:
        return []
    if not path.is_file():
        raise Unavailable("addresses-missing")
    wanted = " AND ".join(f'"{word}"' for word in words)
    columns = "entry.id, entry.name, entry.commune, entry.lon, entry.lat"
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as base:
        streets = base.execute(
            f"SELECT {columns} FROM entry_words JOIN entry ON entry.id = entry_words.rowid"  # noqa: S608  names of our own
            " WHERE entry_words MATCH ? AND entry.kind = 'street' AND entry.words = ? LIMIT ?",
            (wanted, " ".join(words), _MOST_STREETS),
        ).fetchall()
        return [
            StreetHouses(
                own_name,
                commune,
                lon,
                lat,
                {
                    HouseNumber(number, suffix): (at_lon, at_lat)
                    for number, suffix, at_lon, at_lat in base.execute(
                        "SELECT number, suffix, lon, lat FROM number WHERE entry_id = ? ORDER BY number, suffix", (key,)
                    )
                },
            )
            for key, own_name, commune, lon, lat in streets
        ]


def list_communes(territory: TerritoryView) -> Sequence[str]:
    """Return the communes that the streets of the index belong to, the largest first; raises as above."""
    path = territory.addresses_path
    if path is None:
        return []
    if not path.is_file():
        raise Unavailable("addresses-missing")
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as base:
        rows = base.execute(
            "SELECT commune FROM entry WHERE kind = 'street' AND commune != '' GROUP BY commune"
            " ORDER BY count(*) DESC, commune"
        )
        return [row[0] for row in rows]


def read_house_number(text: str) -> HouseNumber | None:
    """Return the one number a text writes, "12 bis" or "12B"; None for anything else."""
    return read_house_numbers(text)[0] if _HOUSE.fullmatch(fold(text)) else None
