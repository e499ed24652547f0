"""A page asks the database the same number of things whatever the number of its rows."""

from __future__ import annotations

import pytest

from portal.cirqliz.passes.queries import list_passes_of_request
from tests.factories.cirqliz import World
from tests.support.query_count import counted_queries
from tests.support.web import PageClient


def asked(client: PageClient, url: str) -> int:
    """How many statements a page sends, its first opening set aside: it fills the caches."""
    client.get(url)
    with counted_queries() as statements:
        client.get(url)
    return len(statements)


@pytest.mark.parametrize("page", ["demandes", "laissez-passer", "guichet"])
def test_page_asks_as_much_when_it_has_more_rows(world: World, page_client: PageClient, page: str) -> None:
    if page == "guichet":
        page_client.sign_in(world.clerk.id)
        url = "/territoires/val-essai/guichet?etat=toutes"
    else:
        page_client.sign_in(world.owner.id)
        url = f"/entreprises/{world.company.id}/{page}"
    counts = []
    for more in (2, 8):
        for _ in range(more):
            world.approve(world.ready(vehicles=[world.vehicle(), world.vehicle()]))
        counts.append(asked(page_client, url))
    assert counts[0] == counts[1]
    assert counts[1] <= 15


def test_scan_asks_little(world: World, page_client: PageClient) -> None:
    found = world.ready()
    world.approve(found)
    (one,) = list_passes_of_request(found.id)
    assert asked(page_client, f"/V/{one.token}") <= 3
