"""People on the pages of this context."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from portal.mail import list_outbox
from tests.factories.accounts import MadeCompany, MadeUser, make_company, make_member, make_user


@pytest.fixture
def owner(app) -> MadeUser:
    return make_user("anne@abeille.example", "Anne Roux")


@pytest.fixture
def company(owner) -> MadeCompany:
    made = make_company("Abeille Express")
    make_member(owner, made)
    return made


@pytest.fixture
def mailed_link(app) -> Callable[[str], str]:
    """A function that returns the path of the newest mailed link that starts with a prefix."""

    def find(prefix: str) -> str:
        for mail in list_outbox():
            found = re.search(rf"http://localhost({re.escape(prefix)}\S+)", mail.body)
            if found:
                return found[1]
        raise AssertionError(f"no mail with a link to {prefix}")

    return find
