"""Callers count whole and right answers only."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from portal.runtime.bench.crowd import ask

_PAGES = {"/right": (200, b"Plaque " * 20_000), "/wrong": (200, b"nothing"), "/late": (429, b"Plaque")}


class _Pages(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        status, body = _PAGES[self.path]
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def port() -> Iterator[int]:
    """The port of a server of three pages."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Pages) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def test_rate_is_of_all_callers_together(port: int) -> None:
    answers = ask(port, ["/right", "/right", "/right"], callers=2, seconds=0.2, must_hold=b"Plaque")
    assert len(answers.times_ms) >= 2
    assert 0 < answers.rate <= len(answers.times_ms) / 0.2


@pytest.mark.parametrize("path", ["/wrong", "/late"])
def test_wrong_answer_is_no_figure(port: int, path: str) -> None:
    with pytest.raises(RuntimeError, match="a caller got"):
        ask(port, [path], callers=2, seconds=0.2, must_hold=b"Plaque")
