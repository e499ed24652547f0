"""The registry over HTTP, against a server of our own that gives prepared answers."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from portal.accounts.registry import HttpCompanyRegistry
from portal.common.errors import Unavailable
from tests.unit.accounts.test_registry import ANSWER, SIRET


class _Handler(BaseHTTPRequestHandler):
    """Answers what the server holds: a status, a body, a delay."""

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        time.sleep(self.server.delay_s)
        try:
            self.send_response(self.server.status)
            self.send_header("Content-Length", str(len(self.server.body)))
            self.end_headers()
            self.wfile.write(self.server.body)
        except ConnectionError:
            self.server.asked.append("gone")  # the client did not wait: that is what a test of the limit wants

    def log_message(self, *_arguments: object) -> None:
        """Keep the output of the tests quiet."""


@pytest.fixture
def server():
    made = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    made.status, made.body, made.delay_s, made.asked = 200, json.dumps(ANSWER).encode(), 0.0, []
    thread = threading.Thread(target=made.serve_forever, args=(0.02,))
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


def _registry(server, timeout_s: float = 2.0) -> HttpCompanyRegistry:
    return HttpCompanyRegistry(f"http://127.0.0.1:{server.server_address[1]}/", timeout_s)


def test_establishment_is_asked_by_its_siret(server):
    found = _registry(server).find(SIRET)
    assert found is not None and found.name == "FLEURS DURAND"
    asked = urlsplit(server.asked[0])
    assert (asked.path, parse_qs(asked.query)["q"]) == ("/search", [SIRET])


@pytest.mark.parametrize(
    ("status", "body"),
    [(429, b"{}"), (500, b""), (200, b"<html>"), (200, b"[]"), (200, b"{}"), (200, b" " * 1_100_000)],
    ids=["too-many", "broken", "not-json", "not-an-object", "another-shape", "too-long"],
)
def test_registry_is_unavailable_when_its_answer_cannot_be_used(server, status, body):
    server.status, server.body = status, body
    with pytest.raises(Unavailable, match="registry-unreachable"):
        _registry(server).find(SIRET)


def test_registry_is_unavailable_when_it_is_slow(server):
    server.delay_s = 0.5
    started = time.monotonic()
    with pytest.raises(Unavailable, match="registry-unreachable"):
        _registry(server, timeout_s=0.1).find(SIRET)
    assert time.monotonic() - started < 0.45


def test_registry_is_unavailable_when_nothing_listens(server):
    nobody = _registry(server)
    server.shutdown()
    server.server_close()
    with pytest.raises(Unavailable, match="registry-unreachable"):
        nobody.find(SIRET)
