"""Giving the next number of a series."""

from __future__ import annotations

from portal.cirqliz.models import NumberSeries
from portal.db import UnitOfWork, insert_into

_SERIES_LETTERS = 3


def series_of(slug: str, year: int) -> str:
    """Return the name of a territory's series in a year: `VAL-2026`. Territories with one prefix share a series."""
    letters = "".join(sign for sign in slug.upper() if sign.isascii() and sign.isalnum())
    return f"{letters[:_SERIES_LETTERS]}-{year}"


def take_numbers(uow: UnitOfWork, series: str, count: int = 1) -> list[str]:
    """Take the next numbers of a series, without a gap when the unit of work commits.

    One statement, so that two transactions never read the same number; the second waits for the first to end.
    """
    statement = insert_into(uow, NumberSeries).values(series=series, last=count)
    taken = statement.on_conflict_do_update(
        index_elements=[NumberSeries.series], set_={"last": NumberSeries.last + count}
    ).returning(NumberSeries.last)
    last: int = uow.session.execute(taken).scalar_one()
    return [f"{series}-{number:06d}" for number in range(last - count + 1, last + 1)]
