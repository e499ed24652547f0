"""The words of DATEX II v3 this portal uses: namespaces, and how a word of ours is said there.

Only words that mean the same are used. What the schema has no word for goes into an extension of our own namespace,
which the schema allows, beside a general term that other readers skip.
"""

from __future__ import annotations

from typing import Final

from portal.numeriz.values import Subject
from portal.regulations.measures import Direction, MeasureType
from portal.regulations.schedules import Weekday
from portal.regulations.vehicles import AirClass, Size, Usage

TRO: Final = "{http://datex2.eu/schema/3/trafficRegulation}"
D2: Final = "{http://datex2.eu/schema/3/d2Payload}"
COM: Final = "{http://datex2.eu/schema/3/common}"
LOC: Final = "{http://datex2.eu/schema/3/locationReferencing}"
DX: Final = "{https://raw.githubusercontent.com/MTES-MCT/dialog/main/docs/spec/datex2}"
XSI: Final = "{http://www.w3.org/2001/XMLSchema-instance}"
OURS: Final = "{urn:joptimiz:datex2:1}"

NSMAP: Final = {
    None: TRO[1:-1],
    "d2": D2[1:-1],
    "com": COM[1:-1],
    "loc": LOC[1:-1],
    "dx": DX[1:-1],
    "jz": OURS[1:-1],
    "xsi": XSI[1:-1],
}

DIRECTIONS: Final = {
    Direction.BOTH: "both",
    Direction.FORWARD: "aligned",
    Direction.BACKWARD: "opposite",
    Direction.UNKNOWN: "unknown",
}
DAYS: Final = {day: day.name.lower() for day in Weekday}
# The schema's own usages that mean the same as ours.
USAGES: Final = {
    Usage.EMERGENCY: "emergencyServices",
    Usage.TAXI: "taxi",
    Usage.ROADWORKS: "roadMaintenanceOrConstruction",
    Usage.CITY_LOGISTICS: "cityLogistics",
}
# Element of a vehicle's characteristic, element of its value, units of ours in one of theirs.
SIZES: Final = {
    Size.GROSS_WEIGHT: ("grossWeightCharacteristic", "grossVehicleWeight", 1000),
    Size.AXLE_LOAD: ("heaviestAxleWeightCharacteristic", "heaviestAxleWeight", 1000),
    Size.HEIGHT: ("heightCharacteristic", "vehicleHeight", 100),
    Size.WIDTH: ("widthCharacteristic", "vehicleWidth", 100),
    Size.LENGTH: ("lengthCharacteristic", "vehicleLength", 100),
}
# As the national base writes them.
AIR_CLASSES: Final = {
    AirClass.E: "critair0",
    AirClass.CLASS_1: "critair1",
    AirClass.CLASS_2: "critair2",
    AirClass.CLASS_3: "critair3",
    AirClass.CLASS_4: "critair4",
    AirClass.CLASS_5: "critair5",
    AirClass.NONE: "critairWithout",
}
# The others are written `_extended` with our word as `_extendedValue`.
REASONS: Final = {Subject.ROADWORKS: "roadworks", Subject.OTHER: "other"}
# Type of regulation, its element, its value. The others are written by hand, or extended.
REGULATIONS: Final = {
    MeasureType.NO_ENTRY: ("AccessRestriction", "accessRestrictionType", "noEntry"),
    MeasureType.ONE_WAY: ("DirectionRestriction", "directionRestrictionType", "oneWayTraffic"),
    MeasureType.NO_PARKING: ("StandingOrParkingRestriction", "standingOrParkingRestrictionType", "parkingProhibited"),
}
EXTENDED: Final = "_extended"
EXTENDED_VALUE: Final = "_extendedValue"
ALTERNATE: Final = "singleAlternateLineTraffic"
STORAGE_AREA: Final = "Aire de stockage"
