"""Names and ids as text: nothing in them acts on a terminal, a spreadsheet or a page."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paraisite.core.shown_text import escape_controls, escape_formula, escape_markdown, restore_formula


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("NaCl.cif", "NaCl.cif"),
        ("Ångström κ.cif", "Ångström κ.cif"),
        ("\x1b[2Jgone", r"\x1b[2Jgone"),
        ("two\nlines\r", r"two\nlines\r"),
        ("no text \udcff", r"no text \udcff"),
        ("right to left \u202efic.LCaN", r"right to left \u202efic.LCaN"),
    ],
)
def test_control_characters_are_shown_and_not_obeyed(text: str, expected: str) -> None:
    assert escape_controls(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('=HYPERLINK("http://evil","NaCl")', '\'=HYPERLINK("http://evil","NaCl")'),
        ("+1+cmd|' /C calc'!A0", "'+1+cmd|' /C calc'!A0"),
        ("-2+3", "'-2+3"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("-1.5e-3", "-1.5e-3"),
        ("mp-149", "mp-149"),
    ],
)
def test_no_text_is_a_formula(text: str, expected: str) -> None:
    assert escape_formula(text) == expected


@given(st.text(alphabet="=+-@'\t1a"))
def test_formulas_come_back(text: str) -> None:
    assert restore_formula(escape_formula(text)) == text


@pytest.mark.parametrize(
    "text", ["![x](http://evil/a.png)", "<script>alert(1)</script>", ":red[x]", "# a", "$x$", "my_own_file.cif"]
)
def test_markdown_is_shown_as_it_stands(text: str) -> None:
    escaped = escape_markdown(text)
    assert escaped.replace("\\", "") == text
    assert all(escaped[place - 1] == "\\" for place, each in enumerate(escaped) if each in "[]<>#$_")
