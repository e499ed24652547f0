"""What the measures stand on: a demonstration of their own under var/bench, run by its supervisor on the loopback."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from urllib.parse import urlencode

from flask import Flask

from portal import create_app
from portal.config import PROJECT_ROOT, load_settings
from portal.runtime.demo.names import DOMAIN, PASSWORD
from portal.runtime.demo.prepare import SEED, SIZE_KM, SLUG
from portal.runtime.supervisor import StartError
from portal.territories.demo_town import Town, generate

_READY_WITHIN_S = 900
_STOP_WITHIN_S = 60


class Browser:
    """One kept connection to the portal, with its session cookie."""

    def __init__(self, port: int, mailbox: str | None = None) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=60)
        self._cookies: dict[str, str] = {}
        if mailbox is not None:
            self._sign_in(f"{mailbox}@{DOMAIN}")

    def get(self, path: str, status: int = 200) -> str:
        """Open a page and read it whole; raises RuntimeError on another status."""
        return self._ask("GET", path, None, status)

    def _ask(self, method: str, path: str, form: Mapping[str, str] | None, status: int) -> str:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())}
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        body = None if form is None else urlencode(form)
        try:
            answer = self._send(method, path, body, headers)
        except ConnectionError:
            # A connection left idle was closed by the server: the next one is new.
            self._connection.close()
            answer = self._send(method, path, body, headers)
        text = answer.read().decode()
        for cookie in answer.headers.get_all("Set-Cookie") or ():
            name, _, value = cookie.partition(";")[0].partition("=")
            self._cookies[name] = value
        if answer.status != status:
            raise RuntimeError(f"{method} {path} answered {answer.status}, not {status}")
        return text

    def _send(self, method: str, path: str, body: str | None, headers: Mapping[str, str]) -> HTTPResponse:
        self._connection.request(method, path, body, headers)
        return self._connection.getresponse()

    def _sign_in(self, email: str) -> None:
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', self.get("/connexion"))
        if token is None:
            raise RuntimeError("the sign-in page has no form")
        form = {"csrf_token": token[1], "email": email, "password": PASSWORD}
        self._ask("POST", "/connexion", form, 303)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


@dataclass
class Ground:
    """The prepared demonstration: `app` to call services in this process, `port` of the running portal."""

    app: Flask
    port: int

    @cached_property
    def town(self) -> Town:
        """The invented town the demonstration stands in."""
        return generate(SEED, SIZE_KM)

    @property
    def territory(self) -> str:
        """Slug of the demonstration's territory."""
        return SLUG

    @contextmanager
    def browser(self, mailbox: str | None = None) -> Iterator[Browser]:
        """A connection, signed in as a demonstration account when its mailbox is named."""
        opened = Browser(self.port, mailbox)
        try:
            yield opened
        finally:
            opened.close()


@contextmanager
def prepared_ground(folder: Path, say: Callable[[str], None]) -> Iterator[Ground]:
    """Prepare the demonstration in a folder of its own unless it is there, run it, and stop it afterwards.

    Raises StartError, with nothing left running, when it does not start.
    """
    environment = _environment(folder)
    folder.mkdir(parents=True, exist_ok=True)
    is_there = (folder / "demo.json").exists()
    say("Starting the portal…" if is_there else "Preparing the demonstration, once, and starting the portal…")
    with _running(environment, folder) as port:
        settings = load_settings(environ={}, var_dir=folder, demo_mode=True, rate_limits=False)
        yield Ground(create_app(settings), port)


def _environment(folder: Path) -> dict[str, str]:
    """Return the variables of the measured portal: embedded, without rate limits, whatever this one's settings."""
    ours = ("DATABASE_URL", "REDIS_URL", "FILES_URL")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("JOPTIMIZ_") and name not in ours}
    return {**kept, "JOPTIMIZ_VAR": str(folder), "JOPTIMIZ_RATE_LIMITS": "0"}


@contextmanager
def _running(environment: Mapping[str, str], folder: Path) -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    said = folder / "bench.log"
    with said.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "portal.cli", "demo", "--port", str(port)],
            cwd=PROJECT_ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        deadline = time.monotonic() + _READY_WITHIN_S
        while "Joptimiz answers on" not in said.read_text():
            if process.poll() is not None or time.monotonic() > deadline:
                raise StartError(f"The portal does not start: {_last_line(said.read_text())}")
            time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        try:
            process.wait(_STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1].removeprefix("Error: ") if lines else "it says nothing"
