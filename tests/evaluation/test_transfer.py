"""Transfer in labels: the same held-out rows for all starts, none of them seen, and honest counts of labels."""

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from paraisite.arrays import Floats
from paraisite.data.datasets.table import Dataset
from paraisite.evaluation import transfer
from paraisite.evaluation.transfer import (
    TransferSplit,
    average_trainings,
    choose_training,
    compare_starts,
    count_labels_needed,
    fine_tune_on,
    score_splits,
)
from paraisite.graphs.crystal_graph import GraphCollection
from paraisite.models.architecture import Parameters
from paraisite.models.ensemble import Ensemble
from paraisite.training.initial_parameters import draw_parameters
from tests.synthetic_result import make_dataset
from tests.training.tiny import CONFIG, tiny_data

N = 12


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return make_dataset(n_row=N)


def make_split(seed: int) -> TransferSplit:
    rows = np.random.default_rng(seed).permutation(N)
    return TransferSplit.draw("grouped", seed=seed, train=rows[:8], test=rows[8:], seen=np.zeros(N, np.bool_))


def make_scores(errors: dict[str, list[float]], n_labels: tuple[int, ...] = (50, 100, 200)) -> pd.DataFrame:
    lines = [
        {
            "protocol": "grouped",
            "start": start,
            "n_label": n_label,
            "split_seed": seed,
            "n_test": 40,
            "mean_abs_ln_ratio": error + 0.01 * seed * (1.5 if start == "FE" else 1.0),
        }
        for start, of_start in errors.items()
        for n_label, error in zip(n_labels, of_start, strict=True)
        for seed in (1, 2, 3)
    ]
    return pd.DataFrame(lines)


def test_rows_that_an_earlier_stage_has_seen_are_never_tested() -> None:
    seen = np.arange(N) % 2 == 0
    split = TransferSplit.draw("grouped", seed=1, train=np.arange(8), test=np.arange(8, N), seen=seen)
    assert split.test.tolist() == [9, 11]
    assert sorted(split.train.tolist()) == list(range(8))
    assert split.train.tolist() != list(range(8))


def test_fewer_labels_are_part_of_more() -> None:
    split = make_split(3)
    few, more = split.limited_to(3), split.limited_to(6)
    assert few.train.tolist() == more.train[:3].tolist()
    assert not set(more.train) & set(split.test)


def test_trainings_take_about_equally_many_steps_and_end_at_rate_zero() -> None:
    few, some = choose_training(100, seed=1), choose_training(200, seed=1)
    assert few.epochs * 100 == pytest.approx(some.epochs * 200, rel=0.05)
    assert few.learning_rate_period_epochs == few.epochs
    assert choose_training(10_000, seed=1).epochs == choose_training(5_000, seed=1).epochs


def test_every_start_is_trained_on_every_split_and_measured_on_its_held_out_rows(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, Any] = {}

    def untrained(initial: Parameters, **arguments: Any) -> SimpleNamespace:
        asked.update(arguments, initial=initial)
        return SimpleNamespace(last=initial)

    def by_member_and_row(members: Ensemble, graphs: GraphCollection) -> Floats:
        return np.arange(members.n_member)[:, None] + np.arange(len(graphs)) / 100.0

    monkeypatch.setattr(transfer, "fit", untrained)
    monkeypatch.setattr(transfer, "predict", by_member_and_row)
    splits = [make_split(seed) for seed in (1, 2)]
    starts = {name: [draw_parameters(CONFIG, seed=seed)] * 2 for seed, name in enumerate(("RW", "FE"))}

    found = fine_tune_on(6, starts, splits, dataset=dataset, graphs=tiny_data().graphs, model=CONFIG, seed=1)

    assert [part.seed for part in asked["splits"]] == [1, 2, 1, 2]
    assert all(len(part.train) == 6 for part in asked["splits"])
    for member, name in enumerate(("RW", "RW", "FE", "FE")):
        initial = asked["initial"]["atom_embedding"][member]
        np.testing.assert_array_equal(initial, starts[name][0]["atom_embedding"])
    ln_kappa = np.log(dataset.table["kappa_w_per_m_k"].to_numpy())
    np.testing.assert_allclose(asked["data"].target, ln_kappa)
    assert found.groupby(["start", "split_seed"]).size().to_dict() == {
        (name, seed): 4 for name in starts for seed in (1, 2)
    }
    of_second = found[(found["start"] == "FE") & (found["split_seed"] == 2)]
    assert of_second["material_id"].tolist() == dataset.table["material_id"].iloc[splits[1].test].tolist()
    assert (found["n_label"] == 6).all()
    predicted = np.log(of_second["predicted_kappa_w_per_m_k"])
    assert predicted.to_numpy() == pytest.approx(3.0 + splits[1].test / 100.0)


def test_an_error_is_the_mean_of_ln_ratios() -> None:
    rows = {"protocol": "grouped", "start": "RW", "n_label": 50, "split_seed": 1, "training": 1}
    table = pd.DataFrame({**rows, "kappa_w_per_m_k": [1.0, 10.0], "predicted_kappa_w_per_m_k": [math.e, 10.0]})
    (line,) = score_splits(table).to_dict("records")
    assert (line["mean_abs_ln_ratio"], line["n_test"]) == (pytest.approx(0.5), 2)


def test_trainings_of_a_split_are_averaged_and_splits_are_not() -> None:
    scores = pd.concat(
        [
            make_scores({"RW": [1.0 + shift]}, (50,)).assign(training=training)
            for training, shift in ((1, 0.0), (2, 0.3))
        ]
    )
    averaged = average_trainings(scores)
    assert averaged["split_seed"].tolist() == [1, 2, 3]
    assert averaged["mean_abs_ln_ratio"].tolist() == pytest.approx([1.16, 1.17, 1.18])
    assert averaged["n_test"].tolist() == [40, 40, 40]


def test_each_stage_is_compared_with_the_one_before_it() -> None:
    scores = make_scores({"RW": [1.2, 1.0, 0.8], "FE": [0.9, 0.7, 0.5]})
    table = compare_starts(scores, [("FE", "RW"), ("FEAF", "FE")])
    assert table[["n_label", "start", "reference"]].to_numpy().tolist() == [[n, "FE", "RW"] for n in (50, 100, 200)]
    assert table["mean_difference"].to_numpy() == pytest.approx(-0.29, abs=1e-6)
    assert (table["p_holm"] >= table["p_two_sided"]).all()
    assert (table["p_holm"] < 0.05).all()


def test_labels_needed_are_interpolated_and_never_extrapolated() -> None:
    errors = {"RW": [1.2, 1.0, 0.8], "FE": [0.9, 0.7, 0.5], "LFE": [1.3, 1.2, 1.1], "FEAF": [0.5, 0.4, 0.3]}
    table = count_labels_needed(make_scores(errors).assign(mean_abs_ln_ratio=as_exact(errors)), reference="RW")
    needed = table.set_index("start")["labels_needed"]
    assert needed["FE"] == pytest.approx(50.0 * math.sqrt(2.0))  # halfway between 50 and 100, in the logarithm
    assert table.set_index("start")["times_fewer_labels"]["FE"] == pytest.approx(200.0 / needed["FE"])
    assert math.isnan(needed["LFE"])
    assert math.isnan(needed["FEAF"])


def as_exact(errors: dict[str, list[float]]) -> list[float]:
    return [error for of_start in errors.values() for error in of_start for _ in range(3)]
