"""Rows for programs are what they are, and on a terminal text that acts on nothing."""

import sys

import pytest

from paraisite.core.row_format import RowFormat, print_records

NAME = "a\x1b[2J\x9b1m\u202eb"


@pytest.mark.parametrize("row_format", [RowFormat.CSV, RowFormat.JSON])
def test_a_name_moves_no_cursor(
    row_format: RowFormat, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    """A file's name with an escape sequence cleared the screen on which its row was printed as CSV."""
    print_records([{"name": NAME, "value": 1.0}], row_format)
    assert "\u202e" in capsys.readouterr().out
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    print_records([{"name": NAME, "value": 1.0}, {"name": "b", "value": 2.0}], row_format)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == (3 if row_format is RowFormat.CSV else 2)
    assert all(line.isprintable() for line in lines)
