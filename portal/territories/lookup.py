"""Addresses of a territory: its own index first, the outside geocoder when one is set and the index knows no better."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Flask, current_app

from portal.config import Settings
from portal.territories.address_search import GOOD_SCORE, AddressHit, reverse, search
from portal.territories.geocoder import Geocoder, HttpGeocoder
from portal.territories.queries import TerritoryView, get_territory

_EXTENSION = "geocoder"


def set_geocoder(app: Flask, geocoder: Geocoder | None) -> None:
    """Choose the outside geocoder of an application."""
    app.extensions[_EXTENSION] = geocoder


def geocoder_from(settings: Settings) -> Geocoder | None:
    """Return the geocoder the settings name, None for the local index alone."""
    return HttpGeocoder(settings.geocoder_url, settings.http_timeout_s) if settings.geocoder_url else None


def search_addresses(
    slug: str, text: str, limit: int = 8, near: tuple[float, float] | None = None
) -> Sequence[AddressHit]:
    """Return the addresses, streets and places of a territory that answer a text, best first; the last word may be cut.

    near: (lon, lat) that decides between equals. Raises NotFound for an unknown territory; a territory without a build
    has no addresses.
    """
    return _search(get_territory(slug), text, limit, near)


def geocode(slug: str, text: str) -> AddressHit | None:
    """Return the one address meant by a text, None when nothing fits it well enough."""
    hits = _search(get_territory(slug), text, 1, None)
    return hits[0] if hits and hits[0].score >= GOOD_SCORE else None


def reverse_geocode(slug: str, lon: float, lat: float) -> AddressHit | None:
    """Return the house or street nearest to a point, None far from every street."""
    territory = get_territory(slug)
    if territory.addresses_path is None:
        return None
    return reverse(territory.addresses_path, lon, lat)


def _search(territory: TerritoryView, text: str, limit: int, near: tuple[float, float] | None) -> Sequence[AddressHit]:
    if territory.addresses_path is None or territory.bounds is None or not text.strip():
        return []
    hits = search(territory.addresses_path, text, limit, near or territory.centre)
    outside: Geocoder | None = current_app.extensions.get(_EXTENSION)
    if outside is None or (hits and hits[0].score >= GOOD_SCORE):
        return hits
    known = {hit.label for hit in hits}
    more = [hit for hit in outside.search(text, limit, territory.bounds) if hit.label not in known]
    return sorted([*hits, *more], key=lambda hit: -hit.score)[:limit]
