"""Reading XML that nobody vouches for: one record at a time, in bounded memory, without any declaration.

A document type is refused: it only serves to define entities, and those to read other files or to swell. libxml2 keeps
its own limits (256 levels, 10 MB in one text); a record, and whatever stands between two of them, is bounded here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal

from lxml import etree
from lxml.etree import _Element as Element

from portal.common.errors import Invalid

XSI_TYPE: Final = "{http://www.w3.org/2001/XMLSchema-instance}type"
MAX_RECORD_BYTES: Final = 16 * 1024 * 1024
"""How much may be read from the end of one record to the end of the next."""
MAX_RECORD_MARKS: Final = 500_000
"""How many elements and attributes that may be, about: 16 MB of the smallest would fill 700 MB of memory."""

_CHUNK_BYTES = 64 * 1024
_PROLOG_BYTES = 256 * 1024


def _parser(events: tuple[Literal["start", "end"], ...], tags: tuple[str, ...] | None = None) -> etree.XMLPullParser:
    return etree.XMLPullParser(
        events,
        tag=tags,
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        recover=False,
        remove_comments=True,
        remove_pis=True,
    )


def root_of(content: bytes) -> Element | None:
    """The outermost element of a document of which the beginning is given, without what it holds; None before it.

    Raises Invalid(`not-xml`, `xml-doctype`).
    """
    parser = _parser(("start",))
    # Small steps, so that a declaration is refused before what follows it is looked at.
    for start in range(0, len(content), 1024):
        try:
            parser.feed(content[start : start + 1024])
            starts = [element for _, element in parser.read_events() if isinstance(element, Element)]
        except etree.XMLSyntaxError as error:
            raise _broken(error) from error
        if starts:
            if starts[0].getroottree().docinfo.internalDTD is not None:
                raise Invalid("xml-doctype")
            return starts[0]
    return None


def is_xml(head: bytes, *roots: str) -> bool:
    """Tell whether a file of which the beginning is given has one of these outermost elements (local names)."""
    try:
        root = root_of(head[:_PROLOG_BYTES])
    except Invalid:
        return False
    return root is not None and local_name(root) in roots


class XmlRecords:
    """The elements of some local names, outermost ones, each whole when it is given and emptied afterwards.

    Iterating raises Invalid(`xml-doctype`, `not-xml`, `xml-record-too-large`) where the document breaks off; what
    came before has been given. bytes_read: how far the file was read.
    """

    def __init__(self, path: Path, *names: str, most_record_bytes: int = MAX_RECORD_BYTES) -> None:
        self._path = path
        self._names = names
        self._most = most_record_bytes
        self.bytes_read = 0

    def __iter__(self) -> Iterator[Element]:
        with self._path.open("rb") as stream:
            if root_of(stream.read(_PROLOG_BYTES)) is None:
                raise Invalid("not-xml", line=1, column=1)
        parser = _parser(("start", "end"), tuple(f"{{*}}{name}" for name in self._names))
        open_records = 0
        given_at = marks = 0
        with self._path.open("rb") as stream:
            while True:
                chunk = stream.read(_CHUNK_BYTES)
                error = _feed(parser, chunk)
                self.bytes_read += len(chunk)
                marks += chunk.count(b"<") + chunk.count(b"=")
                for event, element in parser.read_events():
                    if not isinstance(element, Element):
                        continue
                    open_records += 1 if event == "start" else -1
                    if event == "end" and not open_records:
                        yield element
                        _forget(element)
                        given_at, marks = self.bytes_read, 0
                if error is not None:
                    raise error
                if not chunk:
                    return
                if self.bytes_read - given_at > self._most or marks > MAX_RECORD_MARKS:
                    raise Invalid("xml-record-too-large", most=self._most // (1024 * 1024))


def _feed(parser: etree.XMLPullParser, chunk: bytes) -> Invalid | None:
    """Give the parser a piece, or its end; return the error instead of raising it: records before it still count."""
    try:
        if chunk:
            parser.feed(chunk)
        else:
            parser.close()
    except etree.XMLSyntaxError as error:
        return _broken(error)
    return None


def _broken(error: etree.XMLSyntaxError) -> Invalid:
    line, column = error.position
    return Invalid("not-xml", line=line or 0, column=column or 0)


def _forget(element: Element) -> None:
    """Free a record and everything before it: the tree stays as small as one record."""
    element.clear()
    ancestor: Element | None = element
    while ancestor is not None:
        parent = ancestor.getparent()
        while parent is not None and ancestor.getprevious() is not None:
            del parent[0]
        ancestor = parent


def digest_of(element: Element, *reading: str) -> str:
    """SHA-256 of an element as it stands and of what else decides how it is read."""
    found = hashlib.sha256(etree.tostring(element, encoding="utf-8", with_tail=False))
    for part in reading:
        found.update(b"\x00" + part.encode())
    return found.hexdigest()


def local_name(element: Element) -> str:
    """The name of an element without its namespace; empty for what is none (an unresolved reference)."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def xsi_type(element: Element) -> str:
    """The `xsi:type` of an element without its prefix; empty when there is none."""
    return str(element.get(XSI_TYPE, "")).rpartition(":")[2].strip()


def children(element: Element, name: str) -> Iterator[Element]:
    """The direct children of a local name."""
    return element.iterchildren(f"{{*}}{name}")


def find(element: Element | None, *path: str) -> Element | None:
    """The first element reached by local names, one level each; None when there is none."""
    for name in path:
        if element is None:
            return None
        element = next(children(element, name), None)
    return element


def descendants(element: Element, name: str) -> Iterator[Element]:
    """Every element of a local name below, in the order of the document."""
    return element.iterdescendants(f"{{*}}{name}")


def text_of(element: Element | None, *path: str) -> str:
    """The text of the element reached by local names, without spaces around; empty when there is none."""
    found = find(element, *path)
    return "" if found is None or found.text is None else found.text.strip()
