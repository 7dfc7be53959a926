"""The target transform and its way back."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paraisite.errors import DataError
from paraisite.models.target_scaler import TargetScaler

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
    np.testing.assert_allclose(scaler.inverse(np.array([[0.0, 2.0], [-4.0, 0.0]])), [[9.0, 99.0], [9.0, 99.0]])


@given(st.lists(KAPPAS, min_size=1, max_size=4))
@settings(deadline=None)
def test_inverse_undoes_transform(members: list[list[float]]):
    scaler = TargetScaler.fit([np.array(values) for values in members])
    kappa = np.geomspace(1e-3, 5e3, 30)
    restored = scaler.inverse(scaler.transform(kappa))
    np.testing.assert_allclose(restored, np.tile(kappa, (len(members), 1)), rtol=1e-9, atol=1e-12)


@given(KAPPAS)
@settings(deadline=None)
def test_training_values_become_standard(values: list[float]):
    kappa = np.array(values)
    standardised = TargetScaler.fit([kappa]).transform(kappa)
    assert abs(standardised.mean()) < 1e-8
    assert standardised.std() == pytest.approx(1.0)


@pytest.mark.parametrize("values", [[5.0, 5.0], [5.0]], ids=["equal values", "one value"])
def test_values_without_spread_are_refused(values: list[float]):
    with pytest.raises(DataError, match="all equal"):
        TargetScaler.fit([np.array([1.0, 2.0]), np.array(values)])
