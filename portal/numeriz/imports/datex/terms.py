"""The words of DATEX II v3 for vehicles and users, as the national base means them and in the standard reading."""

from __future__ import annotations

from typing import Final

from portal.numeriz.values import Subject
from portal.regulations.measures import Direction, MeasureType
from portal.regulations.vehicles import (
    HEAVY_GOODS,
    AirClass,
    Criterion,
    IsRoadUser,
    RoadUser,
    Size,
    Usage,
    UsedFor,
)

EXTENSION_NAMESPACE: Final = "https://raw.githubusercontent.com/MTES-MCT/dialog/main/docs/spec/datex2"
OUR_NAMESPACE: Final = "urn:joptimiz:datex2:1"

# Element of a characteristic, element of its value: size, units of ours in one of theirs.
SIZES: Final = {
    "grossWeightCharacteristic": ("grossVehicleWeight", Size.GROSS_WEIGHT, 1000),
    "heaviestAxleWeightCharacteristic": ("heaviestAxleWeight", Size.AXLE_LOAD, 1000),
    "heightCharacteristic": ("vehicleHeight", Size.HEIGHT, 100),
    "widthCharacteristic": ("vehicleWidth", Size.WIDTH, 100),
    "lengthCharacteristic": ("vehicleLength", Size.LENGTH, 100),
}
AIR_CLASSES: Final = {
    "critair0": AirClass.E,
    "critair1": AirClass.CLASS_1,
    "critair2": AirClass.CLASS_2,
    "critair3": AirClass.CLASS_3,
    "critair4": AirClass.CLASS_4,
    "critair5": AirClass.CLASS_5,
    "critairWithout": AirClass.NONE,
}
HAZMAT: Final = "hazardousMaterials"
ANY_VEHICLE: Final = "anyVehicle"
OTHER_VEHICLE: Final = "other"

_BICYCLE: Final = IsRoadUser(RoadUser.BICYCLE)
STANDARD_TYPES: Final[dict[str, tuple[Criterion, ...]]] = {
    "heavyGoodsVehicle": (HEAVY_GOODS,),
    "bicycle": (_BICYCLE,),
}
STANDARD_USAGES: Final[dict[str, tuple[Criterion, ...]]] = {
    "emergencyServices": (UsedFor(Usage.EMERGENCY),),
    "taxi": (UsedFor(Usage.TAXI),),
    "roadMaintenanceOrConstruction": (UsedFor(Usage.ROADWORKS),),
    "cityLogistics": (UsedFor(Usage.CITY_LOGISTICS),),
}
# Words the national base uses as types of vehicle, which the schema does not have; and the police among its services.
NATIONAL_TYPES: Final[dict[str, tuple[Criterion, ...]]] = {
    **STANDARD_TYPES,
    "commercial": (UsedFor(Usage.PUBLIC_TRANSPORT),),
    "taxi": (UsedFor(Usage.TAXI),),
    "carSharing": (UsedFor(Usage.CARPOOL),),
    "cityLogistics": (UsedFor(Usage.CITY_LOGISTICS),),
}
NATIONAL_USAGES: Final[dict[str, tuple[Criterion, ...]]] = {
    **STANDARD_USAGES,
    "emergencyServices": (UsedFor(Usage.EMERGENCY), UsedFor(Usage.POLICE)),
}

# xsi:type of a regulation, element, value: what it regulates.
REGULATIONS: Final = {
    ("AccessRestriction", "accessRestrictionType", "noEntry"): MeasureType.NO_ENTRY,
    ("DirectionRestriction", "directionRestrictionType", "oneWayTraffic"): MeasureType.ONE_WAY,
    ("StandingOrParkingRestriction", "standingOrParkingRestrictionType", "parkingProhibited"): MeasureType.NO_PARKING,
    (
        "RoadOrCarriagewayOrLaneManagement",
        "roadOrCarriagewayOrLaneManagementType",
        "singleAlternateLineTraffic",
    ): MeasureType.ALTERNATE_TRAFFIC,
    (
        "GeneralInstructionToRoadUsers",
        "generalInstructionToRoadUsersType",
        "noOvertaking",
    ): MeasureType.NO_OVERTAKING,
}
STORAGE_AREA: Final = "Aire de stockage"

DIRECTIONS: Final = {
    "both": Direction.BOTH,
    "aligned": Direction.FORWARD,
    "opposite": Direction.BACKWARD,
    "unknown": Direction.UNKNOWN,
}
REASONS: Final = {"roadworks": Subject.ROADWORKS, "other": Subject.OTHER, **{item.value: item for item in Subject}}
