"""Alerts: what is news in an area, told once, by one mail, whatever dies in between."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import shapely
from flask import Flask
from sqlalchemy import func, select, update

from portal.common.clock import SYSTEM_CLOCK, FixedClock
from portal.common.errors import NotFound
from portal.db import session, unit_of_work
from portal.jobs.models import Job
from portal.mail import list_outbox
from portal.numeriz.values import PerimeterDraft
from portal.regulations.perimeters import Activation, Colour
from portal.regulations.schedules import Period
from portal.runtime.upkeep import Upkeep
from portal.territories.queries import TerritoryView
from portal.visualiz.alerts import services, telling
from portal.visualiz.alerts.areas import Area
from portal.visualiz.alerts.models import AlertSubscription
from tests.factories.law import make_law, make_territory, measure_draft, order_draft, perimeter_draft, square
from tests.support.races import overtaken

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
HERE = Area("Rue des Tanneurs", shapely.MultiLineString([[(2.3700, 48.862), (2.3721, 48.862)]]))
AROUND = Area("Autour d’ici", square(2.369, 48.861))
_TOKEN = re.compile(r"/alertes/([\w-]{43})")


def follow(territory: TerritoryView, area: Area = HERE, email: str = "fleuriste@exemple.fr") -> str:
    """Ask for an alert and confirm it; return its token."""
    services.ask_alert(territory, email, area, "fr", clock=FixedClock(NOW))
    token = _TOKEN.findall(list_outbox()[0].body)[0]
    services.confirm_alert(territory, token, clock=FixedClock(NOW))
    return str(token)


def starting(at: datetime, **hours: int) -> Period:
    """A period of one day."""
    return Period(at, at + timedelta(**(hours or {"days": 1})))


def tell_at(territory: TerritoryView, at: datetime) -> list[str]:
    """Look and tell as the job does; return the bodies of the mails written by it, oldest first."""
    before = {mail.id for mail in list_outbox()}
    telling.tell(telling.look(territory.id, clock=FixedClock(at)))
    return [mail.body for mail in reversed(list_outbox()) if mail.id not in before]


@pytest.mark.parametrize("area", [HERE, AROUND], ids=["street", "zone"])
def test_a_new_order_is_told_once_when_it_applies_in_the_area(app: Flask, area: Area) -> None:
    territory = make_territory()
    make_law(territory, orders=[order_draft(title="Arrêté ancien")])
    follow(territory, area)
    assert tell_at(territory, NOW) == [], "what applied already is not news"
    make_law(
        territory, orders=[order_draft(measure_draft(periods=[starting(NOW + timedelta(days=3))]), title="Braderie")]
    )
    (body,) = tell_at(territory, NOW + timedelta(minutes=1))
    assert "Braderie" in body and "Arrêté ancien" not in body
    assert "http://localhost/carte/paris-3e/arretes/" in body
    assert "26\u00a0nov.\u00a02026" in body
    assert tell_at(territory, NOW + timedelta(hours=1)) == []
    assert tell_at(territory, NOW + timedelta(days=2)) == [], "another day brings nothing new by itself"


CROSSING = ((2.371, 48.8617), (2.371, 48.8625))
ELSEWHERE = ((2.352, 48.858), (2.353, 48.858))


@pytest.mark.parametrize(
    ("area", "line", "is_told"),
    [(HERE, CROSSING, False), (AROUND, CROSSING, True), (HERE, ELSEWHERE, False), (AROUND, ELSEWHERE, False)],
    ids=["crosses-the-street", "crosses-the-zone", "far-from-the-street", "far-from-the-zone"],
)
def test_an_order_is_news_when_it_bears_on_the_area_and_not_beside(
    app: Flask, area: Area, line: tuple[tuple[float, float], ...], is_told: bool
) -> None:
    territory = make_territory()
    follow(territory, area)
    make_law(territory, orders=[order_draft(measure_draft(line=line, periods=[starting(NOW + timedelta(days=2))]))])
    assert bool(tell_at(territory, NOW)) is is_told


def test_what_is_far_ahead_is_told_when_it_comes_within_a_month(app: Flask) -> None:
    territory = make_territory()
    follow(territory)
    make_law(territory, orders=[order_draft(measure_draft(periods=[starting(NOW + timedelta(days=40))]))])
    assert tell_at(territory, NOW) == []
    assert tell_at(territory, NOW + timedelta(days=8)) == []
    assert len(tell_at(territory, NOW + timedelta(days=10))) == 1


def test_an_order_is_told_again_when_its_hours_or_its_place_change(app: Flask) -> None:
    territory = make_territory()
    follow(territory)
    first, later = starting(NOW + timedelta(days=3)), starting(NOW + timedelta(days=4))
    change = [
        measure_draft(periods=[first]),
        measure_draft(periods=[later]),
        measure_draft(periods=[later], line=((2.3705, 48.862), (2.372, 48.862))),
        measure_draft(periods=[first]),
    ]
    told = []
    for number, measure in enumerate(change):
        make_law(territory, orders=[order_draft(measure, identifier="A-1")])
        told.append(len(tell_at(territory, NOW + timedelta(hours=number))))
    assert told == [1, 1, 1, 0], "what comes back as it was told is no news"


def test_the_same_is_told_when_each_change_is_looked_at_alone_or_the_whole_law(app: Flask) -> None:
    """Two territories under one law: one is looked at by a process that remembers, the other by a new one each time."""
    bodies: dict[str, list[int]] = {}
    for slug in ("bourg", "ville"):
        territory = make_territory(slug)
        for area in (HERE, AROUND):
            follow(territory, area, f"{area.label[:3]}@exemple.fr".casefold())
        bodies[slug] = []
        dice = random.Random(6)
        for step in range(12):
            at_m = dice.uniform(-0.002, 0.004)
            line = ((2.369 + at_m, 48.862), (2.3715 + at_m, 48.862))
            start = NOW + timedelta(days=dice.randrange(-5, 40))
            draft = order_draft(measure_draft(line=line, periods=[starting(start)]), identifier=f"A-{step % 5}")
            make_law(territory, orders=[draft], perimeters=[_perimeter(step)] if step % 3 == 0 else [])
            if slug == "ville":
                telling._last_looks.clear()
            bodies[slug].append(len(tell_at(territory, NOW + timedelta(minutes=40 * step))))
    assert bodies["bourg"] == bodies["ville"]
    assert 4 < sum(bodies["bourg"]) < 24


def _perimeter(*days: int) -> PerimeterDraft:
    spans = [
        (f"{NOW + timedelta(days=day):%Y-%m-%dT%H:%M}", f"{NOW + timedelta(days=day, hours=6):%Y-%m-%dT%H:%M}")
        for day in days
    ]
    return perimeter_draft("Course du canal", Colour.RED, square(2.368, 48.860), spans)


def test_new_activations_alone_are_told_when_a_perimeter_gets_some(app: Flask) -> None:
    territory = make_territory()
    make_law(territory, perimeters=[_perimeter(5)])
    follow(territory)
    make_law(territory, perimeters=[_perimeter(5, 9)])
    (body,) = tell_at(territory, NOW + timedelta(minutes=5))
    assert "Périmètre rouge\u00a0: Course du canal" in body
    assert "2\u00a0déc.\u00a02026" in body and "28\u00a0nov.\u00a02026" not in body


def test_one_mail_tells_all_that_came_when_the_last_one_is_recent(app: Flask) -> None:
    territory = make_territory()
    follow(territory)
    for number in range(3):
        draft = order_draft(measure_draft(periods=[starting(NOW + timedelta(days=2))]), title=f"Numéro {number}")
        make_law(territory, orders=[draft])
        bodies = tell_at(territory, NOW + timedelta(minutes=5 * number))
        assert len(bodies) == (1 if number == 0 else 0)
    (body,) = tell_at(territory, NOW + timedelta(minutes=31))
    assert "Numéro 1" in body and "Numéro 2" in body and "Numéro 0" not in body


def test_nothing_is_told_twice_when_two_runs_looked_at_the_same_law(database: Flask) -> None:
    territory = make_territory()
    follow(territory)
    make_law(territory, orders=[order_draft(measure_draft(periods=[starting(NOW + timedelta(days=2))]))])
    first, second = (telling.look(territory.id, clock=FixedClock(NOW)) for _ in range(2))
    before = len(list_outbox())
    telling.tell(first)
    telling.tell(second)
    assert len(list_outbox()) == before + 1


def test_nothing_is_told_or_lost_when_the_run_dies_before_it_ends(database: Flask) -> None:
    territory = make_territory()
    follow(territory)
    make_law(territory, orders=[order_draft(measure_draft(periods=[starting(NOW + timedelta(days=2))]))])
    looked = telling.look(territory.id, clock=FixedClock(NOW))
    before = len(list_outbox())
    with pytest.raises(KeyboardInterrupt), unit_of_work():
        telling.tell(looked)
        raise KeyboardInterrupt
    assert len(list_outbox()) == before
    assert len(tell_at(territory, NOW)) == 1


def test_nobody_is_told_when_the_alert_was_left_during_the_look(app: Flask) -> None:
    territory = make_territory()
    token = follow(territory)
    make_law(territory, orders=[order_draft(measure_draft(periods=[starting(NOW + timedelta(days=2))]))])
    looked = telling.look(territory.id, clock=FixedClock(NOW))
    services.leave_alert(territory, token)
    before = len(list_outbox())
    telling.tell(looked)
    assert len(list_outbox()) == before
    services.leave_alert(territory, token)
    with pytest.raises(NotFound):
        services.get_subscription(territory, token)


def test_the_regular_work_tells_when_the_law_has_changed(database: Flask, run_jobs: Callable[[Flask], int]) -> None:
    territory, now = make_territory(), SYSTEM_CLOCK.now()
    services.ask_alert(territory, "fleuriste@exemple.fr", HERE, "en")
    services.confirm_alert(territory, _TOKEN.findall(list_outbox()[0].body)[0])
    Upkeep(database).round()
    kinds = select(func.count()).select_from(Job).where(Job.kind == telling.TELL)
    assert session().scalar(kinds) == 0, "nothing has changed"
    make_law(territory, orders=[order_draft(measure_draft(periods=[starting(now + timedelta(days=2))]))])
    assert telling.ask_for_due_alerts() == 1
    assert telling.ask_for_due_alerts() == 0, "asked for already"
    run_jobs(database)
    told = list_outbox()
    assert len(told) == 2 and "/quitter" not in told[0].body and "/alertes/" in told[0].body
    assert telling.ask_for_due_alerts(FixedClock(now + timedelta(hours=2))) in {0, 1}  # 1 where it is another day
    run_jobs(database)
    assert len(list_outbox()) == 2


def test_an_address_is_not_flooded_when_somebody_asks_in_its_name(database: Flask) -> None:
    territory, other = make_territory(), make_territory("lyon", name="Lyon")
    for number in range(6):
        services.ask_alert((territory, other)[number % 2], " Fleuriste@exemple.fr ", HERE, "fr", clock=FixedClock(NOW))
    assert [mail.recipient for mail in list_outbox()] == ["fleuriste@exemple.fr"] * services.MOST_QUESTIONS
    services.ask_alert(territory, "fleuriste@exemple.fr", HERE, "fr", clock=FixedClock(NOW + timedelta(days=2)))
    assert len(list_outbox()) == services.MOST_QUESTIONS + 1


def test_an_address_is_not_flooded_when_two_ask_in_its_name_at_once(database: Flask) -> None:
    territories = make_territory(), make_territory("lyon", name="Lyon")
    for _turn in range(services.MOST_QUESTIONS - 1):
        services.ask_alert(territories[0], "fleuriste@exemple.fr", HERE, "fr", clock=FixedClock(NOW))

    def ask(territory: TerritoryView) -> None:
        services.ask_alert(territory, "fleuriste@exemple.fr", HERE, "fr", clock=FixedClock(NOW))

    overtaken(database, lambda: ask(territories[0]), lambda: ask(territories[1]))
    assert len(list_outbox()) == services.MOST_QUESTIONS


def test_the_older_alert_is_replaced_when_the_same_area_is_confirmed_again(database: Flask) -> None:
    territory = make_territory()
    first, second = follow(territory), follow(territory)
    with pytest.raises(NotFound):
        services.get_subscription(territory, first)
    assert services.get_subscription(territory, second).confirmed_at == NOW
    make_law(territory, orders=[order_draft(measure_draft(periods=[starting(NOW + timedelta(days=2))]))])
    assert len(tell_at(territory, NOW)) == 1


def test_an_alert_of_another_territory_is_not_found_when_its_link_is_used_here(app: Flask) -> None:
    territory, other = make_territory(), make_territory("lyon", name="Lyon")
    token = follow(territory)
    with pytest.raises(NotFound):
        services.get_subscription(other, token)
    services.leave_alert(other, token)
    assert services.get_subscription(territory, token).label == HERE.label


def test_what_nobody_confirmed_is_erased_when_a_week_has_passed(database: Flask) -> None:
    territory = make_territory()
    follow(territory)
    services.ask_alert(territory, "autre@exemple.fr", AROUND, "fr", clock=FixedClock(NOW))
    assert services.erase_unconfirmed(FixedClock(NOW + timedelta(days=6))) == 0
    assert services.erase_unconfirmed(FixedClock(NOW + timedelta(days=8))) == 1
    assert session().scalars(select(AlertSubscription.email)).all() == ["fleuriste@exemple.fr"]


def test_the_mail_speaks_the_language_of_the_alert_when_the_worker_speaks_another(app: Flask) -> None:
    territory = make_territory()
    follow(territory)
    with unit_of_work() as uow:
        uow.session.execute(update(AlertSubscription).values(language="en"))
    activation = Activation(NOW + timedelta(days=1), NOW + timedelta(days=2))
    draft = perimeter_draft("Canal", Colour.RED, square(2.368, 48.860), [(activation.start.isoformat(), None)])
    make_law(territory, perimeters=[draft])
    (body,) = tell_at(territory, NOW)
    assert "L’équipe Joptimiz" not in body
