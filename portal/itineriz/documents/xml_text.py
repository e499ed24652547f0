"""Building XML files: elements in the namespace of the format, texts that any reader accepts."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from lxml import etree

# What XML 1.0 cannot hold, and the signs that turn the direction of the text after them.
_REFUSED = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|[\u202a-\u202e\u2066-\u2069]")


class Writer:
    """Adds elements of one namespace."""

    def __init__(self, namespace: str, root: str, **attributes: str) -> None:
        self._namespace = namespace
        self.root = etree.fromstring(f'<{root} xmlns="{namespace}"/>')
        for name, value in attributes.items():
            self.root.set(name, value)

    def add(self, parent: etree._Element, name: str, text: object = None, /, **attributes: str) -> etree._Element:
        """Add an element at the end of another, with its text when there is one; return it."""
        element = etree.SubElement(parent, self._name(name), attrib=attributes)
        if text is not None:
            element.text = clean(str(text))
        return element

    def content(self) -> bytes:
        """The whole document in UTF-8."""
        made: bytes = etree.tostring(self.root, encoding="UTF-8", xml_declaration=True, pretty_print=True)
        return made

    def _name(self, name: str) -> str:
        return f"{{{self._namespace}}}{name}"


def clean(text: str) -> str:
    """The text without the signs that XML 1.0 refuses."""
    return _REFUSED.sub("", text)


def utc(at: datetime) -> str:
    """An instant as xsd:dateTime in UTC, to the second: what older devices read."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
