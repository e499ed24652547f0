"""Invented passes to train agents with. They are signed by a key no pass is signed with, and never recorded."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256

from portal.cirqliz.control.idset import code_ids
from portal.cirqliz.passes.keys import training_ring
from portal.cirqliz.tokens import TokenKind, TokenPayload, perimeter_reference, seal_token
from portal.cirqliz.tokens.content import TERRITORY_BYTES, TOKEN_ID_BYTES
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.regulations.perimeters import Colour

_ALWAYS = "exercice:toujours"
_NEVER = "exercice:jamais"
_NOWHERE = bytes(TERRITORY_BYTES)


class Lesson(StrEnum):
    """What a sample shows; its value is the result the phone must give, or nearly."""

    VALID = "valid"
    OTHER_PLATE = "other_plate"
    NOT_YET = "not_yet"
    OUTSIDE_HOURS = "outside_hours"
    EXPIRED = "expired"
    REVOKED = "revoked"
    SUSPENDED = "suspended"
    FORGED = "forged"


@dataclass(frozen=True, slots=True)
class Sample:
    """A code to scan: what it teaches, the plate that the invented vehicle bears, the token."""

    lesson: Lesson
    vehicle_plate: str
    token: str


def training_board() -> dict[str, object]:
    """Return what a phone needs to judge the samples: their key, what is taken back, two invented perimeters."""
    revoked, suspended = code_ids([_id_of(Lesson.REVOKED)]), code_ids([_id_of(Lesson.SUSPENDED)])
    return {
        "prefix": _NOWHERE.hex(),
        "keys": [_letters(key) for key in training_ring().public_keys],
        "revoked": {"size": revoked.size, "coded": _letters(revoked.coded)},
        "suspended": {"size": suspended.size, "coded": _letters(suspended.coded)},
        "perimeters": [
            [perimeter_reference(_ALWAYS).hex(), "Exercice", "Exercice", Colour.RED.value, [0, None]],
            [perimeter_reference(_NEVER).hex(), "Exercice", "Exercice", Colour.BLUE.value, []],
        ],
    }


def samples(*, clock: Clock = SYSTEM_CLOCK) -> list[Sample]:
    """Return one sample per lesson, as they are worth today."""
    now = clock.now().replace(second=0, microsecond=0)
    return [Sample(lesson, "EX-100-VE", _token(lesson, now)) for lesson in Lesson]


def _token(lesson: Lesson, now: datetime) -> str:
    first, last = {
        Lesson.NOT_YET: (now + timedelta(hours=3), now + timedelta(hours=9)),
        Lesson.EXPIRED: (now - timedelta(days=2), now - timedelta(days=1)),
    }.get(lesson, (now - timedelta(hours=1), now + timedelta(hours=8)))
    payload = TokenPayload(
        token_id=_id_of(lesson),
        starts_at=first,
        ends_at=last,
        colours=frozenset([Colour.RED]),
        territory=_NOWHERE,
        plate="EX101CE" if lesson is Lesson.OTHER_PLATE else "EX100VE",
        perimeters=(perimeter_reference(_NEVER if lesson is Lesson.OUTSIDE_HOURS else _ALWAYS),),
        kind=TokenKind.TRAINING,
    )
    token = seal_token(training_ring(), payload)
    if lesson is not Lesson.FORGED:
        return token
    # One sign of the signature is another: what a forger who changes a pass gets.
    at = len(token) // 2 + 20
    return token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]


def _id_of(lesson: Lesson) -> bytes:
    return sha256(f"training {lesson}".encode()).digest()[:TOKEN_ID_BYTES]


def _letters(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")
