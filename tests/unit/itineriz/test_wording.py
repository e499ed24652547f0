"""A stored answer tells in words what the law said when it was found."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from portal.itineriz.documents.answer import reason_values
from portal.itineriz.documents.wording import reason_text
from portal.numeriz.api import sentence
from portal.regulations.answers import Reason, ReasonCode, State
from portal.regulations.measures import Origin
from portal.regulations.perimeters import Colour, Motorised
from portal.regulations.vehicles import (
    Access,
    AirClass,
    AirClassIn,
    CarriesHazmat,
    Criterion,
    Fact,
    FreeText,
    HasAccess,
    Over,
    Size,
    Usage,
    UsedFor,
)

PARIS = ZoneInfo("Europe/Paris")
START, END = datetime(2026, 9, 7, 6, tzinfo=UTC), datetime(2026, 9, 7, 18, tzinfo=UTC)
CRITERIA: tuple[Criterion, ...] = (
    Over(Size.HEIGHT, 350),
    AirClassIn(frozenset({AirClass.CLASS_4, AirClass.NONE})),
    CarriesHazmat(),
    *(UsedFor(usage) for usage in Usage),
    *(HasAccess(access) for access in Access),
    FreeText("sauf les véhicules du marché > 3"),
)
REASONS = (
    Reason(ReasonCode.NO_ENTRY, "measure", "m", "Travaux", State.FORBIDDEN, START, None, missing_exemptions=CRITERIA),
    Reason(ReasonCode.NO_ENTRY, "measure", "m", "Panneau", State.FORBIDDEN, START, None, origin=Origin.OSM),
    Reason(ReasonCode.FACT_UNKNOWN, "measure", "m", "Pont", State.UNKNOWN, START, END, missing_facts=(Fact.HEIGHT,)),
    Reason(ReasonCode.SPEED_LIMIT, "measure", "m", "Zone", State.ALLOWED, START, END, params={"max_speed_kmh": 30}),
    Reason(
        ReasonCode.PASS_NEEDED,
        "perimeter",
        "p",
        "Stade",
        State.PASS_REQUIRED,
        START,
        END,
        colour=Colour.RED,
        policy=Motorised.PASS_REQUIRED,
    ),
)


@pytest.mark.parametrize("reason", REASONS, ids=lambda reason: f"{reason.code}-{reason.origin}")
def test_the_stored_reason_says_the_same_when_it_is_read_again(sqlite_application: Flask, reason: Reason):
    with sqlite_application.test_request_context():
        values = reason_values(reason, PARIS) | {"why": ""}
        assert reason_text(values, PARIS) == sentence(reason, PARIS)


@pytest.mark.parametrize("change", [{"code": "autre"}, {"colour": "vert"}, {"missing_facts": ["age"]}, {"kind": None}])
def test_the_stored_sentence_is_shown_when_its_codes_are_not_known(sqlite_application: Flask, change: dict):
    with sqlite_application.test_request_context():
        values = reason_values(REASONS[-1], PARIS) | {"why": "phrase gardée"} | change
        if change.get("kind", "") is None:
            del values["kind"]
        assert reason_text(values, PARIS) == "phrase gardée"
