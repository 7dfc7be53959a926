"""The table of all protocols for people."""

import numpy as np
import pandas as pd
import pytest

from paraisite.evaluation.protocol_table import COLUMNS
from paraisite.reports.all_protocols import overview_figure, overview_table, overview_text


def row(model: str, protocol: str, mean: float, *, metric: str = "mape_test", **given: object) -> dict[str, object]:
    unknown = {"unit": "", "std": 0.1, "low": np.nan, "high": np.nan, "reference": None, "p_holm": np.nan}
    rest = {"effect_size": np.nan, "is_best": False, "measured_in": protocol}
    return {"model": model, "protocol": protocol, "metric": metric, "mean": mean} | unknown | rest | given


@pytest.fixture
def table() -> pd.DataFrame:
    rows = [
        row("network", "paper", 0.44, is_best=True),
        row("network", "honest", 0.53, low=0.4, high=0.7, p_holm=0.0312),
        row("process", "honest", 0.32, low=0.25, high=0.41, is_best=True),
        row("process", "honest", 0.92, metric="coverage_90%"),
        row("network", "honest", np.nan, metric="coverage_90%"),
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def test_models_are_ordered_by_the_honest_error_and_the_best_is_bold(table: pd.DataFrame) -> None:
    shown = overview_table(table, "mape_test")
    assert shown.index.tolist() == ["process", "network"]
    assert shown.columns.tolist() == ["paper", "honest"]
    assert shown.loc["process", "honest"] == "**0.320 ± 0.100** (0.25 to 0.41)"
    assert shown.loc["network", "honest"] == "0.530 ± 0.100 (0.40 to 0.70), p 0.031"
    assert shown.loc["process", "paper"] == "–"


def test_the_text_has_a_table_per_metric_and_the_notes(table: pd.DataFrame) -> None:
    for name in ("log10_mae_test", "spearman_test", "width_90%_dex", "ood_auroc_test"):
        table = pd.concat([table, pd.DataFrame([row("process", "honest", 0.5, metric=name)])], ignore_index=True)
    text = overview_text(table, ["Note one."])
    assert text.count("\n## ") + text.startswith("## ") == 6
    assert "## coverage_90%" in text
    assert "| process | 0.920 ± 0.100 |" in text
    assert text.rstrip().endswith("- Note one.")


def test_the_figure_has_a_place_for_every_model_and_a_mark_for_every_protocol(table: pd.DataFrame) -> None:
    (axes,) = overview_figure(table).axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["network", "process"]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["paper", "honest"]
