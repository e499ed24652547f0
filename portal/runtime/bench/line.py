"""One measured line, and the statistics that lines are made of."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Line:
    """A figure beside its reference, both in `unit`, both measured in this run on this machine."""

    name: str
    figure: float
    unit: str
    reference: str
    reference_figure: float

    @property
    def ratio(self) -> float:
        """The figure divided by its reference."""
        return self.figure / self.reference_figure

    def to_json(self) -> dict[str, Any]:
        """Return the line as bench.json keeps it: figures to four significant digits."""
        return {
            "name": self.name,
            "figure": significant(self.figure),
            "unit": self.unit,
            "reference": self.reference,
            "reference_figure": significant(self.reference_figure),
            "ratio": significant(self.ratio),
        }


def significant(value: float, digits: int = 4) -> float:
    """Round to significant digits."""
    return float(f"{value:.{digits}g}")


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the value below which `percent` of the values lie, by the nearest-rank rule. values: not empty."""
    ranked = sorted(values)
    rank = max(1, -(-len(ranked) * percent // 100))
    return ranked[int(rank) - 1]


def timed_ms(action: Callable[[], object]) -> float:
    """Run an action once; return the milliseconds it took."""
    started = time.perf_counter()
    action()
    return (time.perf_counter() - started) * 1000


def per_second(action: Callable[[], object], seconds: float) -> float:
    """Repeat an action for some seconds; return how often it ran per second."""
    count = 0
    started = time.perf_counter()
    while (elapsed := time.perf_counter() - started) < seconds:
        action()
        count += 1
    return count / elapsed


def table(lines: Sequence[Line]) -> str:
    """Return the lines as a table for the terminal."""
    rows = [("measure", "figure", "unit", "reference", "figure", "ratio")]
    rows += [
        (
            line.name,
            f"{line.figure:.4g}",
            line.unit,
            line.reference,
            f"{line.reference_figure:.4g}",
            f"{line.ratio:.3g}",
        )
        for line in lines
    ]
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    numbers = {1, 4, 5}
    return "\n".join(
        "  ".join(
            cell.rjust(width) if place in numbers else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )
