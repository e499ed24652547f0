"""Many callers of one web process, each with a connection it keeps and a question after the answer to the last."""

from __future__ import annotations

import socket
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import cycle, islice

_READ_BYTES = 65536


@dataclass(frozen=True, slots=True)
class Answers:
    """What the callers got. rate: answers per second, all together; times_ms: of each, from question to answer."""

    rate: float
    times_ms: Sequence[float]


def ask(port: int, paths: Sequence[str], callers: int, seconds: float, must_hold: bytes) -> Answers:
    """Let callers open pages of the loopback for some seconds, each its own share of the paths, over and over.

    Every caller has an address of its own behind a proxy. Raises RuntimeError for an answer that is not 200 or that
    does not hold `must_hold`: a fast wrong page is no figure.
    """
    shares = [list(islice(paths, number, None, callers)) or list(paths) for number in range(callers)]
    started = time.perf_counter()
    with ThreadPoolExecutor(callers) as pool:
        parts = list(pool.map(lambda n: _one(port, shares[n], n, started + seconds, must_hold), range(callers)))
    elapsed = time.perf_counter() - started
    times = [one for part in parts for one in part]
    return Answers(len(times) / elapsed, times)


def _one(port: int, paths: Sequence[str], number: int, until: float, must_hold: bytes) -> list[float]:
    questions = cycle(
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept-Language: fr\r\n"
        f"X-Forwarded-For: 10.{number}.{rank // 250 % 250}.{rank % 250}\r\n\r\n".encode()
        for rank, path in enumerate(paths)
    )
    times = []
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while (asked_at := time.perf_counter()) < until:
            connection.sendall(next(questions))
            answer = _read(connection)
            times.append((time.perf_counter() - asked_at) * 1000)
            if not answer.startswith(b"HTTP/1.1 200 ") or must_hold not in answer:
                raise RuntimeError(f"a caller got {answer[:60]!r}")
    return times


def _read(connection: socket.socket) -> bytes:
    """Read one answer whole: its head, then as many bytes as it says."""
    got = b""
    while (end := got.find(b"\r\n\r\n")) < 0:
        got += _more(connection)
    head = got[:end].lower()
    length = int(head.partition(b"content-length:")[2].split(b"\r\n", 1)[0])
    while len(got) < end + 4 + length:
        got += _more(connection)
    return got


def _more(connection: socket.socket) -> bytes:
    part = connection.recv(_READ_BYTES)
    if not part:
        raise RuntimeError("the web process hung up")
    return part
