"""A law of a given size, stored, read, changed and asked in a process of its own; the figures go out as JSON.

A process of its own, because the memory of a process is only told at its highest.
"""

from __future__ import annotations

import json
import random
import resource
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import batched, groupby
from pathlib import Path
from uuid import UUID

import shapely
from sqlalchemy import text

from portal import create_app
from portal.common.actor import system_actor
from portal.common.ids import new_id
from portal.config import load_settings
from portal.db import Base, db, session, unit_of_work
from portal.numeriz.api import law_snapshot
from portal.numeriz.services import store_orders
from portal.numeriz.values import Category, MeasureDraft, OrderDraft
from portal.regulations.evaluate import verdict
from portal.regulations.geometry import POINT_REACH_M, grown
from portal.regulations.measures import Measure
from portal.regulations.schedules import Interval
from portal.regulations.snapshot import LawSnapshot
from portal.regulations.vehicles import Vehicle
from portal.runtime.bench.law_sample import NOW, SIDE_KM, box_around, invented_measures, invented_points
from portal.runtime.bench.line import percentile, timed_ms
from portal.territories.models import Territory

POINTS = 2000
BOXES = 60
BOX_RESULTS = 500
_ORDERS_AT_ONCE = 1000
_CLERK = system_actor("bench")
_LORRY = Vehicle(gross_weight_kg=12000, height_cm=360)


def measure(count: int) -> dict[str, float]:
    """Return the figures of a law of `count` measures: milliseconds, seconds and megabytes, by name."""
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(load_settings(environ={}, var_dir=Path(folder), demo_mode=True, rate_limits=False))
        with app.app_context():
            Base.metadata.create_all(db.engine)
            territory_id = stored_law(count)
            before_mb = _most_mb()
            bare_s = timed_ms(_read_bare) / 1000
            build_s = timed_ms(lambda: law_snapshot(territory_id)) / 1000
            build_mb = _most_mb() - before_mb
            store_orders(_CLERK, territory_id, [next(_orders(1, title="Arrêté modifié"))])
            again_s = timed_ms(lambda: law_snapshot(territory_id)) / 1000
            figures = _ask(law_snapshot(territory_id))
            db.session.remove()
            db.engine.dispose()
    return {**figures, "bare_s": bare_s, "build_s": build_s, "again_s": again_s, "build_mb": build_mb, "mb": before_mb}


def _ask(law: LawSnapshot) -> dict[str, float]:
    """Ask points nobody asked before, as visitors do, and boxes of a map."""
    points = invented_points(POINTS)
    tree = shapely.STRtree([place.shape for rule in law.measures.values() for place in rule.locations])
    bare = [timed_ms(lambda point=point: tree.query(grown(point, POINT_REACH_M))) for point in points]  # type: ignore[misc]
    asked = [timed_ms(lambda point=point: verdict(law, point, NOW, _LORRY)) for point in points]  # type: ignore[misc]
    boxes = list(_boxes(len(law.measures)))
    found = [len(law.in_box(box)) for box in boxes]
    in_box = _times(law.in_box, boxes)
    bare_box = _times(lambda box: tree.query(shapely.box(*box), predicate="intersects"), boxes)
    now = Interval(NOW, NOW)
    return {
        "point_p50_ms": percentile(asked, 50),
        "point_p99_ms": percentile(asked, 99),
        "bare_point_p50_ms": percentile(bare, 50),
        "bare_point_p99_ms": percentile(bare, 99),
        "box_p50_ms": percentile(in_box, 50),
        "box_now_p50_ms": percentile(_times(lambda box: law.in_box(box, now), boxes), 50),
        "bare_box_p50_ms": percentile(bare_box, 50),
        "box_results": percentile(found, 50),
    }


def _boxes(count: int) -> Iterator[tuple[float, float, float, float]]:
    """Boxes that hold some 500 measures, or the whole square when there are fewer."""
    dice = random.Random(9)  # noqa: S311 the same boxes each time, nothing secret
    side_km = min(SIDE_KM * (BOX_RESULTS / count) ** 0.5, SIDE_KM)
    for _ in range(BOXES):
        x_km, y_km = (side_km / 2 + dice.random() * (SIDE_KM - side_km) for _ in range(2))
        yield box_around(x_km, y_km, side_km)


def _times[T](action: Callable[[T], object], values: Iterable[T]) -> list[float]:
    return [timed_ms(lambda value=value: action(value)) for value in values]  # type: ignore[misc]


def stored_law(count: int) -> UUID:
    """Store a territory `bench` with an invented law; return its id."""
    territory = Territory(id=new_id(), slug="bench", name="Bench", created_at=datetime.now(UTC))
    territory_id = territory.id
    with unit_of_work() as uow:
        uow.session.add(territory)
    for orders in batched(_orders(count), _ORDERS_AT_ONCE):
        store_orders(_CLERK, territory_id, list(orders))
    return territory_id


def _orders(count: int, title: str | None = None) -> Iterator[OrderDraft]:
    for order_id, measures in groupby(invented_measures(count), key=lambda measure: measure.order.id):
        some: Sequence[Measure] = list(measures)
        drafts = tuple(MeasureDraft(m.type, m.locations, m.periods, m.vehicles, m.max_speed_kmh) for m in some)
        yield OrderDraft(order_id, title or some[0].order.title, "Ville", Category.TEMPORARY, drafts)


def _read_bare() -> None:
    """What no reader can do without: the rows as text, parsed."""
    for (document,) in session().execute(text("SELECT document FROM measure")):
        json.loads(document)


def _most_mb() -> float:
    """The most memory this process ever held; the system counts kibibytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measure(int(sys.argv[1]))))
