"""The invented French town of the demo and of the benchmarks: streets, buildings, addresses, and its own law.

`generate` draws it, `write_osm_pbf` writes it, `Town.law` gives its orders, event, perimeters and delivery bays.
"""

from portal.territories.demo_town.generate import LARGEST_SIZE_KM, LEAST_SIZE_KM, generate
from portal.territories.demo_town.osm_writer import write_osm_pbf
from portal.territories.demo_town.town import Address, Place, Road, Street, Town

__all__ = [
    "LARGEST_SIZE_KM",
    "LEAST_SIZE_KM",
    "Address",
    "Place",
    "Road",
    "Street",
    "Town",
    "generate",
    "write_osm_pbf",
]
