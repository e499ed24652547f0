"""The tables of the law: what is in force, where it comes from and goes to."""

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

__all__ = [
    "IDENTIFIER_LENGTH",
    "NO_GEOMETRY",
    "SOURCE_ID_LENGTH",
    "SOURCE_LENGTH",
    "TITLE_LENGTH",
    "UNKNOWN_COLOUR",
    "ActivationRow",
    "DeliveryBay",
    "EdgeMatch",
    "Feed",
    "ImportReport",
    "LawState",
    "Matched",
    "MeasureRow",
    "PerimeterRow",
    "PerimeterShape",
    "Publication",
    "RoadEvent",
    "SourceRecordRow",
    "TrafficOrder",
]
