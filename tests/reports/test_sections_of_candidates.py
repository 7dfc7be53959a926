"""The section of the report on candidates."""

from pathlib import Path

import pandas as pd
import pytest

from paraisite.reports.sections_of_candidates import candidates_section


@pytest.mark.parametrize(
    "columns",
    [
        ("predicted_kappa_w_per_m_k", "lower_80_w_per_m_k", "upper_80_w_per_m_k"),
        ("kappa_w_per_m_k", "lower_80", "upper_80"),  # of version 0.1
    ],
)
def test_candidates_are_shown_with_what_a_reader_asks(tmp_path: Path, columns: tuple[str, ...]) -> None:
    ids = [f"m-{row}" for row in range(40)]
    nearest = {"nearest_formula": "RbI", "nearest_material_id": "mp-22903"}
    table = pd.DataFrame({"material_id": ids, "formula": "CsI", "row": 7} | nearest)
    predicted = dict(zip(columns, (0.123456, 0.05, 0.51234), strict=True))
    table.assign(**predicted).to_csv(tmp_path / "candidates.csv", index=False)
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "front_line.svg").write_text("<svg/>")
    section = candidates_section(tmp_path)
    (shown,) = section.tables
    assert (len(shown.table), shown.caption) == (25, "The first 25 candidates.")
    assert shown.table.loc["m-0"].to_dict() == {
        "formula": "CsI",
        "predicted (W/m/K)": "0.123",
        "nearest training material": "RbI",
        "id of the nearest": "mp-22903",
        "80% interval (W/m/K)": "0.05 to 0.512",
    }
    assert [picture.caption for picture in section.pictures] == ["Front line."]


def test_a_short_list_is_not_called_longer_than_it_is(tmp_path: Path) -> None:
    pd.DataFrame({"material_id": ["m-1", "m-2"], "formula": "CsI"}).to_csv(tmp_path / "candidates.csv", index=False)
    (shown,) = candidates_section(tmp_path).tables
    assert shown.caption == "The first 2 candidates."


def test_rules_for_choosing_stand_side_by_side(tmp_path: Path) -> None:
    quantities = ["labels_to_all_lowest", "mape_held_out", "log10_mae_held_out"]
    rows = [(rule, quantity, 31.42, 28.6, 34.6) for rule in ("uncertainty", "random") for quantity in quantities]
    summary = pd.DataFrame(rows, columns=["strategy", "quantity", "mean", "low", "high"])
    summary.to_csv(tmp_path / "replay_summary.csv", index=False)
    (shown,) = candidates_section(tmp_path).tables
    assert shown.table.index.tolist() == ["uncertainty", "random"]
    assert shown.table.columns.tolist() == [
        "labels until the five lowest are found",
        "log10 MAE on held-out rows (dex)",
    ]
    assert shown.table.iloc[0, 0] == "31.4 (28.6 to 34.6)"
