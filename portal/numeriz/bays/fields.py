"""What a clerk may say of a bay, and the limits of each value."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from portal.common.errors import Invalid
from portal.common.units import decimal_number, metres_to_cm, tonnes_to_kg
from portal.numeriz.imports.bays.cells import LENGTHS_CM, WIDTHS_CM
from portal.numeriz.imports.bays.national import COMMENT
from portal.numeriz.imports.documents import clean_text
from portal.numeriz.values import BayDraft, BayLayout, BayRegime, DeliveryHours

ADDRESS_LENGTH, NAME_LENGTH, LOCAL_ID_LENGTH, COMMENT_LENGTH = 255, 160, 80, 255
PLACES: Final = range(1, 101)
STAYS_MIN: Final = range(1, 1441)
WEIGHTS_KG: Final = range(500, 60_001)
_INSEE: Final = re.compile(r"(?:\d{2}|2[AB])\d{3}")
_LOCAL_ID: Final = re.compile(r"\S(?:.*\S)?")
_NUMBER: Final = r"[-+]?[0-9]{1,3}(?:[.,][0-9]{1,15})?"
_PLACE: Final = re.compile(rf"({_NUMBER})\s*[,; ]\s*({_NUMBER})")
_MOVED_DEG: Final = 0.000005
"""Half a metre: a place that was only written otherwise has not moved."""

type Bounds = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class BayFields:
    """A bay as a clerk describes it; None is unknown. local_id "": one is made."""

    lon: float
    lat: float
    local_id: str = ""
    name: str = ""
    address: str = ""
    insee_code: str = ""
    regime: BayRegime = BayRegime.UNKNOWN
    layout: BayLayout = BayLayout.UNKNOWN
    length_cm: int | None = None
    width_cm: int | None = None
    places: int | None = None
    max_gross_weight_kg: int | None = None
    max_stay_min: int | None = None
    hours: tuple[DeliveryHours, ...] = ()
    active: bool = True
    comment: str = ""

    @classmethod
    def of(cls, draft: BayDraft) -> BayFields:
        """What a stored bay says."""
        shared = {name: getattr(draft, name) for name in cls.__dataclass_fields__ if name != "comment"}
        return cls(**shared, comment=draft.details.get(COMMENT, ""))

    def check(self) -> None:
        """Raise Invalid with the field at fault: local-id-unfit, text-too-long, insee-unfit, size-out-of-range,
        hours-needed, hours-for-permanent."""
        longest = {"local_id": LOCAL_ID_LENGTH, "name": NAME_LENGTH, "address": ADDRESS_LENGTH}
        for name, most in {**longest, "comment": COMMENT_LENGTH}.items():
            if len(getattr(self, name)) > most:
                raise Invalid("text-too-long", field=name, most=most)
        if self.local_id and not _LOCAL_ID.fullmatch(self.local_id):
            raise Invalid("local-id-unfit", field="local_id")
        if self.insee_code and not _INSEE.fullmatch(self.insee_code):
            raise Invalid("insee-unfit", field="insee_code")
        for name, believable in SIZES.items():
            value = getattr(self, name)
            if value is not None and value not in believable:
                raise Invalid("size-out-of-range", field=name, least=believable.start, most=believable.stop - 1)
        if self.regime is BayRegime.PERIODIC and not self.hours:
            raise Invalid("hours-needed", field="hours")
        if self.regime is BayRegime.PERMANENT and self.hours:
            raise Invalid("hours-for-permanent", field="hours")

    def draft(self, before: BayDraft | None, source: str) -> BayDraft:
        """The bay to store; before: as it is stored, whose outline goes when the bay has moved."""
        base = before or BayDraft(self.local_id, self.lon, self.lat, source=source)
        moved = max(abs(self.lon - base.lon), abs(self.lat - base.lat)) > _MOVED_DEG
        details = {name: text for name, text in base.details.items() if name != COMMENT}
        return replace(
            base,
            local_id=self.local_id or base.local_id,
            lon=self.lon if moved else base.lon,
            lat=self.lat if moved else base.lat,
            outline=None if moved else base.outline,
            name=self.name,
            address=self.address,
            insee_code=self.insee_code,
            regime=self.regime,
            layout=self.layout,
            length_cm=self.length_cm,
            width_cm=self.width_cm,
            places=self.places,
            max_gross_weight_kg=self.max_gross_weight_kg,
            max_stay_min=self.max_stay_min,
            hours=self.hours,
            active=self.active,
            details={**details, COMMENT: self.comment} if self.comment else details,
            # A clerk has looked at it: what was doubtful in its file is no longer.
            issues=(),
        )


SIZES: Final[Mapping[str, range]] = {
    "length_cm": LENGTHS_CM,
    "width_cm": WIDTHS_CM,
    "places": PLACES,
    "max_gross_weight_kg": WEIGHTS_KG,
    "max_stay_min": STAYS_MIN,
}


def read_place(lat: str, lon: str, bounds: Bounds | None) -> tuple[float, float]:
    """Read a point in degrees: two numbers, or both in the first text as maps show them, latitude first.

    Returns (lon, lat). Numbers of which only the other order lies in the territory are taken in that order. Raises
    Invalid(field `lat`): place-missing, place-unread, place-outside.
    """
    text = f"{lat.strip()};{lon.strip()}" if lon.strip() else lat.strip()
    if not text:
        raise Invalid("place-missing", field="lat")
    found = _PLACE.fullmatch(text)
    if found is None:
        raise Invalid("place-unread", field="lat")
    first, second = (float(part.replace(",", ".")) for part in found.groups())
    if bounds is not None:
        for place in ((second, first), (first, second)):
            if _inside(place, bounds):
                return place
        raise Invalid("place-outside", field="lat")
    if abs(first) > 90 or abs(second) > 180:
        raise Invalid("place-unread", field="lat")
    return second, first


def _inside(place: tuple[float, float], bounds: Bounds) -> bool:
    west, south, east, north = bounds
    return west <= place[0] <= east and south <= place[1] <= north


def read_metres(text: str, field: str) -> int | None:
    """A size in metres as whole centimetres; None for nothing. Raises Invalid(size-unread)."""
    return None if not text.strip() else metres_to_cm(_decimal(text, field, "m"))


def read_tonnes(text: str, field: str) -> int | None:
    """A weight in tonnes as whole kilograms; None for nothing. Raises Invalid(size-unread)."""
    return None if not text.strip() else tonnes_to_kg(_decimal(text, field, "t"))


def read_whole(text: str, field: str) -> int | None:
    """A whole number; None for nothing. Raises Invalid(size-unread)."""
    if not text.strip():
        return None
    number = _decimal(text, field, "")
    if number != int(number):
        raise Invalid("size-unread", field=field)
    return int(number)


def _decimal(text: str, field: str, unit: str) -> Decimal:
    bare = text.strip().lower().removesuffix(unit) if unit else text
    try:
        return decimal_number(bare)
    except Invalid as error:
        raise Invalid("size-unread", field=field) from error


def read_text(text: str, most: int) -> str:
    """A line of text without control signs; longer ones are kept one sign too long, so that they are refused."""
    return clean_text(text, most + 1)
