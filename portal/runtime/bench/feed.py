"""How long a feed of orders as large as the national one takes to import, and again unchanged."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from lxml import etree

from portal.config import Settings
from portal.numeriz.values import ImportKind
from portal.runtime.bench.feed_file import write_feed
from portal.runtime.bench.ground import Ground
from portal.runtime.bench.import_alone import import_alone
from portal.runtime.bench.line import Line, timed_ms

_ORDERS = 11_500
_TARGET_S, _TARGET_BYTES, _TARGET_SHARE = 60.0, 300 * 10**6, 0.25
_MEGABYTE = 10**6


def measure(ground: Ground) -> Iterator[Line]:
    """Yield seconds and peak memory of the first import and of an unchanged one, each in a process of its own."""
    settings: Settings = ground.app.extensions["settings"]
    folder = settings.var_dir / "feed"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    path = folder / "feed.xml"
    try:
        size = write_feed(path, _ORDERS)
        bare = timed_ms(lambda: _parse(path)) / 1000
        first, again = (import_alone(folder, ImportKind.ORDERS, [path]) for _ in range(2))
        if first["counts"].get("orders_added") != _ORDERS or again["counts"].get("records_unchanged") != _ORDERS:
            raise RuntimeError(f"orders were lost: {first['counts']}, {again['counts']}")
    finally:
        shutil.rmtree(folder)
    name = f"feed of {_ORDERS} orders, {size / _MEGABYTE:.0f} MB"
    yield Line(f"{name}: import", first["seconds"], "s", "bare lxml iterparse", bare)
    yield Line(f"{name}: import against its target", first["seconds"], "s", "target", _TARGET_S)
    peak = max(first["peak_bytes"], again["peak_bytes"])
    yield Line(f"{name}: peak memory", peak / _MEGABYTE, "MB", "target", _TARGET_BYTES / _MEGABYTE)
    share = again["seconds"] / first["seconds"]
    yield Line(f"{name}: unchanged, share of the first import", share, "ratio", "target", _TARGET_SHARE)
    yield Line(f"{name}: unchanged import", again["seconds"], "s", "bare lxml iterparse", bare)


def _parse(path: Path) -> None:
    """Read the file and forget it, as little as a reader can do."""
    count = 0
    for _event, element in etree.iterparse(str(path), tag="{*}trafficRegulationOrder"):
        element.clear()
        while element.getprevious() is not None:
            del element.getparent()[0]
        count += 1
    if count != _ORDERS:
        raise RuntimeError(f"the parser met {count} orders of {_ORDERS}")
