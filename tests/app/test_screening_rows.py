"""A finished screening as the page reads it: filters, points, and the list of candidates."""

import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from paraisite.app.screening_rows import FACTOR, RowFilter, format_candidates, read_screening
from paraisite.app.screening_view import MAX_POINTS, screening_figure, thin_out
from paraisite.errors import DataError, MissingInputError

ALL = (0.0, float("inf"))


def write_screening(folder: Path) -> Path:
    """Write four rows in two parts, one of them without a prediction."""
    folder.mkdir(parents=True)
    rows = pd.DataFrame(
        {
            "row": [0, 1, 2, 3],
            "material_id": ["a", "b", "c", "d"],
            "formula": ["NaCl", "Na2S", None, "C"],
            "predicted_kappa_w_per_m_k": [6.0, 1.0, np.nan, 2000.0],
            "lower_80_w_per_m_k": [3.0, 0.1, np.nan, 1000.0],
            "upper_80_w_per_m_k": [12.0, 10.0, np.nan, 4000.0],
            "out_of_domain_flag": [False, True, None, False],
            "reason": [None, None, "it is broken", None],
        }
    )
    for number in range(2):
        rows[2 * number : 2 * number + 2].to_parquet(folder / f"part-{number:07d}.parquet")
    (folder / "_summary.json").write_text(json.dumps({"n_row": 4, "n_scored": 3, "source": "nowhere"}))
    return folder


def test_rows_have_their_intervals_factor_and_elements(tmp_path: Path):
    result = read_screening(write_screening(tmp_path / "screen"))
    assert (result.n_row, result.n_without) == (4, 1)
    assert result.rows[FACTOR].tolist() == pytest.approx([2.0, 10.0, 2.0])
    assert result.elements == ["C", "Cl", "Na", "S"]


@pytest.mark.parametrize(
    ("criteria", "kept"),
    [
        (RowFilter(ALL, 1000.0), ["a", "b", "d"]),
        (RowFilter((5.0, 10.0), 1000.0), ["a"]),
        (RowFilter(ALL, 2.0), ["a", "d"]),
        (RowFilter(ALL, 1000.0, with_elements=["Na"]), ["a", "b"]),
        (RowFilter(ALL, 1000.0, with_elements=["Na"], without_elements=["S"]), ["a"]),
        (RowFilter(ALL, 1000.0, without_elements=["Cl"]), ["b", "d"]),
        (RowFilter(ALL, 1000.0, in_domain=True), ["a", "d"]),
    ],
)
def test_a_filter_keeps_what_meets_it(tmp_path: Path, criteria: RowFilter, kept: list[str]):
    rows = read_screening(write_screening(tmp_path / "screen")).rows
    assert criteria.apply(rows)["material_id"].tolist() == kept


def test_candidates_are_a_table_the_lowest_first(tmp_path: Path):
    rows = read_screening(write_screening(tmp_path / "screen")).rows
    table = pd.read_csv(io.StringIO(format_candidates(rows)))
    assert table["material_id"].tolist() == ["b", "a", "d"]
    assert "elements" not in table


def test_no_screening_and_a_damaged_one_are_said(tmp_path: Path):
    with pytest.raises(MissingInputError, match="holds no complete screening"):
        read_screening(tmp_path)
    folder = write_screening(tmp_path / "screen")
    (folder / "part-0000001.parquet").write_bytes(b"PAR1 cut off")
    with pytest.raises(DataError, match="is damaged"):
        read_screening(folder)


def test_points_tell_domain_and_the_chosen_row(tmp_path: Path):
    rows = read_screening(write_screening(tmp_path / "screen")).rows
    inside, outside, chosen = screening_figure(rows, 3).data
    assert (list(inside.x), list(outside.x), list(chosen.x)) == ([6.0, 2000.0], [1.0], [2000.0])
    assert inside.customdata[0][0] == 0


def test_of_many_rows_the_lowest_are_drawn_and_always_the_same():
    kappa = np.random.default_rng(1).permutation(MAX_POINTS + 1000).astype(float)
    rows = pd.DataFrame({"predicted_kappa_w_per_m_k": kappa})
    thin = thin_out(rows)
    assert len(thin) == MAX_POINTS
    assert set(np.sort(kappa)[: MAX_POINTS // 10]) <= set(thin["predicted_kappa_w_per_m_k"])
    pd.testing.assert_frame_equal(thin, thin_out(rows))


def test_an_id_is_text_in_the_labels_of_points(tmp_path: Path):
    rows = read_screening(write_screening(tmp_path / "screen")).rows
    figure = screening_figure(rows.assign(material_id="<a href='x'>&amp;</a>\x1b"), None)
    shown = {place[2] for trace in figure.data for place in trace.customdata or ()}
    assert shown == {r"&lt;a href='x'&gt;&amp;amp;&lt;/a&gt;\x1b"}


def test_a_name_that_no_folder_can_have_is_no_screening():
    for name in ("x" * 5000, "a\0b"):
        with pytest.raises(MissingInputError, match="holds no complete screening"):
            read_screening(Path(name))
