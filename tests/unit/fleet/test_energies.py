"""What is understood of the energy of a vehicle, and how an operator says more."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from portal.config import ConfigurationError
from portal.fleet.bulk import read_change
from portal.fleet.checking import check_file, check_rows
from portal.fleet.drafts import judge
from portal.fleet.energies import energy_named, use_energies
from portal.fleet.models import Energy

# Order of 9 February 2009, annex VI, and the later codes of the register.
CODES = {
    Energy.DIESEL: "GO GF GG",
    Energy.PETROL: "ES ET FE GE",
    Energy.ELECTRIC: "EL",
    Energy.HYDROGEN: "H2 HE HH",
    Energy.GAS: "GN GP GZ GA EG EN FG FN",
    Energy.PLUGIN_HYBRID: "EE ER EM FL GL GM PE NE",
    Energy.HYBRID: "EH EQ EP FH GH GQ PH NH",
}


@pytest.mark.parametrize(("code", "energy"), [(code, kind) for kind, codes in CODES.items() for code in codes.split()])
def test_code_of_the_certificate_has_its_energy(code: str, energy: Energy) -> None:
    assert energy_named(code) is energy_named(f" {code.lower()} ") is energy


@pytest.mark.parametrize(
    ("text", "energy"),
    [
        ("Gazole (GO)", Energy.DIESEL),
        ("GO - gazole", Energy.DIESEL),
        ("Hybride rechargeable [EE]", Energy.PLUGIN_HYBRID),
        ("Hybride diesel", Energy.HYBRID),
        ("Essence-électricité (hybride non rechargeable)", Energy.HYBRID),
        ("Essence / GPL", Energy.GAS),
        ("Essence (EL)", None),
        ("Diesel électrique hydrogène", None),
        ("Pétrole lampant", None),
        ("AC", None),
        ("vapeur", None),
        ("", None),
    ],
)
def test_text_is_understood_when_all_of_it_agrees(text: str, energy: Energy | None) -> None:
    assert energy_named(text) is energy


def test_row_is_stored_without_the_energy_that_is_not_understood() -> None:
    content = "Plaque;PTAC;Énergie\nAB-123-CD;3500;vapeur\nEF-456-GH;3500;GQ\n".encode()
    drafts = [row.draft for row in check_rows(content, max_rows=100, max_columns=100)[1]]
    assert [(draft.energy, "energy" in draft.given) for draft in drafts if draft is not None] == [
        (None, False),
        (Energy.HYBRID, True),
    ]
    (shown,) = check_file(content, max_rows=100, max_columns=100).warned_shown
    assert shown["number"] == 2
    assert [(one["code"], one["value"]) for one in shown["warnings"]] == [("energy-ignored", "vapeur")]


def test_form_and_bulk_change_refuse_an_energy_that_nobody_can_choose() -> None:
    judged = judge({"plate": "AB-123-CD", "gross_weight_kg": "3500", "energy": "vapeur"})
    assert [fault.code for fault in judged.faults] == ["energy-unknown"]
    change, faults = read_change({"energy": "vapeur"})
    assert change is None
    assert [fault.code for fault in faults] == ["energy-unknown"]


def test_file_of_the_operator_is_laid_over_the_table(tmp_path: Path) -> None:
    path = tmp_path / "energies.toml"
    path.write_text('gas = ["GO", "Biométhane"]\nunknown = ["ES", "hybrid"]\n', encoding="utf-8")
    app = Flask("operator")
    use_energies(app, path)
    with app.app_context():
        assert energy_named("go") is energy_named("biomethane") is Energy.GAS
        assert energy_named("ES") is None
        assert energy_named("EL") is Energy.ELECTRIC
        assert energy_named("hybrid") is Energy.HYBRID  # what the form sends
    assert energy_named("GO") is Energy.DIESEL


@pytest.mark.parametrize(
    "content",
    ["steam = ['VA']", "gas = 'GO'", "gas = [1]", "gas = ['--']", "gas = ['GO']\ndiesel = ['go']", "gas = ["],
)
def test_portal_does_not_start_with_a_table_it_cannot_use(tmp_path: Path, content: str) -> None:
    path = tmp_path / "energies.toml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigurationError, match="JOPTIMIZ_ENERGIES"):
        use_energies(Flask("operator"), path)


def test_portal_does_not_start_without_the_table_it_was_told_of(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="JOPTIMIZ_ENERGIES"):
        use_energies(Flask("operator"), tmp_path / "none.toml")
