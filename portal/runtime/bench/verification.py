"""How many passes are verified per second: the whole page over HTTP, and the signed token alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from portal.cirqliz.passes.queries import list_passes
from portal.cirqliz.passes.services import key_ring
from portal.cirqliz.tokens import open_token
from portal.runtime.bench.ground import Ground
from portal.runtime.bench.line import Line, per_second

_SECONDS = 3.0
_CLIENTS = 4
_REFERENCE = "bare Ed25519 verify"


def measure(ground: Ground) -> Iterator[Line]:
    """Yield both rates; the reference is one Ed25519 verification of a message as long, by the same library."""
    token = _a_token(ground)
    bare = _bare_verify_rate()
    with ground.app.app_context():
        ring = key_ring()
    yield Line("pass token check", per_second(lambda: open_token(ring, token), _SECONDS), "1/s", _REFERENCE, bare)
    yield Line(f"pass verification page, {_CLIENTS} clients", _http_rate(ground, token), "1/s", _REFERENCE, bare)


def _a_token(ground: Ground) -> str:
    """Return the token of a pass of the demonstration."""
    with ground.browser("grossiste") as company:
        found = re.search(r'href="/entreprises/([0-9a-f-]{36})/vehicules"', company.get("/"))
    if found is None:
        raise RuntimeError("the company has no fleet")
    with ground.app.app_context():
        return list_passes(UUID(found[1])).items[0].token


def _bare_verify_rate() -> float:
    key = Ed25519PrivateKey.generate()
    message = bytes(40)
    signature, public = key.sign(message), key.public_key()
    return per_second(lambda: public.verify(signature, message), _SECONDS)


def _http_rate(ground: Ground, token: str) -> float:
    def scan(_client: int) -> float:
        with ground.browser() as agent:
            agent.get(f"/v/{token}")
            return per_second(lambda: agent.get(f"/v/{token}"), _SECONDS)

    with ThreadPoolExecutor(_CLIENTS) as clients:
        return sum(clients.map(scan, range(_CLIENTS)))
