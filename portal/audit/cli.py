"""The commands of the journal."""

from __future__ import annotations

import sys

import click
from flask.cli import AppGroup

from portal.audit.chain import Break, seal_entries, verify_journal

group = AppGroup("audit", help="Seal the journal of decisions, and verify that nobody altered it.")

_BREAKS = {
    Break.CHANGED: "entry {entry} was changed",
    Break.MISSING: "entry {entry} was taken away",
    Break.RENUMBERED: "links of the chain before entry {entry} were taken away",
    Break.CUT_SHORT: "the end of the chain was taken away: the link noted is not there",
    Break.NOT_AS_NOTED: "the chain was made again: at entry {entry} it is not the one noted",
}
_UNSEALED = (
    "Nothing that is sealed was altered: the journal holds up to link {number}. But entry {entry} is old and was never "
    "sealed: the portal was stopped before its next seal, or it was added by another way."
)


@group.command("seal")
def seal() -> None:
    """Add the entries that wait to the chain; a running portal does it by itself every few seconds.

    Example: joptimiz audit seal
    """
    done = 0
    while sealed := seal_entries(everything=True):
        done += sealed
    click.echo(f"{done} entries sealed.")


@group.command("verify")
@click.option("--expect", metavar="NUMBER:DIGEST", help="A link noted elsewhere, as this command printed it.")
def verify(expect: str | None) -> None:
    """Read the whole journal against its chain, and print the last link, to be noted elsewhere.

    Exit status: 0 intact, 1 altered, 2 an --expect that cannot be read, 3 whole as far as it is sealed, but old
    entries are not: the portal may have been stopped before its next seal. Seal them, then verify again.

    Example: joptimiz audit verify --expect 1250:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
    """
    found = verify_journal(noted=_noted(expect) if expect else None)
    click.echo(f"{found.number}:{found.digest.hex()}")
    if found.broken is Break.NEVER_SEALED:
        click.echo(_UNSEALED.format(number=found.number, entry=found.entry_id), err=True)
        sys.exit(3)
    if found.broken is not None:
        what = _BREAKS[found.broken].format(entry=found.entry_id)
        click.echo(f"The journal holds up to link {found.number}; then {what}.", err=True)
        sys.exit(1)
    click.echo(f"The journal is intact: {found.number} entries sealed, {found.unsealed} waiting.", err=True)


def _noted(text: str) -> tuple[int, bytes]:
    number, _, digest = text.partition(":")
    try:
        noted = int(number), bytes.fromhex(digest)
    except ValueError:
        noted = 0, b""
    if noted[0] < 1 or len(noted[1]) != 32:
        raise click.BadParameter("a link is NUMBER:DIGEST, as this command prints it.", param_hint="--expect")
    return noted
