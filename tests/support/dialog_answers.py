"""Answers of the search of the national base, written by hand from its documented shape."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

type Json = dict[str, Any]

STREET = [[2.36, 48.86], [2.3604, 48.8603], [2.3608, 48.8606]]


def geometry(positions: Sequence[Sequence[float]] = STREET) -> str:
    """A line as the base writes it: GeoJSON in a text."""
    return json.dumps({"type": "LineString", "coordinates": positions})


def street(name: str = "Rue des Tanneurs", **more: Any) -> Json:
    """A named street of Paris, between two house numbers."""
    return {
        "uuid": "0654b639-0000-7507-8000-000000000001",
        "roadType": "lane",
        "namedStreet": {
            "cityLabel": "Paris",
            "roadName": name,
            "fromHouseNumber": "12",
            "fromRoadName": None,
            "toHouseNumber": "24",
            "toRoadName": None,
        },
        "numberedRoad": None,
        "rawGeoJSON": None,
        "storageArea": None,
        "zone": None,
        "geometry": geometry(),
        **more,
    }


def road(**more: Any) -> Json:
    """A numbered road between two reference points."""
    numbered = {
        "administrator": "Nord",
        "roadNumber": "D14",
        "fromPointNumber": "7",
        "fromAbscissa": 779,
        "fromSide": "U",
        "toPointNumber": "8",
        "toAbscissa": 413,
        "toSide": "D",
    }
    return street(roadType="departmentalRoad", namedStreet=None, numberedRoad=numbered, **more)


def period(**more: Any) -> Json:
    """A fortnight of September 2026."""
    return {
        "recurrenceType": "everyDay",
        "startDateTime": "2026-08-31T22:00:00+00:00",
        "endDateTime": "2026-09-15T21:59:00+00:00",
        "dailyRange": None,
        "timeSlots": [],
        **more,
    }


def slot(start: str, end: str) -> Json:
    """A slot as the base writes it: clock times on the first day of 1970, in UTC."""
    return {"startTime": f"1970-01-01T{start}:00+00:00", "endTime": f"1970-01-01T{end}:00+00:00"}


def vehicles(
    restricted: Sequence[Any] = (), exempted: Sequence[Any] = (), limits: Mapping[str, object] | None = None
) -> Json:
    """A set of vehicles; names, or whole objects."""
    return {
        "restrictedTypes": [{"name": item} if isinstance(item, str) else item for item in restricted],
        "exemptedTypes": [{"name": item} if isinstance(item, str) else item for item in exempted],
        "maxCharacteristics": [{"name": name, "value": value} for name, value in (limits or {}).items()],
    }


def measure(**more: Any) -> Json:
    """A ban on all traffic in a street."""
    return {
        "uuid": "0654b639-0000-7507-8000-000000000002",
        "type": "noEntry",
        "maxSpeed": None,
        "vehicleSet": vehicles(),
        "periods": [period()],
        "locations": [street()],
        **more,
    }


def item(**more: Any) -> Json:
    """A published temporary order of Paris."""
    return {
        "identifier": "F2026/001#bis",
        "status": "published",
        "category": "temporaryRegulation",
        "subject": "roadMaintenance",
        "otherCategoryText": None,
        "title": "Travaux &#039;rue des Tanneurs&#039;",
        "startDate": "2026-08-31T22:00:00+00:00",
        "endDate": "2026-09-15T21:59:00+00:00",
        "organization": {"uuid": "e0d93630-acf7-4722-81e8-ff7d5fa64b66", "name": "Ville de Paris"},
        "measures": [measure()],
        **more,
    }


def page(*items: Json, number: int = 1, last: int = 1) -> bytes:
    """A page of the search."""
    about = {"page": number, "pageSize": 100, "totalItems": len(items), "lastPage": last}
    return json.dumps({"metadata": about, "regulations": items}).encode()
