"""Reading municipal goods-traffic orders for tests."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from portal.numeriz.imports.cerema_schema import COLUMNS
from portal.numeriz.imports.formats import recognise
from portal.numeriz.imports.reading import Bounds, ReadingContext, SourceFile, Understood
from portal.numeriz.messages import ISSUES
from portal.numeriz.values import ImportKind, MeasureDraft, OrderDraft
from portal.regulations.vehicles import (
    Over,
    Size,
)

PARIS = ZoneInfo("Europe/Paris")


def over(tonnes: float) -> Over:
    """Over so many tonnes."""
    return Over(Size.GROSS_WEIGHT, round(tonnes * 1000))


def understood(path: Path, bounds: Bounds | None = None, **options: str) -> list[Understood[OrderDraft]]:
    """What becomes of each order of a file."""
    file = SourceFile(path.name, path)
    chosen = recognise(ImportKind.ORDERS, file.head(), path.name)
    assert chosen is not None and chosen.name == "cerema"
    context = ReadingContext(PARIS, bounds, datetime(2026, 1, 1, tzinfo=UTC), 10**7, 1000, options=options)
    reading = chosen.open([file], context)
    found = [record.read() for record in reading.records]
    assert reading.complete and not reading.snapshot
    return found


def orders_of(path: Path, **options: str) -> list[OrderDraft]:
    """The orders of a file."""
    return [draft for found in understood(path, None, **options) for draft in found.drafts]


def codes(order: OrderDraft, *left_out: str) -> list[tuple[str, int | None]]:
    """The codes and lines of the doubts of an order, but those about places and those left out."""
    return [(issue.code, issue.where) for issue in order.issues if issue.code not in {"not-located", *left_out}]


def line(**cells: str) -> dict[str, str]:
    """A line that forbids heavy goods vehicles a street, unless the cells say otherwise."""
    plain = {
        "COLL_NOM": "Commune de Port",
        "COLL_INSEE": "13001",
        "ARR_DATE": "2020-01-01",
        "ARR_REF": "A1",
        "REGL_MODALITE": "Interdit",
        "VEH_TYPES": "Poids lourds",
        "EMPRISE_DESIGNATION": "Rue du Port",
    }
    return {**plain, **cells}


def read(tmp_path: Path, *lines: dict[str, str], **options: str) -> tuple[Sequence[MeasureDraft], list[str]]:
    """The measures of the one order that these lines make, and the codes of its doubts."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, restval="")
    writer.writeheader()
    writer.writerows(lines)
    path = tmp_path / "port.csv"
    path.write_text(text.getvalue(), encoding="utf-8")
    [order] = orders_of(path, **options)
    assert all(issue.code in ISSUES for issue in order.issues)
    return order.measures, [code for code, _ in codes(order)]
