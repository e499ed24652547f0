"""Where a sign-in may lead."""

from __future__ import annotations

import pytest

from portal.accounts.identity import local_path


@pytest.mark.parametrize("target", ["/", "/entreprises/1?onglet=2&x=%20", "/a#b", "/entreprises/a:b"])
def test_target_is_kept_when_it_is_a_path_of_this_site(target):
    assert local_path(target) == target


@pytest.mark.parametrize(
    "target",
    [
        None,
        "",
        "entreprises",
        "https://ailleurs.example/",
        "//ailleurs.example",
        "/\\ailleurs.example",
        "\\\\ailleurs.example",
        "/\t/ailleurs.example",
        "/\n/ailleurs.example",
        "javascript:alert(1)",
        "/ espace",
    ],
)
def test_target_is_dropped_when_it_could_lead_elsewhere(target):
    assert local_path(target) is None
