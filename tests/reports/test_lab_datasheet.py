"""The data sheet names every column, and its numbers are those of the table."""

import re

import pandas as pd
import pytest

from paraisite.errors import DataError
from paraisite.metrics.agreement import measure_agreement
from paraisite.reports.lab_columns import MEANING_IN_SLACK, column_table, kinds_of_reasons
from paraisite.reports.lab_datasheet import datasheet
from tests.reports.lab_tables import make_slack

SLACK = make_slack()
CHECK = measure_agreement(range(1, 21), [1.5 * value for value in range(1, 21)])


def sheet(table: pd.DataFrame = SLACK) -> str:
    return datasheet(
        table,
        potential="7net-0",
        versions={"sevenn": "0.13.1", "ase": "3.29.0"},
        checks={"Slack, against AFLOW's AGL": CHECK},
        licence="CC-BY-4.0",
    )


def cells(text: str, first: str) -> list[str]:
    """Return the cells of the table row that begins with a text."""
    line = next(line for line in text.splitlines() if line.startswith(f"| {first} |"))
    return [cell.strip() for cell in line.strip("|").split("|")][1:]


def section(text: str, title: str) -> str:
    return text.split(f"## {title}\n")[1].split("\n## ")[0]


def test_every_column_is_described():
    columns = section(sheet(), "Columns")
    assert columns.count("| --- | --- | --- |") == 1
    assert re.findall(r"^\| `(\w+)`", columns, re.MULTILINE) == list(SLACK)
    assert cells(columns, "`bulk_gpa`") == [
        "number", "bulk modulus of the elastic tensor, mean of Voigt and Reuss, GPa"
    ]  # fmt: skip
    assert cells(columns, "`space_group`")[0] == "text"


def test_every_described_column_exists():
    assert set(MEANING_IN_SLACK) == set(SLACK)


def test_a_column_without_meaning_is_refused():
    with pytest.raises(DataError, match="column hardness has no description"):
        column_table(SLACK.assign(hardness=1.0), MEANING_IN_SLACK)


def test_counts_are_those_of_the_table_and_add_up():
    composition = section(sheet(), "Composition")
    assert cells(composition, "rows") == ["14"]
    assert cells(composition, "accepted") == ["12"]
    assert cells(composition, "rejected") == ["2"]
    assert cells(composition, "rejected, with a relaxed structure") == ["1"]
    assert cells(composition, "accepted: formulas") == ["1"]
    assert cells(composition, "accepted: elements") == ["2"]
    (kappas,) = cells(composition, "accepted: kappa (W/m/K), min / median / max")
    assert float(kappas.split(" / ")[0]) == pytest.approx(SLACK["kappa_w_per_m_k"].min(), rel=0.01)


def test_rejections_add_up():
    rejections = section(sheet(), "Preprocessing and rejections")
    assert cells(rejections, "elastically unstable: softest mode … GPa") == ["1", "7.1%"]
    totals = re.findall(r"^\| all rejected \| (\d+) \|", rejections, re.MULTILINE)
    assert totals == ["2"]
    assert kinds_of_reasons(SLACK).sum() == (SLACK["reason"] != "").sum()


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("elastically unstable: softest mode -3.1 GPa", "elastically unstable: softest mode … GPa"),
        ("forces above 0.005 eV/Å after 150 steps", "forces above … eV/Å after … steps"),
        ("Poisson ratio 0.47, expected -0.2 to 0.45", "Poisson ratio …, expected … to …"),
        (
            "conductivity is nan W/m/K, expected a positive number",
            "conductivity is … W/m/K, expected a positive number",
        ),
        ("softest force constant 1e-05 eV/Å²", "softest force constant … eV/Å²"),
        ("phono3py failed with infinite forces", "phono3py failed with infinite forces"),
    ],
)
def test_numbers_are_left_out_of_kinds_of_reasons(reason: str, kind: str):
    assert kinds_of_reasons(pd.DataFrame({"reason": [reason, "", reason]})).to_dict() == {kind: 2}


def test_checks_are_shown():
    checks = section(sheet(), "Checks")
    assert cells(checks, "Slack, against AFLOW's AGL") == [
        "20", "1.00 (1.00 to 1.00)", "1.00", "+0.18", "0.00", "100%", "50% (50% to 50%)"
    ]  # fmt: skip


def test_potential_versions_and_licence_are_named():
    text = sheet()
    for name in ("7net-0", "sevenn 0.13.1", "ase 3.29.0", "CC-BY-4.0"):
        assert name in text
    assert not re.search(r"\bnan\b", text)


def test_a_table_without_accepted_rows_still_has_a_sheet():
    text = sheet(SLACK.iloc[12:])
    assert cells(text, "accepted") == ["0"]
    assert not re.search(r"\bnan\b", text)
