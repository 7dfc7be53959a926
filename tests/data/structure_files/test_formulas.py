"""Formulas as files state them."""

import pytest

from paraisite.data.structure_files.formulas import parse_formula


@pytest.mark.parametrize(
    ("text", "amounts"),
    [
        ("Na4 Cl4", {"Na": 4, "Cl": 4}),
        ("Mg(OH)2", {"Mg": 1, "O": 2, "H": 2}),
        ("[Co(NH3)6]Cl3", {"Co": 1, "N": 6, "H": 18, "Cl": 3}),
        ("Ca3 (P O4)2", {"Ca": 3, "P": 2, "O": 8}),
        ("Ca(", None),
        ("(x)2", None),
        ("()", None),
    ],
)
def test_a_formula_is_read_with_its_groups(text: str, amounts: dict[str, float] | None):
    assert parse_formula(text) == amounts
