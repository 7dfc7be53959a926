"""A network's estimates: each training row by the member that has not seen it, nothing from a test row."""

import dataclasses
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from paraisite.config import FineTuning, load_config
from paraisite.data.datasets.nested_splits import draw_random_nested_splits
from paraisite.data.datasets.table import Dataset
from paraisite.evaluation import network_cross_validation
from paraisite.evaluation.cross_validation import CrossFit
from paraisite.evaluation.network_cross_validation import cross_fit_network
from paraisite.models.applicability import compute_out_of_domain
from paraisite.models.architecture import Parameters
from paraisite.training.initial_parameters import draw_parameters, stack
from paraisite.training.recipe_training import StartingWeights
from tests.synthetic_result import make_dataset
from tests.training.tiny import CONFIG, SETTINGS, tiny_data

ROOT = Path(__file__).parents[2]
N = 12
SPLITS = draw_random_nested_splits(N, seeds=[1, 2], train_fraction=0.7, n_fold=2)


@pytest.fixture(autouse=True)
def _tiny_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network_cross_validation, "build_model_config", lambda _: CONFIG)


def trained(dataset: Dataset) -> list[CrossFit]:
    config = load_config(ROOT / "params.yaml")
    changes = FineTuning(epochs=3, batch_size=4, learning_rate_period_epochs=3, learning_rate=SETTINGS.learning_rate)
    config = dataclasses.replace(
        config, training=SETTINGS, evaluation=dataclasses.replace(config.evaluation, training=changes)
    )
    start = StartingWeights(stack([draw_parameters(CONFIG, seed=seed) for seed in (1, 2, 3)]), None, "random")
    return cross_fit_network(start, dataset=dataset, graphs=tiny_data().graphs, splits=SPLITS, config=config)


def changed(dataset: Dataset, row: int) -> Dataset:
    table = dataset.table.copy()
    table.loc[row, "kappa_w_per_m_k"] *= 50.0
    return dataclasses.replace(dataset, table=table)


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return make_dataset(n_row=N)


def test_members_take_starts_by_turns_and_answer_for_their_own_folds(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, Any] = {}
    predicted = np.random.default_rng(0).uniform(1.0, 100.0, size=(4, N))  # by member and crystal
    hidden = np.random.default_rng(1).normal(size=(4, N, 3))

    def fake_fit(initial: Parameters, **given: Any) -> SimpleNamespace:
        asked.update(given, initial=initial)
        return SimpleNamespace(last=initial)

    monkeypatch.setattr(network_cross_validation, "fit", fake_fit)
    monkeypatch.setattr(network_cross_validation, "predict", lambda *_: predicted)
    monkeypatch.setattr(network_cross_validation, "embed", lambda *_: hidden)
    found = trained(dataset)

    embedding = asked["initial"]["atom_embedding"]
    starts = [draw_parameters(CONFIG, seed=seed)["atom_embedding"] for seed in (1, 2, 3, 1)]
    np.testing.assert_array_equal(embedding, starts)
    for given, (split, fold) in zip(asked["splits"], ((s, f) for s in SPLITS for f in s.folds), strict=True):
        np.testing.assert_array_equal(given.validation, fold)
        assert not set(given.train) & (set(split.test) | set(fold))
    assert (asked["settings"].epochs, asked["settings"].learning_rate) == (3, SETTINGS.learning_rate)

    kappa = dataset.table["kappa_w_per_m_k"].to_numpy()
    np.testing.assert_allclose(asked["scaler"].mean[0], np.log10(1 + kappa[asked["splits"][0].train]).mean())
    for number, each in enumerate(found):
        members = np.log10(predicted[2 * number : 2 * number + 2])
        np.testing.assert_allclose(each.test.mean, np.median(members[:, each.split.test], axis=0))
        for member, fold in zip(members, each.split.folds, strict=True):
            np.testing.assert_allclose(each.out_of_fold.mean[np.isin(each.split.train, fold)].sum(), member[fold].sum())
        error = each.out_of_fold.mean - np.log10(kappa[each.split.train])
        np.testing.assert_allclose(each.test.std, np.sqrt(np.mean(error**2)))
        own = compute_out_of_domain(list(hidden[2 * number : 2 * number + 2]), each.split)
        np.testing.assert_array_equal(each.out_of_domain, own)


@pytest.mark.slow  # three trainings, each with compilations: minutes
def test_every_row_is_estimated_by_members_that_have_not_seen_it(dataset: Dataset) -> None:
    before = trained(dataset)
    first = before[0].split
    for each in before:
        for part, rows in ((each.out_of_fold, each.split.train), (each.test, each.split.test)):
            assert part.mean.shape == part.std.shape == rows.shape
            assert np.isfinite(part.mean).all()
        assert ((each.out_of_domain >= 0) & (each.out_of_domain < 1)).all()

    # A test row's value: nothing of its split changes, to the bit.
    after = trained(changed(dataset, int(first.test[0])))[0]
    np.testing.assert_array_equal(after.out_of_fold.mean, before[0].out_of_fold.mean)
    np.testing.assert_array_equal(after.test.mean, before[0].test.mean)
    np.testing.assert_array_equal(after.out_of_domain, before[0].out_of_domain)

    # A training row's: its fold's estimates stay, the other fold's and the test rows' do not.
    fold = first.folds[0]
    after = trained(changed(dataset, int(fold[0])))[0]
    in_fold = np.isin(first.train, fold)
    np.testing.assert_array_equal(after.out_of_fold.mean[in_fold], before[0].out_of_fold.mean[in_fold])
    assert (after.out_of_fold.mean[~in_fold] != before[0].out_of_fold.mean[~in_fold]).all()
    assert (after.test.mean != before[0].test.mean).any()


def test_selected_rows_train_with_less_weight_and_are_not_measured(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Errors on rows that were selected by their label are no measure of the error of others."""
    kappa = dataset.table["kappa_w_per_m_k"]
    split = SPLITS[0]
    selected = np.isin(np.arange(N), split.train[:3])
    chosen = dataclasses.replace(dataset, table=dataset.table.assign(selected_by_label=selected))
    nested = [dataclasses.replace(split, unmeasured=split.train[:3])]
    predicted = np.tile(kappa.to_numpy() * np.where(selected, 1000.0, 2.0), (2, 1))
    asked: dict[str, Any] = {}

    def fake_fit(initial: Parameters, **given: Any) -> SimpleNamespace:
        asked.update(given)
        return SimpleNamespace(last=initial)

    monkeypatch.setattr(network_cross_validation, "fit", fake_fit)
    monkeypatch.setattr(network_cross_validation, "predict", lambda *_: predicted)
    monkeypatch.setattr(network_cross_validation, "embed", lambda *_: np.zeros((2, N, 3)))
    start = StartingWeights(stack([draw_parameters(CONFIG, seed=1)]), None, "random")
    config = load_config(ROOT / "params.yaml")
    (found,) = cross_fit_network(start, dataset=chosen, graphs=tiny_data().graphs, splits=nested, config=config)
    np.testing.assert_allclose(found.test.std, np.log10(2.0))
    np.testing.assert_array_equal(asked["data"].selected, selected)
    for given in asked["splits"]:
        assert not selected[given.validation].any()
