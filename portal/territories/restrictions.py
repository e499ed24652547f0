"""What OpenStreetMap says of goods traffic on the roads of a build: read by whoever makes law of it.

One line of JSON per road, compressed, in the order of the extract. Written by `build.restrictions`.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from portal.common.errors import Unavailable

type Position = tuple[float, float]


@dataclass(frozen=True, slots=True)
class TaggedRoad:
    """A road with the tags that bear on goods traffic. way_id: of OpenStreetMap. coords: (lon, lat), as it is drawn."""

    way_id: int
    tags: Mapping[str, str]
    coords: tuple[Position, ...]

    def as_line(self) -> str:
        """Return the road as the line kept in the file."""
        return json.dumps(asdict(self), ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_line(cls, line: str) -> TaggedRoad:
        """Read what `as_line` wrote. Raises ValueError, KeyError or TypeError for anything else."""
        values = json.loads(line)
        coords = tuple((float(lon), float(lat)) for lon, lat in values["coords"])
        return cls(int(values["way_id"]), {str(key): str(value) for key, value in values["tags"].items()}, coords)


def read_restrictions(path: Path) -> Iterator[TaggedRoad]:
    """Give the roads of a build with a restriction; none when the build is older than this file.

    Raises Unavailable("build-missing") when the file is damaged.
    """
    try:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            # Even without a road the file has a header: an empty one was never written to its end.
            if path.stat().st_size == 0:
                raise EOFError(path.name)
            for line in lines:
                yield TaggedRoad.from_line(line)
    except FileNotFoundError:
        return
    except (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError) as error:
        raise Unavailable("build-missing", slug=path.parent.parent.name) from error
