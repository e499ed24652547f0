"""Delivery bays from the real files."""

from __future__ import annotations

from datetime import time
from pathlib import Path

import pytest
from flask import Flask

from portal.common.errors import Invalid
from portal.numeriz.queries import BayView, list_bays
from portal.numeriz.uploads import import_bays
from portal.numeriz.values import BayLayout, BayRegime, DeliveryHours
from portal.regulations.schedules import TimeSlot, Weekday
from tests.factories.law import TESTER, make_territory

WEEK = frozenset(Weekday)


def imported(shared_data: Path, name: str, bounds: tuple[float, float, float, float] | None = None) -> list[BayView]:
    territory = make_territory(bounds=bounds)
    content = (shared_data / "delivery-bays" / name).read_bytes()
    assert import_bays(TESTER, territory, name, content).changed
    assert not import_bays(TESTER, territory, name, content).changed
    return list(list_bays(territory.id))


def test_the_bays_of_paris_are_read_when_the_city_publishes_them(app: Flask, shared_data: Path) -> None:
    bays = {bay.local_id: bay for bay in imported(shared_data, "paris-3e-republique.csv")}
    regimes = [bay.regime for bay in bays.values()]
    assert (regimes.count(BayRegime.PERMANENT), regimes.count(BayRegime.PERIODIC)) == (342, 299)
    first = bays["6450"]
    assert (first.address, first.length_cm, first.width_cm) == ("23 rue Rambuteau, Paris 4", 1080, 200)
    assert (round(first.lon, 6), round(first.lat, 6)) == (2.354586, 48.860823)
    by_rule = DeliveryHours(WEEK - {Weekday.SUNDAY}, (TimeSlot(time(7), time(20)),))
    periodic = [bay for bay in bays.values() if bay.regime is BayRegime.PERIODIC]
    assert sum(bay.hours == (by_rule,) for bay in periodic) >= 280
    night = [bay for bay in bays.values() if any(slot.ends_next_day for part in bay.hours for slot in part.slots)]
    assert len(night) == 14


def test_the_national_schema_is_read_when_lyon_follows_it(app: Flask, shared_data: Path) -> None:
    bays = {bay.local_id: bay for bay in imported(shared_data, "grand-lyon-example.csv")}
    assert len(bays) == 14, "two of the sixteen are out of use"
    assert bays["GL-2300"].regime is BayRegime.PERMANENT
    assert (bays["GL-2300"].length_cm, bays["GL-2300"].width_cm) == (900, 180)
    assert bays["GL-2300"].layout is BayLayout.PARALLEL and bays["GL-2300"].max_stay_min is None
    weekdays = frozenset(list(Weekday)[:5])
    assert bays["GL-2303"].hours == (
        DeliveryHours(weekdays, (TimeSlot(time(13), time(19)),)),
        DeliveryHours(frozenset({Weekday.SATURDAY}), (TimeSlot(time(9), time(19)),)),
    )


HEADER = "ID;LONGITUDE;LATITUDE;LONGUEUR;LARGEUR;TYPE;DUREE_MAX;TEMPORALITE_CDS;TEMPORALITE_OSM\n"


@pytest.mark.parametrize(
    ("row", "length_cm", "hours", "codes"),
    [
        ("1;2,36;48,86;900;200;Aire Permanente;30;;", 900, (), []),
        ("1;2.36;48.86;0;N/A;aire périodique;;;", None, (), []),
        ("1;2.36;48.86;9;200;;;;", None, (), ["unbelievable-size"]),
        ("1;2.36;48.86;long;200;quai;;;", None, (), ["unknown-value", "unbelievable-size"]),
        (
            "1;2.36;48.86;900;;;;;Mo-We,Sa 07:00-10:00,16:30-24:00",
            900,
            (
                DeliveryHours(
                    frozenset({Weekday.MONDAY, Weekday.TUESDAY, Weekday.WEDNESDAY, Weekday.SATURDAY}),
                    (TimeSlot(time(7), time(10)), TimeSlot(time(16, 30), time(0))),
                ),
            ),
            [],
        ),
        ("1;2.36;48.86;900;;;;pas du json;Fr-Mo 22:00-06:00", 900, None, ["bad-hours"]),
        ("1;2.36;48.86;900;;;;;selon humeur", 900, (), ["bad-hours"]),
        ("1;2.9;48.86;900;;;;;", 900, (), ["outside-territory"]),
        ("1;2.36;48.86;900;;;trente;;", 900, (), ["unknown-value"]),
    ],
)
def test_a_row_is_kept_with_its_doubts_when_it_is_odd(
    app: Flask, row: str, length_cm: int | None, hours: tuple[DeliveryHours, ...] | None, codes: list[str]
) -> None:
    territory = make_territory()
    outcome = import_bays(TESTER, territory, "aires.csv", (HEADER + row + "\n").encode("cp1252"))
    assert [issue.code for issue in outcome.issues] == codes
    [bay] = list_bays(territory.id)
    assert bay.length_cm == length_cm
    assert [issue["code"] for issue in bay.issues] == codes
    if hours is not None:
        assert bay.hours == hours


@pytest.mark.parametrize(
    ("row", "code"),
    [(";2.36;48.86", "bay-without-id"), ("1;;48.86", "bay-without-place"), ("1;2.36;x", "bay-without-place")],
)
def test_a_row_is_left_out_and_told_when_it_is_no_bay(app: Flask, row: str, code: str) -> None:
    territory = make_territory()
    outcome = import_bays(TESTER, territory, "aires.csv", (HEADER + row + "\n").encode())
    assert [issue.code for issue in outcome.issues] == [code]
    assert outcome.counts["rejected"] == 1 and not list_bays(territory.id)


@pytest.mark.parametrize("name", ["antibes-v0.csv", "hauts-de-seine.csv"])
def test_another_layout_is_refused_when_its_columns_are_not_known(app: Flask, shared_data: Path, name: str) -> None:
    content = (shared_data / "delivery-bays" / name).read_bytes()
    with pytest.raises(Invalid, match="unknown-layout"):
        import_bays(TESTER, make_territory(), name, content)
