"""Files people send and files we produce, behind FILES_URL; never inside the web root."""

from portal.files.store import FileStore, file_store

__all__ = ["FileStore", "file_store"]
