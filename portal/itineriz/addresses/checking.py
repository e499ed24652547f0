"""A whole list of addresses checked over a week: located, served from a street, judged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from portal.itineriz.addresses.bearing import areas_of, law_that_bears
from portal.itineriz.addresses.finding import Doubt, Finder, Located
from portal.itineriz.addresses.serving import Serving, Streets, serve, streets_of
from portal.itineriz.addresses.verdicts import Answer, Judge, WeekVerdict, week_of
from portal.itineriz.places.sheet import SheetRow
from portal.itineriz.routing.costing import costing_for
from portal.itineriz.routing.engine import Engine
from portal.regulations.passes import PassRight
from portal.regulations.snapshot import LawSnapshot
from portal.regulations.vehicles import Vehicle

MOST_ADDRESSES = 10_000
_TOLD_EVERY = 200


@dataclass(frozen=True, slots=True)
class CheckedAddress:
    """One address of the list. text: as it was given. answer: rank of its answer, None when there is none."""

    number: int
    name: str
    text: str
    located: Located
    street: str = ""
    answer: int | None = None
    verdict: WeekVerdict = WeekVerdict.UNLOCATED

    def to_json(self) -> dict[str, Any]:
        """The address as JSON values."""
        found = self.located.found
        return {
            "number": self.number,
            "name": self.name,
            "text": self.text,
            "label": found.label if found else "",
            "lon": found.lon if found else None,
            "lat": found.lat if found else None,
            "score": found.score if found else 0.0,
            "doubt": self.located.doubt.value if self.located.doubt else None,
            "alternatives": [candidate.to_json() for candidate in self.located.alternatives],
            "street": self.street,
            "answer": self.answer,
            "verdict": self.verdict.value,
        }


@dataclass(slots=True)
class Checked:
    """What became of a list. answers: those that occur, each as JSON values, told apart by their rank.

    ranks: of the answers of one checker, by identity; they number `answers` and nothing else.
    """

    addresses: list[CheckedAddress] = field(default_factory=list)
    answers: list[dict[str, Any]] = field(default_factory=list)
    ranks: dict[int, int] = field(default_factory=dict, repr=False)

    @property
    def counts(self) -> dict[str, int]:
        """How many addresses have each verdict."""
        return dict(Counter(address.verdict.value for address in self.addresses))


class Checker:
    """Checks addresses of one territory for one vehicle over one week.

    passes: those held. Raises Invalid for a vehicle that no street is known for.
    """

    def __init__(
        self,
        engine: Engine,
        law: LawSnapshot,
        zone: ZoneInfo,
        first_day: date,
        vehicle: Vehicle,
        passes: Sequence[PassRight] = (),
    ) -> None:
        week = week_of(first_day, zone)
        self._zone = zone
        self._law = law_that_bears(law, week, vehicle)
        self._areas = areas_of(self._law)
        self._streets: Streets = streets_of(engine, costing_for(vehicle, unknown_is_large=True).name)
        self._judge = Judge(self._law, self._streets.limits, week, vehicle, passes)

    def check(
        self, rows: Sequence[SheetRow], finder: Finder, progress: Callable[[int, int], None] | None = None
    ) -> Checked:
        """Check the rows of a list, in its order. Raises Unavailable when addresses cannot be searched."""
        located: list[tuple[SheetRow, Located]] = []
        for done, row in enumerate(rows):
            if progress is not None and done % _TOLD_EVERY == 0:
                progress(done, len(rows))
            located.append((row, finder.find_row(row)))
        checked = Checked()
        # All at once: each regulation looks one time at all the streets around it.
        self.add(checked, located)
        return checked

    def add(self, checked: Checked, located: Sequence[tuple[SheetRow, Located]]) -> None:
        """Judge rows whose places are known or doubted, after those already there."""
        known = [found for _row, one in located if (found := one.found) is not None]
        points = [(found.lon, found.lat) for found in known]
        servings = iter(serve(self._streets, self._law, points, [found.label for found in known], self._areas))
        for row, one in located:
            address = CheckedAddress(row.number, row.text("label"), row.address or row.position, one)
            if one.found is not None:
                address = self._judged(checked, address, next(servings))
            checked.addresses.append(address)

    def _judged(self, checked: Checked, address: CheckedAddress, serving: Serving | None) -> CheckedAddress:
        if serving is None:
            found = address.located.found
            alternatives = () if found is None else (found,)
            return replace(address, located=Located(None, Doubt.FAR, alternatives))
        answer = self._judge.answer(serving)
        rank = self._rank(checked, answer)
        return replace(address, street=serving.street, answer=rank, verdict=answer.verdict)

    def _rank(self, checked: Checked, answer: Answer) -> int:
        # The judge keeps its answers as long as the checker lives: the same one is the same object.
        rank = checked.ranks.get(id(answer))
        if rank is None:
            rank = checked.ranks[id(answer)] = len(checked.answers)
            checked.answers.append(answer.to_json(self._zone))
        return rank
