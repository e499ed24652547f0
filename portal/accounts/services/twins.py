"""When two people register the same thing at the same instant, the database lets one through."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import IntegrityError

from portal.common.errors import PortalError


@contextmanager
def refusing_twins(refusal: PortalError) -> Iterator[None]:
    """Raise `refusal` when a unique constraint refuses what the block writes; put it around the unit of work."""
    try:
        yield
    except IntegrityError as error:
        raise refusal from error
