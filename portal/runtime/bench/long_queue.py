"""The clerk's queue when 10,000 requests wait in it, over HTTP, against the same pages with the demonstration's own."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import batched
from typing import Any

from sqlalchemy import delete, insert, select

from portal.cirqliz.models import AccessRequest, RequestPerimeter, RequestVehicle
from portal.cirqliz.states import RequestState
from portal.common.ids import new_id
from portal.db import Base, session, unit_of_work
from portal.runtime.bench.ground import Browser, Ground
from portal.runtime.bench.line import Line, percentile, timed_ms

WAITING = 10_000
_MARK = "BENCH-"
_AT_ONCE = 500
_REPEATS, _WARM_UPS = 30, 3
_PAGES = {
    "desk": "etat=a-decider",
    "desk, by company": "etat=a-decider&tri=entreprise",
    "desk, filtered": "etat=a-decider&couleur=red&categorie=N1&tri=debut",
    "desk, searched": "q=GA-0",
}


def measure(ground: Ground) -> Iterator[Line]:
    """Yield p50 and p95 of each page, in milliseconds."""
    desk = f"/territoires/{ground.territory}/guichet"
    with ground.browser("agent") as clerk:
        references = {name: _times_ms(clerk, f"{desk}?{query}") for name, query in _PAGES.items()}
        with ground.app.app_context():
            _fill()
        try:
            for name, query in _PAGES.items():
                figures = _times_ms(clerk, f"{desk}?{query}")
                for percent in (50, 95):
                    yield Line(
                        f"{name}, {WAITING} waiting, p{percent}",
                        percentile(figures, percent),
                        "ms",
                        f"with the demonstration's, p{percent}",
                        percentile(references[name], percent),
                    )
        finally:
            with ground.app.app_context(), unit_of_work() as uow:
                uow.session.execute(delete(AccessRequest).where(AccessRequest.number.startswith(_MARK)))


def _times_ms(browser: Browser, path: str) -> list[float]:
    for _ in range(_WARM_UPS):
        browser.get(path)
    return [timed_ms(lambda: browser.get(path)) for _ in range(_REPEATS)]


def _fill() -> None:
    """Copy the requests that wait, with their vehicles and perimeters, until there are WAITING of them."""
    waiting = select(AccessRequest).where(AccessRequest.state == RequestState.READY)
    models = session().scalars(waiting.order_by(AccessRequest.id).limit(50)).unique().all()
    if not models:
        raise RuntimeError("no request of the demonstration waits")
    for numbers in batched(range(WAITING), _AT_ONCE):
        requests, vehicles, perimeters = [], [], []
        for number in numbers:
            model = models[number % len(models)]
            id_ = new_id()
            mark = f"{_MARK}{number}"
            requests.append({**_columns(model), "id": id_, "number": mark, "submission_key": mark})
            vehicles += [{**_columns(line), "id": new_id(), "request_id": id_} for line in model.vehicles]
            perimeters += [{**_columns(line), "id": new_id(), "request_id": id_} for line in model.perimeters]
        with unit_of_work() as uow:
            uow.session.execute(insert(AccessRequest), requests)
            uow.session.execute(insert(RequestVehicle), vehicles)
            uow.session.execute(insert(RequestPerimeter), perimeters)


def _columns(row: Base) -> dict[str, Any]:
    return {column.key: getattr(row, column.key) for column in row.__mapper__.column_attrs}
