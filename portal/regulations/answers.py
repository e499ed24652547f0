"""The answer to the one question: a state, and its reasons as codes and parameters.

Each context writes its sentences from the reasons; none is written here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Literal

from portal.regulations.measures import Origin
from portal.regulations.perimeters import Colour, Motorised
from portal.regulations.vehicles import Criterion, Fact, RuleOutcome, describe


class State(StrEnum):
    """The answer, from the freest to the strictest. UNKNOWN: a fact about the vehicle is missing."""

    ALLOWED = "allowed"
    UNKNOWN = "unknown"
    PASS_REQUIRED = "pass_required"  # noqa: S105 - a pass, not a password
    FORBIDDEN = "forbidden"

    @property
    def strictness(self) -> int:
        """0 for allowed up to 3 for forbidden."""
        return tuple(State).index(self)


class Purpose(StrEnum):
    """Why the vehicle is there: a stop inside the area or the street concerned, or only crossing it."""

    STOP_INSIDE = "stopInside"
    TRANSIT = "transit"


@dataclass(frozen=True, slots=True)
class StopsInside:
    """The purpose of a whole tour: it stops inside exactly these regulations (ids), and crosses the others.

    `stops_inside(law, points)` computes it.
    """

    ids: frozenset[str]


type TripPurpose = Purpose | StopsInside


def stops_at(purpose: TripPurpose, regulation_id: str) -> bool:
    """Tell whether the trip has a stop inside a regulation."""
    if isinstance(purpose, StopsInside):
        return regulation_id in purpose.ids
    return purpose is Purpose.STOP_INSIDE


class ReasonCode(StrEnum):
    """Why the answer is what it is. The sentence for each is written elsewhere."""

    # Perimeters
    PASS_NEEDED = "perimeter-pass-needed"  # noqa: S105 - a pass, not a password
    TRANSIT_NEEDS_PASS = "perimeter-transit-needs-pass"  # noqa: S105 - a pass, not a password
    ACCREDITATION_NEEDED = "perimeter-accreditation-needed"
    PERIMETER_CLOSED = "perimeter-closed"
    DOCUMENT_NEEDED = "perimeter-document-needed"
    PERIMETER_FREE = "perimeter-free"
    PASS_HELD = "perimeter-pass-held"  # noqa: S105 - a pass, not a password
    PERIMETER_EXEMPT = "perimeter-exempt"
    # Measures
    NO_ENTRY = "measure-no-entry"
    WRONG_WAY = "measure-wrong-way"
    MEASURE_EXEMPT = "measure-exempt"
    # Both
    FACT_UNKNOWN = "vehicle-fact-unknown"
    # Warnings: never change the state
    FREE_TEXT = "condition-in-words"
    ONE_DIRECTION = "one-direction-only"
    DIRECTION_DOUBTFUL = "direction-doubtful"
    MATCH_DOUBTFUL = "match-doubtful"
    OSM_SUPERSEDED = "osm-superseded"
    EVENT_NEAR = "event-near"
    ALTERNATE_TRAFFIC = "alternate-traffic"
    SPEED_LIMIT = "speed-limit"


@dataclass(frozen=True, slots=True)
class Reason:
    """What one regulation says. `state`: the answer this regulation alone gives.

    title: name of the perimeter or title of the order. starts_at, ends_at: the active span concerned, with its own
    bounds; no end: permanent. missing_exemptions: what would free the vehicle. missing_facts: what to declare.
    params: what the sentence of the code needs besides. origin: who says it.
    """

    code: ReasonCode
    kind: Literal["perimeter", "measure"]
    id: str
    title: str
    state: State
    starts_at: datetime
    ends_at: datetime | None
    event: str = ""
    colour: Colour | None = None
    policy: Motorised | None = None
    authority: str = ""
    url: str = ""
    missing_exemptions: tuple[Criterion, ...] = ()
    missing_facts: tuple[Fact, ...] = ()
    params: Mapping[str, str | int] = field(default_factory=dict, hash=False)
    origin: Origin = Origin.ORDER

    def to_public(self) -> dict[str, object]:
        """The reason as JSON values; instants in ISO 8601, empty fields left out."""
        values: dict[str, object] = {
            "code": self.code.value,
            "kind": self.kind,
            "id": self.id,
            "title": self.title,
            "state": self.state.value,
            "starts_at": self.starts_at.isoformat(),
            "ends_at": None if self.ends_at is None else self.ends_at.isoformat(),
        }
        optional = {
            "event": self.event,
            "colour": self.colour and self.colour.value,
            "policy": self.policy and self.policy.value,
            "authority": self.authority,
            "url": self.url,
            "missing_exemptions": [describe(c) for c in self.missing_exemptions],
            "missing_facts": [fact.value for fact in self.missing_facts],
            "params": dict(self.params),
            "origin": "" if self.origin is Origin.ORDER else self.origin.value,
        }
        return values | {key: value for key, value in optional.items() if value}


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer, the regulations that make it, and what else the driver should know.

    reasons: strictest first, then the strongest origin, the strictest colour, the earliest start.
    """

    state: State
    reasons: tuple[Reason, ...] = ()
    warnings: tuple[Reason, ...] = ()

    @property
    def obstacles(self) -> tuple[Reason, ...]:
        """The reasons that stand in the way."""
        return tuple(reason for reason in self.reasons if reason.state is not State.ALLOWED)

    def to_public(self) -> dict[str, object]:
        """The verdict as JSON values."""
        return {
            "verdict": self.state.value,
            "reasons": [reason.to_public() for reason in self.reasons],
            "warnings": [warning.to_public() for warning in self.warnings],
        }


def free_text_notes(reason: Reason, outcome: RuleOutcome) -> list[tuple[Reason, bool]]:
    """The conditions in words that somebody has to read, as warnings beside a reason."""
    return [
        (
            replace(
                reason,
                code=ReasonCode.FREE_TEXT,
                state=State.ALLOWED,
                missing_exemptions=(),
                missing_facts=(),
                params={**reason.params, "text": text},
            ),
            True,
        )
        for text in outcome.free_texts
    ]
