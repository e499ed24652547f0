"""Downloading a source: from hosts the operator named, over https, within bounds of size, time and redirects.

A feed is an address that a supervisor types and that the server calls: nothing but the listed hosts may be reached, at
first or through a redirect. `http` is for the loopback alone, and only when it is listed with its port.
"""

from __future__ import annotations

import ipaddress
import logging
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Final
from urllib.parse import urljoin, urlsplit

import requests
import urllib3

from portal.common.errors import Invalid, Unavailable

MAX_REDIRECTS = 3
_TRIES = 3
_LONGEST_WAIT_S = 20.0
_CHUNK_BYTES = 64 * 1024
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_PASSING: Final = frozenset({429, 500, 502, 503, 504})
_DEFAULT_PORTS: Final = {"https": 443, "http": 80}
_MEGABYTE = 1024 * 1024

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FetchRules:
    """What a download may do. hosts: `name`, or `name:port` for another port than the usual one.

    most_bytes: of the file as it is kept, after decompression. timeout_s: of a connection and of a silence; total_s:
    of everything, retries included.
    """

    hosts: frozenset[str]
    most_bytes: int
    timeout_s: float = 20.0
    total_s: float = 600.0


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came. changed False: it is still what `etag` or `last_modified` named, and nothing was written."""

    changed: bool
    etag: str
    last_modified: str
    size_bytes: int


class _Passing(Exception):
    """An answer worth asking again. after_s: how long the source wants us to wait, None when it did not say."""

    def __init__(self, error: Unavailable, after_s: float | None = None) -> None:
        super().__init__(error.code)
        self.error = error
        self.after_s = after_s


def check_url(url: str, hosts: frozenset[str]) -> str:
    """Return the host of an address that may be fetched.

    Raises Invalid(`feed-url`, `feed-not-https`, `feed-url-credentials`, `feed-host`).
    """
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError as error:
        raise Invalid("feed-url") from error
    if parts.scheme not in _DEFAULT_PORTS or not host or any(ord(sign) <= 32 or sign == "\\" for sign in url):
        raise Invalid("feed-url")
    if parts.username is not None or parts.password is not None:
        raise Invalid("feed-url-credentials")
    if parts.scheme == "http" and not _is_loopback(host):
        raise Invalid("feed-not-https", host=host)
    usual = port in {None, _DEFAULT_PORTS[parts.scheme]}
    if (host if usual else f"{host}:{port}") not in hosts:
        raise Invalid("feed-host", host=host if usual else f"{host}:{port}")
    return host


def fetch(
    url: str,
    into: Path,
    rules: FetchRules,
    *,
    etag: str = "",
    last_modified: str = "",
    progress: Callable[[int, int], None] | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> Fetched:
    """Download an address into a file, unless it is still what etag or last_modified name.

    progress: bytes received and announced (0: unknown). A passing failure (no connection, 429, 5xx) is tried again
    twice, after the time the source asks for, within bounds.

    Raises Invalid when asking again is useless (`feed-url`, `feed-not-https`, `feed-url-credentials`, `feed-host`,
    `feed-redirects`, `feed-missing`, `feed-status`, `feed-too-large`, `feed-encoding`), Unavailable when it is not
    (`feed-unreachable`, `feed-timeout`, `feed-cut`, `feed-busy` with retry_after_s).
    """
    deadline = time.monotonic() + rules.total_s
    conditions = {
        name: value for name, value in {"If-None-Match": etag, "If-Modified-Since": last_modified}.items() if value
    }
    host = check_url(url, rules.hosts)
    with requests.Session() as web:
        web.auth = _no_credentials
        for attempt in range(_TRIES):
            try:
                return _once(web, url, into, rules, conditions, deadline, progress)
            except _Passing as passing:
                wait_s = 2.0**attempt if passing.after_s is None else passing.after_s
                last = attempt == _TRIES - 1 or wait_s > _LONGEST_WAIT_S or time.monotonic() + wait_s >= deadline
                if last:
                    raise passing.error from passing
                _log.info("%s: %s; asking again in %.0f s", host, passing.error.code, wait_s)
                sleep(wait_s)
    raise AssertionError("the last attempt returns or raises")


def _once(
    web: requests.Session,
    url: str,
    into: Path,
    rules: FetchRules,
    conditions: Mapping[str, str],
    deadline: float,
    progress: Callable[[int, int], None] | None,
) -> Fetched:
    host = check_url(url, rules.hosts)
    try:
        for _hop in range(MAX_REDIRECTS + 1):
            with _ask(web, url, rules, conditions) as answer:
                if answer.status_code in _REDIRECTS and "Location" in answer.headers:
                    url = urljoin(url, answer.headers["Location"])
                    host = check_url(url, rules.hosts)
                    continue
                return _receive(answer, host, into, rules, conditions, deadline, progress)
    except (requests.Timeout, urllib3.exceptions.TimeoutError) as error:
        raise _Passing(Unavailable("feed-timeout", host=host)) from error
    except (urllib3.exceptions.ProtocolError, requests.exceptions.ChunkedEncodingError, zlib.error) as error:
        raise _Passing(Unavailable("feed-cut", host=host)) from error
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
        raise _Passing(Unavailable("feed-unreachable", host=host)) from error
    raise Invalid("feed-redirects", host=host, most=MAX_REDIRECTS)


def _ask(web: requests.Session, url: str, rules: FetchRules, conditions: Mapping[str, str]) -> requests.Response:
    # gzip alone: it is the one encoding that `_plain` can take apart within bounds.
    headers = {"Accept-Encoding": "gzip", "User-Agent": "Joptimiz", **conditions}
    timeout = (rules.timeout_s, rules.timeout_s)
    return web.get(url, headers=headers, timeout=timeout, stream=True, allow_redirects=False)


def _receive(
    answer: requests.Response,
    host: str,
    into: Path,
    rules: FetchRules,
    conditions: Mapping[str, str],
    deadline: float,
    progress: Callable[[int, int], None] | None,
) -> Fetched:
    status = answer.status_code
    etag, modified = answer.headers.get("ETag", "")[:255], answer.headers.get("Last-Modified", "")[:64]
    if status == 304 and conditions:
        return Fetched(False, etag, modified, 0)
    if status in _PASSING:
        after_s = _retry_after(answer.headers.get("Retry-After", ""))
        wanted_s = None if after_s is None else round(after_s)
        raise _Passing(Unavailable("feed-busy", host=host, status=status, retry_after_s=wanted_s), after_s)
    if status in {404, 410}:
        raise Invalid("feed-missing", host=host, status=status)
    if status != 200:
        raise Invalid("feed-status", host=host, status=status)
    length = answer.headers.get("Content-Length", "")
    announced = int(length) if length.isdecimal() and len(length) < 20 else 0
    if announced > rules.most_bytes:
        raise Invalid("feed-too-large", host=host, most=rules.most_bytes // _MEGABYTE)
    received = kept = 0
    with into.open("wb") as file:
        for raw, plain in _plain(answer, host):
            received, kept = received + raw, kept + len(plain)
            if kept > rules.most_bytes:
                raise Invalid("feed-too-large", host=host, most=rules.most_bytes // _MEGABYTE)
            if time.monotonic() > deadline:
                raise Unavailable("feed-timeout", host=host)
            file.write(plain)
            if progress is not None:
                progress(received, announced)
    return Fetched(True, etag, modified, kept)


def _plain(answer: requests.Response, host: str) -> Iterator[tuple[int, bytes]]:
    """The body in small pieces: bytes received, and what they hold; a bomb is unpacked a piece at a time."""
    encoding = answer.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in {"gzip", "x-gzip", "identity", ""}:
        raise Invalid("feed-encoding", host=host, encoding=encoding[:40])
    # 16 + MAX_WBITS: a gzip stream with its checksum.
    unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS) if encoding in {"gzip", "x-gzip"} else None
    # One system call at a time: waiting for a full piece would let a source that trickles hold us for ever.
    while piece := answer.raw.read1(_CHUNK_BYTES, decode_content=False):
        if unpacker is None:
            yield len(piece), piece
            continue
        received = len(piece)
        while piece and not unpacker.eof:
            yield received, unpacker.decompress(piece, _CHUNK_BYTES)
            received, piece = 0, unpacker.unconsumed_tail
    if unpacker is not None and not unpacker.eof:
        raise zlib.error("the stream ends before its checksum")


def _retry_after(text: str) -> float | None:
    """Seconds to wait, from a number of seconds or a date; None when it says neither."""
    if text.strip().isdigit():
        return float(min(int(text.strip()), 86_400))
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    aware = at if at.tzinfo else at.replace(tzinfo=UTC)
    return min(max(0.0, (aware - datetime.now(UTC)).total_seconds()), 86_400.0)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _no_credentials(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Send the request as it is: without it, requests would look for a password in the server's own .netrc."""
    return request
