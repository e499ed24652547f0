"""Downloading from real sockets: what is refused, what is tried again, and what a hostile source cannot do."""

from __future__ import annotations

import gzip
import socket
import struct
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from portal.common.errors import Invalid, PortalError, Unavailable
from portal.numeriz.feeds.fetching import Fetched, FetchRules, check_url, fetch
from tests.support.source_server import SourceServer, body, in_turn, serve

HOSTS = frozenset({"dialog.beta.gouv.fr", "data.exemple.fr:8443", "127.0.0.1:8123"})


@pytest.fixture
def source() -> Iterator[SourceServer]:
    with serve() as running:
        yield running


class Download:
    """Fetches into one file, never sleeps, and notes how long it was asked to."""

    def __init__(self, source: SourceServer, folder: Path) -> None:
        self.source, self.path = source, folder / "fetched"
        self.slept: list[float] = []

    def __call__(self, path: str, **more: object) -> Fetched:
        rules = {"most_bytes": 100_000, "timeout_s": 2.0, "total_s": 30.0}
        rules.update({name: more.pop(name) for name in list(more) if name in rules})  # type: ignore[misc]
        chosen = FetchRules(frozenset({self.source.host}), **rules)  # type: ignore[arg-type]
        return fetch(self.source.url(path), self.path, chosen, sleep=self.slept.append, **more)  # type: ignore[arg-type]


@pytest.fixture
def download(source: SourceServer, tmp_path: Path) -> Download:
    return Download(source, tmp_path)


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("https://ailleurs.fr/x.xml", "feed-host"),
        ("https://dialog.beta.gouv.fr.ailleurs.fr/x.xml", "feed-host"),
        ("https://dialog.beta.gouv.fr:444/x.xml", "feed-host"),
        ("https://data.exemple.fr/x.xml", "feed-host"),
        ("https://127.0.0.1/x.xml", "feed-host"),
        ("https://169.254.169.254/latest", "feed-host"),
        ("https://[::1]/x", "feed-host"),
        ("http://127.0.0.1:8124/x.xml", "feed-host"),
        ("http://localhost:8123/x.xml", "feed-host"),
        ("http://dialog.beta.gouv.fr/x.xml", "feed-not-https"),
        ("https://moi:secret@dialog.beta.gouv.fr/x.xml", "feed-url-credentials"),
        ("https://dialog.beta.gouv.fr@ailleurs.fr/x.xml", "feed-url-credentials"),
        ("file:///etc/passwd", "feed-url"),
        ("ftp://dialog.beta.gouv.fr/x", "feed-url"),
        ("dialog.beta.gouv.fr/x.xml", "feed-url"),
        ("https://dialog.beta.gouv.fr\\@ailleurs.fr/", "feed-url"),
        ("https://dialog.beta.gouv.fr/x\r\nHost: y", "feed-url"),
        ("https://dialog.beta.gouv.fr:port/", "feed-url"),
        ("https://[bad/", "feed-url"),
        ("", "feed-url"),
    ],
)
def test_an_address_is_refused_when_it_may_lead_elsewhere(url: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_url(url, HOSTS)
    assert refused.value.code == code


@pytest.mark.parametrize(
    "url",
    [
        "https://dialog.beta.gouv.fr/api/regulations.xml?includePermanent=false",
        "https://DIALOG.beta.gouv.fr:443/",
        "https://data.exemple.fr:8443/x",
        "http://127.0.0.1:8123/x",
    ],
)
def test_an_address_is_accepted_when_its_host_is_listed(url: str) -> None:
    assert check_url(url, HOSTS)


def test_a_file_is_kept_with_its_marks_when_it_is_new(source: SourceServer, download: Download) -> None:
    source.replies["/a"] = body(b"<a/>", ETag='"1"', Last_Modified="Mon, 01 Jun 2026 10:00:00 GMT")
    told: list[tuple[int, int]] = []
    found = download("/a", progress=lambda done, total: told.append((done, total)))
    assert found == Fetched(True, '"1"', "Mon, 01 Jun 2026 10:00:00 GMT", 4)
    assert download.path.read_bytes() == b"<a/>" and told[-1] == (4, 4)
    assert "authorization" not in source.asked[0][1]


def test_nothing_is_written_when_the_source_has_not_changed(source: SourceServer, download: Download) -> None:
    source.replies["/a"] = body(b"<a/>", ETag='"1"')
    assert download("/a", etag='"1"', last_modified="Mon, 01 Jun 2026 10:00:00 GMT").changed is False
    assert not download.path.exists()
    assert source.asked[0][1]["if-modified-since"] == "Mon, 01 Jun 2026 10:00:00 GMT"
    assert download("/a", etag='"0"').changed


def test_a_compressed_file_is_unpacked_when_it_stays_in_bounds(source: SourceServer, download: Download) -> None:
    content = b"<order/>" * 10_000
    source.replies["/a"] = body(gzip.compress(content), Content_Encoding="gzip")
    assert download("/a").size_bytes == len(content)
    assert download.path.read_bytes() == content


def test_a_redirect_is_followed_when_it_stays_on_the_listed_hosts(source: SourceServer, download: Download) -> None:
    for number in range(3):
        source.replies[f"/{number}"] = body(b"", 302, Location=f"/{number + 1}")
    source.replies["/3"] = body(b"<a/>")
    assert download("/0").changed
    source.replies["/3"] = body(b"", 301, Location="/3")
    with pytest.raises(Invalid, match="feed-redirects"):
        download("/0")


@pytest.mark.parametrize(
    ("location", "code"),
    [
        ("https://169.254.169.254/latest/meta-data", "feed-host"),
        ("http://127.0.0.1:1/", "feed-host"),
        ("http://exemple.fr/", "feed-not-https"),
        ("file:///etc/passwd", "feed-url"),
        ("//ailleurs.fr/x", "feed-not-https"),
    ],
)
def test_a_redirect_is_refused_when_it_leads_elsewhere(
    source: SourceServer, download: Download, location: str, code: str
) -> None:
    source.replies["/a"] = body(b"", 302, Location=location)
    with pytest.raises(Invalid, match=code):
        download("/a")
    assert len(source.asked) == 1


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (body(b"", 404), "feed-missing"),
        (body(b"", 410), "feed-missing"),
        (body(b"", 401), "feed-status"),
        (body(b"", 206), "feed-status"),
        (body(b"", 304), "feed-status"),
        (body(b"", 302), "feed-status"),
        (body(b"x" * 100_001), "feed-too-large"),
        (body(b"x", Content_Encoding="br"), "feed-encoding"),
        (body(gzip.compress(b"\0" * 50_000_000), Content_Encoding="gzip"), "feed-too-large"),
        (body(gzip.compress(b"order" * 1000)[:-20], Content_Encoding="gzip"), "feed-cut"),
        (body(b"not gzip", Content_Encoding="gzip"), "feed-cut"),
        (body(b"half", Content_Length="4000"), "feed-cut"),
    ],
)
def test_a_download_ends_with_its_code_when_the_answer_is_useless(
    source: SourceServer, download: Download, reply: object, code: str
) -> None:
    source.replies["/a"] = reply  # type: ignore[assignment]
    with pytest.raises(PortalError, match=code):
        download("/a", timeout_s=0.5)


def test_a_download_stops_when_an_endless_body_passes_the_limit(source: SourceServer, download: Download) -> None:
    def endless(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        for _ in range(100_000):
            request.wfile.write(b"x" * 10_000)

    source.replies["/a"] = endless
    with pytest.raises(Invalid, match="feed-too-large"):
        download("/a")


def test_a_download_stops_in_time_when_a_source_trickles(source: SourceServer, download: Download) -> None:
    def trickle(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", "1000")
        request.end_headers()
        for _ in range(200):
            request.wfile.write(b"x")
            time.sleep(0.05)

    source.replies["/a"] = trickle
    started = time.monotonic()
    with pytest.raises(Unavailable, match="feed-timeout"):
        download("/a", total_s=0.5)
    assert time.monotonic() - started < 3


def test_a_download_stops_in_time_when_a_source_is_silent(source: SourceServer, download: Download) -> None:
    source.replies["/a"] = lambda _request: time.sleep(1.0)
    with pytest.raises(Unavailable, match="feed-timeout"):
        download("/a", timeout_s=0.1)
    assert len(source.asked) == 3


def test_a_download_is_tried_again_when_the_failure_passes(source: SourceServer, download: Download) -> None:
    busy = body(b"", 429, Retry_After="7")
    source.replies["/a"] = in_turn(busy, body(b"", 503), body(b"<a/>"))
    assert download("/a").changed
    assert download.slept == [7.0, 2.0]


def test_a_download_gives_up_when_the_source_asks_for_a_long_rest(source: SourceServer, download: Download) -> None:
    source.replies["/a"] = body(b"", 503, Retry_After="3600")
    with pytest.raises(Unavailable) as refused:
        download("/a")
    assert (refused.value.code, refused.value.params["retry_after_s"]) == ("feed-busy", 3600)
    assert len(source.asked) == 1 and not download.slept
    source.replies["/a"] = body(b"", 503, Retry_After="demain")
    with pytest.raises(Unavailable) as refused:
        download("/a")
    assert refused.value.params["retry_after_s"] is None and len(source.asked) == 4


def test_a_download_is_unreachable_when_nothing_listens_or_the_line_breaks(
    source: SourceServer, download: Download, tmp_path: Path
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        silent = f"127.0.0.1:{taken.getsockname()[1]}"
        rules = FetchRules(frozenset({silent}), 1000, 1.0, 10.0)
        with pytest.raises(Unavailable, match="feed-unreachable"):
            fetch(f"http://{silent}/", tmp_path / "x", rules, sleep=lambda _s: None)

    def reset(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", "1000")
        request.end_headers()
        request.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        request.connection.close()

    source.replies["/a"] = reset
    with pytest.raises(Unavailable, match=r"feed-(cut|unreachable)"):
        download("/a")
