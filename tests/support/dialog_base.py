"""A small national base on the loopback: its write API as documented, and what it would answer to a search.

It keeps one order per identifier, as the base does, and answers a scripted failure instead when there is one.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote
from uuid import uuid4

from portal.config import DialogAccount

type Json = dict[str, Any]

ACCOUNT = DialogAccount("ville-d-essai", "un-secret-de-64-signes")
OUTSIDE = (
    'L\'organisation "" ne semble pas avoir les compétences pour intervenir sur ce linéaire de route. '
    "S'il s'agit d'une erreur, vous pouvez contacter le support DiaLog."
)
_PATH = "/api/regulations"
_TAKEN = {"propertyPath": "generalInfo.identifier", "title": "L'identifiant est déjà utilisé sur un autre arrêté."}


@dataclass
class Scripted:
    """An answer given instead of doing what was asked. after: done once the base has done it, before it answers."""

    status: int = 0
    body: object = None
    headers: Mapping[str, str] = field(default_factory=dict)
    sleep_s: float = 0.0
    after: Callable[[], object] | None = None


@dataclass
class DialogBase:
    """orders: body by identifier; ids: their ids. asked: method and path of each call. next: scripted answers, by
    method, used once each.
    """

    port: int = 0
    orders: dict[str, Json] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    next: dict[str, list[Scripted]] = field(default_factory=dict)

    @property
    def host(self) -> str:
        """As it is listed among the hosts of feeds."""
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://{self.host}"

    @property
    def changes(self) -> list[str]:
        """The methods of the calls that change something, in order."""
        return [method for method, _path in self.asked if method != "GET"]

    def fail(self, method: str, *answers: Scripted) -> None:
        """Have the next calls of a method answered so."""
        self.next.setdefault(method, []).extend(answers)

    def search_item(self, identifier: str) -> Json:
        """An order as the search shows it: what other portals read back."""
        body = self.orders[identifier]
        permanent = body["category"] == "permanentRegulation"
        ends = [p["endDate"] for m in body["measures"] for p in m["periods"] if "endDate" in p]
        return {
            "identifier": identifier,
            "status": body["status"],
            "category": body["category"],
            "subject": body["subject"],
            "otherCategoryText": body.get("otherCategoryText"),
            "title": body["title"],
            "startDate": min(p["startDate"] for m in body["measures"] for p in m["periods"]),
            "endDate": None if permanent or not ends else max(ends),
            "organization": {"uuid": "0bf11000-0000-7000-8000-000000000000", "name": "Ville d’essai"},
            "measures": [_measure(measure) for measure in body["measures"]],
        }


def _measure(body: Json) -> Json:
    whom = body["vehicleSet"]
    restricted = [name for name in whom["restrictedTypes"] if name not in {"other", "dimensions", "critair"}]
    limits = {"weight": "heavyweightMaxWeight", "width": "maxWidth", "length": "maxLength", "height": "maxHeight"}
    # A weight is a limit; the type beside it says no more.
    if "heavyweightMaxWeight" in whom and "heavyGoodsVehicle" in restricted:
        restricted.remove("heavyGoodsVehicle")
    other = [{"name": whom["otherRestrictedTypeText"], "isOther": True}] if "otherRestrictedTypeText" in whom else []
    free = [name for name in whom["exemptedTypes"] if name != "other"]
    freed = [{"name": whom["otherExemptedTypeText"], "isOther": True}] if "otherExemptedTypeText" in whom else []
    return {
        "type": body["type"],
        "maxSpeed": body.get("maxSpeed"),
        "vehicleSet": {
            "restrictedTypes": [
                *({"name": name, "isOther": False} for name in [*restricted, *whom.get("critairTypes", [])]),
                *other,
            ],
            "exemptedTypes": [*({"name": name, "isOther": False} for name in free), *freed],
            "maxCharacteristics": [
                {"name": name, "value": whom[written]} for name, written in limits.items() if written in whom
            ],
        },
        "periods": [_period(period) for period in body["periods"]],
        "locations": [
            {
                "uuid": str(uuid4()),
                "roadType": place["roadType"],
                "rawGeoJSON": {"label": place["rawGeoJSON"]["label"]},
                "geometry": place["rawGeoJSON"]["geometry"],
            }
            for place in body["locations"]
        ],
    }


def _period(body: Json) -> Json:
    days = body.get("dailyRange", {}).get("applicableDays", [])
    return {
        "recurrenceType": body["recurrenceType"],
        "startDateTime": body["startDate"],
        "endDateTime": body.get("endDate"),
        "dailyRange": {"dayRanges": [{"firstDay": day, "lastDay": day} for day in days]} if days else None,
        "timeSlots": body["timeSlots"],
    }


@contextmanager
def serve_base() -> Iterator[DialogBase]:
    """Run a base until the end of the block."""
    base = DialogBase()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._do()

        def do_POST(self) -> None:
            self._do()

        def do_PUT(self) -> None:
            self._do()

        def do_DELETE(self) -> None:
            self._do()

        def _do(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            body = json.loads(self.rfile.read(length)) if length else None
            base.asked.append((self.command, unquote(self.path)))
            base.headers.append({name.lower(): value for name, value in self.headers.items()})
            waiting = base.next.get(self.command, [])
            scripted = waiting.pop(0) if waiting else Scripted()
            time.sleep(scripted.sleep_s)
            status, answer = (scripted.status, scripted.body) if scripted.status else self._answer(body)
            if scripted.after is not None:
                scripted.after()
            written = b"" if answer is None else json.dumps(answer, ensure_ascii=False).encode()
            try:
                self.send_response(status)
                for name, value in {"Content-Length": str(len(written)), **scripted.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(written)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True  # the one who asked had waited long enough, or was killed

        def _answer(self, body: Json | None) -> tuple[int, object]:
            account = (self.headers.get("X-Client-Id"), self.headers.get("X-Client-Secret"))
            if account != (ACCOUNT.client_id, ACCOUNT.client_secret):
                return 401, {"message": "Unauthorized"}
            if body is None:
                return self._by_identifier(unquote(self.path.removeprefix(f"{_PATH}/")))
            identifier = body["identifier"]
            known = identifier in base.orders
            if self.command == "POST" and known:
                return 422, {"status": 422, "detail": "Validation failed", "violations": [_TAKEN]}
            if self.command == "PUT" and not known:
                return 404, {"status": 404, "detail": "Aucun arrêté de circulation trouvé."}
            base.orders[identifier] = body
            uuid = base.ids.setdefault(identifier, str(uuid4()))
            if self.command == "POST":
                return 201, {"uuid": uuid}
            return 200, {"uuid": uuid, "identifier": identifier, "status": body["status"]}

        def _by_identifier(self, identifier: str) -> tuple[int, object]:
            if identifier not in base.orders:
                return 404, {"status": 404, "detail": "Not Found"}
            if self.command == "DELETE":
                del base.orders[identifier], base.ids[identifier]
                return 204, None
            return 200, base.search_item(identifier)

        def log_message(self, *_args: object) -> None:
            """Stay silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    base.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield base
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
