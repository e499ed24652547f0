"""Addresses from a spreadsheet: which column is what, whatever their order and names, and each row as it was written.

One specification feeds the headers understood, the help text and the sample file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask_babel import lazy_gettext as _l

from portal.common.errors import Invalid
from portal.common.text import fold
from portal.sheets import CsvText, Line, read_lines

_HEADER_SOUGHT_IN = 20
MOST_COLUMNS = 100


@dataclass(frozen=True, slots=True)
class Column:
    """What a column may hold. aliases: folded headers understood, separated by commas; example: for the sample file."""

    key: str
    label: Any
    aliases: str
    example: str
    help: Any


COLUMNS: tuple[Column, ...] = (
    Column(
        "label",
        _l("Nom"),
        "nom, client, nom du client, destinataire, libelle, enseigne, raison sociale, name, stop, arret, societe, "
        "magasin, customer, contact, designation",
        "Boulangerie Martin",
        _l("Le client ou le lieu. Celui d’un lieu enregistré suffit à le situer."),
    ),
    Column(
        "address",
        _l("Adresse"),
        "adresse, address, adresse complete, adresse de livraison, adresse livraison, adresse 1, adresse1, lieu, "
        "full address, delivery address",
        "12 rue de Bretagne, 75003 Paris",
        _l("Numéro, rue, code postal et commune, ensemble ou dans les trois colonnes suivantes."),
    ),
    Column(
        "street",
        _l("Rue"),
        "rue, voie, street, adresse ligne 1, nom de voie, nom de la voie, numero et voie, numero et rue",
        "",
        _l("Le numéro et la rue, si l’adresse est en plusieurs colonnes."),
    ),
    Column(
        "house_number",
        _l("Numéro"),
        "numero, n, no, num, number, house number, numero de voie",
        "",
        _l("S’il est à part."),
    ),
    Column("postcode", _l("Code postal"), "code postal, cp, postcode, zip, zip code, codepostal", "", ""),
    Column("city", _l("Commune"), "commune, ville, city, town, localite", "", ""),
    Column(
        "position",
        _l("Position"),
        "position, coordonnees, coordonnees gps, gps, point, lat lon, latlon, lon lat, latitude longitude, "
        "longitude latitude, coordinates",
        "",
        _l("Longitude et latitude en degrés ; elles l’emportent sur l’adresse."),
    ),
    Column("lon", _l("Longitude"), "lon, lng, long, longitude, x", "", _l("Si elle est à part.")),
    Column("lat", _l("Latitude"), "lat, latitude, y", "", _l("Si elle est à part.")),
    Column(
        "service",
        _l("Minutes sur place"),
        "minutes sur place, minutes, duree, duree sur place, temps sur place, service, temps de service, "
        "duree service, duree minutes, duree min, service min, service minutes, duration, duree de livraison",
        "15",
        _l("Un nombre de minutes, ou une durée comme 0h20."),
    ),
    Column(
        "opens",
        _l("Pas avant"),
        "pas avant, de, des, ouverture, debut, heure debut, heure de debut, from, a partir de, "
        "au plus tot, window start",
        "08:00",
        _l("L’heure à partir de laquelle la livraison peut commencer."),
    ),
    Column(
        "closes",
        _l("Pas après"),
        "pas apres, a, fermeture, fin, heure fin, heure de fin, to, until, jusqu a, jusque, au plus tard, window end",
        "12:00",
        _l("L’heure à laquelle elle doit avoir commencé."),
    ),
    Column(
        "hours",
        _l("Heures"),
        "heures, horaires, creneau, creneaux, plage, plages, plage horaire, heures de livraison, "
        "horaires de livraison, windows, time windows, hours, fenetre, fenetres",
        "",
        _l("Ou les deux ensemble : 08:00-12:00, 14:00-18:00."),
    ),
)

_WHERE = frozenset({"label", "address", "street", "position", "lon"})
OTHER_NAME = "other name"
"""The key of a name that does not count: « Client » and « Nom » in one file."""

_ALONE = _WHERE - {"lon"}
_ONLY_WHERE = ("label", "address", "street", "house_number", "postcode", "city", "position", "lon", "lat")
_BY_HEADER: Mapping[str, str] = {
    name: column.key for column in COLUMNS for name in (column.key.replace("_", " "), *column.aliases.split(", "))
}


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One row as it was written: its number in the spreadsheet and the texts by key of column.

    surplus: cells beyond the titles, joined: something cut the row where it should not.
    """

    number: int
    texts: Mapping[str, str]
    surplus: str = ""

    def text(self, key: str) -> str:
        """A cell, "" when there is none."""
        return self.texts.get(key, "")

    @property
    def address(self) -> str:
        """The address in one text, from one column or from its parts."""
        street = f"{self.text('house_number')} {self.text('street')}".strip()
        town = f"{self.text('postcode')} {self.text('city')}".strip()
        whole = self.text("address")
        parts = [whole or street, town if not whole or fold(town) not in fold(whole) else "", self.surplus]
        return ", ".join(part for part in parts if part)[:200]

    @property
    def position(self) -> str:
        """The position as written, "" when the row has none."""
        if self.text("position"):
            return self.text("position")
        if self.text("lon") or self.text("lat"):
            return f"{self.text('lon')} ; {self.text('lat')}"
        return ""


def read_rows(content: bytes, *, most_rows: int, header_needed: bool = True) -> list[SheetRow]:
    """Read the rows of a spreadsheet that hold something.

    header_needed: without a line of titles the file is refused; otherwise each line is then an address.
    Raises Invalid as `read_lines`, and no-header, header-twice (params: column), no-rows, too-many-rows.
    """
    lines = read_lines(content, max_rows=most_rows, max_columns=MOST_COLUMNS, is_title=_is_title)
    head = [line for _place, line in zip(range(_HEADER_SOUGHT_IN), lines, strict=False)]
    header = _find_header(head)
    if header is None and header_needed:
        raise Invalid("no-header")
    rows: list[SheetRow] = []
    for line in _all(head, lines):
        if line.blank or (header is not None and line.number <= header.number):
            continue
        row = _row(line, header)
        if row.texts or row.surplus:
            rows.append(row)
        if len(rows) > most_rows:
            raise Invalid("too-many-rows", limit=most_rows)
    if not rows:
        raise Invalid("no-rows")
    return _without_row_numbers(rows)


def rows_of_text(text: str, *, most_rows: int) -> list[SheetRow]:
    """The addresses of a text, one per line. Raises Invalid (no-rows, too-many-rows)."""
    lines = (" ".join(line.replace("\x00", "").split())[:200] for line in text.splitlines())
    rows = [SheetRow(number, {"address": line}) for number, line in enumerate(lines, start=1) if line]
    if not rows:
        raise Invalid("no-rows")
    if len(rows) > most_rows:
        raise Invalid("too-many-rows", limit=most_rows)
    return rows


def sample_csv(*, with_hours: bool) -> str:
    """The sample file: the titles and one line of example."""
    columns = [column for column in COLUMNS if column.example and (with_hours or column.key in _ONLY_WHERE)]
    out = CsvText(str(column.label) for column in columns)
    out.add(column.example for column in columns)
    return out.text


def columns_shown(*, with_hours: bool) -> Sequence[Column]:
    """The columns that a file may have, for the help of the page."""
    return [column for column in COLUMNS if with_hours or column.key in _ONLY_WHERE]


def _all(head: Sequence[Line], rest: Iterator[Line]) -> Iterator[Line]:
    yield from head
    yield from rest


@dataclass(frozen=True, slots=True)
class _Header:
    """The line of titles: its number, the key of each place that is understood, the place of the last title."""

    number: int
    places: Mapping[int, str]
    last: int


def _find_header(lines: Sequence[Line]) -> _Header | None:
    """The line that names the most columns, one of them saying where. Of several names the first one counts."""
    best: _Header | None = None
    for line in lines:
        known = {place: key for place, cell in enumerate(line.cells) if (key := _BY_HEADER.get(fold(cell)))}
        if _WHERE.isdisjoint(known.values()) or len(known) <= (len(best.places) if best else 0):
            continue
        last = max(place for place, cell in enumerate(line.cells) if cell)
        best = _Header(line.number, known, last)
    if best is None:
        return None
    names = [place for place, key in best.places.items() if key == "label"]
    best = replace(best, places={**best.places, **dict.fromkeys(names[1:], OTHER_NAME)})
    twice = [key for key, count in Counter(best.places.values()).items() if count > 1 and key != OTHER_NAME]
    if twice:
        raise Invalid("header-twice", column=twice[0])
    return best


def _is_title(text: str) -> bool:
    return _BY_HEADER.get(fold(text)) in _ALONE


def _row(line: Line, header: _Header | None) -> SheetRow:
    cells = [" ".join(cell.split())[:200] for cell in line.cells]
    if header is None:
        return SheetRow(line.number, {"address": ", ".join(cell for cell in cells if cell)[:200]})
    texts = {key: cells[n] for n, key in header.places.items() if n < len(cells) and cells[n]}
    return SheetRow(line.number, texts, ", ".join(cell for cell in cells[header.last + 1 :] if cell))


def _without_row_numbers(rows: Sequence[SheetRow]) -> list[SheetRow]:
    """The rows without their « N° » when it counts them and says nothing of a house.

    It counts them without a street beside it, when it goes 1, 2, 3…, or when the streets bring numbers of their own.
    """
    numbered = [row for row in rows if row.text("house_number")]
    streets = [row.text("street") for row in numbered if row.text("street")]
    counted = len(numbered) > 1 and [row.text("house_number") for row in numbered] == [
        str(number) for number in range(1, len(numbered) + 1)
    ]
    own = sum(street[0].isdigit() for street in streets)
    if not numbered or (streets and not counted and 2 * own <= len(streets)):
        return list(rows)
    return [replace(row, texts={key: text for key, text in row.texts.items() if key != "house_number"}) for row in rows]
