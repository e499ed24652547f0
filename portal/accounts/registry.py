"""The company registry: name and address of an establishment from its SIRET, when the service can be reached.

Source: API « Recherche d’entreprises » (formats, section 9): `GET <url>/search?q=<siret>`, no key, about 7 requests a
second. Without a configured address, or when it is silent, the person types the name and address.
"""

from __future__ import annotations

import json
import logging
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

import requests
from flask import Flask, current_app

from portal.common.errors import Unavailable
from portal.config import Settings

_MAX_ANSWER_BYTES = 1024 * 1024

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Establishment:
    """What the registry says of one SIRET. address: number and street; snapshot: the parts of the answer we keep."""

    siret: str
    name: str
    naf_code: str | None
    address: str
    postcode: str
    city: str
    is_open: bool
    snapshot: dict[str, Any]


class CompanyRegistry(Protocol):
    """Anything that knows establishments."""

    def find(self, siret: str) -> Establishment | None:
        """Return the establishment, None when the registry does not know it; raises Unavailable when it is silent."""
        ...


class HttpCompanyRegistry:
    """The registry over HTTP."""

    def __init__(self, url: str, timeout_s: float) -> None:
        self._url = url.rstrip("/") + "/search"
        self._timeout_s = timeout_s

    def find(self, siret: str) -> Establishment | None:
        try:
            answer = requests.get(
                self._url, params={"q": siret, "per_page": "1"}, timeout=(self._timeout_s, self._timeout_s), stream=True
            )
            with answer:
                answer.raise_for_status()
                return read_answer(_json(answer), siret)
        except (requests.RequestException, OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise Unavailable("registry-unreachable") from error


def read_answer(answer: dict[str, Any], siret: str) -> Establishment | None:
    """Return the establishment of an answer of the registry. Raises KeyError or TypeError when its shape is another."""
    for unit in answer["results"]:
        for place in [*(unit.get("matching_etablissements") or ()), unit.get("siege") or {}]:
            if place.get("siret") == siret:
                return _establishment(unit, place)
    return None


def _establishment(unit: dict[str, Any], place: dict[str, Any]) -> Establishment:
    postcode, city = place.get("code_postal") or "", place.get("libelle_commune") or ""
    naf_code = place.get("activite_principale") or unit.get("activite_principale")
    return Establishment(
        siret=place["siret"],
        name=str(unit.get("nom_raison_sociale") or unit["nom_complet"]),
        naf_code=naf_code,
        address=_street(str(place.get("adresse") or ""), postcode, city),
        postcode=postcode,
        city=city,
        is_open=place.get("etat_administratif") != "F" and unit.get("etat_administratif") != "C",
        snapshot={
            "siren": unit.get("siren"),
            "name": unit.get("nom_complet"),
            "siret": place["siret"],
            "address": place.get("adresse"),
            "naf_code": naf_code,
            "unit_state": unit.get("etat_administratif"),
            "establishment_state": place.get("etat_administratif"),
        },
    )


def _street(address: str, postcode: str, city: str) -> str:
    """Return an address without the postcode and city that the registry writes at its end."""
    tail = rf"\s*{re.escape(postcode)}\s+{re.escape(city)}\s*$"
    return re.sub(tail, "", address, flags=re.IGNORECASE) if postcode and city else address


def _json(answer: requests.Response) -> dict[str, Any]:
    body = bytearray()
    for chunk in answer.iter_content(64 * 1024):
        body += chunk
        if len(body) > _MAX_ANSWER_BYTES:
            raise ValueError("the registry's answer is too long")
    found = json.loads(body)
    if not isinstance(found, dict):
        raise TypeError("the registry answers an object")
    return found


def registry() -> CompanyRegistry | None:
    """Return the registry of the running application, None when none is configured."""
    found: CompanyRegistry | None = current_app.extensions["company_registry"]
    return found


def init_app(app: Flask) -> None:
    """Attach the registry the settings name."""
    settings: Settings = app.extensions["settings"]
    known = HttpCompanyRegistry(settings.registry_url, settings.http_timeout_s) if settings.registry_url else None
    app.extensions["company_registry"] = known


class Answer(StrEnum):
    """What became of a look-up."""

    FOUND = "found"
    CLOSED = "closed"
    UNKNOWN = "unknown"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class LookUp:
    """The outcome of a look-up; establishment is given when it was found, open or closed."""

    answer: Answer
    establishment: Establishment | None = None


def look_up(siret: str) -> LookUp:
    """Ask the registry about a SIRET; one that is not configured or silent is an answer, not an error."""
    known = registry()
    try:
        found = known.find(siret) if known else None
    except Unavailable:
        _log.warning("the company registry does not answer: names and addresses are typed by hand")
        return LookUp(Answer.UNREACHABLE)
    if known is None:
        return LookUp(Answer.UNREACHABLE)
    if found is None:
        return LookUp(Answer.UNKNOWN)
    return LookUp(Answer.FOUND if found.is_open else Answer.CLOSED, found)
