"""The commands that run the portal as a whole."""

from __future__ import annotations

import click

COMMANDS: tuple[click.Command, ...] = ()
