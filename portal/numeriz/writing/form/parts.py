"""The parts of an order's document that are written one at a time; pure."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from portal.common.errors import NotFound
from portal.numeriz.codec import digest

type Document = Mapping[str, Any]


class Part(StrEnum):
    """A step of the form. WHO is of the order, the others of each measure."""

    WHO = "who"
    WHAT = "what"
    WHERE = "where"
    WHEN = "when"
    WHOM = "whom"


MEASURE_PARTS = (Part.WHAT, Part.WHERE, Part.WHEN, Part.WHOM)
_KEYS: Mapping[Part, tuple[str, ...]] = {
    Part.WHO: ("identifier", "title", "authority", "category", "subject", "subject_text", "url"),
    Part.WHAT: ("type", "max_speed_kmh"),
    Part.WHERE: ("places",),
    Part.WHEN: ("periods", "event"),
    Part.WHOM: ("vehicles",),
}


def empty_measure() -> dict[str, Any]:
    """A measure of which nothing is written yet."""
    return {
        "type": "",
        "max_speed_kmh": None,
        "places": [],
        "periods": [],
        "event": None,
        "vehicles": {"appliesTo": [], "except": []},
    }


def measures_of(document: Document) -> list[dict[str, Any]]:
    """The measures of a document; none when it has no list of them."""
    found = document.get("measures")
    return [measure for measure in found if isinstance(measure, dict)] if isinstance(found, list) else []


@dataclass(frozen=True, slots=True)
class Spot:
    """A part of a document. at: the place of its measure, from 0; None for the order itself."""

    part: Part
    at: int | None = None

    @property
    def path(self) -> str:
        """What the fields of the part begin with in a fault; empty for the order."""
        return "" if self.at is None else f"measures.{self.at}"

    def _holder(self, document: Document) -> Mapping[str, Any]:
        if self.at is None:
            return document
        measures = measures_of(document)
        if self.at >= len(measures):
            raise NotFound("measure-not-found")
        return measures[self.at]

    def values(self, document: Document) -> dict[str, Any]:
        """What the document says there. Raises NotFound(`measure-not-found`)."""
        holder = self._holder(document)
        return {key: holder.get(key) for key in _KEYS[self.part]}

    def values_or_none(self, document: Document) -> dict[str, Any]:
        """The same; nothing at all when the measure is not there any more."""
        if self.at is not None and self.at >= len(measures_of(document)):
            return dict.fromkeys(_KEYS[self.part])
        return self.values(document)

    def holds(self, field: str) -> bool:
        """Tell whether a fault of this field is repaired here."""
        if self.at is None:
            return field.split(".", 1)[0] in _KEYS[Part.WHO]
        return any(field == f"{self.path}.{key}" or field.startswith(f"{self.path}.{key}.") for key in _KEYS[self.part])

    def seen(self, document: Document) -> str:
        """A digest of what somebody who writes this part has before their eyes.

        Of a measure it covers the whole: its place in the list says nothing once another clerk has deleted one.
        """
        return digest(self.values(document) if self.at is None else self._holder(document))

    def merged(self, document: Document, values: Mapping[str, Any]) -> dict[str, Any]:
        """The document with other values there. Raises NotFound(`measure-not-found`)."""
        changed = copy.deepcopy(dict(document))
        holder = self._holder(changed)
        assert isinstance(holder, dict)
        holder.update(copy.deepcopy(dict(values)))
        return changed


def with_measure(document: Document, measure: Mapping[str, Any]) -> dict[str, Any]:
    """The document with one measure more, at the end."""
    changed = copy.deepcopy(dict(document))
    changed["measures"] = [*measures_of(changed), copy.deepcopy(dict(measure))]
    return changed


def without_measure(document: Document, at: int) -> dict[str, Any]:
    """The document with one measure less."""
    changed = copy.deepcopy(dict(document))
    changed["measures"] = [measure for place, measure in enumerate(measures_of(changed)) if place != at]
    return changed
