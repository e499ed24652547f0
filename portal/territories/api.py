"""What other contexts may use of the territories."""

from portal.territories.address_search import GOOD_SCORE, AddressHit, HitKind
from portal.territories.address_text import HouseNumber, name_words
from portal.territories.build.driving import Driving, ModeGraph, encode_line, ensure_driving
from portal.territories.build.edges import EdgeFlag, EdgeTable, Probe, load_edges, point_along
from portal.territories.build.graph import MAX_EXCLUDE_LOCATIONS, open_config
from portal.territories.emergency import EmergencyPlace, emergency_places
from portal.territories.lookup import geocode, reverse_geocode, search_addresses
from portal.territories.matching import (
    TRUSTED_SHARE,
    Match,
    MatchDoubt,
    MatchedEdges,
    match_area,
    match_between,
    match_line,
)
from portal.territories.models import ALL_TERRITORIES, SLUG_PATTERN, Accent
from portal.territories.queries import (
    BuildFacts,
    TerritoryView,
    get_build_facts,
    get_graph_version,
    get_territory,
    get_territory_by_id,
    list_territories,
)
from portal.territories.restrictions import Position, TaggedRoad, read_restrictions
from portal.territories.services import (
    AddTerritory,
    BuildResult,
    TerritorySettings,
    add_territory,
    rebuild_territory,
    remove_territory,
    update_settings,
)
from portal.territories.street_houses import StreetHouses, list_communes, list_street_houses, read_house_number
from portal.territories.tracing import RoadGraph

__all__ = [
    "ALL_TERRITORIES",
    "GOOD_SCORE",
    "MAX_EXCLUDE_LOCATIONS",
    "SLUG_PATTERN",
    "TRUSTED_SHARE",
    "Accent",
    "AddTerritory",
    "AddressHit",
    "BuildFacts",
    "BuildResult",
    "Driving",
    "EdgeFlag",
    "EdgeTable",
    "EmergencyPlace",
    "HitKind",
    "HouseNumber",
    "Match",
    "MatchDoubt",
    "MatchedEdges",
    "ModeGraph",
    "Position",
    "Probe",
    "RoadGraph",
    "StreetHouses",
    "TaggedRoad",
    "TerritorySettings",
    "TerritoryView",
    "add_territory",
    "emergency_places",
    "encode_line",
    "ensure_driving",
    "geocode",
    "get_build_facts",
    "get_graph_version",
    "get_territory",
    "get_territory_by_id",
    "list_communes",
    "list_street_houses",
    "list_territories",
    "load_edges",
    "match_area",
    "match_between",
    "match_line",
    "name_words",
    "open_config",
    "point_along",
    "read_house_number",
    "read_restrictions",
    "rebuild_territory",
    "remove_territory",
    "reverse_geocode",
    "search_addresses",
    "update_settings",
]
