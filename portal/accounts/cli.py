"""`joptimiz staff`: the first administrator of a territory, and who holds which role."""

from __future__ import annotations

import json

import click
from flask.cli import AppGroup

from portal.accounts.identifiers import email_address
from portal.accounts.queries import list_staff
from portal.accounts.services import staff as services
from portal.common.actor import StaffRole, system_actor

group = AppGroup("staff", help="Give, list and take back the roles of the agents of a territory.")
_ROLES = click.Choice([role.value for role in StaffRole])


@group.command("add")
@click.argument("email")
@click.option("--territory", required=True, metavar="SLUG", help="Territory where the role holds.")
@click.option("--role", required=True, type=_ROLES)
def add(email: str, territory: str, role: str) -> None:
    """Give a role to EMAIL; an address without an account is invited, and the link printed.

    Example: joptimiz staff add claire@ville.fr --territory paris-3e --role administrator
    """
    link = services.add_staff(system_actor("cli"), territory, email_address(email), StaffRole(role))
    if link is None:
        click.echo(f"{email} is now {role} of {territory}.")
    else:
        click.echo(f"{email} has no account yet: an invitation is on its way. Its link, valid 7 days: {link}")


@group.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON array, for programs.")
def list_all(as_json: bool) -> None:
    """List the roles of every territory.

    Example: joptimiz staff list --json
    """
    held = [
        {"territory": territory, "email": one.email, "name": one.full_name, "role": one.role.value}
        for territory, one in list_staff()
    ]
    if as_json:
        click.echo(json.dumps(held, ensure_ascii=False, indent=2))
        return
    for one in held:
        click.echo(f"{one['territory']:20} {one['role']:14} {one['email']} ({one['name']})")
    if not held:
        click.echo("Nobody holds a role yet. Give the first: joptimiz staff add EMAIL --territory SLUG --role ROLE")


@group.command("platform-admin")
@click.argument("email")
@click.option("--remove", is_flag=True, help="Take the right back.")
def platform_admin(email: str, remove: bool) -> None:
    """Make EMAIL, which has an account, an administrator of the whole platform.

    Example: joptimiz staff platform-admin claire@ville.fr
    """
    services.set_platform_admin(email_address(email), not remove)
    click.echo(f"{email} is {'no longer' if remove else 'now'} an administrator of the platform.")
