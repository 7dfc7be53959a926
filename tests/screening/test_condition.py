"""Rows are selected by a condition on their columns, and a condition can do nothing else."""

import csv
import re
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from paraisite.core.parquet_files import write_parquet
from paraisite.errors import ConfigError
from paraisite.screening.condition import SELECTED_FILE, Condition, write_selected
from paraisite.screening.output import ScreeningFolder
from tests.active_learning.screenings import NAMES, screened_table
from tests.screening.materials import rows_of

COLUMNS = ("material_id", "upper_90_w_per_m_k", "n_unseen_element", "out_of_domain_flag")
ROWS = pd.DataFrame(
    {
        "material_id": ["a", "b", "c"],
        "upper_90_w_per_m_k": pd.array([1.0, 3.0, None], "Float64"),
        "n_unseen_element": pd.array([1, 0, None], "Int64"),
        "out_of_domain_flag": pd.array([True, False, None], "boolean"),
    }
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("upper_90 < 2", ["a"]),
        ("upper_90_w_per_m_k*2 >= 2 and n_unseen_element == 0", ["b"]),
        ("not (upper_90 < 2)", ["b"]),
        ("upper_90 != 3", ["a"]),
        ("n_unseen_element != 0 or not out_of_domain_flag", ["a", "b"]),
        ("not out_of_domain_flag", ["b"]),
        ("material_id in ['a', 'c'] or 2 < upper_90 <= 3", ["a", "b", "c"]),
        ("upper_90 < 2 & n_unseen_element == 1 | material_id == 'c'", ["a", "c"]),
        ("material_id == ['a', 'b'] and not material_id == 'b'", ["a"]),
        ("out_of_domain_flag", ["a"]),
        ("-upper_90 / 2 > -1", ["a"]),
    ],
)
def test_rows_that_meet_it_are_kept(text: str, expected: list[str]):
    assert Condition.parse(text, COLUMNS).keep(ROWS)["material_id"].tolist() == expected


@pytest.mark.parametrize(
    "text",
    [
        "formula != 'NaCl'",
        "formula not in ['NaCl']",
        "not formula == 'NaCl'",
        "not formula in ['NaCl']",
        "kappa not in [5.0]",
        "kappa != 5",
    ],
)
def test_a_row_without_a_value_meets_no_comparison_with_it(text: str):
    """Texts and lists were compared as if null were a value like another."""
    rows = pd.DataFrame(
        {
            "formula": pd.array(["NaCl", None, "KCl"], "string"),
            "kappa": pd.array([5.0, None, 6.0], "Float64"),
            "reason": pd.array(["", "no file", ""], "string"),
        }
    )
    assert Condition.parse(text, list(rows)).keep(rows)["formula"].tolist() == ["KCl"]
    assert len(Condition.parse(f"({text}) or reason != ''", list(rows)).keep(rows)) == 2
    assert Condition.parse(f"({text}) and formula == 'KCl' and 2 < kappa", list(rows)).keep(rows)["kappa"].tolist() == [
        6.0
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("upper_95 < 2", "there is no column upper_95; known are material_id, upper_90, n_unseen_element"),
        ("upper_90 <", "is no condition"),
        ("__import__('os').system('true')", "holds a call"),
        ("upper_90.map(print) < 2", "holds a call"),
        ("@pd", "is no condition"),
        (" ", "the condition is empty"),
        ("1 < 2", "names no column"),
        (f"{'(' * 190}upper_90 < {')' * 190}", r"(((…' is no condition"),
        ("upper_90 ** 9 ** 9 < 2", "holds a pow"),
        ("2", "is no condition"),
        ("material_id == None", "compares with None, which no column holds"),
        ("material_id == 'a' * 99999999999", "computes with a text"),
        (" or ".join(["upper_90 < 2"] * 3000), "a condition of 47996 characters: expected at most"),
    ],
)
def test_anything_else_is_refused(text: str, message: str):
    with pytest.raises(ConfigError, match=re.escape(message)):
        Condition.parse(text, COLUMNS)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("material_id < 2", "a text and a number do not compare"),
        ("material_id == 2", "a text and a number do not compare"),
        ("upper_90 != '2'", "a text and a number do not compare"),
        ("material_id in [2]", "a text and a number do not compare"),
        ("material_id in 'a'", "expected a list behind in"),
        ("upper_90 + 1", "it is a number or a text, expected a comparison"),
        ("not upper_90", "and, or and not join comparisons alone"),
        ("upper_90 and True", "and, or and not join comparisons alone"),
        ("upper_90 < 3 and 2 in [2]", "a list is compared with no column"),
    ],
)
def test_what_cannot_be_compared_or_is_a_number_is_refused(text: str, message: str):
    with pytest.raises(ConfigError, match=message):
        Condition.parse(text, COLUMNS).keep(ROWS)


@pytest.mark.parametrize("text", ["upper_90 < 1 / 0", "upper_90 < 'low'", "upper_90 * 2", "formula < 2"])
def test_what_cannot_be_evaluated_is_refused_before_anything_is_screened(text: str):
    schema = pa.schema([("upper_90_w_per_m_k", pa.float64()), ("formula", pa.string()), ("is_flagged", pa.bool_())])
    for good in ("upper_90 < 2", "formula == 'NaCl' and not is_flagged", "1 / (upper_90 - 1) > 2"):
        Condition.parse(good, schema.names).require_evaluable(schema)
    with pytest.raises(ConfigError, match="cannot be evaluated"):
        Condition.parse(text, schema.names).require_evaluable(schema)


def test_the_rows_of_a_screening_lie_beside_it(tmp_path: Path):
    folder = screened_table(tmp_path).folder
    before = rows_of(folder)
    n_selected = write_selected(ScreeningFolder(folder), Condition.parse("predicted_kappa > 25", before.column_names))
    with (folder / SELECTED_FILE).open() as file:
        written = list(csv.DictReader(file))
    kappa = dict(zip(NAMES, before.column("predicted_kappa_w_per_m_k").to_pylist(), strict=True))
    assert [row["material_id"] for row in written] == [name for name in NAMES if kappa[name] > 25]
    assert 0 < n_selected == len(written) < len(NAMES)
    assert rows_of(folder).equals(before)  # readers of the data set do not see it


@pytest.mark.parametrize(
    ("text", "expected"),
    [("upper_90 != 3", ["a"]), ("not upper_90 < 2", ["b"]), ("n_unseen_element != 1", ["b"])],
)
def test_a_row_without_a_prediction_is_not_written(text: str, expected: list[str], tmp_path: Path):
    output = ScreeningFolder(tmp_path)
    columns = {
        "material_id": ["a", "b", "c"],
        "upper_90_w_per_m_k": [1.0, 3.0, None],
        "n_unseen_element": [1, 0, None],
    }
    write_parquet(pa.table(columns), output.part(0))
    assert write_selected(output, Condition.parse(text, list(columns))) == len(expected)
    with (tmp_path / SELECTED_FILE).open() as file:
        assert [row["material_id"] for row in csv.DictReader(file)] == expected


@pytest.mark.parametrize(("text", "expected"), [("reason == ''", ["a"]), ("reason != ''", ["b"])])
def test_a_row_with_a_prediction_has_an_empty_reason(text: str, expected: list[str], tmp_path: Path):
    output, columns = ScreeningFolder(tmp_path), {"material_id": ["a", "b"], "reason": [None, "broken"]}
    write_parquet(pa.table(columns), output.part(0))
    write_selected(output, Condition.parse(text, list(columns)))
    with (tmp_path / SELECTED_FILE).open() as file:
        assert [row["material_id"] for row in csv.DictReader(file)] == expected
