"""The target transforms and their ways back."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paraisite.errors import DataError
from paraisite.models.architecture import ModelConfig
from paraisite.models.target_scaler import Standardiser, TargetScaler
from paraisite.training.initial_parameters import draw_parameters, stack

KAPPAS = st.lists(st.floats(1e-3, 5e3), min_size=2, max_size=20).filter(lambda values: np.std(np.log10(values)) > 1e-3)


def test_fit_takes_population_moments_of_log10_one_plus_kappa():
    """By hand: log10(1 + kappa) is 1, 2, 3 and 0, 2."""
    scaler = TargetScaler.fit([np.array([9.0, 99.0, 999.0]), np.array([0.0, 99.0])])
    np.testing.assert_allclose(scaler.mean, [2.0, 1.0])
    np.testing.assert_allclose(scaler.std, [np.sqrt(2 / 3), 1.0])


def test_each_member_has_its_own_scale():
    scaler = TargetScaler(mean=np.array([1.0, 2.0]), std=np.array([0.5, 0.25]))
    np.testing.assert_allclose(scaler.transform(np.array([9.0, 99.0])), [[0.0, 2.0], [-4.0, 0.0]])
    np.testing.assert_allclose(scaler.transform(np.array([[9.0], [99.0]])), [[0.0], [0.0]])
    np.testing.assert_allclose(
        scaler.inverse_transform(np.array([[0.0, 2.0], [-4.0, 0.0]])), [[9.0, 99.0], [9.0, 99.0]]
    )


@given(st.lists(KAPPAS, min_size=1, max_size=4))
@settings(deadline=None)
def test_inverse_undoes_transform(members: list[list[float]]):
    scaler = TargetScaler.fit([np.array(values) for values in members])
    kappa = np.geomspace(1e-3, 5e3, 30)
    restored = scaler.inverse_transform(scaler.transform(kappa))
    np.testing.assert_allclose(restored, np.tile(kappa, (len(members), 1)), rtol=1e-9, atol=1e-12)


@given(KAPPAS)
@settings(deadline=None)
def test_training_values_become_standard(values: list[float]):
    kappa = np.array(values)
    standardised = TargetScaler.fit([kappa]).transform(kappa)
    assert abs(standardised.mean()) < 1e-8
    assert standardised.std() == pytest.approx(1.0)


@pytest.mark.parametrize("values", [[5.0, 5.0], [5.0]], ids=["equal values", "one value"])
def test_constant_values_are_refused(values: list[float]):
    with pytest.raises(DataError, match="all equal"):
        TargetScaler.fit([np.array([1.0, 2.0]), np.array(values)])


def test_standardiser_takes_population_moments_of_the_known_values():
    """By hand, one member: 1, 3 and 10, 20, 60 with one value unknown."""
    found = Standardiser.fit([np.array([[1.0, 10.0], [np.nan, 20.0], [3.0, 60.0]])])
    np.testing.assert_allclose(found.mean, [[2.0, 30.0]])
    np.testing.assert_allclose(found.std, [[1.0, np.sqrt(1400 / 3)]])


def test_one_output_has_one_number_per_member():
    found = Standardiser.fit([np.array([1.0, np.nan, 3.0]), np.array([5.0, 5.0, 8.0])])
    np.testing.assert_allclose(found.mean, [2.0, 6.0])
    np.testing.assert_allclose(found.std, [1.0, np.sqrt(2.0)])


@pytest.mark.parametrize(
    "values",
    [[[1.0, 0.1 + 0.2], [2.0, 0.1 + 0.2]], [[1.0, np.nan], [2.0, np.nan]], [[1.0, np.nan], [2.0, 7.0]]],
    ids=["equal", "unknown", "one known"],
)
def test_a_constant_output_is_refused(values: list[list[float]]):
    with pytest.raises(DataError, match="all equal"):
        Standardiser.fit([np.array(values)])


@pytest.mark.parametrize("n_output", [1, 3])
@pytest.mark.parametrize("head_hidden", [(), (7, 4)], ids=["no hidden layer", "two"])
def test_a_folded_network_predicts_in_units(n_output: int, head_hidden: tuple[int, ...]):
    """Two members; their last layers by hand. Nothing else changes, and the given parameters stay as they are."""
    config, rng = ModelConfig(head_hidden=head_hidden, n_output=n_output), np.random.default_rng(0)
    parameters = stack([draw_parameters(config, seed=seed) for seed in (0, 1)])
    last = f"head/{len(head_hidden)}"
    parameters[f"{last}/bias"] = rng.normal(size=(2, n_output)).astype(np.float32)
    before = {name: value.copy() for name, value in parameters.items()}
    shape = (2,) if n_output == 1 else (2, n_output)
    standardiser = Standardiser(mean=rng.normal(-5, 1, shape), std=rng.uniform(0.5, 3, shape))
    folded = standardiser.fold_into(parameters, config)
    hidden = rng.normal(size=(2, 10, before[f"{last}/kernel"].shape[1]))
    found, standardised = (
        hidden @ weights[f"{last}/kernel"] + weights[f"{last}/bias"][:, None] for weights in (folded, before)
    )
    mean, std = (values.reshape(2, 1, n_output) for values in (standardiser.mean, standardiser.std))
    np.testing.assert_allclose(found, standardised * std + mean, rtol=1e-5, atol=1e-5)
    for name, value in before.items():
        assert folded[name].dtype == np.float32
        np.testing.assert_array_equal(parameters[name], value, err_msg=name)
        if not name.startswith(last):
            np.testing.assert_array_equal(folded[name], value, err_msg=name)
