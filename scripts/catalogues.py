"""Write the catalogues of the interface from the messages found in the sources (see translations.sh).

    python scripts/catalogues.py FOUND.pot

English keeps the translations it has; a new message comes with an empty one, a message no longer found is dropped, and
none is guessed from a similar one. French is the language of the messages, so that no catalogue is needed but for the
plural forms: gettext alone would write « 0 véhicules », where French has the singular for 0 and 1.
"""

from __future__ import annotations

import sys
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
# No dates and no names: the repository knows them, and only messages should make a difference.
_HEADER = """\
# Written by scripts/translations.sh: change the translations only.
msgid ""
msgstr ""
"Language: {locale}\\n"
"Plural-Forms: {plural_forms}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""


def english(found: Catalog, before: Catalog) -> Catalog:
    """Return the messages found, each with the translation it had."""
    catalogue = Catalog(locale="en")
    for message in found:
        if message.id:
            kept = before.get(message.id, message.context)
            string = _same_forms(message, kept.string) if kept else ""
            catalogue.add(message.id, string, context=message.context, flags=message.flags)
    return catalogue


def _same_forms(message: Message, string: object) -> str | tuple[str, ...]:
    """Return a kept translation with the forms a message has now: one that got a plural keeps its singular."""
    forms = tuple(string) if isinstance(string, tuple | list) else (str(string or ""),)
    return (*forms, "")[:2] if message.pluralizable else forms[0]


def french(found: Catalog) -> Catalog:
    """Return the plural forms, translated by themselves."""
    catalogue = Catalog(locale="fr")
    for message in found:
        if message.id and message.pluralizable:
            catalogue.add(message.id, message.id, context=message.context, flags=message.flags)
    return catalogue


def catalogue_path(locale: str) -> Path:
    """Return where the catalogue of a language is kept."""
    return ROOT / "translations" / locale / "LC_MESSAGES" / "messages.po"


def write(catalogue: Catalog, path: Path) -> None:
    """Write a catalogue sorted by message, one message a line, without its places in the sources."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as out:
        out.write(_HEADER.format(locale=catalogue.locale, plural_forms=catalogue.plural_forms).encode())
        write_po(out, catalogue, width=0, omit_header=True, no_location=True, sort_output=True, ignore_obsolete=True)


def main(found_path: Path) -> None:
    """Update both catalogues and say what is left to translate."""
    with found_path.open("rb") as file:
        found = read_po(file)
    kept = catalogue_path("en")
    before = Catalog(locale="en")
    if kept.is_file():
        with kept.open("rb") as file:
            before = read_po(file, locale="en")
    updated = english(found, before)
    write(updated, kept)
    write(french(found), catalogue_path("fr"))
    empty = [message for message in updated if message.id and not _is_translated(message.string)]
    print(f"{len(updated)} messages, {len(empty)} without an English translation")


def _is_translated(string: object) -> bool:
    return all(string) if isinstance(string, tuple | list) else bool(string)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
