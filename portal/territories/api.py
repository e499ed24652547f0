"""What other contexts may use of the territories."""

from portal.territories.address_search import GOOD_SCORE, AddressHit, HitKind
from portal.territories.lookup import geocode, reverse_geocode, search_addresses
from portal.territories.models import SLUG_PATTERN, Accent
from portal.territories.queries import (
    BuildFacts,
    TerritoryView,
    get_build_facts,
    get_territory,
    get_territory_by_id,
    list_territories,
)
from portal.territories.services import (
    AddTerritory,
    BuildResult,
    TerritorySettings,
    add_territory,
    rebuild_territory,
    remove_territory,
    update_settings,
)

__all__ = [
    "GOOD_SCORE",
    "SLUG_PATTERN",
    "Accent",
    "AddTerritory",
    "AddressHit",
    "BuildFacts",
    "BuildResult",
    "HitKind",
    "TerritorySettings",
    "TerritoryView",
    "add_territory",
    "geocode",
    "get_build_facts",
    "get_territory",
    "get_territory_by_id",
    "list_territories",
    "rebuild_territory",
    "remove_territory",
    "reverse_geocode",
    "search_addresses",
    "update_settings",
]
