"""How many scans one web process answers per second, and how the number of passes changes it; the token alone.

The web process is the one the portal runs (gunicorn, threads), on a copy of the demonstration's database that grows to
a million passes. Rate limits are on: each caller has its own address, as phones have.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from portal.cirqliz.passes.services import key_ring
from portal.cirqliz.tokens import KeyRing, open_token
from portal.config import PROJECT_ROOT, Settings
from portal.runtime.bench.crowd import Answers, ask
from portal.runtime.bench.ground import Ground
from portal.runtime.bench.line import Line, per_second, percentile
from portal.runtime.bench.many_passes import add_passes, copy_database, sign_some
from portal.runtime.supervisor import StartError, check_disk

_SIZES = (10_000, 100_000, 1_000_000)
_NEEDED_BYTES = 3 * 10**9
_SCANNED = 2_000
# More than the tables of perimeters that a process remembers: each scan draws its own.
_SCANNED_APART = 5_000
_CALLERS = 4
_THREADS = 8
_WARM_UP_S, _SECONDS = 2.0, 8.0
_ANSWERS_WITHIN_S = 60
_GENUINE = b"Plaque"


def measure(ground: Ground) -> Iterator[Line]:
    """Yield the rate of the signature alone, then rate and p99 of the page at each size, then the growth."""
    settings: Settings = ground.app.extensions["settings"]
    with ground.app.app_context():
        ring = key_ring()
    check_disk(settings.var_dir, _NEEDED_BYTES)
    folder = settings.var_dir / "scans"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    try:
        yield from _pages(settings, ring, folder / "scans.sqlite")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _pages(settings: Settings, ring: KeyRing, database: Path) -> Iterator[Line]:
    copy_database(settings.var_dir / "joptimiz.sqlite", database)
    medians = []
    done = 0
    for size in _SIZES:
        add_passes(database, done, size)
        done = size
        tokens = sign_some(database, ring, size, _SCANNED)
        if size == _SIZES[0]:
            yield _signature_alone(ring, tokens[0])
        with _web(settings, database) as port:
            health = _asked(port, ["/sante"], b"")
            scans = _asked(port, [f"/V/{token}" for token in tokens], _GENUINE)
        yield from _lines(f"{size:,} passes", scans, health)
        medians.append(percentile(scans.times_ms, 50))
    yield Line(f"scan p50, {_SIZES[-1]:,} passes", medians[-1], "ms", f"with {_SIZES[0]:,}", medians[0])
    apart = sign_some(database, ring, done, _SCANNED_APART, own_dates=True)
    with _web(settings, database) as port:
        health = _asked(port, ["/sante"], b"")
        scans = _asked(port, [f"/V/{token}" for token in apart], _GENUINE)
    yield from _lines(f"{done:,} passes, no two alike", scans, health)


def _asked(port: int, paths: list[str], must_hold: bytes) -> Answers:
    ask(port, paths, _CALLERS, _WARM_UP_S, must_hold)
    return ask(port, paths, _CALLERS, _SECONDS, must_hold)


def _lines(what: str, scans: Answers, health: Answers) -> Iterator[Line]:
    yield Line(f"scans, {what}", scans.rate, "1/s", "health check", health.rate)
    slowest = percentile(health.times_ms, 99)
    yield Line(f"scan p99, {what}", percentile(scans.times_ms, 99), "ms", "health check, p99", slowest)


def _signature_alone(ring: KeyRing, token: str) -> Line:
    key = Ed25519PrivateKey.generate()
    message = bytes(40)
    signature, public = key.sign(message), key.public_key()
    bare = per_second(lambda: public.verify(signature, message), 3.0)
    return Line(
        "pass token check", per_second(lambda: open_token(ring, token), 3.0), "1/s", "bare Ed25519 verify", bare
    )


@contextmanager
def _web(settings: Settings, database: Path) -> Iterator[int]:
    """Run one web process on a database; yield its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    ours = {
        "JOPTIMIZ_VAR": str(settings.var_dir),
        "JOPTIMIZ_DEMO": "1",
        "JOPTIMIZ_RATE_LIMITS": "1",
        "JOPTIMIZ_TRUSTED_PROXIES": "1",
        "DATABASE_URL": f"sqlite:///{database}",
    }
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "gunicorn", "wsgi:app", "--bind", f"127.0.0.1:{port}", "--workers", "1"),
            *("--worker-class", "gthread", "--threads", str(_THREADS), "--no-control-socket"),
            *("--error-logfile", "-"),
        ],
        cwd=PROJECT_ROOT,
        env={**{name: value for name, value in os.environ.items() if not name.startswith("JOPTIMIZ_")}, **ours},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(port, process)
        yield port
    finally:
        process.terminate()
        process.wait(30)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _ANSWERS_WITHIN_S
    while process.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise StartError("the web process that is measured does not start")
