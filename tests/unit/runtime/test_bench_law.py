"""The invented law of the measures: the same each time, of every kind, and measured in a process of its own."""

from __future__ import annotations

from itertools import islice

from portal.regulations.measures import LocationKind, MeasureType
from portal.runtime.bench import law
from portal.runtime.bench.law_sample import MEASURES_PER_ORDER, NOW, invented_measures, invented_points
from tests.support.law import CALENDAR


def test_the_invented_law_is_the_same_each_time_and_of_every_kind() -> None:
    measures = list(invented_measures(400))
    assert measures == list(invented_measures(400))
    assert list(islice(invented_points(5), 3)) == invented_points(5)[:3]
    assert {measure.type for measure in measures} >= {MeasureType.NO_ENTRY, MeasureType.SPEED_LIMIT}
    assert {place.kind for measure in measures for place in measure.locations} == {
        LocationKind.NAMED_STREET,
        LocationKind.AREA,
    }
    awake = sum(any(period.is_active(NOW, CALENDAR) for period in measure.periods) for measure in measures)
    assert 100 < awake < 300
    assert len({measure.order.id for measure in measures}) == 400 // MEASURES_PER_ORDER


def test_a_law_of_any_size_is_measured_in_a_process_of_its_own() -> None:
    lines = list(law._lines("40 measures", law._figures(40)))
    assert [line.unit for line in lines] == ["s", "s", "MB", "ms", "ms", "ms", "ms"]
    assert all(line.figure >= 0 and line.reference_figure > 0 for line in lines)
    assert "box of 37 now" in lines[-1].name, "three streets lie across the border of the square"
