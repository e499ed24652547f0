"""The phone's own judgement, in Chromium, beside the portal's: the same passes, the same instants, the same answers."""

from __future__ import annotations

import base64
import mimetypes
import random
from collections.abc import Iterator
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from portal.cirqliz.control.idset import code_ids
from portal.cirqliz.law import Span
from portal.cirqliz.passes.queries import PassView
from portal.cirqliz.requests.queries import PerimeterLine
from portal.cirqliz.states import PassState
from portal.cirqliz.tokens import (
    KeyRing,
    TokenKind,
    TokenPayload,
    perimeter_reference,
    perimeter_references,
    seal_token,
)
from portal.cirqliz.verification.verdict import judge_pass
from portal.regulations.perimeters import Colour, Motorised

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

ROOT = Path(__file__).resolve().parents[2]
HERE = "http://localhost:9/"
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
RING, OTHER = KeyRing.from_seed("11" * 32), KeyRing.from_seed("22" * 32)
TRAINING = KeyRing.for_training("11" * 32)
PREFIX = bytes(4)
CASES = 400

_JUDGE = """async ([board, cases]) => {
  const { openBoard, judge } = await import("/static/js/control/verdict.js");
  const opened = await openBoard(board);
  const found = [];
  for (const [text, now, syncedAt, exercising] of cases) {
    const { result, tone, at, training } = await judge(opened, text, now, syncedAt, exercising === true);
    found.push([result, tone, at, training]);
  }
  return found;
}"""


def _serve(route: Route) -> None:
    """Give the scripts of the work tree, and an empty page to run them in."""
    path = route.request.url.removeprefix(HERE)
    if not path:
        route.fulfill(body="<!doctype html><title>Essai</title>", content_type="text/html")
    else:
        kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
        route.fulfill(body=(ROOT / path).read_bytes(), content_type=kind)


@pytest.fixture(scope="module")
def phone(chromium: Browser) -> Iterator[Page]:
    """A page that can import the scripts of the phone; it reaches no network."""
    context = chromium.new_context()
    page = context.new_page()
    page.route(f"{HERE}**", _serve)
    page.goto(HERE)
    yield page
    context.close()


def _letters(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _ms(at: datetime | None) -> int | None:
    return None if at is None else round(at.timestamp() * 1000)


def _set(ids: list[bytes]) -> dict[str, object]:
    coded = code_ids(ids)
    return {"size": coded.size, "coded": _letters(coded.coded)}


def _board(revoked: list[bytes], suspended: list[bytes], known: dict[str, list[Span]]) -> dict[str, Any]:
    perimeters = []
    for id_, spans in known.items():
        hours: list[int | None] = []
        for span in spans:
            end = None if span.end is None else round((span.end - span.start).total_seconds())
            hours += [round(span.start.timestamp()), end]
        perimeters.append([perimeter_reference(id_).hex(), id_, "", "red", hours])
    part = {"prefix": PREFIX.hex(), "revoked": _set([]), "suspended": _set([]), "perimeters": []}
    return {
        **part,
        "territory": {"zone": "Europe/Paris"},
        "keys": [_letters(RING.public_key)],
        "revoked": _set(revoked),
        "suspended": _set(suspended),
        "perimeters": perimeters,
        "sync_hours": 12,
        "training": {**part, "keys": [_letters(TRAINING.public_key)]},
    }


def _pass(state: PassState, start: datetime, end: datetime, perimeter_ids: list[str]) -> PassView:
    """A pass of which only what a verdict reads is told."""
    lines = tuple(PerimeterLine(id_, id_, "", Colour.RED, Motorised.PASS_REQUIRED) for id_ in perimeter_ids)
    values: dict[str, Any] = dict.fromkeys(field.name for field in fields(PassView))
    values |= {"state": state, "valid_from": start, "valid_to": end, "perimeters": lines}
    values |= {"revoked_at": start, "changed_at": start}
    return PassView(**values)


def _payload(start: datetime, end: datetime, perimeter_ids: list[str], chance: random.Random) -> TokenPayload:
    return TokenPayload(
        token_id=chance.randbytes(8),
        starts_at=start,
        ends_at=end,
        colours=frozenset([Colour.RED]),
        territory=PREFIX,
        plate="AB123CD",
        perimeters=perimeter_references(set(perimeter_ids)),
    )


def test_phone_answers_as_the_portal_when_both_know_the_same(phone: Page) -> None:
    chance = random.Random(5)
    quarter = timedelta(minutes=15)
    known: dict[str, list[Span]] = {}
    for number in range(12):
        starts = sorted(NOON + quarter * chance.randrange(-200, 200) for _ in range(chance.randrange(4)))
        known[f"p{number}"] = [
            Span(start, None if chance.random() < 0.05 else start + quarter * chance.randrange(1, 30))
            for start in starts
        ]
    cases: list[list[object]] = []
    expected: list[list[object]] = []
    lost: list[bytes] = []
    held: list[bytes] = []
    for _ in range(CASES):
        start = NOON + quarter * chance.randrange(-60, 30)
        end = start + quarter * chance.randrange(1, 90)
        ids = chance.sample([*known, "unknown"], chance.randrange(1, 4))
        state = chance.choices(list(PassState), (8, 1, 1))[0]
        now = chance.choice([start, end, NOON, NOON + quarter * chance.randrange(-90, 90)])
        payload = _payload(start, end, ids, chance)
        (lost if state is PassState.REVOKED else held if state is PassState.SUSPENDED else []).append(payload.token_id)
        hours = {
            id_: [s for s in known[id_] if s.start < end and (s.end is None or s.end > start)]
            for id_ in ids
            if id_ in known
        }
        portal = judge_pass(_pass(state, start, end, ids), hours, now)
        told = portal.at if portal.result.value not in {"revoked", "suspended"} else None
        expected.append([portal.result.value, portal.tone.value, _ms(told), False])
        cases.append([f"HTTPS://PORTAIL.EXEMPLE/V/{seal_token(RING, payload)}", _ms(now), _ms(now)])
    answers = phone.evaluate(_JUDGE, [_board(lost, held, known), cases])
    assert answers == expected
    # Every answer the portal can give to a genuine pass is among the cases.
    assert {line[0] for line in expected} == {
        "valid", "expired", "revoked", "suspended", "not_yet", "outside_hours", "hours_unknown",
    }  # fmt: skip


def test_green_becomes_orange_when_the_list_is_too_old_or_the_clock_went_back(phone: Page) -> None:
    chance = random.Random(6)
    token = seal_token(RING, _payload(NOON, NOON + timedelta(days=3), ["always"], chance))
    board = _board([], [], {"always": [Span(NOON, None)]})
    now = NOON + timedelta(days=1)
    ages = [
        timedelta(),
        timedelta(hours=12),
        timedelta(hours=12, seconds=1),
        timedelta(minutes=-4),
        timedelta(minutes=-6),
    ]
    answers = phone.evaluate(_JUDGE, [board, [[token, _ms(now), _ms(now - age)] for age in ages]])
    assert [line[0] for line in answers] == ["valid", "valid", "stale", "valid", "stale"]
    assert answers[2][1] == "orange"


def test_code_is_red_when_it_is_altered_foreign_or_of_another_key(phone: Page) -> None:
    chance = random.Random(7)
    payload = _payload(NOON, NOON + timedelta(days=3), ["always"], chance)
    token = seal_token(RING, payload)
    wrong = [
        "",
        "bonjour",
        "HTTPS://EXEMPLE/V/",
        token[:-1],
        token + "A",
        token.lower(),
        "A" * 160,
        seal_token(OTHER, payload),
    ]
    wrong.append(seal_token(TRAINING, payload))  # a real pass signed by the key of exercises
    for _ in range(300):
        at = chance.randrange(len(token))
        sign = chance.choice([s for s in "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567" if s != token[at]])
        wrong.append(token[:at] + sign + token[at + 1 :])
    board = _board([], [], {"always": [Span(NOON, None)]})
    now = _ms(NOON + timedelta(days=1))
    answers = phone.evaluate(_JUDGE, [board, [[text, now, now] for text in wrong]])
    assert {line[0] for line in answers} == {"forged"}


def test_exercise_is_red_outside_exercises_and_other_territory_always(phone: Page) -> None:
    chance = random.Random(8)
    payload = _payload(NOON, NOON + timedelta(days=3), ["always"], chance)
    values = {field.name: getattr(payload, field.name) for field in fields(TokenPayload)}
    exercise = seal_token(TRAINING, TokenPayload(**{**values, "kind": TokenKind.TRAINING}))
    cheat = seal_token(RING, TokenPayload(**{**values, "kind": TokenKind.TRAINING}))
    elsewhere = seal_token(RING, TokenPayload(**{**values, "territory": b"\1\2\3\4"}))
    now = _ms(NOON + timedelta(days=1))
    board = _board([], [], {"always": [Span(NOON, None)]})
    scanned = [[text, now, now, on] for on in (True, False) for text in (exercise, cheat, elsewhere)]
    answers = phone.evaluate(_JUDGE, [board, scanned])
    assert [(line[0], line[3]) for line in answers] == [
        ("hours_unknown", True), ("forged", False), ("elsewhere", False),
        ("exercise", True), ("forged", False), ("elsewhere", False),
    ]  # fmt: skip
    assert answers[3][1] == "red"


def test_first_layout_is_read_when_it_is_still_in_circulation(phone: Page) -> None:
    start_min = int(NOON.timestamp()) // 60
    head = bytes([1, RING.key_id]) + bytes(range(8)) + start_min.to_bytes(4) + (600).to_bytes(3) + bytes([4]) + PREFIX
    content = head + bytes([7]) + b"AB123CD"
    token = base64.b32encode(content + RING.sign(content)).decode().rstrip("=")
    cases = [[token, _ms(NOON + timedelta(hours=hours)), _ms(NOON)] for hours in (-1, 1, 10)]
    answers = phone.evaluate(_JUDGE, [_board([], [], {}), cases])
    assert [line[0] for line in answers] == ["not_yet", "hours_unknown", "expired"]


def test_sets_are_read_as_they_were_coded(phone: Page) -> None:
    chance = random.Random(9)
    inside = [chance.randbytes(8) for _ in range(2500)]
    outside = [chance.randbytes(8) for _ in range(2500)]
    coded = code_ids(inside)
    assert coded.size == 2500 and len(coded.coded) * 8 / 2500 < 33
    reading = """async ([set, ids]) => {
      const { holds, readSet } = await import("/static/js/control/idset.js");
      const numbers = readSet(set);
      return ids.map((id) => holds(numbers, Uint8Array.from(id)));
    }"""
    sent = [list(one) for one in (*inside, *outside)]
    found = cast("list[bool]", phone.evaluate(reading, [_set(inside), sent]))
    assert found == [True] * 2500 + [False] * 2500
    assert inside[7] in coded and outside[7] not in coded and bytes(8) not in code_ids([])
