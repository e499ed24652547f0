"""Delivery bays from CSV: the national schema and the layouts cities publish.

Lengths become whole centimetres; 0, empty, NA and the like are unknown and stay so. A line that cannot be placed or
named is reported and left out: a bay without a place is no bay.
"""

from portal.numeriz.imports.bays.antibes import ANTIBES
from portal.numeriz.imports.bays.hauts_de_seine import HAUTS_DE_SEINE
from portal.numeriz.imports.bays.national import GRAND_LYON, NATIONAL
from portal.numeriz.imports.bays.paris import PARIS

BAY_FORMATS = (GRAND_LYON, NATIONAL, PARIS, HAUTS_DE_SEINE, ANTIBES)
"""In the order in which a file is tried."""

__all__ = ["BAY_FORMATS"]
