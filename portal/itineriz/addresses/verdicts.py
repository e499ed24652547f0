"""What the law says of an address over a week: intervals with their exact bounds, each with a state and its reasons.

Addresses on which the same regulations bear in the same way share one answer, computed once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import partial
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from portal.itineriz.addresses.bearing import may_stop
from portal.itineriz.addresses.serving import Approach, Serving
from portal.itineriz.messages import limit_values
from portal.itineriz.routing.limits import RoadLimits
from portal.itineriz.trip import RoadLimit
from portal.regulations.evaluate import Interval, Reason, ReasonCode, State, Verdict, verdict_spans
from portal.regulations.judging_measures import closes
from portal.regulations.measures import EdgeFacts, Measure, Origin
from portal.regulations.passes import PassRight
from portal.regulations.precedence import matters_let_pass, rules_place
from portal.regulations.snapshot import Hit, LawSnapshot
from portal.regulations.vehicles import Vehicle

_REQUIREMENTS = {
    ReasonCode.PASS_NEEDED: "pass",
    ReasonCode.TRANSIT_NEEDS_PASS: "pass",
    ReasonCode.ACCREDITATION_NEEDED: "accreditation",
    ReasonCode.DOCUMENT_NEEDED: "document",
}


class WeekVerdict(StrEnum):
    """What a whole week says of an address, from the freest to the strictest; UNLOCATED: nobody knows where it is."""

    OPEN = "open"
    HOURS = "hours"
    PASS = "pass"  # noqa: S105 a pass, not a password
    UNKNOWN = "unknown"
    CLOSED = "closed"
    UNLOCATED = "unlocated"


@dataclass(frozen=True, slots=True)
class Span:
    """An interval during which the answer stays the same."""

    start: datetime
    end: datetime
    state: State
    reasons: tuple[Reason, ...]
    limits: tuple[RoadLimit, ...] = ()


type Voice = tuple[Span, ...]
"""When one regulation says something during the week, and what."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the week says: intervals that follow each other, neighbours differ."""

    spans: tuple[Span, ...]

    @property
    def verdict(self) -> WeekVerdict:
        """The week in one word: open at some hour or never, and what would open it."""
        states = {span.state for span in self.spans}
        if states <= {State.ALLOWED}:
            return WeekVerdict.OPEN
        if State.ALLOWED in states:
            return WeekVerdict.HOURS
        if State.PASS_REQUIRED in states:
            return WeekVerdict.PASS
        return WeekVerdict.UNKNOWN if State.UNKNOWN in states else WeekVerdict.CLOSED

    def to_json(self, zone: ZoneInfo) -> dict[str, Any]:
        """The answer as JSON values. spans: [start, end, state, [rank of a reason, …]].

        reasons: each said once for the week, with the hours of the first time it counts.
        """
        ranks: dict[tuple[str, ...], int] = {}
        reasons: list[Mapping[str, Any]] = []

        def rank(key: tuple[str, ...], say: Callable[[], Mapping[str, Any]]) -> int:
            if key not in ranks:
                ranks[key] = len(reasons)
                reasons.append(say())
            return ranks[key]

        spans = []
        for span in self.spans:
            said = [rank(_key(reason), reason.to_public) for reason in span.reasons]
            said += [rank(_limit_key(limit), partial(_limit_values, limit)) for limit in span.limits]
            bounds = [at.astimezone(zone).isoformat() for at in (span.start, span.end)]
            spans.append([*bounds, span.state.value, said])
        return {
            "verdict": self.verdict.value,
            "spans": spans,
            "reasons": reasons,
            "passes": list(self._passes()),
        }

    def _passes(self) -> Iterable[dict[str, Any]]:
        """The perimeters that ask for something at some hour of the week, once each."""
        seen: set[str] = set()
        for reason in (reason for span in self.spans for reason in span.reasons):
            requirement = _REQUIREMENTS.get(reason.code)
            if requirement is None or reason.id in seen:
                continue
            seen.add(reason.id)
            yield {"perimeter_id": reason.id, "title": reason.title, "requirement": requirement}


class Judge:
    """Answers for one law, week, vehicle and passes; what was computed once is kept."""

    def __init__(
        self,
        law: LawSnapshot,
        limits: RoadLimits,
        week: Interval,
        vehicle: Vehicle,
        passes: Sequence[PassRight],
    ) -> None:
        self._law, self._limits, self._week = law, limits, week
        self._vehicle, self._passes = vehicle, tuple(passes)
        self._of_voices: dict[tuple[int, ...], list[Span]] = {}
        # Spans and voices live as long as this judge: their identity is theirs alone.
        self._of_hit: dict[tuple[int, ...], Voice] = {}
        self._of_active: dict[tuple[int, ...], tuple[State, tuple[Reason, ...]]] = {}
        self._stops: dict[int, bool] = {}
        self._answers: dict[tuple[Any, ...], Answer] = {}
        self._served: dict[int, tuple[Serving, Answer]] = {}

    def answer(self, serving: Serving) -> Answer:
        """The week of an address: at each moment the freest way to stand there, none of its limits left out."""
        if id(serving) not in self._served:
            # Kept beside its answer: nothing else may get its identity.
            self._served[id(serving)] = serving, self._answer(serving)
        return self._served[id(serving)][1]

    def _answer(self, serving: Serving) -> Answer:
        ways = [
            (self._voices(approach), self._limits.passed(approach.row, self._vehicle))
            for approach in serving.approaches
        ]
        key = tuple((tuple(map(id, voices)), limits) for voices, limits in ways)
        if key not in self._answers:
            timelines = [self._timeline(voices, limits) for voices, limits in ways]
            self._answers[key] = Answer(_joined(_freest(timelines)))
        return self._answers[key]

    def _timeline(self, voices: Sequence[Voice], limits: tuple[RoadLimit, ...]) -> list[Span]:
        key = tuple(map(id, voices))
        if key not in self._of_voices:
            self._of_voices[key] = self._said(voices)
        spans = self._of_voices[key]
        return [_limited(span, limits) for span in spans] if limits else spans

    def _said(self, voices: Sequence[Voice]) -> list[Span]:
        """What several regulations say together over the week: at each moment the strictest of them."""
        said = sorted((span for voice in voices for span in voice), key=lambda span: span.start)
        bounds = sorted({self._week.start, self._week.end, *(at for span in said for at in (span.start, span.end))})
        found: list[Span] = []
        active: list[Span] = []
        coming = 0
        for start, end in pairwise(bounds):
            active = [span for span in active if span.end > start]
            while coming < len(said) and said[coming].start <= start:
                active.append(said[coming])
                coming += 1
            found.append(Span(start, end, *self._together(active)))
        return found

    def _together(self, active: Sequence[Span]) -> tuple[State, tuple[Reason, ...]]:
        """The strictest state of what counts at one time, and its reasons, the strictest first."""
        key = tuple(sorted(id(span) for span in active))
        if key not in self._of_active:
            reasons = {_key(reason): reason for span in active for reason in span.reasons}
            ordered = sorted(reasons.values(), key=_strictest_first)
            self._of_active[key] = (ordered[0].state if ordered else State.ALLOWED, tuple(ordered))
        return self._of_active[key]

    def _voices(self, approach: Approach) -> list[Voice]:
        """What each regulation of an approach says; those that say nothing are left out."""
        return [voice for hit in approach.hits if (voice := self._voice(hit, approach))]

    def _voice(self, hit: Hit, approach: Approach) -> Voice:
        """What one regulation says, once for all the streets it bears on alike.

        A regulation says the same whatever stands beside it, but for tags, which give way to orders.
        """
        regulation, orders = hit.regulation, list[Hit]()
        if isinstance(regulation, Measure):
            if not closes(hit, regulation, approach.facts) or not self._may_stop(regulation):
                return ()
            if regulation.origin is Origin.OSM:
                orders = [other for other in approach.hits if self._lets_pass(other, approach.facts)]
        # A closed place is closed alike whichever way the hit was found.
        key = tuple(id(part) for one in (hit, *orders) for part in (one.regulation, one.location))
        if key not in self._of_hit:
            self._of_hit[key] = self._heard((hit, *orders), approach.facts)
        return self._of_hit[key]

    def _heard(self, hits: Sequence[Hit], facts: EdgeFacts) -> Voice:
        """When the first regulation says something, and what: the others let the vehicle pass."""
        spans = verdict_spans(self._law, hits, self._week, self._vehicle, self._passes, edge=facts)
        return tuple(span for during, verdict in spans if (span := _span(during, verdict)).reasons)

    def _may_stop(self, measure: Measure) -> bool:
        # The law holds its regulations as long as the run: their identity is theirs alone.
        if id(measure) not in self._stops:
            self._stops[id(measure)] = may_stop(measure, self._vehicle)
        return self._stops[id(measure)]

    def _lets_pass(self, hit: Hit, facts: EdgeFacts) -> bool:
        """Tell whether a hit is an order that speaks of all of the place and lets the vehicle pass."""
        order = hit.regulation
        if not isinstance(order, Measure) or not rules_place(hit, order, facts):
            return False
        return bool(matters_let_pass(order, self._vehicle, stops=True))


def week_of(first_day: date, zone: ZoneInfo) -> Interval:
    """The seven local days from a day on."""
    start, end = (datetime.combine(first_day + timedelta(days=n), time(), tzinfo=zone) for n in (0, 7))
    return Interval(start, end)


def _span(during: Interval, verdict: Verdict) -> Span:
    """What stands in the way during an interval, and what must be carried."""
    told = (*verdict.obstacles, *(r for r in verdict.reasons if r.code is ReasonCode.DOCUMENT_NEEDED))
    return Span(during.start, during.end, verdict.state, told)


def _limited(span: Span, limits: tuple[RoadLimit, ...]) -> Span:
    """The span with what the road itself does not let pass."""
    states = [span.state, *(State.FORBIDDEN if limit.known else State.UNKNOWN for limit in limits)]
    return replace(span, state=max(states, key=lambda state: state.strictness), limits=limits)


def _freest(timelines: Sequence[list[Span]]) -> list[Span]:
    """At each moment the least strict of several timelines of the same week."""
    if len(timelines) == 1:
        return timelines[0]
    bounds = sorted({at for spans in timelines for span in spans for at in (span.start, span.end)})
    places = [0] * len(timelines)
    found = []
    for start, end in pairwise(bounds):
        now = []
        for n, spans in enumerate(timelines):
            while spans[places[n]].end <= start:
                places[n] += 1
            now.append(spans[places[n]])
        best = min(now, key=lambda span: span.state.strictness)
        found.append(Span(start, end, best.state, best.reasons, best.limits))
    return found


def _joined(spans: Sequence[Span]) -> tuple[Span, ...]:
    """Neighbours that say the same made one."""
    joined: list[Span] = []
    for span in spans:
        last = joined[-1] if joined else None
        if last is not None and _same(last, span):
            joined[-1] = Span(last.start, span.end, last.state, last.reasons, last.limits)
        else:
            joined.append(span)
    return tuple(joined)


def _same(one: Span, other: Span) -> bool:
    return (
        one.state is other.state
        and one.limits == other.limits
        and [_key(reason) for reason in one.reasons] == [_key(reason) for reason in other.reasons]
    )


def _key(reason: Reason) -> tuple[str, ...]:
    return reason.kind, reason.id, reason.code.value


def _strictest_first(reason: Reason) -> tuple[int, int, str]:
    return -reason.state.strictness, reason.origin.rank, reason.id


def _limit_key(limit: RoadLimit) -> tuple[str, ...]:
    return "limit", limit.kind, str(limit.value), limit.street


def _limit_values(limit: RoadLimit) -> Mapping[str, Any]:
    state = State.FORBIDDEN if limit.known else State.UNKNOWN
    return {"kind": "limit", "state": state.value, "limit": limit_values(limit)}
