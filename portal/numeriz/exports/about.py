"""What the files of an edition cannot all say of themselves (a CSV has no place for it): date, sources, licences."""

from __future__ import annotations

import json
from typing import BinaryIO

from portal.numeriz.exports.edition import OPEN_LICENCE, OPEN_LICENCE_URL, Edition, Writer, notice


class AboutWriter(Writer):
    """Writes one JSON object about the edition."""

    def __init__(self, stream: BinaryIO, edition: Edition) -> None:
        super().__init__(stream, edition)
        about = {
            "title": edition.title,
            "scope": edition.scope,
            "produced_at": edition.produced_at.isoformat(timespec="seconds"),
            "page": edition.page_url,
            "licence": OPEN_LICENCE,
            "licence_url": OPEN_LICENCE_URL,
            "sources": [{"name": s.name, "licence": s.licence, "url": s.url} for s in edition.sources],
            "notice": notice(),
        }
        self.write_text(json.dumps(about, ensure_ascii=False, indent=1) + "\n")
        self.records = 1
