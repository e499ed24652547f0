"""`joptimiz staff`, as an operator types it."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from flask.cli import ScriptInfo

from portal.accounts.queries import find_session_account
from portal.cli import cli
from portal.common.actor import StaffRole
from tests.factories.accounts import make_staff, make_user
from tests.factories.territories import make_territory


@pytest.fixture
def run(app):
    def invoke(*arguments: str):
        return CliRunner().invoke(cli, ["staff", *arguments], obj=ScriptInfo(create_app=lambda: app))

    return invoke


def test_first_administrator_is_invited_with_a_printed_link(run):
    make_territory("ville-a")
    result = run("add", "Claire@Ville.example", "--territory", "ville-a", "--role", "administrator")
    assert result.exit_code == 0, result.output
    assert "http://localhost/invitation/" in result.output


def test_role_is_given_at_once_to_an_account(run):
    make_territory("ville-a")
    user = make_user("claire@ville.example")
    assert run("add", user.email, "--territory", "ville-a", "--role", "clerk").exit_code == 0
    assert find_session_account(user.id).actor.serves("ville-a", StaffRole.CLERK)


@pytest.mark.parametrize(
    "arguments",
    [
        ("add", "claire@ville.example", "--territory", "nulle-part", "--role", "clerk"),
        ("add", "pas une adresse", "--territory", "ville-a", "--role", "clerk"),
        ("add", "claire@ville.example", "--territory", "ville-a", "--role", "emperor"),
        ("platform-admin", "inconnue@ville.example"),
    ],
    ids=["territory", "email", "role", "account"],
)
def test_input_that_cannot_be_used_ends_with_status_2(run, arguments):
    make_territory("ville-a")
    result = run(*arguments)
    assert result.exit_code == 2
    assert "Error" in result.output


def test_roles_are_listed_for_people_and_programs(run):
    assert "Nobody" in run("list").output
    make_territory("ville-a")
    user = make_user("claire@ville.example", "Claire Lys")
    make_staff(user, "ville-a", StaffRole.SUPERVISOR)
    assert "claire@ville.example (Claire Lys)" in run("list").output
    assert json.loads(run("list", "--json").output) == [
        {"territory": "ville-a", "email": "claire@ville.example", "name": "Claire Lys", "role": "supervisor"}
    ]


def test_platform_administrator_is_made_and_unmade(run):
    user = make_user("claire@ville.example")
    assert run("platform-admin", user.email).exit_code == 0
    assert find_session_account(user.id).actor.is_platform_admin
    assert run("platform-admin", user.email, "--remove").exit_code == 0
    assert not find_session_account(user.id).actor.is_platform_admin
