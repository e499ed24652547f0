"""The store of files: a folder today, any shared folder tomorrow; keys are random and opaque."""

from __future__ import annotations

import io
import os
import re
import shutil
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Protocol
from urllib.parse import unquote, urlsplit

from flask import current_app

from portal.common.errors import NotFound
from portal.common.ids import new_id
from portal.config import ConfigurationError, Settings

_CHUNK_BYTES = 1024 * 1024
_KEY = re.compile(r"^[a-z][a-z0-9-]{0,31}/[0-9a-f-]{36}$")


class FileStore(Protocol):
    """What the portal asks of a store of files."""

    def put(self, area: str, content: bytes) -> str:
        """Store the content durably and return its key; area groups keys, such as `fleet-imports`."""
        ...

    def put_file(self, area: str, path: Path) -> str:
        """Store a copy of a file durably, whatever its size, and return its key."""
        ...

    def get(self, key: str) -> bytes:
        """Return the content; raises NotFound."""
        ...

    def open(self, key: str) -> BinaryIO:
        """Open the content for reading, for what is too large to hold; raises NotFound."""
        ...

    def delete(self, key: str) -> None:
        """Remove the content if it is there."""
        ...

    def older(self, area: str, before: datetime) -> list[str]:
        """The keys of an area stored before an instant."""
        ...


class FolderStore:
    """A store in a folder (local disk or a mounted share)."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def _path(self, key: str) -> Path:
        if not _KEY.match(key):
            raise NotFound("file-not-found")
        return self._root / key

    def put(self, area: str, content: bytes) -> str:
        return self._store(area, io.BytesIO(content))

    def put_file(self, area: str, path: Path) -> str:
        with path.open("rb") as content:
            return self._store(area, content)

    def _store(self, area: str, content: BinaryIO) -> str:
        key = f"{area}/{new_id()}"
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        with partial.open("wb") as stream:
            shutil.copyfileobj(content, stream, _CHUNK_BYTES)
            stream.flush()
            os.fsync(stream.fileno())
        partial.rename(path)
        return key

    def get(self, key: str) -> bytes:
        try:
            return self._path(key).read_bytes()
        except FileNotFoundError as error:
            raise NotFound("file-not-found") from error

    def open(self, key: str) -> BinaryIO:
        try:
            return self._path(key).open("rb")
        except FileNotFoundError as error:
            raise NotFound("file-not-found") from error

    def delete(self, key: str) -> None:
        self._path(key).unlink(missing_ok=True)

    def older(self, area: str, before: datetime) -> list[str]:
        limit, found = before.timestamp(), []
        for path in sorted((self._root / area).glob("*")):
            key = f"{area}/{path.name}"
            try:
                if _KEY.match(key) and path.stat().st_mtime < limit:
                    found.append(key)
            except FileNotFoundError:  # removed meanwhile
                continue
        return found


def open_store(settings: Settings) -> FileStore:
    """Return the store FILES_URL names; raises ConfigurationError for a scheme nobody implements."""
    parts = urlsplit(settings.files_url)
    if parts.scheme != "file":
        raise ConfigurationError(f"FILES_URL must start with file://, not {parts.scheme}://.")
    return FolderStore(Path(unquote(parts.path)))


def file_store() -> FileStore:
    """Return the running application's store."""
    store: FileStore = current_app.extensions["file_store"]
    return store
