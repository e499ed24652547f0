"""The `joptimiz` command: one group, to which each context adds its commands through `app.cli`.

Exit status: 0 done, 1 a failure of the portal, 2 input that cannot be used, always with one clear sentence.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import click
from flask.cli import FlaskGroup
from sqlalchemy.exc import ArgumentError, DBAPIError

from portal import create_app
from portal.common.errors import PortalError
from portal.config import ConfigurationError
from portal.runtime.cli import COMMANDS

# What SQLite and PostgreSQL say of a table or a column that no migration has made yet.
_NOT_MIGRATED = ("no such table", "no such column", "has no column named", "undefinedtable", "undefinedcolumn")


class PortalGroup(FlaskGroup):
    """A Flask command group whose expected errors are one sentence each, not traces."""

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
        except DBAPIError as error:
            click.echo(f"Error: {_database_sentence(error)}", err=True)
            ctx.exit(1)

    def _load_plugin_commands(self) -> None:
        """Leave out the commands of extensions: they are no part of running the portal, and slow to load."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """Run the command line; what was typed wrongly is said in one sentence."""
        if not standalone_mode:
            return super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
        try:
            status = super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
        except ConfigurationError as error:
            click.echo(f"Error: {error}", err=True)
            sys.exit(2)
        except ArgumentError as error:
            click.echo(f"Error: DATABASE_URL is not the address of a database ({error}).", err=True)
            sys.exit(2)
        except click.exceptions.NoArgsIsHelpError as error:
            error.show()
            sys.exit(error.exit_code)
        except click.UsageError as error:
            path = error.ctx.command_path if error.ctx else "joptimiz"
            sentence = " ".join(error.format_message().split())
            click.echo(f"Error: {sentence} (`{path} --help` says more.)", err=True)
            sys.exit(error.exit_code)
        except click.ClickException as error:
            error.show()
            sys.exit(error.exit_code)
        except click.Abort:
            click.echo("Aborted.", err=True)
            sys.exit(1)
        sys.exit(status if isinstance(status, int) else 0)


def _database_sentence(error: DBAPIError) -> str:
    """Why the database does not answer; the statement and its parameters stay out of sight."""
    said = f"{type(error.orig).__name__}: {error.orig}"
    if any(words in said.lower() for words in _NOT_MIGRATED):
        return "the database is not at this version yet: run `joptimiz migrate` first."
    first_line = (str(error.orig).strip().splitlines() or [type(error.orig).__name__])[0]
    return f"the database cannot be used ({first_line})."


@click.group(cls=PortalGroup, create_app=create_app, add_default_commands=False, add_version_option=False)
@click.version_option(package_name="joptimiz", prog_name="joptimiz")
def cli() -> None:
    """Joptimiz: passes, lawful routes, traffic orders and the public map for urban deliveries."""


for command in COMMANDS:
    cli.add_command(command)


def main() -> None:
    """Entry point of the console script."""
    cli.main(prog_name="joptimiz")


if __name__ == "__main__":
    main()
