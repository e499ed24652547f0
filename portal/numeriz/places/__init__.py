"""Where an order applies, as a clerk says it: streets, numbered roads, drawings, zones, whole towns."""

from portal.numeriz.places.messages import problem_sentence
from portal.numeriz.places.resolve import resolve_place
from portal.numeriz.places.values import PlaceKind, ResolvedPlace, StreetInside

__all__ = ["PlaceKind", "ResolvedPlace", "StreetInside", "problem_sentence", "resolve_place"]
