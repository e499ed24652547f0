"""Somebody at the pages of a portal under attack: signs in, sends files, presses the button again."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from uuid import UUID

import requests
from sqlalchemy import func, select

from portal.audit.models import AuditEntry
from portal.audit.tags import AuditTag
from portal.db import session
from portal.fleet.models import ImportState, Vehicle
from portal.runtime.demo.names import DOMAIN, PASSWORD
from tests.faults.work import Company
from tests.support.installation import RunningPortal

ROWS = 2400
_PREFIX = "K"
"""First letter of the plates sent here; those of the demonstration begin with G."""
_LETTERS = "ABCDEFGHJKLMNPQRSTVWXYZ"
_ANSWERED_WITHIN_S = 120
_NO_ANSWER = (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError)


class Browser:
    """Forms sent as a browser without script sends them."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._session = requests.Session()
        self._session.trust_env = False

    def get(self, path: str) -> requests.Response:
        """Show a page."""
        answer = self._session.get(self._url + path, timeout=60)
        assert answer.status_code == 200, f"{path}: {answer.status_code}"
        return answer

    def post(self, url: str, data: dict[str, str] | None = None, **more: object) -> requests.Response:
        """Send a form of the page shown before, with its token; follow to the page it leads to."""
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', self.get("/connexion").text)
        assert token is not None
        form = {"csrf_token": token[1], **(data or {})}
        answer = self._session.post(url, data=form, timeout=60, **more)  # type: ignore[arg-type]
        assert answer.status_code == 200, f"{url}: {answer.status_code}"
        return answer

    def sign_in(self, email: str) -> None:
        """Sign in with the password of the demonstration."""
        self.post(f"{self._url}/connexion", {"email": email, "password": PASSWORD})


class Sender:
    """A florist who sends one file of her fleet after the other, and has each stored."""

    def __init__(self, portal: RunningPortal, company: Company) -> None:
        self._company = company
        self._browser = Browser(portal.url)
        self._browser.sign_in(f"fleuriste@{DOMAIN}")
        home = self._browser.get("/accueil").url
        self._fleet = re.sub(r"(/entreprises/[0-9a-f-]{36}).*", r"\1/vehicules", home)
        self.company_id = UUID(re.sub(r".*/entreprises/([0-9a-f-]{36}).*", r"\1", home))
        self.confirmed: list[UUID] = []

    def keep_sending(self, enough: threading.Event, most: int) -> None:
        """Send files until told that it is enough, or `most` of them; every one begun is brought to its end.

        When no answer comes she presses the button again: a file may be received twice, it is stored once.
        """
        while not enough.is_set() and len(self.confirmed) < most:
            content = _file(len(self.confirmed))
            page = _insist(lambda body=content: self._send(body))  # type: ignore[misc]
            import_id = UUID(page.url.rpartition("/")[2])
            self._company.wait_until(
                lambda one=import_id: self._company.import_of(one).state is ImportState.CHECKED,  # type: ignore[misc]
                _ANSWERED_WITHIN_S,
                "the file is judged",
            )
            _insist(lambda url=page.url: self._browser.post(f"{url}/confirmer"))  # type: ignore[misc]
            self.confirmed.append(import_id)

    def _send(self, content: bytes) -> requests.Response:
        return self._browser.post(f"{self._fleet}/fichier", files={"file": ("flotte.csv", content)})

    def check_stored_once(self) -> None:
        """Fail unless the vehicles of every file she had stored are there, written once. Inside a context."""
        assert self.confirmed
        for number, import_id in enumerate(self.confirmed):
            row = self._company.import_of(import_id)
            assert (row.state, row.added, row.updated) == (ImportState.APPLIED, ROWS, 0)
            stored = session().execute(
                select(func.count(), func.min(Vehicle.version), func.max(Vehicle.version)).where(
                    Vehicle.company_id == self.company_id, Vehicle.plate.startswith(f"{_PREFIX}{_LETTERS[number]}")
                )
            )
            assert stored.one() == (ROWS, 1, 1)
            told = select(func.count()).where(
                AuditEntry.tag == AuditTag.FLEET_IMPORTED, AuditEntry.subject_id == import_id
            )
            assert session().scalar(told) == 1


def _file(number: int) -> bytes:
    """ROWS vans that no other file holds: large enough to be judged by a job."""
    lines = ["Immatriculation;Nom d’usage;PTAC;Hauteur"]
    for place in range(ROWS):
        block, digits = divmod(place, 999)
        plate = f"{_PREFIX}{_LETTERS[number]}-{digits + 1:03d}-{_LETTERS[block]}Z"
        lines.append(f"{plate};Fourgon {number} {place};3500;2,1")
    return "\n".join(lines).encode()


def _insist(send: Callable[[], requests.Response]) -> requests.Response:
    """Press the button again as long as no answer comes."""
    until = time.monotonic() + _ANSWERED_WITHIN_S
    while True:
        try:
            return send()
        except _NO_ANSWER:
            assert time.monotonic() < until, "the web does not come back"
            time.sleep(0.2)
