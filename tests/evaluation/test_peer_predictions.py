"""A peer's predictions beside ours: on the same rows, read strictly, and of no use to a training."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from paraisite.config import load_config
from paraisite.data.datasets.loaders import load_dataset
from paraisite.errors import DataError, MissingInputError
from paraisite.evaluation.peer_predictions import FILE_NAME, PEER, compare_with_peer, load_peer_predictions

ROOT = Path(__file__).parents[2]


def estimates(model: str, factor: float) -> pd.DataFrame:
    known = np.array([1.0, 2.0, 4.0, 8.0])
    return pd.DataFrame(
        {
            "model": model,
            "material_id": ["mp-1", "mp-2", "mp-3", "mp-4"],
            "kappa_w_per_m_k": known,
            "predicted_kappa_w_per_m_k": known * factor,
            "predicted_median_kappa_w_per_m_k": known * factor,
        }
    )


def test_models_and_peer_are_measured_on_the_rows_that_the_peer_predicts() -> None:
    peer = pd.Series({"mp-1": 3.0, "mp-3": 4.0, "mp-9": 5.0})
    twice = pd.concat([estimates("ours", 2.0), estimates("ours", 2.0), estimates("exact", 1.0)])
    table = compare_with_peer(twice, peer)
    assert table.index.tolist() == ["ours", "exact", PEER]
    assert table["n_row"].tolist() == [4, 2, 2]
    assert table["n_material"].tolist() == [2, 2, 2]
    np.testing.assert_allclose(table["mean_abs_ln_ratio"], [np.log(2), 0.0, np.log(3) / 2])
    np.testing.assert_allclose(table["mape"], [1.0, 0.0, 1.0])
    np.testing.assert_allclose(table["spearman"], 1.0)


def test_without_a_shared_row_there_is_no_line() -> None:
    assert compare_with_peer(estimates("ours", 2.0), pd.Series({"mp-9": 5.0})).empty


def test_the_published_error_of_the_peer_is_found_again(bundled_data: Path) -> None:
    """ArXiv 2605.11610 has 0.379 on random fifths; here 0.326 on the rows whose values are not doubtful."""
    table = load_dataset("phonix", load_config(ROOT / "params.yaml").data, bundled_data).table
    predicted = table["kappa_w_per_m_k"]
    known = table.assign(model="ours", predicted_kappa_w_per_m_k=predicted, predicted_median_kappa_w_per_m_k=predicted)
    compared = compare_with_peer(known, load_peer_predictions(bundled_data / FILE_NAME))
    assert compared.loc[PEER, "n_row"] == (table["benchmark_split"] == "random_test").sum() == 1095
    assert compared.loc[PEER, "mean_abs_ln_ratio"] == pytest.approx(0.326, abs=5e-4)
    assert compared.loc["ours", "mean_abs_ln_ratio"] == 0


@pytest.mark.parametrize(
    "content",
    ["mp_id,kappa\nmp-1,2\n", "mp_id,aliegnn_w_per_m_k\nmp-1,2\nmp-1,3\n", "mp_id,aliegnn_w_per_m_k\nmp-1,0\n"],
)
def test_a_table_that_breaks_its_schema_is_an_error(content: str, tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text(content)
    with pytest.raises(DataError, match="expected columns mp_id and aliegnn_w_per_m_k"):
        load_peer_predictions(tmp_path / FILE_NAME)


def test_an_absent_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingInputError, match=r"phonix_aliegnn\.csv not found"):
        load_peer_predictions(tmp_path / FILE_NAME)
