"""The tables of the law: what is in force, where it comes from and goes to, and how it is written here."""

from portal.numeriz.models.impact import OrderImpact
from portal.numeriz.models.law import (
    IDENTIFIER_LENGTH,
    NO_GEOMETRY,
    SOURCE_ID_LENGTH,
    SOURCE_LENGTH,
    TITLE_LENGTH,
    UNKNOWN_COLOUR,
    ActivationRow,
    DeliveryBay,
    EdgeMatch,
    LawState,
    Matched,
    MeasureRow,
    PerimeterRow,
    PerimeterShape,
    RoadEvent,
    TrafficOrder,
)
from portal.numeriz.models.sources import Feed, ImportReport, Publication, SourceRecordRow
from portal.numeriz.models.writing import NAME_LENGTH, BaySuspension, CityEvent, OrderPush, OrderVersion, OrderWork

__all__ = [
    "IDENTIFIER_LENGTH",
    "NAME_LENGTH",
    "NO_GEOMETRY",
    "SOURCE_ID_LENGTH",
    "SOURCE_LENGTH",
    "TITLE_LENGTH",
    "UNKNOWN_COLOUR",
    "ActivationRow",
    "BaySuspension",
    "CityEvent",
    "DeliveryBay",
    "EdgeMatch",
    "Feed",
    "ImportReport",
    "LawState",
    "Matched",
    "MeasureRow",
    "OrderImpact",
    "OrderPush",
    "OrderVersion",
    "OrderWork",
    "PerimeterRow",
    "PerimeterShape",
    "Publication",
    "RoadEvent",
    "SourceRecordRow",
    "TrafficOrder",
]
