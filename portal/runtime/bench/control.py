"""What an agent's phone downloads for a city of passes, and how long its verdict takes, in Chromium itself.

The list is made by the portal on a copy of the demonstration's database with 50,000 passes, 2,500 of them revoked.
"""

from __future__ import annotations

import gzip
import json
import mimetypes
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from portal import create_app
from portal.cirqliz.control.board import make_package
from portal.cirqliz.passes.keys import key_ring
from portal.config import PROJECT_ROOT, Settings, load_settings
from portal.runtime.bench.chromium import find_chromium
from portal.runtime.bench.ground import Ground
from portal.runtime.bench.line import Line, percentile, timed_ms
from portal.runtime.bench.many_passes import add_passes, copy_database, sign_some
from portal.runtime.demo.prepare import SLUG
from portal.runtime.supervisor import StartError
from portal.territories.api import get_territory

_PASSES, _REVOKED, _SCANNED = 50_000, 2_500, 300
_BARE_ID_BYTES = 8
_HERE = "http://localhost:9/"
_TIMED = """async ([board, tokens, now]) => {
  const { openBoard, judge } = await import("/static/js/control/verdict.js");
  const opened = await openBoard(board);
  const times = [];
  const answers = new Set();
  for (const token of tokens) {
    const start = performance.now();
    answers.add((await judge(opened, token, now, now)).result);
    times.push(performance.now() - start);
  }
  const key = (await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"]));
  const message = new Uint8Array(45);
  const signature = await crypto.subtle.sign("Ed25519", key.privateKey, message);
  const bare = [];
  for (let count = 0; count < tokens.length; count += 1) {
    const start = performance.now();
    await crypto.subtle.verify("Ed25519", key.publicKey, signature, message);
    bare.push(performance.now() - start);
  }
  return { times, bare, answers: [...answers] };
}"""
_REVOKE = """
UPDATE access_pass SET state = 'revoked', revoked_at = issued_at, revoke_reason = 'misuse'
WHERE id IN (SELECT id FROM access_pass WHERE number LIKE 'BENCH-%' ORDER BY id LIMIT ?)
"""


def measure(ground: Ground) -> Iterator[Line]:
    """Yield the size of the list (beside its identifiers written plainly), its making, and the median verdict."""
    settings: Settings = ground.app.extensions["settings"]
    folder = settings.var_dir / "control"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    try:
        yield from _lines(settings, folder / "control.sqlite")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _lines(settings: Settings, database: Path) -> Iterator[Line]:
    copy_database(settings.var_dir / "joptimiz.sqlite", database)
    add_passes(database, 0, _PASSES)
    app = create_app(load_settings(var_dir=settings.var_dir, database_url=f"sqlite:///{database}"))
    with app.app_context():
        tokens = sign_some(database, key_ring(), _PASSES, _SCANNED)
        with closing(sqlite3.connect(database)) as connection, connection:
            connection.execute(_REVOKE, (_REVOKED,))
        territory = get_territory(SLUG)
        make_package(territory)  # the law is read once in the life of a process
        body = make_package(territory).body
        made_ms = timed_ms(lambda: make_package(territory))
    bare_read_ms = timed_ms(lambda: _bare_read(database))
    board = json.loads(body)
    if board["revoked"]["size"] < _REVOKED:
        raise RuntimeError("the list lacks passes that were taken back")
    plain_kb = _REVOKED * _BARE_ID_BYTES / 1000
    name = f"{_PASSES:,} passes, {_REVOKED:,} revoked"
    yield Line(f"agent's list, {name}", len(body) / 1000, "kB", "revoked ids written plainly", plain_kb)
    yield Line(
        "the same, compressed", len(gzip.compress(body, 6)) / 1000, "kB", "revoked ids written plainly", plain_kb
    )
    found = _judged(board, tokens, database.stat().st_mtime * 1000)
    bare_ms = percentile(found["bare"], 50)
    yield Line("agent's list made", made_ms, "ms", "its passes read by bare sqlite3", bare_read_ms)
    yield Line("verdict on the phone p50", percentile(found["times"], 50), "ms", "bare WebCrypto verify", bare_ms)
    yield Line("verdict on the phone p99", percentile(found["times"], 99), "ms", "bare WebCrypto verify", bare_ms)


def _bare_read(database: Path) -> None:
    """Read what a list is made of, line by line: ids of passes taken back, perimeters of the others."""
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("SELECT token_id FROM access_pass WHERE state <> 'active'").fetchall()
        connection.execute(
            "SELECT i.perimeter_id FROM access_pass p JOIN pass_perimeter i ON i.pass_id = p.id "
            "WHERE p.state <> 'revoked'"
        ).fetchall()


def _judged(board: dict[str, Any], tokens: list[str], now_ms: float) -> dict[str, Any]:
    """Judge the tokens in Chromium, one after the other; times in milliseconds."""
    from playwright.sync_api import Route, sync_playwright

    program = find_chromium()
    if program is None:
        raise StartError("Chromium is needed to measure the phone's verdict.")

    def serve(route: Route) -> None:
        path = route.request.url.removeprefix(_HERE)
        kind = mimetypes.guess_type(path)[0] or "text/html"
        route.fulfill(body=(PROJECT_ROOT / path).read_bytes() if path else b"<!doctype html>", content_type=kind)

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page()
        page.route(f"{_HERE}**", serve)
        page.goto(_HERE)
        found: dict[str, Any] = page.evaluate(_TIMED, [board, tokens, now_ms])
        browser.close()
    if "forged" in found["answers"]:
        raise RuntimeError("the phone refused a code that the portal signed")
    return found
