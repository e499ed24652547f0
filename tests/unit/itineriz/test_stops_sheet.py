"""Files of addresses as people export them: nothing lost, nothing taken for something else."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from portal.common.errors import Invalid
from portal.itineriz.places.sheet import OTHER_NAME, read_rows


def read(text: str, *, header_needed: bool = True) -> list[Mapping[str, str]]:
    return [row.texts for row in read_rows(text.encode(), most_rows=200, header_needed=header_needed)]


@pytest.mark.parametrize("header_needed", [True, False])
@pytest.mark.parametrize("title", ["Adresse", '"Adresse"', "Tournée du lundi\n\nAdresse"])
def test_a_column_of_addresses_keeps_its_commas(title: str, header_needed: bool):
    text = f'{title}\n12, rue de Bretagne, 75003 Paris\n"5 rue de la Paix, 75002 Paris"\n'
    assert read(text, header_needed=header_needed) == [
        {"address": "12, rue de Bretagne, 75003 Paris"},
        {"address": "5 rue de la Paix, 75002 Paris"},
    ]


def test_a_title_alone_above_the_titles_does_not_join_the_columns():
    assert read("Client\nNom,Adresse\nA,1 rue X\n") == [{"label": "A", "address": "1 rue X"}]


def test_a_row_longer_than_its_titles_keeps_what_is_beyond_them():
    (row,) = read_rows(b"Nom,Adresse\nA,12 rue de Bretagne, 75003 Paris\n", most_rows=9)
    assert (row.surplus, row.address) == ("75003 Paris", "12 rue de Bretagne, 75003 Paris")


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ('Nom;Adresse\nA;1 rue X\n"B;2 rue Y\nC;3 rue Z\n', 3),
        ('Adresse;Nom\n1 rue X;A\n2 rue Y;"B\n3 rue Z;C"\n4 rue W;D\n', 3),
        ('Nom,Adresse\nA,"1 rue X\nB,2 rue Y"\n', 2),
        ('Adresse\n1 rue X\n"2 rue Y\n3 rue Z\n', 3),
        ('Nom;Adresse\nA;"1 rue X', 2),
    ],
    ids=["never closed", "closed in another row", "commas", "one column", "last cell"],
)
def test_a_quote_that_swallows_rows_is_refused_with_its_line(text: str, row: int):
    with pytest.raises(Invalid) as refused:
        read(text)
    assert (refused.value.code, refused.value.params["row"]) == ("quote-unbalanced", row)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ('Nom;Adresse\nA;"12 rue Haute\n75003 Paris"\n', "12 rue Haute 75003 Paris"),
        ('Nom,Adresse\nA,"12 rue Haute,\n75003 Paris"\n', "12 rue Haute, 75003 Paris"),
        ('Nom;Adresse\nChez "Max";12 rue Haute\n', "12 rue Haute"),
    ],
    ids=["two lines", "comma at the end of a line", "quotes inside"],
)
def test_a_quote_that_swallows_nothing_is_read(text: str, address: str):
    assert read(text)[0]["address"] == address


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("N°;Client;Rue\n1;A;rue X\n2;B;rue Y\n3;C;rue Z\n", []),
        ("N°;Rue\n7;12 rue X\n8;13 rue Y\n", []),
        ("N°;Adresse\n4;rue X\n", []),
        ("N°;Rue\n12;rue X\n3;rue Y\n", ["12", "3"]),
        ("N°;Rue\n1;rue X\n", ["1"]),
    ],
    ids=["counts the rows", "streets have their own", "no street", "of houses", "of one house"],
)
def test_a_number_is_of_a_house_only_when_it_can_be(text: str, numbers: list[str]):
    assert [row["house_number"] for row in read(text) if "house_number" in row] == numbers


def test_the_first_of_several_names_counts():
    (row,) = read("Client;Nom;Adresse\nBoulangerie;Martin;1 rue X\n")
    assert row == {"label": "Boulangerie", OTHER_NAME: "Martin", "address": "1 rue X"}
    with pytest.raises(Invalid):
        read("Adresse;Adresse\na;b\n")
