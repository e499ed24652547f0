"""No token but ours, whole and unchanged, is ever opened; and none makes the verifier fail."""

from __future__ import annotations

import string
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from portal.cirqliz.tokens import BadToken, KeyRing, TokenPayload, open_token, seal_token
from portal.regulations.perimeters import Colour

RING = KeyRing.from_seed("00" * 32)
OTHER = KeyRing.from_seed("11" * 32)
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"

_minutes = st.integers(0, 2**31).map(lambda count: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(minutes=count))


@st.composite
def payloads(draw: st.DrawFn) -> TokenPayload:
    """Any pass that may be signed."""
    start = draw(_minutes)
    return TokenPayload(
        token_id=draw(st.binary(min_size=8, max_size=8)),
        starts_at=start,
        ends_at=start + timedelta(minutes=draw(st.integers(1, 2**24 - 1))),
        colours=frozenset(draw(st.sets(st.sampled_from(list(Colour))))),
        territory=draw(st.binary(min_size=4, max_size=4)),
        plate=draw(st.text(string.ascii_uppercase + string.digits, min_size=2, max_size=12)),
    )


SAMPLE = seal_token(
    RING,
    TokenPayload(
        b"12345678",
        datetime(2026, 9, 8, 7, tzinfo=UTC),
        datetime(2026, 9, 8, 12, tzinfo=UTC),
        frozenset({Colour.RED}),
        b"town",
        "AB123CD",
    ),
)


@given(payloads())
def test_token_opens_to_what_was_sealed(payload: TokenPayload) -> None:
    token = seal_token(RING, payload)
    assert open_token(RING, token) == payload
    assert set(token) <= set(LETTERS)


@given(payloads())
def test_token_is_refused_when_another_key_signed_it(payload: TokenPayload) -> None:
    with pytest.raises(BadToken):
        open_token(RING, seal_token(OTHER, payload))


@settings(max_examples=400)
@given(st.integers(0, len(SAMPLE) - 1), st.characters())
def test_token_is_refused_when_one_sign_changes(place: int, sign: str) -> None:
    assume(sign != SAMPLE[place])
    with pytest.raises(BadToken):
        open_token(RING, SAMPLE[:place] + sign + SAMPLE[place + 1 :])


def test_token_is_refused_when_any_letter_becomes_any_other() -> None:
    for place, present in enumerate(SAMPLE):
        for sign in LETTERS:
            if sign != present:
                with pytest.raises(BadToken):
                    open_token(RING, SAMPLE[:place] + sign + SAMPLE[place + 1 :])


@given(st.integers(0, len(SAMPLE) - 1))
def test_token_is_refused_when_cut_short(length: int) -> None:
    for text in (SAMPLE[:length], SAMPLE[length + 1 :]):
        with pytest.raises(BadToken):
            open_token(RING, text)


@given(st.text(LETTERS, min_size=1, max_size=12))
def test_token_is_refused_when_lengthened(tail: str) -> None:
    for text in (SAMPLE + tail, tail + SAMPLE):
        with pytest.raises(BadToken):
            open_token(RING, text)


@settings(max_examples=300)
@given(st.one_of(st.text(max_size=300), st.text(LETTERS, min_size=140, max_size=170)))
def test_any_text_is_refused_without_another_failure(text: str) -> None:
    with pytest.raises(BadToken):
        open_token(RING, text)


def test_old_tokens_still_open_when_the_key_is_rotated() -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

    old = Ed25519PublicKey.from_public_bytes(RING.public_key)
    rotated = KeyRing(Ed25519PrivateKey.from_private_bytes(b"\x22" * 32), (old,))
    assert open_token(rotated, SAMPLE) == open_token(RING, SAMPLE)
    with pytest.raises(BadToken):
        open_token(KeyRing.from_seed("22" * 32), SAMPLE)
