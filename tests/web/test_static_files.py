"""Scripts and styles are sent compressed, whole and once."""

from __future__ import annotations

import gzip

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.config import PROJECT_ROOT

SCRIPT = "/static/js/map.js"


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def test_script_is_compressed_when_the_caller_takes_gzip(client: FlaskClient) -> None:
    whole = (PROJECT_ROOT / "static/js/map.js").read_bytes()
    answer = client.get(SCRIPT, headers={"Accept-Encoding": "br, gzip"}, buffered=True)
    assert answer.headers["Content-Encoding"] == "gzip" and "Accept-Encoding" in answer.headers["Vary"]
    assert gzip.decompress(answer.data) == whole
    assert int(answer.headers["Content-Length"]) == len(answer.data) < len(whole) / 2
    again = client.get(
        SCRIPT, headers={"Accept-Encoding": "gzip", "If-None-Match": answer.headers["ETag"]}, buffered=True
    )
    assert again.status_code == 304 and not again.data


@pytest.mark.parametrize("headers", [{}, {"Accept-Encoding": "identity"}, {"Accept-Encoding": "gzip;q=0"}], ids=str)
def test_script_is_plain_when_the_caller_takes_no_gzip(client: FlaskClient, headers: dict[str, str]) -> None:
    answer = client.get(SCRIPT, headers=headers, buffered=True)
    assert "Content-Encoding" not in answer.headers
    assert answer.data == (PROJECT_ROOT / "static/js/map.js").read_bytes()


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/static/js/map.js", {"Range": "bytes=0-9"}, 206),
        ("/static/img/logo.svg", {}, 200),
        ("/static/vendor/font/atkinson-hyperlegible-next.woff2", {}, 200),
        ("/static/js/none.js", {}, 404),
        ("/static/../pyproject.toml", {}, 404),
    ],
    ids=["part", "small", "font", "missing", "outside"],
)
def test_answer_is_left_as_it_is_when_compressing_gains_nothing(
    client: FlaskClient, path: str, headers: dict[str, str], status: int
) -> None:
    answer = client.get(path, headers={"Accept-Encoding": "gzip", **headers}, buffered=True)
    assert answer.status_code == status and "Content-Encoding" not in answer.headers
