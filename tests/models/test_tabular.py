"""Models on descriptors: each learns what it can learn, says how sure it is, and the same again."""

import numpy as np
import pytest

from paraisite.arrays import Floats
from paraisite.data.datasets.nested_splits import draw_random_nested_splits
from paraisite.evaluation.cross_validation import CrossFit, cross_fit_tabular
from paraisite.models.tabular import (
    BASELINES,
    MIXTURES,
    PROCESSES,
    FitPredict,
    TabularModel,
    fit_forest,
    fit_gaussian_process,
    fit_line,
    fit_ridge,
    predict_as_computed,
    predict_constant,
)

RNG = np.random.default_rng(1)
N = 60
X = RNG.uniform(-2.0, 2.0, size=(N, 2))
LINEAR = 1.0 + X @ [0.5, -0.3]
CURVED = np.sin(2.0 * X[:, 0]) + 0.05 * RNG.normal(size=N)
SPLITS = draw_random_nested_splits(N, seeds=[1], train_fraction=0.8, n_fold=3)


def fitted(model: TabularModel, values: Floats, **blocks: Floats) -> CrossFit:
    (found,) = cross_fit_tabular(model, blocks=blocks, log10_kappa=values, splits=SPLITS)
    return found


def test_the_constant_is_the_training_rows_median_with_their_std() -> None:
    found = fitted(TabularModel("c", (), predict_constant, ""), LINEAR)
    np.testing.assert_allclose(found.test.mean, np.median(LINEAR[found.split.train]))
    np.testing.assert_allclose(found.test.std, np.std(LINEAR[found.split.train]))


@pytest.mark.parametrize("fit_predict", [fit_line, fit_ridge])
def test_planes_are_found(fit_predict: FitPredict) -> None:
    found = fitted(TabularModel("l", ("x",), fit_predict, ""), LINEAR, x=X)
    np.testing.assert_allclose(found.test.mean, LINEAR[found.split.test], atol=5e-3)
    np.testing.assert_allclose(found.out_of_fold.mean, LINEAR[found.split.train], atol=5e-3)


@pytest.mark.parametrize(("fit_predict", "worst"), [(fit_forest, 0.25), (fit_gaussian_process, 0.08)])
def test_curves_are_fitted_better_than_by_a_plane(fit_predict: FitPredict, worst: float) -> None:
    def error(model: FitPredict) -> float:
        found = fitted(TabularModel("m", ("x",), model, ""), CURVED, x=X)
        return float(np.mean(np.abs(found.test.mean - CURVED[found.split.test])))

    assert error(fit_predict) < worst < error(fit_line)


def test_a_gaussian_process_is_less_sure_far_from_what_it_knows() -> None:
    near, far = np.zeros((1, 2)), np.full((1, 2), 8.0)
    found = fit_gaussian_process(X, CURVED, np.concatenate([near, far]))
    assert found.std[1] > 3.0 * found.std[0]


def test_blocks_are_put_side_by_side_and_unknown_ones_are_an_error() -> None:
    together = fitted(TabularModel("l", ("a", "b"), fit_line, ""), LINEAR, a=X[:, :1], b=X[:, 1:])
    whole = fitted(TabularModel("l", ("x",), fit_line, ""), LINEAR, x=X)
    np.testing.assert_allclose(together.test.mean, whole.test.mean)
    with pytest.raises(KeyError, match="c"):
        fitted(TabularModel("l", ("c",), fit_line, ""), LINEAR, x=X)


@pytest.mark.parametrize("fit_predict", [fit_forest, fit_gaussian_process])
def test_a_model_predicts_the_same_again_and_with_several_processes(fit_predict: FitPredict) -> None:
    model = TabularModel("m", ("x",), fit_predict, "")
    splits = draw_random_nested_splits(N, seeds=[1, 2], train_fraction=0.8, n_fold=2)
    alone, aside = (
        cross_fit_tabular(model, blocks={"x": X}, log10_kappa=CURVED, splits=splits, n_process=n) for n in (1, 2)
    )
    for one, other in zip(alone, aside, strict=True):
        assert one.split.seed == other.split.seed
        np.testing.assert_allclose(one.test.mean, other.test.mean, rtol=1e-6)
        np.testing.assert_allclose(one.out_of_fold.std, other.out_of_fold.std, rtol=1e-6)


def test_a_computed_value_is_taken_as_it_is() -> None:
    found = fitted(TabularModel("c", ("x",), predict_as_computed, ""), LINEAR, x=LINEAR[:, None] + 1.0)
    np.testing.assert_array_equal(found.test.mean, LINEAR[found.split.test] + 1.0)
    assert not found.test.std.any(), "a standard deviation would let the estimate be moved"


def test_names_are_unique() -> None:
    names = [*(model.name for model in (*BASELINES, *PROCESSES)), *MIXTURES]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("fit_predict", [predict_constant, fit_line, fit_ridge])
def test_a_row_of_weight_two_counts_as_two_rows(fit_predict: FitPredict) -> None:
    rng = np.random.default_rng(5)
    train, values, rows = rng.normal(size=(41, 2)), np.sort(rng.normal(size=41)), rng.normal(size=(5, 2))
    weights = np.where(np.arange(41) < 12, 2.0, 1.0)
    twice = np.repeat(np.arange(41), weights.astype(int))
    found, expected = fit_predict(train, values, rows, weights=weights), fit_predict(train[twice], values[twice], rows)
    tolerance = 0.02 if fit_predict is fit_ridge else 1e-9  # its descriptors are standardised without weights
    np.testing.assert_allclose(found.mean, expected.mean, atol=tolerance)
    np.testing.assert_allclose(found.std, expected.std, atol=tolerance)
    assert np.abs(found.mean - fit_predict(train, values, rows).mean).max() > 1e-3


@pytest.mark.parametrize("fit_predict", [predict_constant, fit_line, fit_ridge, fit_forest])
def test_equal_weights_change_nothing(fit_predict: FitPredict) -> None:
    plain, weighted = (fit_predict(X, CURVED, X[:5], weights=weights) for weights in (None, np.ones(len(X))))
    np.testing.assert_allclose(weighted.mean, plain.mean, atol=1e-6 if fit_predict in (fit_line, fit_ridge) else 0.05)


def test_rows_that_count_nothing_are_not_learnt_by_a_forest() -> None:
    weights = np.where(np.median(CURVED) < CURVED, 0.0, 1.0)
    assert fit_forest(X, CURVED, X, weights=weights).mean.max() <= np.median(CURVED)
