"""The accounts at the national base: from the environment, and told to nobody."""

from __future__ import annotations

from pathlib import Path

import pytest

from portal.config import ConfigurationError, DialogAccount, Settings, load_settings


def settings(written: str, var_dir: Path) -> Settings:
    return load_settings({"JOPTIMIZ_DIALOG_ACCOUNTS": written}, var_dir=var_dir)


def test_accounts_are_read_by_territory_when_they_are_written_well(tmp_path: Path) -> None:
    found = settings("  paris-3e=id-1:s:e=c  bourg=id-2:autre ", tmp_path)
    assert found.dialog_accounts == {
        "paris-3e": DialogAccount("id-1", "s:e=c"),
        "bourg": DialogAccount("id-2", "autre"),
    }
    assert settings("", tmp_path).dialog_accounts == {}
    assert found.dialog_url == "https://dialog.beta.gouv.fr"
    assert "s:e=c" not in repr(found)


@pytest.mark.parametrize(
    "written",
    ["bourg", "bourg=id", "bourg=id:", "bourg=:secret", "=id:secret", "bourg=id:s\x07ecret", "bourg=id:sécret"],
)
def test_the_start_stops_without_telling_the_secret_when_an_account_is_written_badly(
    written: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigurationError) as refused:
        settings(f"paris-3e=id-1:secret-1 {written}", tmp_path)
    assert "account 2" in str(refused.value) and "ecret" not in str(refused.value).replace("id:secret", "")


def test_the_start_stops_when_a_territory_has_two_accounts(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError):
        settings("bourg=id-1:secret-1 bourg=id-2:secret-2", tmp_path)
