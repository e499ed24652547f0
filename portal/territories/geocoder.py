"""An optional outside geocoder behind the local index: the contract of the national service (Géoplateforme, addok).

Answers are suggestions for one box; a service that fails, is slow or talks nonsense counts as no answer, and is logged.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import requests

from portal.territories.address_search import AddressHit, HitKind

_log = logging.getLogger(__name__)

Box = tuple[float, float, float, float]


class Geocoder(Protocol):
    """Whatever finds addresses from a text."""

    def search(self, text: str, limit: int, box: Box) -> Sequence[AddressHit]:
        """Return hits inside the box (west, south, east, north), best first; empty when it cannot answer."""
        ...


@dataclass(frozen=True, slots=True)
class HttpGeocoder:
    """A service that answers `GET <url>?q=&limit=&lat=&lon=` with GeoJSON features scored 0 to 1."""

    url: str
    timeout_s: float

    def search(self, text: str, limit: int, box: Box) -> Sequence[AddressHit]:
        """Return the features of the service that lie in the box."""
        west, south, east, north = box
        params: dict[str, str | int] = {
            "q": text,
            "limit": limit,
            "autocomplete": 1,
            "lon": f"{(west + east) / 2:.5f}",
            "lat": f"{(south + north) / 2:.5f}",
        }
        try:
            answer = requests.get(self.url, params=params, timeout=self.timeout_s)
            answer.raise_for_status()
            hits = [_hit(feature) for feature in answer.json()["features"]]
        except (requests.RequestException, ValueError, KeyError, TypeError, IndexError) as error:
            # What was typed may be a home address: only the kind of failure is logged.
            _log.warning("the outside geocoder gave no answer: %s", type(error).__name__)
            return []
        return [hit for hit in hits if west <= hit.lon <= east and south <= hit.lat <= north]


def _hit(feature: dict[str, Any]) -> AddressHit:
    lon, lat = feature["geometry"]["coordinates"][:2]
    facts = feature["properties"]
    kind = {"housenumber": HitKind.ADDRESS, "street": HitKind.STREET}.get(facts.get("type"), HitKind.PLACE)
    return AddressHit(str(facts["label"]), kind, float(lon), float(lat), round(float(facts["score"]), 3))
