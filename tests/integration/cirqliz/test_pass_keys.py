"""Changing the key of the passes: what was printed goes on counting while its public key is trusted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask

from portal.cirqliz.passes.keys import key_ring, training_ring
from portal.cirqliz.passes.queries import list_passes_of_request
from portal.cirqliz.tokens import KeyRing
from portal.cirqliz.verification.services import check_token
from portal.cirqliz.verification.verdict import Result
from portal.config import ConfigurationError, load_settings
from tests.factories.cirqliz import World


@pytest.fixture
def kept_settings(database: Flask) -> Iterator[None]:
    """The settings of the application, put back afterwards."""
    kept = database.extensions["settings"]
    yield
    database.extensions["settings"] = kept


@pytest.mark.usefixtures("kept_settings")
def test_printed_passes_count_after_a_change_of_the_key(world: World) -> None:
    found = world.ready()
    world.approve(found)
    (one,) = list_passes_of_request(found.id)
    settings = world.app.extensions["settings"]
    said = world.app.test_cli_runner().invoke(args=["passes", "keys"]).output.split()
    assert said[0] == key_ring().public_key.hex()
    world.app.extensions["settings"] = replace(settings, pass_signing_seed="33" * 32)
    assert check_token(one.token).verdict.result is Result.FORGED
    world.app.extensions["settings"] = replace(settings, pass_signing_seed="33" * 32, pass_old_keys=(said[0],))
    assert check_token(one.token).verdict.result is Result.NOT_YET
    lines = world.app.test_cli_runner().invoke(args=["passes", "keys"]).output.splitlines()
    assert [line.split("  ")[2] for line in lines] == ["signs now", "still trusted"]
    assert lines[1].startswith(said[0])


def test_training_has_a_key_of_its_own(app: Flask) -> None:
    with app.app_context():
        assert training_ring().public_key not in key_ring().public_keys
        assert training_ring() is KeyRing.for_training(app.extensions["settings"].pass_signing_seed)


@pytest.mark.parametrize("keys", ["00", "zz" * 32, f"{'ab' * 32},{'cd' * 32}"])
def test_start_is_refused_when_an_old_key_is_none(keys: str, tmp_path: object) -> None:
    with pytest.raises(ConfigurationError, match="PASS_OLD_KEYS"):
        load_settings({"JOPTIMIZ_PASS_OLD_KEYS": keys, "JOPTIMIZ_VAR": str(tmp_path)})


def test_old_keys_are_read_with_spaces_between_them(tmp_path: object) -> None:
    text = f" {'AB' * 32}  {'cd' * 32} "
    settings = load_settings({"JOPTIMIZ_PASS_OLD_KEYS": text, "JOPTIMIZ_VAR": str(tmp_path)})
    assert settings.pass_old_keys == ("ab" * 32, "cd" * 32)
