"""Which companies have to do with a territory: its staff sees no other. The contexts that know declare it here."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

# (territory id, company id) -> whether the company asked anything of the territory
Dealing = Callable[[UUID, UUID], bool]

_dealings: list[Dealing] = []


def declare_dealing(dealing: Dealing) -> None:
    """Let `dealing` tell when a company has to do with a territory."""
    if dealing not in _dealings:
        _dealings.append(dealing)


def deals_with(territory_id: UUID, company_id: UUID) -> bool:
    """Tell whether a company has to do with a territory."""
    return any(dealing(territory_id, company_id) for dealing in _dealings)
