"""The `joptimiz` command: one group, to which each context adds its commands through `app.cli`.

Exit status: 0 done, 1 a failure of the portal, 2 input that cannot be used, always with one clear sentence.
"""

from __future__ import annotations

import sys

import click
from flask.cli import FlaskGroup

from portal import create_app
from portal.common.errors import PortalError
from portal.config import ConfigurationError
from portal.runtime.cli import COMMANDS


class PortalGroup(FlaskGroup):
    """A Flask command group whose expected errors are sentences, not traces."""

    def __init__(self, **options: object) -> None:
        super().__init__(**options)  # type: ignore[arg-type]
        # The factory is known: Flask's options to choose another application would only mislead.
        self.params = [option for option in self.params if option.name not in {"app", "env_file", "debug"}]

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except PortalError as error:
            click.echo(f"Error: {error}", err=True)
            ctx.exit(2 if error.status < 500 else 1)


@click.group(cls=PortalGroup, create_app=create_app, add_default_commands=False, add_version_option=False)
@click.version_option(package_name="joptimiz", prog_name="joptimiz")
def cli() -> None:
    """Joptimiz: passes, lawful routes, traffic orders and the public map for urban deliveries."""


for command in COMMANDS:
    cli.add_command(command)


def main() -> None:
    """Entry point of the console script."""
    try:
        cli.main(prog_name="joptimiz")
    except ConfigurationError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
