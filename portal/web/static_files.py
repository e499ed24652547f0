"""Scripts, styles and modules go out compressed: a page that is a map is then 150 kB instead of 600 on a slow phone."""

from __future__ import annotations

import gzip
from functools import lru_cache
from pathlib import Path

from flask import Flask, Response, request
from werkzeug.security import safe_join

_COMPRESSIBLE = frozenset(
    {"text/css", "text/javascript", "application/javascript", "application/wasm", "image/svg+xml"}
)
_WORTH_BYTES = 500
_KEPT_FILES = 128


def init_app(app: Flask) -> None:
    """Compress what the static folder sends to whoever takes gzip."""

    @app.after_request
    def _compress(response: Response) -> Response:
        if request.endpoint != "static" or response.mimetype not in _COMPRESSIBLE:
            return response
        response.vary.add("Accept-Encoding")
        # A part of a file, an answer without a body, or a caller that takes no gzip: as it is.
        if response.status_code != 200 or request.method != "GET" or not request.accept_encodings.quality("gzip"):
            return response
        path = Path(safe_join(app.static_folder or "", (request.view_args or {})["filename"]) or "")
        status = path.stat()
        if status.st_size >= _WORTH_BYTES:
            _send_compressed(response, _compressed(path, status.st_mtime_ns))
        return response


def _send_compressed(response: Response, body: bytes) -> None:
    etag, _weak = response.get_etag()
    # The file that was opened to be sent is not.
    response.close()
    response.direct_passthrough = False
    response.data = body
    response.headers["Content-Encoding"] = "gzip"
    if etag is not None:
        # Weak: the same file goes out plain and compressed.
        response.set_etag(etag, weak=True)


@lru_cache(_KEPT_FILES)
def _compressed(path: Path, _mtime_ns: int) -> bytes:
    """The file as gzip; made once for each version of it."""
    return gzip.compress(path.read_bytes(), 9, mtime=0)
