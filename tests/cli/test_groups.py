"""Help lists every verb below one heading, and rows come out for programs."""

import csv
import io
import json

import numpy as np
import pandas as pd
import pytest
from typer.main import get_command
from typer.testing import CliRunner

from paraisite.cli import PRINT_TABLES, app
from paraisite.cli.groups import GROUPS
from paraisite.core.row_format import RowFormat, tables_as
from paraisite.reports.terminal import print_line, print_table
from tests.cli import parsing

RUNNER = CliRunner()


def verbs() -> set[str]:
    command = get_command(app)
    return {name for name, verb in command.commands.items() if not verb.hidden}


def test_every_verb_is_in_one_group() -> None:
    grouped = [name for names in GROUPS.values() for name in names]
    assert len(grouped) == len(set(grouped))
    assert set(grouped) >= verbs()


def test_help_begins_with_what_most_come_for() -> None:
    shown = RUNNER.invoke(app, ["--help"]).output
    headings = [line.rstrip(":") for line in shown.splitlines() if line.rstrip(":") in GROUPS]
    assert headings == list(GROUPS)
    assert "More:" not in shown
    assert all(f"  {verb} " in shown for verb in verbs())


@pytest.mark.parametrize("verb", sorted(PRINT_TABLES))
def test_verbs_with_tables_have_both_formats(verb: str) -> None:
    shown = RUNNER.invoke(app, [verb.replace("_", "-"), "--help"]).output
    assert "--json" in shown
    assert "--csv" in shown


@pytest.mark.parametrize("verb", [verb for verb, _ in parsing.verbs()])
def test_help_fits_a_terminal_and_breaks_no_word(verb: str) -> None:
    """A metavar that lists sixty recipes filled the screen, one of figures was broken within their names."""
    shown = RUNNER.invoke(app, [*verb.split(), "--help"], env={"COLUMNS": "80", "TERMINAL_WIDTH": "80"}).output
    assert max(map(len, shown.splitlines())) <= 80
    usage = shown.partition("\n\n")[0]
    assert usage.count("|") <= 1, usage


def test_recipes_come_as_rows() -> None:
    found = RUNNER.invoke(app, ["recipes", "--json"]).output
    rows = [json.loads(line) for line in found.splitlines()]
    assert {"recipe": "FEAFTG15", "starts from": "FEAF", "trained on": "togo15"} in rows
    same = list(csv.DictReader(io.StringIO(RUNNER.invoke(app, ["recipes", "--csv"]).output)))
    assert same == rows


def test_both_formats_at_once_are_refused() -> None:
    found = RUNNER.invoke(app, ["recipes", "--json", "--csv"])
    assert found.exit_code == 2
    assert "exclude each other" in found.output


def test_a_table_for_a_program_is_its_rows_alone(capsys: pytest.CaptureFixture[str]) -> None:
    table = pd.DataFrame({"error": ["0.36", None], "n": [3, 4]}, index=pd.Index(["a", "=b"], name="model"))
    with tables_as(RowFormat.JSON):
        print_table(table, title="Errors")
        print_line("written")
    shown, beside = capsys.readouterr()
    assert [json.loads(line) for line in shown.splitlines()] == [
        {"model": "a", "error": "0.36", "n": 3},
        {"model": "=b", "error": None, "n": 4},
    ]
    assert beside == "written\n"
    with tables_as(RowFormat.CSV):
        print_table(table, title="Errors")
    assert capsys.readouterr().out.splitlines() == ["model,error,n", "a,0.36,3", "'=b,,4"]
    print_table(table, title="Errors")
    assert "Errors" in capsys.readouterr().out


def test_a_table_in_a_pipe_has_no_frame(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(pd.DataFrame({"error": ["0.36"]}, index=pd.Index(["a"], name="model")), title="Errors")
    assert [line.split() for line in capsys.readouterr().out.splitlines()] == [
        ["Errors"], ["model", "error"], ["a", "0.36"],
    ]  # fmt: skip


def test_several_tables_of_a_verb_are_one_for_a_program(capsys: pytest.CaptureFixture[str]) -> None:
    first = pd.DataFrame({"error": ["0.36"]}, index=pd.Index(["a"], name="model"))
    second = pd.DataFrame({"n": [4]}, index=pd.Index(["b"], name="model"))
    with tables_as(RowFormat.CSV):
        print_table(first, title="Errors")
        print_table(second, title="Counts")
    assert capsys.readouterr().out.splitlines() == ["table,model,error,n", "Errors,a,0.36,", "Counts,b,,4"]


def test_a_program_gets_numbers_where_people_read_text(capsys: pytest.CaptureFixture[str]) -> None:
    shown = pd.DataFrame({"interval": ["0.1 to 0.2"]}, index=pd.Index(["m-1"], name="id"))
    numbers = pd.DataFrame({"material_id": ["m-1"], "lower_80_w_per_m_k": [0.1], "upper_80_w_per_m_k": [np.inf]})
    with tables_as(RowFormat.JSON):
        print_table(shown, title="Candidates", numbers=numbers)
    assert json.loads(capsys.readouterr().out) == {
        "material_id": "m-1", "lower_80_w_per_m_k": 0.1, "upper_80_w_per_m_k": None,
    }  # fmt: skip
    print_table(shown, title="Candidates", numbers=numbers)
    assert "0.1 to 0.2" in capsys.readouterr().out
