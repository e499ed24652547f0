"""The public search of the national base: page after page, within bounds; and naming the places of stored orders."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import batched
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from sqlalchemy import select

from portal.audit import AuditTag, record
from portal.common.actor import Actor
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.errors import Invalid, Unavailable
from portal.db import session, unit_of_work
from portal.numeriz.feeds.fetching import FetchRules, check_url, fetch
from portal.numeriz.imports.datex.files import DIALOG_SOURCE
from portal.numeriz.imports.dialog_enrichment import enrich
from portal.numeriz.imports.dialog_search import items_of, key_of
from portal.numeriz.imports.dialog_search_parts import Json
from portal.numeriz.imports.documents import read_json
from portal.numeriz.law.memory import bump_law, lock_law
from portal.numeriz.models import TrafficOrder
from portal.numeriz.queries import get_order
from portal.numeriz.storing.orders import merge_orders
from portal.numeriz.storing.tally import Tally
from portal.numeriz.values import Issue, OrderDraft

NATIONAL_BASE: Final = "https://dialog.beta.gouv.fr"
PAGE_SIZE: Final = 100
"""The most orders that the base puts in one answer."""
MOST_PAGES: Final = 500

_PATH = "/api/regulations/search"
_BATCH = 200


@dataclass(frozen=True, slots=True)
class DialogSearch:
    """The search of one installation of the national base.

    rules: hosts, sizes and times of a download; its total time is that of the whole search, retries included.
    """

    base_url: str
    rules: FetchRules
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)

    def pages(self, filters: Mapping[str, str]) -> Iterator[Sequence[Json]]:
        """Yield the orders page by page. filters: `inseeCode`, `status`, `category`, ... as the base names them.

        Raises as `fetch` does, Unavailable(`feed-timeout`) when the whole takes too long, and Invalid
        (`not-regulations`, `not-json`, ...) for an answer that is not one.
        """
        deadline = time.monotonic() + self.rules.total_s
        number, last = 1, 1
        with TemporaryDirectory() as folder:
            while number <= last:
                page = self._page(Path(folder) / "page.json", filters, number, deadline)
                items = items_of(page)
                last = _last_page(page, number)
                yield items
                if not items:
                    return
                number += 1

    def orders(self, filters: Mapping[str, str]) -> Iterator[Json]:
        """Yield the orders of all pages; raises as `pages` does."""
        for page in self.pages(filters):
            yield from page

    def _page(self, into: Path, filters: Mapping[str, str], number: int, deadline: float) -> object:
        asked = {"status": "all", **filters, "page": str(number), "pageSize": str(PAGE_SIZE)}
        url = f"{self.base_url.rstrip('/')}{_PATH}?{urlencode(asked)}"
        left_s = deadline - time.monotonic()
        if left_s <= 0:
            raise Unavailable("feed-timeout", host=check_url(url, self.rules.hosts))
        fetch(url, into, replace(self.rules, total_s=left_s), sleep=self.sleep)
        return read_json(into.read_bytes())


def _last_page(page: object, number: int) -> int:
    """The number of the last page, from an answer that must be the page that was asked for."""
    about = page.get("metadata") if isinstance(page, dict) else None
    found = about.get("lastPage") if isinstance(about, dict) else None
    given = about.get("page") if isinstance(about, dict) else None
    if not isinstance(found, int) or isinstance(found, bool) or given != number or not 0 <= found <= MOST_PAGES:
        raise Invalid("not-regulations")
    return found


def name_places(
    actor: Actor, territory_id: UUID, found: Iterator[Json], *, clock: Clock = SYSTEM_CLOCK
) -> Mapping[str, int]:
    """Give the places of the territory's orders of the national feed the names that the search knows.

    One transaction per order; raises what `found` raises, and what was named before stays named. Returns the counts
    `orders_named`, `orders_unchanged` and `orders_unknown` (answered, but not of this territory).
    """
    counts: Counter[str] = Counter(orders_named=0, orders_unchanged=0, orders_unknown=0)
    try:
        for items in batched(found, _BATCH):
            known = _known(territory_id, {key_of(item) for item in items})
            for item in items:
                order_id = known.get(key_of(item))
                if order_id is None:
                    counts["orders_unknown"] += 1
                else:
                    counts[_name_order(territory_id, order_id, item, clock)] += 1
    finally:
        with unit_of_work():
            record(
                actor,
                AuditTag.ORDERS_IMPORTED,
                territory_id=territory_id,
                data={"file": _PATH, "counts": dict(counts)},
                clock=clock,
            )
    return counts


def _known(territory_id: UUID, keys: set[str]) -> dict[str, UUID]:
    """The orders of the feed by identifier and organisation, as the search tells them apart."""
    rows = session().execute(
        select(TrafficOrder.id, TrafficOrder.identifier, TrafficOrder.provenance).where(
            TrafficOrder.territory_id == territory_id,
            TrafficOrder.source == DIALOG_SOURCE,
            TrafficOrder.identifier.in_({key.rpartition("#")[0] for key in keys}),
        )
    )
    return {f"{row.identifier}#{row.provenance.get('organisation', '')}": row.id for row in rows}


def _name_order(territory_id: UUID, order_id: UUID, item: Json, clock: Clock) -> str:
    now: datetime = clock.now()
    with unit_of_work() as uow:
        lock_law(uow, territory_id)
        before = _draft_of(territory_id, order_id)
        after = enrich(before, item)
        if after == before:
            return "orders_unchanged"
        tally = Tally(Counter(), [])
        merge_orders(uow, territory_id, [after], tally, now)
        bump_law(uow, territory_id, clock)
    return "orders_named"


def _draft_of(territory_id: UUID, order_id: UUID) -> OrderDraft:
    view = get_order(territory_id, order_id)
    return OrderDraft(
        identifier=view.identifier,
        title=view.title,
        authority_name=view.authority_name,
        category=view.category,
        measures=tuple(measure for _, measure in view.measures),
        subject=view.subject,
        status=view.status,
        url=view.url,
        source=DIALOG_SOURCE,
        source_id=_source_id(order_id),
        provenance=view.provenance,
        issues=tuple(Issue(found["code"], found.get("params", {}), found.get("where")) for found in view.issues),
    )


def _source_id(order_id: UUID) -> str:
    return session().scalars(select(TrafficOrder.source_id).where(TrafficOrder.id == order_id)).one()
