"""The list of data sets on a terminal, in a pipe and for programs."""

from pathlib import Path

import pytest

from paraisite.artifacts.data_catalogue import _CONTENT, CatalogueEntry
from paraisite.core.row_format import RowFormat, tables_as
from paraisite.workflows import describe_data

ENTRIES = [
    *(
        CatalogueEntry(name, content, Path("data") / f"{name}.csv", True, 6177, 10823, "340feb9cf037")
        for name, content in _CONTENT.items()
    ),
    CatalogueEntry("aflow", "AGL conductivities", Path("external/aflow"), False),
]


@pytest.fixture(autouse=True)
def entries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(describe_data, "list_entries", lambda: ENTRIES)


def test_each_data_set_is_one_whole_line_of_80_columns(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("COLUMNS", "80")
    describe_data.list_datasets()
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(ENTRIES) + 1
    assert max(map(len, lines)) <= 80
    assert not [line for line in lines if "…" in line]
    assert "not here: run data fetch" in lines[-1]


def test_a_pipe_also_has_places(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.delenv("COLUMNS", raising=False)
    describe_data.list_datasets()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["name", "materials", "rejected", "version", "content", "place", "obtained"]
    assert len(lines) == len(ENTRIES) + 1
    assert "data/togo15.csv" in lines[1]


def test_rows_for_programs_have_whole_versions(capsys: pytest.CaptureFixture[str]):
    with tables_as(RowFormat.CSV):
        describe_data.list_datasets()
    printed = capsys.readouterr().out
    assert "340feb9cf037" in printed
    assert ",6177,10823," in printed, "whole numbers, although of what is not here none is known"
