"""The write API of the national base: four calls, bounded, never redirected, the account in their headers alone.

Facts: `docs/public/api.md` of the base. A refusal says why in its own words, which are kept without our secret.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from unicodedata import category
from urllib.parse import quote

import requests
import urllib3

from portal.common.errors import PortalError, Unavailable
from portal.numeriz.feeds.fetching import check_url
from portal.numeriz.pushing.accounts import PushTarget

_PATH: Final = "/api/regulations"
# An order read back comes with everything that was drawn.
_MOST_BYTES: Final = 16 * 1024 * 1024
_CHUNK_BYTES: Final = 64 * 1024
_PASSING: Final = frozenset({408, 425, 429})
_MOST_SENTENCES, _MOST_SIGNS = 12, 400


class Refused(PortalError):
    """The base will not take it. status: of its answer; sentences: why, in its words."""

    def __init__(self, code: str, answer: int, sentences: tuple[str, ...]) -> None:
        super().__init__(code, status=answer)
        self.answer = answer
        self.sentences = sentences


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    content: bytes = field(repr=False)

    def json(self) -> Any:
        """The answer read as JSON; None when it is not."""
        try:
            return json.loads(self.content)
        except (UnicodeDecodeError, ValueError, RecursionError):
            return None


@dataclass(frozen=True, slots=True)
class DialogClient:
    """One territory's way to the base. timeout_s: of a connection and of a silence; total_s: of one call.

    Every call raises Unavailable(`push-unreachable`, `push-timeout`, `push-busy` with retry_after_s), Refused
    (`push-unauthorised`, `push-refused`, `push-answer`), and Invalid as `check_url` when the base is not one of the
    hosts of this installation.
    """

    target: PushTarget
    timeout_s: float = 20.0
    total_s: float = 60.0

    def has(self, identifier: str) -> bool:
        """Tell whether the organisation has an order of this identifier, draft or published."""
        answer = self._ask("GET", identifier)
        if answer.status == 404:
            return False
        found = self._expect(answer, 200).json()
        if not isinstance(found, dict) or found.get("identifier") != identifier:
            raise Refused("push-answer", answer.status, ())
        return True

    def create(self, body: Mapping[str, Any]) -> str:
        """Add an order; return its id there, empty when the answer names none."""
        return _uuid_of(self._expect(self._ask("POST", None, body), 201))

    def replace(self, body: Mapping[str, Any]) -> str:
        """Replace the order of the same identifier; return its id. Refused with answer 404 when there is none."""
        return _uuid_of(self._expect(self._ask("PUT", None, body), 200))

    def delete(self, identifier: str) -> bool:
        """Delete an order; return False when there was none."""
        answer = self._ask("DELETE", identifier)
        if answer.status == 404:
            return False
        self._expect(answer, 204, 200)
        return True

    def _expect(self, answer: _Answer, *statuses: int) -> _Answer:
        if answer.status in statuses:
            return answer
        code = {401: "push-unauthorised"}.get(answer.status, "push-refused")
        raise Refused(code, answer.status, tuple(self._sentences(answer)))

    def _ask(self, method: str, identifier: str | None, body: Mapping[str, Any] | None = None) -> _Answer:
        # A slash stays as it is: the base takes the rest of the path as the identifier.
        tail = "" if identifier is None else f"/{quote(identifier, safe='/')}"
        url = f"{self.target.base_url}{_PATH}{tail}"
        host = check_url(url, self.target.hosts)
        deadline = time.monotonic() + self.total_s
        with _telling(host), requests.Session() as web:
            web.auth = self._sign
            asked = web.request(
                method,
                url,
                json=None if body is None else dict(body),
                headers={"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "Joptimiz"},
                timeout=(self.timeout_s, self.timeout_s),
                allow_redirects=False,
                stream=True,
            )
            with asked:
                content = _read(asked, host, deadline)
        status = asked.status_code
        if status in _PASSING or status >= 500:
            after = asked.headers.get("Retry-After", "").strip()
            wanted_s = min(int(after), 86_400) if after.isdecimal() and len(after) < 9 else 0
            raise Unavailable("push-busy", host=host, status=status, retry_after_s=wanted_s)
        return _Answer(status, content)

    def _sign(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Put the account in the headers; with it, requests looks for no password of the server's own."""
        request.headers["X-Client-Id"] = self.target.account.client_id
        request.headers["X-Client-Secret"] = self.target.account.client_secret
        return request

    def _sentences(self, answer: _Answer) -> Iterator[str]:
        """What a refusal says: its detail, then its violations with their place."""
        found = answer.json()
        if not isinstance(found, dict):
            return
        said: list[str] = []
        violations = found.get("violations")
        for violation in violations if isinstance(violations, list) else []:
            if isinstance(violation, dict) and isinstance(violation.get("title"), str):
                place = violation.get("propertyPath")
                said.append(f"{place}\u00a0: {violation['title']}" if isinstance(place, str) else violation["title"])
        detail = found.get("detail") or found.get("message")
        if isinstance(detail, str) and not said:
            said.append(detail)
        for sentence in said[:_MOST_SENTENCES]:
            clean = "".join(" " if category(sign) in {"Cc", "Cs"} else sign for sign in sentence)
            yield clean.replace(self.target.account.client_secret, "…")[:_MOST_SIGNS]


@contextmanager
def _telling(host: str) -> Iterator[None]:
    """Turn what a connection can raise into the errors of `DialogClient`."""
    try:
        yield
    except (requests.Timeout, urllib3.exceptions.TimeoutError) as error:
        raise Unavailable("push-timeout", host=host) from error
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
        raise Unavailable("push-unreachable", host=host) from error


def _read(asked: requests.Response, host: str, deadline: float) -> bytes:
    kept = bytearray()
    while piece := asked.raw.read1(_CHUNK_BYTES, decode_content=False):
        kept += piece
        if len(kept) > _MOST_BYTES:
            raise Unavailable("push-unreachable", host=host)
        if time.monotonic() > deadline:
            raise Unavailable("push-timeout", host=host)
    return bytes(kept)


def _uuid_of(answer: _Answer) -> str:
    found = answer.json()
    value = found.get("uuid") if isinstance(found, dict) else None
    return value[:80] if isinstance(value, str) else ""
