"""The adapter of the outside geocoder, against a real server on this machine."""

from __future__ import annotations

import contextlib
import json
import logging
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest

from portal.territories.address_search import HitKind
from portal.territories.geocoder import HttpGeocoder

BOX = (2.3, 48.8, 2.4, 48.9)


def _feature(label: str, lon: float, lat: float, kind: str = "housenumber") -> dict[str, Any]:
    return {
        "geometry": {"type": "Point", "coordinates": [lon, lat]},
        "properties": {"label": label, "type": kind, "score": 0.87654},
    }


class _Service(BaseHTTPRequestHandler):
    status: ClassVar[int] = 200
    body: ClassVar[bytes] = b""
    wait_s: ClassVar[float] = 0.0
    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        time.sleep(self.wait_s)
        self.send_response(self.status)
        # A caller that ran out of patience is gone by now.
        with contextlib.suppress(ConnectionError):
            self.end_headers()
            self.wfile.write(self.body)

    def log_message(self, *_arguments: object) -> None:
        """Keep the test's output quiet."""


@pytest.fixture
def service() -> Iterator[tuple[type[_Service], HttpGeocoder]]:
    """A server whose answers the test chooses, and the adapter that asks it."""
    kind = type("Service", (_Service,), {"asked": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield kind, HttpGeocoder(f"http://127.0.0.1:{server.server_address[1]}/search", timeout_s=0.4)
    server.shutdown()
    thread.join()
    server.server_close()


def test_features_in_the_box_become_hits(service: tuple[type[_Service], HttpGeocoder]) -> None:
    kind, geocoder = service
    features = [_feature("8 Rue A", 2.35, 48.85), _feature("Rue B", 2.36, 48.86, "street"), _feature("Far", 7.0, 43.0)]
    kind.body = json.dumps({"features": features}).encode()
    hits = geocoder.search("rue a", 5, BOX)
    assert [(hit.label, hit.kind, hit.score) for hit in hits] == [
        ("8 Rue A", HitKind.ADDRESS, 0.877),
        ("Rue B", HitKind.STREET, 0.877),
    ]
    assert kind.asked[0].startswith("/search?q=rue+a&limit=5&")
    assert "lon=2.35" in kind.asked[0]


@pytest.mark.parametrize(
    ("status", "body", "wait_s"),
    [
        (500, b"", 0.0),
        (429, b"", 0.0),
        (200, b"<html>", 0.0),
        (200, b'{"features": [{}]}', 0.0),
        (200, b"[]", 0.0),
        (200, b'{"features": []}', 0.8),
    ],
    ids=["error", "busy", "page", "half", "list", "slow"],
)
def test_no_answer_is_given_and_it_is_logged_when_the_service_fails(
    service: tuple[type[_Service], HttpGeocoder],
    caplog: pytest.LogCaptureFixture,
    status: int,
    body: bytes,
    wait_s: float,
) -> None:
    kind, geocoder = service
    kind.status, kind.body, kind.wait_s = status, body, wait_s
    with caplog.at_level(logging.WARNING):
        assert geocoder.search("12 rue secrète", 5, BOX) == []
    assert "geocoder gave no answer" in caplog.text
    assert "secrète" not in caplog.text


def test_no_answer_is_given_when_nothing_listens() -> None:
    assert HttpGeocoder("http://127.0.0.1:9/search", 0.3).search("rue", 5, BOX) == []
