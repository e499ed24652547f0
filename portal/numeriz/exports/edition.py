"""What every open-data file is made of: the edition it belongs to, the records handed to it, and the writer itself.

One pass over the law feeds every writer, record by record, so that all files of an edition say the same and none is
held in memory.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, BinaryIO
from uuid import UUID
from zoneinfo import ZoneInfo

from shapely.geometry.base import BaseGeometry

from portal.numeriz.bays.suspensions import Suspension
from portal.numeriz.translate import _
from portal.numeriz.values import BayDraft, Category, EventDraft, MeasureDraft, Subject
from portal.regulations.holidays import HolidayRegion
from portal.regulations.perimeters import AccessPolicy, Activation, Colour, default_policy

CREATOR = "Joptimiz"
OPEN_LICENCE = "Licence Ouverte 2.0"
OPEN_LICENCE_URL = "https://www.etalab.gouv.fr/licence-ouverte-open-licence/"


def notice() -> str:
    """What every file and page of open data says of itself."""
    return _("Données indicatives\u00a0: seuls l’arrêté signé et la signalisation en place font foi.")


@dataclass(frozen=True, slots=True)
class Place:
    """The territory a record belongs to. authority: who speaks for it; zone: of its local clock."""

    id: UUID
    slug: str
    name: str
    zone: ZoneInfo
    holidays: HolidayRegion


@dataclass(frozen=True, slots=True)
class Source:
    """Where part of the data comes from, and under which licence it may be used again."""

    name: str
    licence: str = OPEN_LICENCE
    url: str = ""


@dataclass(frozen=True, slots=True)
class Edition:
    """One making of the files of a scope. produced_at: aware UTC. portal_url: public address without a last slash."""

    scope: str
    title: str
    produced_at: datetime
    portal_url: str
    sources: tuple[Source, ...] = (Source("numeriz"),)

    @property
    def page_url(self) -> str:
        """The page that lists these files."""
        return f"{self.portal_url}/donnees/{self.scope}"

    def order_url(self, place: Place, order_id: UUID) -> str:
        """The public page of an order."""
        return f"{self.portal_url}/carte/{place.slug}/arretes/{order_id}"

    def perimeter_url(self, place: Place, perimeter_id: UUID) -> str:
        """The public page of a perimeter."""
        return f"{self.portal_url}/carte/{place.slug}/perimetres/{perimeter_id}"


@dataclass(frozen=True, slots=True)
class OrderRecord:
    """A published order that has not ended."""

    id: UUID
    place: Place
    source: str
    source_id: str
    identifier: str
    title: str
    authority_name: str
    category: Category
    subject: Subject | None
    url: str
    measures: tuple[tuple[UUID, MeasureDraft], ...]
    created_at: datetime
    updated_at: datetime
    provenance: Mapping[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class PerimeterRecord:
    """A perimeter that has an effect, now or later. policy None: the default of its colour."""

    id: UUID
    place: Place
    event: str
    name: str
    colour: Colour
    shape: BaseGeometry
    geometry_digest: str
    activations: tuple[Activation, ...]
    policy: AccessPolicy | None
    named_roads: frozenset[str]
    updated_at: datetime
    provenance: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @property
    def access(self) -> AccessPolicy:
        """The policy that applies."""
        return self.policy or default_policy(self.colour)


@dataclass(frozen=True, slots=True)
class BayRecord:
    """A delivery bay in use. suspensions: the spans during which it cannot be used that are not over."""

    id: UUID
    place: Place
    bay: BayDraft
    created_at: datetime
    updated_at: datetime
    suspensions: tuple[Suspension, ...] = ()


@dataclass(frozen=True, slots=True)
class EventRecord:
    """A live event that has not ended."""

    id: UUID
    place: Place
    event: EventDraft
    updated_at: datetime


class Writer:
    """Writes one file of an edition as records come; each kind of file keeps those it can say.

    records: how many things it has said so far. The stream is the caller's to close.
    """

    def __init__(self, stream: BinaryIO, edition: Edition) -> None:
        self.stream = stream
        self.edition = edition
        self.records = 0

    def order(self, order: OrderRecord) -> None:
        """Take an order."""

    def perimeter(self, perimeter: PerimeterRecord) -> None:
        """Take a perimeter."""

    def bay(self, bay: BayRecord) -> None:
        """Take a delivery bay."""

    def event(self, event: EventRecord) -> None:
        """Take a live event."""

    def close(self) -> None:
        """Write the end of the file."""

    def write_text(self, text: str) -> None:
        """Write text in UTF-8."""
        self.stream.write(text.encode())


def short_digest(*parts: str) -> str:
    """A stable name for a part of something that has no identity of its own."""
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:16]
