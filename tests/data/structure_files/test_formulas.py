"""Formulas as files state them."""

import pytest

from paraisite.data.structure_files.formulas import elements_of_formula, parse_formula, parse_moieties


@pytest.mark.parametrize(
    ("text", "amounts"),
    [
        ("Na4 Cl4", {"Na": 4, "Cl": 4}),
        ("Mg(OH)2", {"Mg": 1, "O": 2, "H": 2}),
        ("[Co(NH3)6]Cl3", {"Co": 1, "N": 6, "H": 18, "Cl": 3}),
        ("Ca3 (P O4)2", {"Ca": 3, "P": 2, "O": 8}),
        ("CaO\u2082", {"Ca": 1, "O": 2}),
        ("CaO<sub>2</sub>", {"Ca": 1, "O": 2}),
        ("$CaO_{2}$", {"Ca": 1, "O": 2}),
        ("Ca4, O8", {"Ca": 4, "O": 8}),
        ("CaSO4\u00b70.5H2O", {"Ca": 1, "S": 1, "O": 4.5, "H": 1}),
        ("Ca0,5 O", None),
        ("CaO*xH2O", None),
        ("Ca(", None),
        ("(x)2", None),
        ("()", None),
    ],
)
def test_a_formula_is_read_with_its_groups(text: str, amounts: dict[str, float] | None):
    assert parse_formula(text) == amounts


@pytest.mark.parametrize(
    ("text", "amounts"),
    [
        ("Mg 2+, 2(H O 1-)", {"Mg": 1, "H": 2, "O": 2}),
        ("C12 H10, 0.5(C H4 O)", {"C": 12.5, "H": 12, "O": 0.5}),
        ("2(Na 1+), (S O4 2-)", {"Na": 2, "S": 1, "O": 4}),
        ("n(C2 H4)", None),
        ("A" * 2000, None),
    ],
)
def test_a_formula_of_moieties_is_their_sum(text: str, amounts: dict[str, float] | None):
    assert parse_moieties(text) == amounts


@pytest.mark.parametrize(
    ("text", "elements"),
    [
        ("Ca1-x Mgx O", {"Ca", "Mg", "O"}),
        ("Ca2+ O2-", {"Ca", "O"}),
        ("unknown", None),
        ("Not determined", None),
        ("CaO" * 300 + "!", None),
    ],
)
def test_a_formula_without_known_amounts_still_says_which_elements(text: str, elements: set[str] | None):
    assert elements_of_formula(text) == elements
