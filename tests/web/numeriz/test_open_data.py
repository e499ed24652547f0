"""The public pages and files of open data, as people and programs ask for them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from lxml import etree

from portal.db import unit_of_work
from portal.jobs import enqueue
from portal.numeriz.exports.channels import CHANNELS
from portal.numeriz.exports.publishing import PUBLISH_JOB
from portal.territories.models import ALL_TERRITORIES
from tests.factories.law import bay_draft, make_law, make_territory, order_draft, perimeter_draft
from tests.support.web import PageClient

RunJobs = Callable[[Flask], int]
DATEX2 = "/donnees/paris-3e/reglementation.datex2.xml"


@pytest.fixture
def town(app: Flask) -> None:
    make_law(
        make_territory(),
        perimeters=[perimeter_draft(spans=[("2024-01-01T00:00", None)])],
        orders=[order_draft(identifier="A-1")],
        bays=[bay_draft("B", 2.36, 48.86)],
    )


@pytest.fixture
def published(app: Flask, town: None, run_jobs: RunJobs) -> None:
    with unit_of_work():
        enqueue(PUBLISH_JOB, {"scope": "paris-3e"})
        enqueue(PUBLISH_JOB, {"scope": ALL_TERRITORIES})
    run_jobs(app)


@pytest.mark.usefixtures("town")
def test_the_list_leads_to_each_territory_and_to_all_when_nobody_is_signed_in(page_client: PageClient) -> None:
    page = page_client.get("/donnees")
    links = {link["href"] for link in page.select("main a")}
    assert {"/donnees/paris-3e", f"/donnees/{ALL_TERRITORIES}"} <= links
    assert "font foi" in page.get_text()
    assert page.select_one("footer a[href='/donnees']")


@pytest.mark.usefixtures("published")
def test_a_scope_lists_each_file_with_what_it_cannot_say(page_client: PageClient) -> None:
    page = page_client.get("/donnees/paris-3e")
    shown = page.get_text(" ", strip=True)
    for channel in CHANNELS:
        assert str(channel.title) in shown and f"/donnees/paris-3e/{channel.file_name}" in shown
        for limit in channel.cannot_say:
            assert str(limit) in shown
    assert len(page.select("main a[download]")) == len(CHANNELS)
    assert "Licence Ouverte 2.0" in shown and "font foi" in shown
    page_client.get(f"/donnees/{ALL_TERRITORIES}")


@pytest.mark.usefixtures("town")
def test_a_file_is_said_to_come_when_it_was_never_made(page_client: PageClient) -> None:
    page = page_client.get("/donnees/paris-3e")
    assert "En préparation" in page.get_text() and not page.select("main a[download]")
    answer = page_client.raw.get(DATEX2)
    assert answer.status_code == 503 and int(answer.headers["Retry-After"]) > 0
    assert answer.mimetype == "text/plain" and "minutes" in answer.get_data(as_text=True)


@pytest.mark.usefixtures("published")
@pytest.mark.parametrize("channel", CHANNELS, ids=lambda channel: channel.name)
@pytest.mark.parametrize("scope", ["paris-3e", ALL_TERRITORIES])
def test_a_file_is_sent_with_its_type_name_and_licence(page_client: PageClient, channel: object, scope: str) -> None:
    known = next(found for found in CHANNELS if found is channel)
    answer = page_client.raw.get(f"/donnees/{scope}/{known.file_name}")
    assert answer.status_code == 200 and answer.headers["Content-Type"] == known.media_type
    assert len(answer.data) == int(answer.headers["Content-Length"]) > 0
    answer.close()
    assert known.saved_as in answer.headers["Content-Disposition"]
    assert answer.headers["Access-Control-Allow-Origin"] == "*" and 'rel="license"' in answer.headers["Link"]
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    assert "Set-Cookie" not in answer.headers


@pytest.mark.usefixtures("published")
def test_the_caller_is_told_when_it_has_the_file_already(page_client: PageClient) -> None:
    first = page_client.raw.get(DATEX2)
    etree.fromstring(first.data)
    first.close()
    same = page_client.raw.get(DATEX2, headers={"If-None-Match": first.headers["ETag"]})
    unchanged = page_client.raw.get(DATEX2, headers={"If-Modified-Since": first.headers["Last-Modified"]})
    other = page_client.raw.get(DATEX2, headers={"If-None-Match": '"other"'})
    other.close()
    assert (same.status_code, same.data) == (304, b"") and unchanged.status_code == 304
    assert same.headers["ETag"] == first.headers["ETag"] and other.status_code == 200
    head = page_client.raw.head(DATEX2)
    assert head.status_code == 200 and head.data == b"" and head.headers["ETag"] == first.headers["ETag"]


@pytest.mark.usefixtures("published")
def test_a_file_stays_out_of_shared_caches_when_the_caller_sends_a_cookie(page_client: PageClient) -> None:
    page_client.raw.set_cookie("joptimiz", "x")
    answer = page_client.raw.get(DATEX2)
    assert answer.headers["Cache-Control"] == "private, max-age=300"
    answer.close()


@pytest.mark.usefixtures("published")
@pytest.mark.parametrize(
    "url",
    [
        "/donnees/ailleurs",
        "/donnees/ailleurs/arretes.csv",
        "/donnees/paris-3e/autre.xml",
        "/donnees/paris-3e/curbs/areas",
        "/donnees/paris-3e/../../etc/passwd",
    ],
)
def test_an_unknown_scope_or_file_is_not_found(page_client: PageClient, url: str) -> None:
    assert page_client.raw.get(url).status_code == 404
