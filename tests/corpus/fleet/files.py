"""The corpus: name, bytes, and what must become of each file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from openpyxl.worksheet.worksheet import Worksheet

from tests.corpus.fleet.books import ods, xls, xlsx


@dataclass(frozen=True, slots=True)
class Case:
    """A file and its outcome. refused: the code of the whole file, else the counts hold.

    faults, warnings: kinds of fault with their rows; first: values of the first good row; units: of the columns;
    doubts: what a person is asked, and then nothing is judged; bad_rows: spreadsheet numbers.
    """

    name: str
    content: bytes
    good: int = 0
    bad: int = 0
    skipped: int = 0
    refused: str | None = None
    doubts: tuple[str, ...] = ()
    faults: Mapping[str, int] = field(default_factory=dict)
    warnings: Mapping[str, int] = field(default_factory=dict)
    first: Mapping[str, Any] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    bad_rows: tuple[int, ...] = ()


PLAIN = "Immatriculation;PTAC;Hauteur;Énergie\nAB-123-CD;3500;2,60;GO\nEF-456-GH;19000;3,80;EL\n"
_TWO = {"plate": "AB123CD", "gross_weight_kg": 3500, "height_cm": 260, "category": "N1", "energy": "diesel"}
_TITLES = PLAIN.partition("\n")[0]
_LINES = PLAIN.splitlines()
_GRID = [
    ["Immatriculation", "PTAC", "Hauteur", "Énergie"],
    ["AB-123-CD", 3500, 2.6, "GO"],
    ["EF-456-GH", 19000, 3.8, "EL"],
]


def _two(name: str, content: bytes, **more: Any) -> Case:
    """The plain fleet of two vehicles, however it is written."""
    return Case(name, content, good=2, first=_TWO, **more)


def _text(name: str, text: str, **more: Any) -> Case:
    return Case(name, text.encode(), **more)


_ENCODINGS = (
    _two("utf-8", PLAIN.encode()),
    _two("utf-8 with mark", b"\xef\xbb\xbf" + PLAIN.encode()),
    _two("windows-1252", PLAIN.encode("cp1252")),
    _two("utf-16 little end, mark", b"\xff\xfe" + PLAIN.encode("utf-16-le")),
    _two("utf-16 big end, mark", b"\xfe\xff" + PLAIN.encode("utf-16-be")),
    _two("utf-16 little end, no mark", PLAIN.encode("utf-16-le")),
    _two("utf-16 big end, no mark", PLAIN.encode("utf-16-be")),
    _two("utf-16 cut in the middle of a sign", b"\xff\xfe" + PLAIN.encode("utf-16-le") + b"\x0a"),
    _two("end-of-file sign of the old programs", PLAIN.encode("cp1252") + b"\x1a"),
    Case("picture", b"\x89PNG\r\n\x1a\n" + bytes(300), refused="file-not-a-spreadsheet"),
    Case("pdf named csv", b"%PDF-1.7\n" + bytes(range(256)) * 8, refused="file-not-a-spreadsheet"),
    Case("empty", b"", refused="file-empty"),
    Case("mark alone", b"\xef\xbb\xbf", refused="file-empty"),
    Case("blank lines alone", b"\r\n\r\n  \r\n", refused="file-empty"),
)

_SEPARATORS = (
    _two("commas", PLAIN.replace(",", ".").replace(";", ",").encode()),
    _two(
        "commas, decimal comma in quotes",
        PLAIN.replace("2,60", '"2,60"').replace("3,80", '"3,80"').replace(";", ",").encode(),
    ),
    _two("tabs", PLAIN.replace(";", "\t").encode()),
    _two("bars", PLAIN.replace(";", "|").encode()),
    _two("line that says the separator", b"sep=;\r\n" + PLAIN.replace("\n", "\r\n").encode()),
    _two("line ends of the old Macintosh", PLAIN.replace("\n", "\r").encode()),
    _two("no end of the last line", PLAIN.rstrip().encode()),
    _two("every cell in quotes", "\n".join(";".join(f'"{c}"' for c in line.split(";")) for line in _LINES).encode()),
    _two("every line in quotes", "\n".join(f'"{line}"' for line in _LINES).encode()),
    _two("spaces around cells", PLAIN.replace(";", " ; ").encode()),
    _two("empty cells at the end of lines", PLAIN.replace("\n", ";;;\n").encode()),
    _text(
        "decimal comma that cuts the row",
        "Plaque,PTAC,Hauteur\nAB-123-CD,3500,2.6\nEF-456-GH,3500,2,60\n",
        good=1,
        bad=1,
        faults={"plate:row-too-long": 1},
        bad_rows=(3,),
    ),
    _text("quote never closed", 'Plaque;PTAC\nAB-123-CD;"3500\nEF-456-GH;3500\n', refused="quote-unbalanced"),
    _text(
        "line break inside a cell",
        'Plaque;Nom;PTAC\nAB-123-CD;"Le bleu\ndu lundi";3500\nEF-456-GH;x;y\n',
        good=1,
        bad=1,
        first={"label": "Le bleu du lundi"},
        bad_rows=(3,),
    ),
)

_HEADERS = (
    _two("capitals without accents", PLAIN.replace("Énergie", "ENERGIE").replace("Hauteur", "HAUTEUR").encode()),
    _two("title rows above", ("Société Fleurs;;;\nParc au 1er mars;;;\n;;;\n" + PLAIN).encode()),
    _two("blank lines between", PLAIN.replace("\nEF", "\n\n;;;\nEF").encode()),
    _two("unknown columns beside", PLAIN.replace("\n", ";bleu\n", 1).replace(";GO", ";GO;rouge").encode()),
    _two(
        "registration fields",
        PLAIN.replace("Immatriculation", "A").replace("PTAC", "F.2").replace("Énergie", "P.3").encode(),
    ),
    _two(
        "english",
        PLAIN.replace("Immatriculation", "Registration plate")
        .replace("PTAC", "Gross weight (kg)")
        .replace("Hauteur", "Height (m)")
        .replace("Énergie", "Fuel type")
        .encode(),
    ),
    _two("order reversed", "\n".join(";".join(reversed(line.split(";"))) for line in _LINES).encode()),
    _two(
        "stars and line breaks in titles",
        PLAIN.replace("Immatriculation", '"Immatriculation *"').replace("PTAC", '"PTAC\n(F.2)"').encode(),
    ),
    _two("titles again in the middle", (PLAIN + _TITLES + "\n").encode(), skipped=1),
    Case(
        "titles on two lines",
        b"Immatriculation;PTAC;Dimensions;\n;;Hauteur;Largeur\nAB-123-CD;3500;2,6;2\n",
        good=1,
        first={"height_cm": 260, "width_cm": 200},
    ),
    _text(
        "no titles at all",
        "AB-123-CD;3500;2,6\nEF-456-GH;19000;3,8\n",
        doubts=("no-titles", "plate-proposed", "weight-missing"),
    ),
    _text(
        "title nobody knows over plates",
        "Camion n° 7;PTAC\nAB-123-CD;3500\nEF-456-GH;19000\n",
        doubts=("plate-proposed",),
    ),
    _text(
        "no weight and an unknown column", "Immatriculation;Tonnage admis\nAB-123-CD;3500\n", doubts=("weight-missing",)
    ),
    _text(
        "two columns of plates",
        "Plaque;Immatriculation;PTAC\nAB-123-CD;AB-123-CD;3500\n",
        doubts=("column-twice:plate",),
    ),
    _text(
        "two categories, one that reads",
        "Plaque;Type;Catégorie\nAB-123-CD;Master L2H2;N1\nEF-456-GH;Atego;N3\n",
        good=2,
        first={"category": "N1"},
    ),
    _text("nothing of a fleet", "Couleur;Prix\nrouge;3\n", refused="no-header"),
    _text("a word", "bonjour", refused="no-header"),
    _text("titles alone", "Immatriculation;PTAC\n", refused="no-rows"),
    _text("too many columns", "Immatriculation" + ";x" * 200 + "\nAB-123-CD;1\n", refused="too-many-columns"),
    _two("many empty columns", ("\n".join(line + ";" * 300 for line in _LINES)).encode()),
    _text("too many rows", "Plaque;PTAC\n" + "AB-123-CD;3500\n" * 1100, refused="too-many-rows"),
)

_UNITS = (
    _text(
        "tonnes by the values",
        "Plaque;PTAC\nAB-123-CD;3,5\nEF-456-GH;19\nGH-456-JK;7,49\n",
        good=3,
        first={"gross_weight_kg": 3500},
        units={"gross_weight_kg": "t"},
    ),
    _text(
        "tonnes in the title",
        "Plaque;PTAC (t)\nAB-123-CD;3,5\n",
        good=1,
        first={"gross_weight_kg": 3500},
        units={"gross_weight_kg": "t"},
    ),
    _text(
        "kilograms in cells",
        "Plaque;PTAC\nAB-123-CD;3 500 kg\nEF-456-GH;19 t\n",
        good=2,
        first={"gross_weight_kg": 3500},
    ),
    _text(
        "centimetres by the values",
        "Plaque;PTAC;Hauteur\nAB-123-CD;3500;260\nEF-456-GH;3500;380\n",
        good=2,
        first={"height_cm": 260},
        units={"height_cm": "cm"},
    ),
    _text(
        "centimetres at the end of the title",
        "Plaque;PTAC;Hauteur cm\nAB-123-CD;3500;260\n",
        good=1,
        first={"height_cm": 260},
    ),
    _text(
        "millimetres by the values",
        "Plaque;PTAC;Hauteur;Longueur\nAB-123-CD;3500;2600;5990\nEF-456-GH;3500;3800;8600\n",
        good=2,
        first={"height_cm": 260, "length_cm": 599},
        units={"height_cm": "mm", "length_cm": "mm"},
    ),
    _text(
        "one cell in another unit",
        "Plaque;PTAC;Hauteur\nAB-123-CD;3500;2,6\nEF-456-GH;3500;2,7\nGH-456-JK;3500;280\n",
        good=3,
        warnings={"height_cm:read-as-centimetres": 1},
        units={"height_cm": "m"},
    ),
    _text(
        "metres in a column of centimetres that says so",
        "Plaque;PTAC;Hauteur (cm)\nAB-123-CD;3500;2,6\n",
        bad=1,
        faults={"height_cm:out-of-range": 1},
        bad_rows=(2,),
    ),
    _text(
        "thousands apart",
        "Plaque;PTAC\nAB-123-CD;3 500\nEF-456-GH;19'000\nGH-456-JK;12.500,00\n",
        good=3,
        first={"gross_weight_kg": 3500},
    ),
    _text(
        "thousands with a narrow space",
        "Plaque;PTAC\nAB-123-CD;19\u202f000\n",
        good=1,
        first={"gross_weight_kg": 19000},
    ),
    _text(
        "length where a weight is due",
        "Plaque;PTAC\nAB-123-CD;3 m\n",
        bad=1,
        faults={"gross_weight_kg:not-a-weight": 1},
    ),
)

_VALUES = (
    _text(
        "plates in any typing",
        "Plaque;PTAC\nab 123 cd;3500\nEF456GH;3500\ngh.456.jk;3500\n123 AB 75;3500\n'JK-456-LM;3500\n",
        good=5,
        first={"plate": "AB123CD"},
    ),
    _text(
        "one plate typed three ways",
        "Plaque;PTAC\nAB-123-CD;3500\nab123cd;3500\nAB 123 CD;3500\n",
        good=1,
        bad=2,
        faults={"plate:plate-twice-in-file": 2},
        bad_rows=(3, 4),
    ),
    _text(
        "plates missing",
        "Plaque;PTAC;Nom\n;3500;Le bleu\nAB-123-CD;3500;Le vert\n",
        good=1,
        bad=1,
        faults={"plate:plate-missing": 1},
    ),
    _text("totals below", PLAIN + "Total;22500;;\nNombre de véhicules : 2;;;\n", good=2, skipped=2, first=_TWO),
    _text("totals beside an empty plate", PLAIN + ";;;\nSous-total 2024;22500;;\nTOTAL 2;22500;;\n", good=2, skipped=2),
    _text("note below", PLAIN + "Les véhicules loués sont exclus;;;\nÉdité le 12/03/2026;;;\n", good=2, skipped=2),
    _text("total of English sheets", "Plate,GVW\nAB123CD,3500\nGrand total,3500\n", good=1, skipped=1),
    _text(
        "foreign plate",
        "Plaque;Pays;PTAC\n1-ABC-234;BE;3500\nM AB 1234;Allemagne;3500\n",
        good=2,
        first={"country": "BE"},
    ),
    _text(
        "provisional plate without its end",
        "Plaque;PTAC\nWW-123-AB;3500\n",
        bad=1,
        faults={"plate_valid_until:end-date-needed": 1},
    ),
    _text(
        "days in several typings",
        "Plaque;PTAC;Fin de validité\nWW-123-AB;3500;31/12/2026\nWW-124-AB;3500;2026-12-31\n"
        "WW-125-AB;3500;46387\nWW-126-AB;3500;31.12.2026\n",
        good=4,
        first={"plate_valid_until": date(2026, 12, 31)},
    ),
    _text(
        "genre of the registration card",
        "Plaque;Genre;PTAC\nAB-123-CD;CTTE;3500\nEF-456-GH;CAM;19000\nGH-456-JK;TRR;18000\n",
        good=3,
        first={"category": "N1"},
    ),
    _text(
        "words for energy and sticker",
        "Plaque;PTAC;Carburant;Vignette\nAB-123-CD;3500;Électrique;Crit'Air 0\n"
        "EF-456-GH;3500;hybride;Crit’Air 1\nGH-456-JK;3500;B100;non classé\n",
        good=3,
        first={"energy": "electric", "air_class": "E"},
    ),
    _text(
        "energies of the certificate, and one nobody knows",
        "Plaque;PTAC;P.3\nAB-123-CD;3500;Gazole (GO)\nEF-456-GH;3500;GQ\nEF-457-GH;3500;Hybride diesel\n"
        "EF-458-GH;3500;ZZ\n",
        good=4,
        warnings={"energy:energy-ignored": 1},
        first={"energy": "diesel"},
    ),
    _text(
        "every fault of a row at once",
        "Plaque;PTAC;Hauteur;Énergie;Crit'Air\n??;lourd;0,2;vapeur;9\n",
        bad=1,
        faults={
            "plate:plate-malformed": 1,
            "gross_weight_kg:not-a-number": 1,
            "height_cm:out-of-range": 1,
            "air_class:air-class-unknown": 1,
        },
        warnings={"energy:energy-ignored": 1},
    ),
    _text(
        "formulas and what undoes them",
        "Plaque;PTAC;Nom\nAB-123-CD;3500;'=SUM(A1)\nEF-456-GH;3500;'@bleu\n",
        good=2,
        first={"label": "=SUM(A1)"},
    ),
    _text(
        "errors of formulas",
        "Plaque;PTAC\n#N/A;3500\nAB-123-CD;#REF!\nEF-456-GH;3500\n",
        good=1,
        bad=2,
        bad_rows=(2, 3),
    ),
    _text(
        "numbers that are none",
        "Plaque;PTAC\nAB-123-CD;NaN\nEF-456-GH;1e308\nGH-456-JK;-3500\nJK-456-LM;∞\n",
        bad=4,
        faults={"gross_weight_kg:not-a-number": 3, "gross_weight_kg:negative": 1},
    ),
    _text(
        "category against the weight",
        "Plaque;Catégorie;PTAC\nAB-123-CD;N1;19000\n",
        good=1,
        warnings={"category:category-differs": 1},
    ),
    _text(
        "axle above the whole",
        "Plaque;PTAC;Essieu\nAB-123-CD;3500;9000\n",
        bad=1,
        faults={"axle_load_kg:axle-above-gross": 1},
    ),
    Case(
        "sign zero inside",
        b"Plaque;PTAC\n" + b"AB-123-CD;3500\n" + b"EF-456-GH;3500\n" * 300 + b"GH\x00-456-JK;3500\n",
        good=3,
        bad=299,
        faults={"plate:plate-twice-in-file": 299},
    ),
    _text("very long label", f"Plaque;PTAC;Nom\nAB-123-CD;3500;{'x' * 300}\n", good=1, warnings={"label:label-cut": 1}),
)


def _merged(sheet: Worksheet) -> None:
    sheet.insert_rows(1, 2)
    sheet["A1"] = "Parc de la société"
    sheet.merge_cells("A1:D2")


def _hide_column(sheet: Worksheet) -> None:
    sheet.column_dimensions["C"].hidden = True
    sheet.row_dimensions[2].hidden = True


_BOOKS = (
    _two("xlsx", xlsx(_GRID)),
    _two("xls", xls(_GRID)),
    _two("ods", ods(_GRID)),
    _two("xlsx, first sheet empty", xlsx([], _GRID)),
    _two("xlsx, first sheet of something else", xlsx([["Notice"], ["Remplir la feuille 2"]], _GRID)),
    _two("ods, first sheet of something else", ods([["Notice"], ["Remplir la feuille 2"]], _GRID)),
    _two("xlsx, hidden sheet first", xlsx([["Immatriculation", "PTAC"], ["ZZ-999-ZZ", 1]], _GRID, hidden=0)),
    _two("xlsx, merged title", xlsx(_GRID, change=_merged)),
    _two("xlsx, hidden column and row", xlsx(_GRID, change=_hide_column)),
    _two("xlsx, begins at the third column and row", xlsx([[], [], *([None, None, *row] for row in _GRID)])),
    _two(
        "xlsx, formatted down to the end",
        xlsx(_GRID, change=lambda sheet: setattr(sheet["A5000"], "number_format", "0")),
    ),
    Case(
        "xlsx, a day",
        xlsx([["Plaque", "PTAC", "Fin de validité"], ["WW-123-AB", 3500, date(2026, 12, 31)]]),
        good=1,
        first={"plate_valid_until": date(2026, 12, 31)},
    ),
    Case(
        "xls, a day",
        xls([["Plaque", "PTAC", "Fin de validité"], ["WW-123-AB", 3500, date(2026, 12, 31)]]),
        good=1,
        first={"plate_valid_until": date(2026, 12, 31)},
    ),
    Case(
        "xlsx, yes and no of the spreadsheet",
        xlsx([["Plaque", "PTAC", "ADR"], ["AB-123-CD", 3500, True]]),
        good=1,
        first={"hazmat": True},
    ),
    Case("xlsx, rows below a gap", xlsx([_GRID[0], [], [], ["??", 3500]]), bad=1, bad_rows=(4,)),
    Case("xlsx, empty", xlsx([]), refused="file-empty"),
    Case(
        "xlsx, too many rows",
        xlsx([["Plaque", "PTAC"], *(["AB-123-CD", 3500] for _ in range(1100))]),
        refused="too-many-rows",
    ),
    Case("broken xlsx", b"PK\x03\x04" + bytes(60), refused="file-not-a-spreadsheet"),
    Case("broken xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), refused="file-not-a-spreadsheet"),
    _two("csv named xlsx", PLAIN.encode()),
)

CASES: tuple[Case, ...] = (*_ENCODINGS, *_SEPARATORS, *_HEADERS, *_UNITS, *_VALUES, *_BOOKS)
