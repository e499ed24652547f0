"""The command that writes the invented town."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import click

from portal.territories.demo_town.generate import LARGEST_SIZE_KM, LEAST_SIZE_KM, generate
from portal.territories.demo_town.osm_writer import write_osm_pbf

SUFFIXES = (".osm.pbf", ".pbf", ".osm", ".osm.bz2")


def _refuse(sentence: str, status: int = 2) -> None:
    click.echo(f"Error: {sentence}", err=True)
    sys.exit(status)


@click.command("demo-town", epilog="Example: joptimiz demo-town --seed 1 --size-km 3 -o town.osm.pbf")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed and size give the same bytes.")
@click.option(
    "--size-km",
    type=float,
    default=3.0,
    show_default=True,
    help=f"Side of the square the town fills, {LEAST_SIZE_KM:g} to {LARGEST_SIZE_KM:g}.",
)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), required=True, help="File to write, such as town.osm.pbf."
)
def demo_town_command(seed: int, size_km: float, output: Path) -> None:
    """Write an invented French town as an OpenStreetMap file."""
    if not output.name.endswith(SUFFIXES):
        _refuse(f"the name of {output} must end in one of {', '.join(SUFFIXES)}.")
    if not output.absolute().parent.is_dir():
        _refuse(f"the folder {output.absolute().parent} does not exist.")
    started = time.monotonic()

    def report(step: str, share: float) -> None:
        click.echo(f"{share:4.0%} {step} ({time.monotonic() - started:.1f} s)", err=True)

    try:
        town = generate(seed, size_km, report)
    except ValueError as error:
        _refuse(f"{error}.")
        return
    partial = output.with_name(f".partial-{output.name}")
    try:
        write_osm_pbf(town, partial)
        partial.replace(output)
    except OSError as error:
        _refuse(f"{output} cannot be written: {error}.", status=1)
    finally:
        partial.unlink(missing_ok=True)
    click.echo(
        f"{output}: {town.name}, {len(town.streets)} streets, {len(town.addresses)} addresses, "
        f"{output.stat().st_size / 1e6:.1f} MB in {time.monotonic() - started:.1f} s"
    )
