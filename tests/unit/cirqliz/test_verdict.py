"""The words of a scan cover every result, and the states lead nowhere they should not."""

from __future__ import annotations

import pytest
from flask import Flask

from portal.cirqliz import messages
from portal.cirqliz.decisions.policies import state_after
from portal.cirqliz.states import (
    NEXT_PASS_STATES,
    NEXT_REQUEST_STATES,
    PassState,
    RefusalReason,
    RequestState,
    RevocationReason,
    VehicleDecision,
)
from portal.cirqliz.verification.verdict import TONES, PassVerdict, Result, Tone
from portal.common.clock import SYSTEM_CLOCK
from portal.regulations.perimeters import Motorised

A, R, P = VehicleDecision.APPROVED, VehicleDecision.REFUSED, VehicleDecision.PENDING


@pytest.mark.parametrize("result", list(Result))
def test_every_result_has_a_tone_and_a_sentence(app: Flask, result: Result) -> None:
    with app.test_request_context():
        said = messages.verdict_reason(PassVerdict(result, SYSTEM_CLOCK.now()), "Europe/Paris")
        assert said.endswith(".")
        assert str(messages.TONE_WORDS[TONES[result]])


def test_only_a_valid_pass_is_green() -> None:
    assert [result for result, tone in TONES.items() if tone is Tone.GREEN] == [Result.VALID]


@pytest.mark.parametrize(
    ("decisions", "state"),
    [
        ([P, P], None),
        ([A, P], None),
        ([A, A], RequestState.APPROVED),
        ([A, R], RequestState.PARTLY_APPROVED),
        ([R, R], RequestState.REFUSED),
    ],
)
def test_state_follows_from_the_answers(decisions: list[VehicleDecision], state: RequestState | None) -> None:
    assert state_after(decisions) is state


def test_only_a_withdrawn_or_expired_request_never_comes_back() -> None:
    for state, following in NEXT_REQUEST_STATES.items():
        assert bool(following) == (state not in {RequestState.WITHDRAWN, RequestState.EXPIRED}), state
        if not state.open:
            assert following <= {RequestState.READY}, state


def test_a_revoked_pass_never_comes_back() -> None:
    assert not NEXT_PASS_STATES[PassState.REVOKED]
    assert all(PassState.REVOKED in NEXT_PASS_STATES[state] for state in PassState if state is not PassState.REVOKED)


def test_every_state_and_reason_has_a_word() -> None:
    for kind, words in (
        (RequestState, messages.REQUEST_STATES),
        (RequestState, messages.REQUEST_TONES),
        (VehicleDecision, messages.DECISIONS),
        (VehicleDecision, messages.DECISION_TONES),
        (RefusalReason, messages.REFUSAL_REASONS),
        (RevocationReason, messages.REVOCATION_REASONS),
        (Motorised, messages.POLICIES),
        (Motorised, messages.NEEDS),
    ):
        assert set(words) == set(kind)
