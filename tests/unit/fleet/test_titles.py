"""A unit that a title says and that is not understood is asked of a person: no size is read in another."""

from __future__ import annotations

import pytest

from portal.fleet.checking import Report, check_file
from portal.fleet.messages import doubt_sentence
from portal.fleet.titles import strange_unit


def _read(content: str) -> Report:
    return check_file(content.encode(), max_rows=100, max_columns=20)


@pytest.mark.parametrize(
    ("title", "key"),
    [
        ("Height (in)", "height_cm"),
        ("Height (inches)", "height_cm"),
        ("Hauteur [pouces]", "height_cm"),
        ("Height (ft)", "height_cm"),
        ("Hauteur (dm)", "height_cm"),
        ("Largeur (t)", "width_cm"),
        ("PTRA (lbs)", "combination_weight_kg"),
        ("Longueur (en pieds)", "length_cm"),
        ("PTRA (hors tout) (q)", "combination_weight_kg"),
    ],
)
def test_a_person_is_asked_when_a_title_says_an_unknown_unit(title: str, key: str) -> None:
    report = _read(f"Plaque;PTAC;{title}\nAB-123-CD;3500;102\nEF-456-GH;3500;154\n")
    assert report.mapping.doubts == (f"unit-unknown:{key}",)
    assert report.rows_total == 0
    # Whoever confirms without a word leaves the column aside.
    assert [column.key for column in report.mapping.columns] == ["plate", "gross_weight_kg", None]
    assert "%" not in doubt_sentence(report.mapping.doubts[0])


@pytest.mark.parametrize(
    "title",
    [
        "Hauteur (cm)",
        "Hauteur (en m)",
        "Hauteur (hors tout)",
        "PTAC (F.2)",
        "PTAC (poids total autorisé en charge)",
        "Longueur (L)",
        "PTAC (1)",
        "PTAC (*)",
        "Nom (usuel)",
        "Couleur (RAL)",
        "Hauteur",
    ],
)
def test_nothing_is_asked_when_brackets_hold_no_unit(title: str) -> None:
    assert strange_unit(title) is None


def test_the_column_of_a_known_unit_is_read_when_another_has_an_unknown_one() -> None:
    report = _read("Plate;GVW;Height (in);Height (cm)\nAB-123-CD;3500;102;260\n")
    assert (report.mapping.doubts, report.rows_good) == ((), 1)
    assert [column.title for column in report.mapping.used] == ["Plate", "GVW", "Height (cm)"]


def test_no_weight_is_read_when_its_unit_is_unknown() -> None:
    report = _read("Plate;GVW (lbs)\nAB-123-CD;7000\nEF-456-GH;26000\n")
    assert set(report.mapping.doubts) == {"weight-missing", "unit-unknown:gross_weight_kg"}
