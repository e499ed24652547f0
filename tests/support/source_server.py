"""A small web server on the loopback that plays a source of open data: each path answers what the test says."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

type Reply = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class SourceServer:
    """replies: what a path answers. asked: path and headers of each request, in order."""

    port: int = 0
    replies: dict[str, Reply] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    @property
    def host(self) -> str:
        """As it is listed among the hosts of feeds."""
        return f"127.0.0.1:{self.port}"

    def url(self, path: str) -> str:
        """The address of a path."""
        return f"http://{self.host}{path}"


def body(content: bytes, status: int = 200, **headers: str) -> Reply:
    """Answer a whole content; headers are written with dashes for underscores."""

    def reply(request: BaseHTTPRequestHandler) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if named.get("ETag") and request.headers.get("If-None-Match") == named["ETag"]:
            request.send_response(304)
            request.send_header("ETag", named["ETag"])
            request.end_headers()
            return
        request.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **named}.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(content)

    return reply


def in_turn(*replies: Reply) -> Reply:
    """Answer the first time with the first, and so on; the last one for ever."""
    left = list(replies)

    def reply(request: BaseHTTPRequestHandler) -> None:
        (left.pop(0) if len(left) > 1 else left[0])(request)

    return reply


@contextmanager
def serve() -> Iterator[SourceServer]:
    """Run a server until the end of the block."""
    source = SourceServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            source.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
            reply = source.replies.get(self.path, body(b"", 404))
            try:
                reply(self)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True  # the client had seen enough, as some tests want

        def log_message(self, *_args: object) -> None:
            """Stay silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    source.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield source
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
