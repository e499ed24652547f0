"""The commands that run the portal as a whole."""

from __future__ import annotations

import sys
import time
from dataclasses import replace

import click
from flask import Flask, current_app
from flask.cli import with_appcontext

from portal.config import Settings
from portal.jobs.queue import QUEUES
from portal.runtime.bench import bench
from portal.runtime.supervisor import StartError, Supervisor, check_disk
from portal.runtime.upkeep import Upkeep

_NEEDED_BYTES = 200 * 10**6

_host = click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
_port = click.option(
    "--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="Port to listen on."
)
_threads = click.option("--threads", default=32, show_default=True, type=click.IntRange(1, 1000), help="Web threads.")


def _say(line: str) -> None:
    click.echo(line, err=True)


def _migrate(app: Flask) -> None:
    settings: Settings = app.extensions["settings"]
    settings.var_dir.mkdir(parents=True, exist_ok=True)
    from portal.db import migrations  # loads Alembic, which most commands never need

    migrations.to_latest(app)


def _app() -> Flask:
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    return app


@click.command("up")
@_host
@_port
@_threads
@with_appcontext
def up(host: str, port: int, threads: int) -> None:
    """Run the portal: queue, workers and web server under one supervisor.

    Example: joptimiz up --port 8000
    """
    app = _app()
    settings: Settings = app.extensions["settings"]
    supervisor = Supervisor(app, host, port, threads, _say)
    try:
        check_disk(settings.var_dir, _NEEDED_BYTES)
        supervisor.claim()
        _migrate(app)
        if not settings.smtp_url:
            _say("JOPTIMIZ_SMTP_URL is not set: mails stay in the outbox and reach nobody.")
        supervisor.run(lambda: _say(f"Joptimiz answers on http://{host}:{port}"))
    except StartError as error:
        _say(f"Error: {error}")
        sys.exit(1)


@click.command("demo")
@_host
@_port
@_threads
@click.option("--prepare-only", is_flag=True, help="Build and seed the demonstration, then stop.")
@with_appcontext
def demo(host: str, port: int, threads: int, prepare_only: bool) -> None:
    """Serve the demonstration territory, built and filled at the first start.

    Example: joptimiz demo --port 8000
    """
    from portal import create_app
    from portal.runtime.demo import accounts_table, prepare

    started = time.monotonic()
    kept: Settings = current_app.extensions["settings"]
    url = f"http://{host}:{port}" if kept.public_url == "http://127.0.0.1:8000" else kept.public_url
    app = create_app(replace(kept, demo_mode=True, public_url=url))
    supervisor = Supervisor(app, host, port, threads, _say)
    try:
        check_disk(kept.var_dir, _NEEDED_BYTES)
        if not prepare_only:
            supervisor.claim()
        with app.app_context():
            _migrate(app)
            prepare(app, _say)
        if prepare_only:
            return

        def welcome() -> None:
            _say(f"Joptimiz answers on {url} (started in {time.monotonic() - started:.1f} s). Ctrl-C stops it.")
            _say(accounts_table())

        supervisor.run(welcome)
    except StartError as error:
        _say(f"Error: {error}")
        sys.exit(1)


@click.command("worker")
@click.argument("queues", nargs=-1, type=click.Choice(QUEUES))
def worker(queues: tuple[str, ...]) -> None:
    """Run one more worker, on this machine or another, against REDIS_URL and DATABASE_URL.

    Example: joptimiz worker urgent ordinary
    """
    from portal.runtime.worker import main

    main(list(queues))


@click.command("sweep")
@click.option("--every", type=click.FloatRange(min=1), help="Repeat every so many seconds until stopped.")
@with_appcontext
def sweep_command(every: float | None) -> None:
    """Put lost jobs back in the queue and erase old scans. `joptimiz up` does it by itself; elsewhere run it once.

    Example: joptimiz sweep --every 5
    """
    upkeep = Upkeep(_app())
    while True:
        pushed = upkeep.round()
        if not every:
            click.echo(f"{pushed} jobs pushed")
            return
        time.sleep(every)


@click.command("migrate")
@with_appcontext
def migrate() -> None:
    """Bring the database to this version's tables.

    Example: DATABASE_URL=postgresql+psycopg://… joptimiz migrate
    """
    _migrate(_app())
    click.echo("The database is up to date.")


COMMANDS: tuple[click.Command, ...] = (up, demo, worker, sweep_command, migrate, bench)
