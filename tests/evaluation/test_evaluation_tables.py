"""The tables of an evaluation, written and read, as this and as earlier versions name their columns."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from paraisite.data.datasets.nested_splits import draw_random_nested_splits
from paraisite.evaluation.cross_validation import CrossFit
from paraisite.evaluation.evaluation_tables import EvaluationTables
from paraisite.evaluation.scores import read_estimates, tabulate_estimates, tabulate_scores
from paraisite.models.estimate import Estimate
from tests.synthetic_result import make_dataset

DATASET = make_dataset(n_row=30)
SPLITS = draw_random_nested_splits(30, seeds=[1, 2], train_fraction=0.8, n_fold=4)
COLUMNS_OF_VERSION_0_1 = [
    *("model", "seed", "split_seed", "split", "row", "material_id", "formula", "kappa_w_per_m_k"),
    *("kappa_estimated_w_per_m_k", "kappa_median_w_per_m_k", "log10_spread_dex", "tilt"),
    *("out_of_domain", "n_unseen_element"),
    *("kappa_low_50%_w_per_m_k", "kappa_high_50%_w_per_m_k", "kappa_low_80%_w_per_m_k", "kappa_high_80%_w_per_m_k"),
    *("kappa_low_90%_w_per_m_k", "kappa_high_90%_w_per_m_k"),
]
COLUMNS = [
    *COLUMNS_OF_VERSION_0_1[:8],
    *("predicted_kappa_w_per_m_k", "predicted_median_kappa_w_per_m_k", "log10_std_dex", "tilt"),
    *("out_of_domain", "n_unseen_element"),
    *("lower_50_w_per_m_k", "upper_50_w_per_m_k", "lower_80_w_per_m_k", "upper_80_w_per_m_k"),
    *("lower_90_w_per_m_k", "upper_90_w_per_m_k"),
]


@pytest.fixture(scope="module")
def outcome() -> EvaluationTables:
    rng = np.random.default_rng(0)
    log10_kappa = np.log10(DATASET.table["kappa_w_per_m_k"].to_numpy())

    def estimate(rows: np.ndarray) -> Estimate:
        return Estimate(log10_kappa[rows] + 0.2 * rng.normal(size=len(rows)), np.full(len(rows), 0.2))

    def cross_fits() -> list[CrossFit]:
        return [CrossFit(split, estimate(split.train), estimate(split.test), rng.uniform(size=6)) for split in SPLITS]

    tables = [tabulate_estimates(name, cross_fits(), DATASET, seed=42) for name in ("first", "second")]
    return EvaluationTables.from_estimates(pd.concat(tables, ignore_index=True), SPLITS)


def test_tables_are_read_as_they_were_written(outcome: EvaluationTables, tmp_path: Path) -> None:
    outcome.write(tmp_path)
    read = EvaluationTables.load(tmp_path)
    assert list(read.estimates.columns) == COLUMNS
    assert read.best == outcome.best
    for name in ("estimates", "scores", "summary", "comparisons"):
        written = getattr(outcome, name).astype({"split": int} if "split" in getattr(outcome, name) else {})
        pd.testing.assert_frame_equal(getattr(read, name), written, rtol=1e-5, check_names=False, check_dtype=False)


def test_equal_tables_are_equal_files(outcome: EvaluationTables, tmp_path: Path) -> None:
    for folder in ("first", "second"):
        outcome.write(tmp_path / folder)
    for file in (tmp_path / "first" / "result").iterdir():
        assert file.read_bytes() == (tmp_path / "second" / "result" / file.name).read_bytes()


def test_estimates_of_earlier_versions_are_read_under_their_names_of_now(
    outcome: EvaluationTables, tmp_path: Path
) -> None:
    former = outcome.estimates.set_axis(COLUMNS_OF_VERSION_0_1, axis=1)
    former.to_csv(tmp_path / "estimates.csv.gz", index=False)
    read = read_estimates(tmp_path / "estimates.csv.gz")
    assert list(read.columns) == COLUMNS
    pd.testing.assert_frame_equal(tabulate_scores(read), tabulate_scores(outcome.estimates.astype({"split": int})))


def test_without_an_evaluation_the_absent_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"summary\.csv"):
        EvaluationTables.load(tmp_path)
