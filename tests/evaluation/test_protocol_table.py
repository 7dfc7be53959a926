"""The long table of all protocols: every value once, the best marked, what was not measured anew marked so."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from paraisite.data.datasets.nested_splits import draw_random_nested_splits
from paraisite.errors import MissingInputError
from paraisite.evaluation.cross_validation import cross_fit_tabular
from paraisite.evaluation.evaluation_tables import EvaluationTables
from paraisite.evaluation.protocol_table import COLUMNS, ProtocolTables, tabulate_protocols
from paraisite.evaluation.published_protocol import tabulate_training_estimates
from paraisite.evaluation.scores import tabulate_estimates
from paraisite.models.tabular import TabularModel, fit_line, predict_constant
from tests.synthetic_result import make_dataset, make_result

DATASET = make_dataset(n_row=95)
SPLITS = draw_random_nested_splits(95, seeds=[1, 2], train_fraction=0.8, n_fold=3)


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> dict[str, ProtocolTables]:
    """Return what a constant, ridge (the name of a baseline) and a network leave, written and read again."""
    log10_kappa = np.log10(DATASET.table["kappa_w_per_m_k"].to_numpy())
    descriptor = log10_kappa[:, None] + 0.05 * np.random.default_rng(0).normal(size=(95, 1))
    models = (TabularModel("constant", (), predict_constant, ""), TabularModel("ridge", ("x",), fit_line, ""))
    estimates = [
        tabulate_estimates(
            model.name,
            cross_fit_tabular(model, blocks={"x": descriptor}, log10_kappa=log10_kappa, splits=SPLITS),
            DATASET,
            seed=42,
        )
        for model in models
    ]
    network = tabulate_training_estimates(make_result("RWTG15", seeds=(1, 2)), SPLITS, epoch="best_epoch", seed=42)
    outcomes = {"honest": pd.concat([*estimates, network]), "paper": network}
    folder = tmp_path_factory.mktemp("build")
    for name, table in outcomes.items():
        EvaluationTables.from_estimates(table, SPLITS).write(folder / name)
    return {name: ProtocolTables.load(folder / name) for name in outcomes}


def test_every_value_stands_once_with_its_interval_and_p(tables: dict[str, ProtocolTables]) -> None:
    table = tabulate_protocols(tables)
    assert tuple(table.columns) == COLUMNS
    assert not table.duplicated(["model", "protocol", "metric"]).any()
    row = table.set_index(["model", "protocol", "metric"]).loc[("constant", "honest", "mape_test")]
    honest = tables["honest"]
    assert row["mean"] == honest.summary.loc["constant", "mape_test"]
    assert (row["low"], row["high"]) == tuple(honest.summary.loc["constant", ["mape_test_low", "mape_test_high"]])
    assert (row["reference"], row["p_holm"]) == ("ridge", honest.comparisons.loc["constant", "p_holm"])


def test_a_model_without_epochs_has_its_honest_values_in_the_published_protocol(
    tables: dict[str, ProtocolTables],
) -> None:
    mape = tabulate_protocols(tables).query("metric == 'mape_test'").set_index(["model", "protocol"])
    assert mape.loc[("ridge", "paper"), "mean"] == mape.loc[("ridge", "honest"), "mean"]
    assert mape.loc[("ridge", "paper"), "measured_in"] == "honest"
    assert mape.loc[("RWTG15", "paper"), "measured_in"] == "paper"


def test_the_best_of_each_protocol_is_marked_where_one_can_be(tables: dict[str, ProtocolTables]) -> None:
    best = tabulate_protocols(tables).query("is_best").set_index(["protocol", "metric"])["model"]
    assert best[("honest", "mape_test")] == best[("paper", "mape_test")] == "ridge"
    assert best[("honest", "spearman_test")] == "ridge"
    assert not [metric for _, metric in best.index if metric.startswith("coverage")]


def test_a_folder_without_an_evaluation_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(MissingInputError, match="holds no evaluation"):
        ProtocolTables.load(tmp_path)
