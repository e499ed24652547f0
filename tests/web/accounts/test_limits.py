"""Guesses and mails are slowed down; on an application of its own, since the others have no limits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
from flask import Flask

from portal import create_app
from portal.common.actor import StaffRole
from portal.db import Base, db
from portal.web.extensions import limiter
from portal.web.near_limits import MinuteCount
from tests.factories.accounts import make_staff, make_user
from tests.factories.territories import make_territory
from tests.support.client import FreshContextClient
from tests.support.database import make_settings
from tests.support.web import PageClient


@pytest.fixture
def limited(tmp_path) -> Iterator[Flask]:
    before = limiter.enabled
    made = create_app(make_settings(tmp_path, rate_limits=True))
    made.config["WTF_CSRF_ENABLED"] = False
    made.test_client_class = FreshContextClient
    with made.app_context():
        Base.metadata.create_all(db.engine)
        limiter.reset()
        yield made
        limiter.reset()
        db.session.remove()
        db.engine.dispose()
    limiter.enabled = before


def test_guesses_are_slowed_down_for_one_address(limited):
    user, other = make_user(), make_user()
    client = limited.test_client()

    def guess(email):
        return client.post("/connexion", data={"email": email, "password": "faux"}).status_code

    assert [guess(user.email) for _ in range(12)] == [422] * 10 + [429] * 2
    assert guess(user.email.upper()) == 429, "the same address in capitals is the same address"
    assert guess(other.email) == 422


def test_guesses_are_slowed_down_for_one_caller(limited):
    client = limited.test_client()
    statuses = [
        client.post("/connexion", data={"email": f"n{number}@x.fr", "password": "faux"}).status_code
        for number in range(21)
    ]
    assert statuses == [422] * 20 + [429]
    assert client.get("/connexion").status_code == 200


def test_mails_are_slowed_down_for_one_address(limited):
    client = limited.test_client()
    statuses = [client.post("/mot-de-passe-oublie", data={"email": "a@x.fr"}).status_code for _ in range(8)]
    assert statuses == [303] * 6 + [429] * 2


def test_scans_are_slowed_down_for_one_caller(limited):
    client = limited.test_client()
    # However the minutes fall, more than 120 of these are in one.
    statuses = Counter(client.get("/v/NOTAPASS").status_code for _ in range(250))
    assert statuses.keys() == {200, 429}
    assert statuses[200] >= 120
    other = client.get("/v/NOTAPASS", environ_base={"REMOTE_ADDR": "192.0.2.7"})
    assert other.status_code == 200


def test_lists_are_slowed_down_for_one_agent_and_not_for_the_others_of_the_same_address(limited):
    agents = [make_user() for _ in range(2)]
    addresses = []
    for place in (make_territory("ici"), make_territory("ailleurs")):
        addresses.append(f"/territoires/{place.slug}/controle/donnees")
        for agent in agents:
            make_staff(agent, place, StaffRole.CONTROL_AGENT)
    here, elsewhere = addresses
    one, other = (PageClient(limited.test_client()) for _ in agents)
    one.sign_in(agents[0].id)
    other.sign_in(agents[1].id)
    # However the minutes fall, more than 30 of these are in one.
    statuses = Counter(one.raw.get(here).status_code for _ in range(70))
    assert statuses.keys() == {200, 429}
    assert [client.raw.get(here).status_code for client in (one, other)] == [429, 200]
    assert one.raw.get(elsewhere).status_code == 200, "each list of an agent counts alone"


def test_visits_are_counted_anew_when_the_minute_is_over():
    now = [59.0]
    count = MinuteCount(lambda: now[0])
    assert [count.add("a"), count.add("a"), count.add("b")] == [1, 2, 1]
    now[0] = 60.0
    assert count.add("a") == 1
