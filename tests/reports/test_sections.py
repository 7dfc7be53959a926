"""What the sections of the report say and hold."""

from pathlib import Path

import pandas as pd
import pytest

from paraisite.analysis.statistics_tables import StatisticsTables
from paraisite.reports.sections_of_candidates import candidates_section
from paraisite.reports.sections_of_data import data_section, making_section
from paraisite.reports.sections_of_findings import statistics_section
from paraisite.reports.sections_of_models import training_section
from tests.analysis.planted import planted
from tests.synthetic_result import make_dataset, make_result


def test_data_sets_are_described_and_drawn() -> None:
    section = data_section([make_dataset("one", n_row=20), make_dataset("two", n_row=30)])
    assert [drawn.name for drawn in section.figures] == ["kappa_of_data_sets", "elements_one", "elements_two"]
    assert section.tables[0].table["materials"].to_dict() == {"one": "20", "two": "30"}
    counts = section.figures[1].data.set_index("element")["n_material"]
    assert counts["Cl"] == 4


def test_every_model_has_its_learning_curves() -> None:
    section = training_section([make_result("RWTG15", n_epoch=6), make_result("FEAF", n_epoch=6)])
    assert [item.name for item in section.all_figures] == [
        "mape_of_splits_final", "mape_of_splits_earlier", "learning_curves_rwtg15", "learning_curves_feaf",
    ]  # fmt: skip


def test_the_statistics_name_the_strongest_correlations() -> None:
    section = statistics_section(StatisticsTables.of(planted()), "planted crystals")
    assert "planted crystals: 60 crystals" in section.words[0]
    (sentence,) = (words for words in section.words if words.startswith("**mTC (W/m/K)** correlates most with "))
    assert "density (-0.9" in sentence
    mean, variance, spreads, clusters = section.tables
    assert mean.table.columns.tolist() == ["RWTG15", "LFETG15"]
    assert set(mean.table.index[:3]) == {"density", "weight", "radius"}
    assert "constant" not in mean.table.index
    assert variance.table.index.tolist() != []
    assert spreads.table["step"].tolist() == ["1", "2"]
    assert clusters.table["crystals"].tolist() == ["20", "20", "20"]
    (tests,) = section.folded
    assert tests.table["lower on"].tolist() == ["100%"]


@pytest.mark.parametrize(
    "columns",
    [
        ("predicted_kappa_w_per_m_k", "lower_80_w_per_m_k", "upper_80_w_per_m_k"),
        ("kappa_w_per_m_k", "lower_80", "upper_80"),  # of version 0.1
    ],
)
def test_candidates_are_shown_with_what_a_reader_asks(tmp_path: Path, columns: tuple[str, ...]) -> None:
    ids = [f"m-{row}" for row in range(40)]
    table = pd.DataFrame({"material_id": ids, "formula": "CsI", "row": 7})
    predicted = dict(zip(columns, (0.123456, 0.05, 0.51234), strict=True))
    table.assign(**predicted).to_csv(tmp_path / "candidates.csv", index=False)
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "front_line.svg").write_text("<svg/>")
    section = candidates_section(tmp_path)
    (shown,) = section.tables
    assert len(shown.table) == 25
    assert shown.table.loc["m-0"].to_dict() == {
        "formula": "CsI",
        "predicted (W/m/K)": "0.123",
        "80% interval (W/m/K)": "0.05 to 0.512",
    }
    assert [picture.caption for picture in section.pictures] == ["Front line."]


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


def test_settings_are_told_by_their_names() -> None:
    section = making_section({"git_commit": "abc"}, {"training": {"epochs": 300, "widths": (1, 2)}})
    assert section.tables[0].table.loc["git_commit", "value"] == "abc"
    settings = section.folded[1].table["value"]
    assert settings.to_dict() == {"training.epochs": "300", "training.widths": "1, 2"}
