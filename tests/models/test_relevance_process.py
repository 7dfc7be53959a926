"""A process with a length for each family: the same as scikit-learn's, and exact where a formula replaces a fit."""

import dataclasses

import numpy as np
import pytest
from scipy.optimize import approx_fprime
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, DotProduct, Matern, WhiteKernel

from paraisite.arrays import Bools, Floats, Ints
from paraisite.models.relevance_kernel import KernelRows, KernelSettings
from paraisite.models.relevance_likelihood import compute_gradient
from paraisite.models.relevance_process import RelevanceProcess

FAMILY = np.array([0, 0, 1, 2, 2])
SETTINGS = KernelSettings(np.array([1.5, 3.0, 2.0]), 0.8, 0.2, 0.05)
SINGLE = 2e-6
"""What means of log10(kappa) may differ by that are taken from covariances in single precision."""


def rows(n: int, *, seed: int = 0) -> tuple[Floats, Floats]:
    rng = np.random.default_rng(seed)
    descriptors = rng.normal(size=(n, 5)) * [1.0, 2.0, 0.5, 3.0, 1.0]
    return descriptors, np.sin(descriptors[:, 0]) + 0.3 * descriptors[:, 1] + 0.1 * rng.normal(size=n)


def process(n: int = 40, weights: Floats | None = None) -> RelevanceProcess:
    descriptors, values = rows(n)
    return RelevanceProcess(SETTINGS, FAMILY, descriptors, values, np.ones(n) if weights is None else weights)


def covary(scaled: Floats, settings: KernelSettings) -> Floats:
    own = KernelRows.prepare(scaled, FAMILY, settings)
    return own.covary(own)


def test_estimates_are_those_of_scikit_learn():
    known, asked = process(), rows(7, seed=1)[0]
    mean, std = known.descriptors.mean(axis=0), known.descriptors.std(axis=0)
    kernel = (
        ConstantKernel(SETTINGS.signal) * Matern(SETTINGS.length[FAMILY], nu=1.5)
        + ConstantKernel(SETTINGS.plane / 5) * DotProduct(1e-9)
        + WhiteKernel(SETTINGS.noise)
    )
    model = GaussianProcessRegressor(kernel, optimizer=None, normalize_y=True)
    model.fit((known.descriptors - mean) / std, known.log10_kappa)
    expected = model.predict((asked - mean) / std, return_std=True)
    found = known.estimate(asked)
    np.testing.assert_allclose(found.mean, expected[0], atol=SINGLE)
    nearest = known.estimate_with_nearest(asked)[1]
    model.set_params(normalize_y=False)
    for row, some in enumerate(nearest):
        model.fit((known.descriptors[some] - mean) / std, known._standardised[some])
        of_nearest = model.predict((asked[[row]] - mean) / std, return_std=True)[1]
        assert found.std[row] == pytest.approx(of_nearest[0] * known.log10_kappa.std(), rel=1e-6)
    assert len(known.estimate(np.zeros((0, 5))).mean) == 0


def test_the_gradient_is_that_of_the_likelihood():
    descriptors, values = rows(25)
    weights = np.linspace(0.5, 1.0, 25)

    def minus_log_likelihood(logarithms: Floats) -> float:
        settings = KernelSettings.from_logarithms(logarithms)
        covariance = covary(descriptors, settings)
        covariance += np.diag(settings.noise / weights)
        return float(0.5 * values @ np.linalg.solve(covariance, values) + 0.5 * np.linalg.slogdet(covariance)[1])

    at = SETTINGS.logarithms
    found = compute_gradient(at, descriptors, values, FAMILY, weights)
    np.testing.assert_allclose(found, approx_fprime(at, minus_log_likelihood, 1e-6), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("weighted", [False, True])
def test_what_is_said_without_a_group_is_what_a_process_on_the_others_says(weighted: bool):
    weights = np.linspace(0.3, 1.0, 40) if weighted else np.ones(40)
    known = process(weights=weights)
    formulas, types = np.arange(40) // 3, np.arange(40) % 11
    of_formula, of_either = known.estimate_without(formulas), known.estimate_without(formulas, types)
    for row in (0, 8, 23, 39):
        for found, inside in (
            (of_formula, formulas == formulas[row]),
            (of_either, (formulas == formulas[row]) | (types == types[row])),
        ):
            mean, std = say_without(known, inside, row)
            np.testing.assert_allclose((found.mean[row], found.std[row]), (mean, std), rtol=1e-6)


def say_without(known: RelevanceProcess, inside: Bools, row: int) -> tuple[float, float]:
    """Return what a process on the others says of a row: the mean by all of them, the deviation by the nearest."""
    # The same scaling of descriptors and values as with all rows: a row's own share in them is no information.
    covariance, noise = covary(known._scaled, SETTINGS), SETTINGS.noise / known.weights
    apart = np.linalg.norm(known.standardise(known.descriptors) - known.standardise(known.descriptors[[row]]), axis=1)
    others = np.flatnonzero(~inside)
    near = others[np.argsort(apart[others])[: known.n_near]]

    def solve(rows: Ints, values: Floats) -> float:
        return float(
            covariance[row, rows] @ np.linalg.solve(covariance[np.ix_(rows, rows)] + np.diag(noise[rows]), values)
        )

    centre, width = known.log10_kappa.mean(), known.log10_kappa.std()
    variance = covariance[row, row] - solve(near, covariance[near, row]) + SETTINGS.noise
    return solve(others, known._standardised[others]) * width + centre, np.sqrt(variance) * width


def test_a_fit_finds_which_family_matters_and_repeats_itself():
    rng = np.random.default_rng(3)
    descriptors = rng.normal(size=(150, 5))
    values = np.sin(2.0 * descriptors[:, 2]) + 0.05 * rng.normal(size=150)
    fitted = RelevanceProcess.fit(descriptors, values, FAMILY)
    assert fitted.settings.length.argmin() == 1
    assert fitted.settings.length[1] < 0.7 * fitted.settings.length[[0, 2]].min()
    again = RelevanceProcess.fit(descriptors, values, FAMILY)
    np.testing.assert_array_equal(fitted.settings.logarithms, again.settings.logarithms)
    asked = rng.normal(size=(60, 5))
    error = fitted.estimate(asked).mean - np.sin(2.0 * asked[:, 2])
    assert np.abs(error).mean() < 0.5 * np.abs(np.sin(2.0 * asked[:, 2])).mean()


def test_a_row_of_little_weight_is_hardly_believed():
    known = process()
    wrong = dataclasses.replace(known, log10_kappa=known.log10_kappa + np.eye(40)[5] * 3.0)
    doubted = dataclasses.replace(wrong, weights=np.where(np.arange(40) == 5, 1e-3, 1.0))
    asked = known.descriptors[[5]]
    honest, misled, careful = (each.estimate(asked).mean[0] for each in (known, wrong, doubted))
    assert abs(careful - honest) < 0.3 * abs(misled - honest)


def test_a_value_that_the_others_contradict_is_hardly_believed():
    known = process(60)
    values = known.log10_kappa.copy()
    values[7] += 4.0
    wrong = dataclasses.replace(known, log10_kappa=values)
    discounted = wrong.discount_outliers([str(row) for row in range(60)])
    assert discounted.weights[7] < 0.2
    assert np.median(discounted.weights) > 0.9
    others = np.arange(60) != 7
    truth = known.estimate(known.descriptors).mean

    def off(estimated: RelevanceProcess) -> float:
        return float(np.abs(estimated.estimate(known.descriptors).mean - truth)[others].mean())

    assert off(discounted) < 0.5 * off(wrong)


def test_values_of_one_group_do_not_confirm_each_other():
    known = process(60)
    twice = np.arange(60) % 30
    descriptors, values = known.descriptors[twice], known.log10_kappa[twice].copy()
    values[[7, 37]] += 4.0
    doubled = dataclasses.replace(known, descriptors=descriptors, log10_kappa=values)
    assert doubled.discount_outliers([str(row) for row in twice]).weights[7] < 0.2
    assert doubled.discount_outliers([str(row) for row in range(60)]).weights[7] > 0.5


def test_weights_that_were_given_are_kept_as_factors():
    given = np.linspace(0.3, 3.0, 40)
    groups = [str(row) for row in range(40)]
    shares = process(weights=given).discount_outliers(groups).weights / given
    assert shares.max() <= 5.0 / 4.0
    assert np.ptp(shares) < np.ptp(given)


def test_further_rows_are_known_too():
    known = process()
    descriptors, values = rows(5, seed=9)
    more = known.add_rows(descriptors, values + 2.0)
    assert more.settings is known.settings
    assert np.all(more.estimate(descriptors).mean > known.estimate(descriptors).mean)


def test_a_row_alone_is_estimated_as_among_others_and_a_stored_solution_changes_nothing():
    known, asked = process(), rows(9, seed=2)[0]
    together, stored = known.estimate(asked), dataclasses.replace(process(), solution=known.weighted_values)
    for row in range(len(asked)):
        alone = stored.estimate(asked[[row]])
        np.testing.assert_allclose(alone.mean, together.mean[[row]], atol=SINGLE)
        np.testing.assert_allclose(alone.std, together.std[[row]], rtol=1e-5)


@pytest.mark.parametrize("first", [30, 31])
def test_of_rows_that_single_precision_cannot_tell_apart_the_nearest_are_chosen(first: int):
    """Thirty rows count. Of two that are as far but for the ninth digit, the nearer one does, whichever is first."""
    descriptors, values = np.zeros((40, 5)), rows(40)[1]
    descriptors[:, 0] = np.linspace(1.0, 2.0, 40)
    last, next_one = (first, 61 - first)
    descriptors[last - 1, 0], descriptors[next_one - 1, 0] = 1.75, 1.75 * (1.0 + 1e-9)
    known = RelevanceProcess(SETTINGS, FAMILY, descriptors, values, np.ones(40))
    nearest = known.estimate_with_nearest(np.zeros((1, 5)))[1][0]
    assert nearest[-1] == last - 1
    assert next_one - 1 not in nearest


def test_the_lower_triangle_is_that_of_the_covariance():
    scaled = rows(300)[0]
    own = KernelRows.prepare(scaled, FAMILY, SETTINGS)
    np.testing.assert_allclose(np.tril(own.covary_lower()), np.tril(covary(scaled, SETTINGS)), atol=1e-12)


def test_other_rows_are_estimated_as_by_a_process_that_never_had_some_of_its_rows():
    known, asked = process(weights=np.linspace(0.5, 1.0, 40)), rows(3, seed=1)[0]
    left_out = np.zeros((3, 40), bool)
    left_out[0, 5:9] = left_out[1, [0, 39]] = True
    found = known.estimate_beside(asked, left_out)
    complete = known.estimate(asked)
    assert (found.mean[2], found.std[2]) == pytest.approx((complete.mean[2], complete.std[2]), rel=1e-5)
    for row in range(2):
        kept = ~left_out[row]
        others = dataclasses.replace(
            known,
            descriptors=known.descriptors[kept],
            log10_kappa=known.log10_kappa[kept],
            weights=known.weights[kept],
        )
        # What scales descriptors and values is that of all rows, as for a row that is left out of its own process.
        vars(others).update(_mean_and_scale=known._mean_and_scale, _standardised=known._standardised[kept])
        expected = others.estimate(asked[[row]])
        centre, width = others.log10_kappa.mean(), others.log10_kappa.std()
        mean = (expected.mean - centre) / width * known.log10_kappa.std() + known.log10_kappa.mean()
        assert found.mean[row] == pytest.approx(mean[0], abs=SINGLE)
        assert found.std[row] == pytest.approx(expected.std[0] / width * known.log10_kappa.std(), rel=1e-5)
        assert found.mean[row] != pytest.approx(complete.mean[row], abs=1e-6)


def test_the_nearest_rows_are_those_at_the_shortest_distance_of_the_kernel():
    known, asked = dataclasses.replace(process(50), n_crystal=45), rows(6, seed=4)[0]
    _, nearest, distance = known.estimate_with_nearest(asked)
    apart = np.linalg.norm(known.standardise(asked)[:, None] - known.standardise(known.descriptors[:45]), axis=2)
    np.testing.assert_array_equal(nearest, np.argsort(apart, axis=1)[:, :30])
    np.testing.assert_allclose(distance, np.sort(apart, axis=1)[:, :30], rtol=1e-9)


def test_what_is_no_crystal_as_it_is_changes_values_and_no_deviation():
    known, asked = dataclasses.replace(process(), n_crystal=40), rows(6, seed=4)[0]
    more = known.add_rows(asked, np.full(6, 3.0))
    vars(more).update(
        _mean_and_scale=known._mean_and_scale,
        _standardised=(more.log10_kappa - known.log10_kappa.mean()) / known.log10_kappa.std(),
    )
    before, after = known.estimate(asked), more.estimate(asked)
    assert (after.mean != before.mean).all()
    np.testing.assert_allclose(after.std / more.log10_kappa.std(), before.std / known.log10_kappa.std(), rtol=1e-9)
    everybody = dataclasses.replace(more, n_crystal=None).estimate(asked)
    assert (everybody.std < after.std).all()


def test_where_few_rows_are_left_they_alone_count_and_none_leave_the_kernels_own_deviation():
    known = process(8)
    groups = np.array([0, 0, 0, 0, 0, 0, 0, 1])
    found = known.estimate_without(groups)
    mean, std = say_without(known, groups == 0, 0)
    np.testing.assert_allclose((found.mean[0], found.std[0]), (mean, std), rtol=1e-6)
    alone = known.estimate_without(np.zeros(8)).std
    prior = SETTINGS.signal + SETTINGS.plane * np.mean(known._scaled**2, axis=1) + SETTINGS.noise
    np.testing.assert_allclose(alone, np.sqrt(prior) * known.log10_kappa.std())
