"""What the person who scans is told: a tone, why, and from or until when. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from portal.cirqliz.law import Span
from portal.cirqliz.passes.queries import PassView
from portal.cirqliz.states import PassState


class Tone(StrEnum):
    """Green: valid here and now. Orange: genuine, but look at the hour. Red: gives no right."""

    GREEN = "green"
    ORANGE = "orange"
    RED = "red"


class Result(StrEnum):
    """The reason behind the tone."""

    VALID = "valid"
    NOT_YET = "not_yet"
    OUTSIDE_HOURS = "outside_hours"
    HOURS_UNKNOWN = "hours_unknown"
    EXPIRED = "expired"
    SUSPENDED = "suspended"
    REVOKED = "revoked"
    FORGED = "forged"
    UNKNOWN = "unknown"
    ELSEWHERE = "elsewhere"


TONES: Mapping[Result, Tone] = {
    Result.VALID: Tone.GREEN,
    Result.NOT_YET: Tone.ORANGE,
    Result.OUTSIDE_HOURS: Tone.ORANGE,
    Result.HOURS_UNKNOWN: Tone.ORANGE,
    Result.EXPIRED: Tone.RED,
    Result.SUSPENDED: Tone.RED,
    Result.REVOKED: Tone.RED,
    Result.FORGED: Tone.RED,
    Result.UNKNOWN: Tone.RED,
    Result.ELSEWHERE: Tone.RED,
}


@dataclass(frozen=True, slots=True)
class PassVerdict:
    """The answer to a scan. at: the instant the reason speaks of (next opening, end, revocation), when there is one."""

    result: Result
    at: datetime | None = None

    @property
    def tone(self) -> Tone:
        """The colour of the answer."""
        return TONES[self.result]


def judge_pass(found: PassView, hours: Mapping[str, Sequence[Span]], now: datetime) -> PassVerdict:
    """Return the verdict on a genuine pass.

    hours: for each perimeter the law still knows, its activations inside the pass's dates, in order.
    """
    if found.state is PassState.REVOKED:
        return PassVerdict(Result.REVOKED, found.revoked_at)
    if now >= found.valid_to:
        return PassVerdict(Result.EXPIRED, found.valid_to)
    if found.state is not PassState.ACTIVE:
        return PassVerdict(Result.SUSPENDED, found.changed_at)
    if now < found.valid_from:
        return PassVerdict(Result.NOT_YET, found.valid_from)
    spans = [span for perimeter in found.perimeters for span in hours.get(perimeter.perimeter_id, ())]
    if any(span.holds(now) for span in spans):
        return PassVerdict(Result.VALID, found.valid_to)
    if any(perimeter.perimeter_id not in hours for perimeter in found.perimeters):
        return PassVerdict(Result.HOURS_UNKNOWN)
    coming = [span.start for span in spans if span.start > now]
    return PassVerdict(Result.OUTSIDE_HOURS, min(coming, default=None))
