"""Contributions from predictions with parts hidden."""

import numpy as np
import pytest

from paraisite.errors import DataError
from paraisite.explain.contributions import Contributions, InputPart

PARTS = (InputPart("atom", "A", ""), InputPart("atom", "B", ""))


def test_a_contribution_is_the_prediction_less_that_without_the_part():
    answers = np.array([[1.0, 0.8, 1.1, 0.5], [1.2, 0.8, 1.1, 0.6]])
    found = Contributions.from_predictions(PARTS, answers, method="")
    np.testing.assert_allclose(found.dex, [[0.2, -0.1], [0.4, 0.1]])
    np.testing.assert_allclose(found.mean_dex, [0.3, 0.0], atol=1e-12)
    np.testing.assert_allclose(found.std_dex, np.std([[0.2, -0.1], [0.4, 0.1]], axis=0, ddof=1))
    np.testing.assert_allclose(found.factor, [10**0.3, 1.0])
    assert found.nothing_w_per_m_k == pytest.approx(10**0.55)
    assert found.accounted_share == pytest.approx(0.3 / 0.55)
    assert found.order == [0, 1]


def test_a_single_member_has_no_std_and_no_difference_no_share():
    found = Contributions.from_predictions(PARTS, np.ones((1, 4)), method="")
    assert np.isnan(found.std_dex).all()
    assert np.isnan(found.accounted_share)


@pytest.mark.parametrize(
    ("answers", "message"), [(np.ones((2, 3)), r"expected \(n_member, 4\)"), (np.full((2, 4), np.nan), "finite")]
)
def test_predictions_that_are_missing_are_refused(answers: np.ndarray, message: str):
    with pytest.raises(DataError, match=message):
        Contributions.from_predictions(PARTS, answers, method="")
