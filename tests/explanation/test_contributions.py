"""Contributions from predictions with parts hidden, and of descriptors of any model."""

import numpy as np
import pytest
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression

from paraisite.errors import DataError
from paraisite.explanation.contributions import Contributions, Part
from paraisite.explanation.descriptors import Descriptor, occlude_descriptors

PARTS = (Part("atom", "A", ""), Part("atom", "B", ""))
DESCRIPTORS = (Descriptor("mean mass", "u"), Descriptor("atoms"), Descriptor("distance", "Å"))
RANDOM = np.random.default_rng(0)
BACKGROUND = RANDOM.normal(size=(41, 3))


def test_a_contribution_is_the_prediction_less_that_without_the_part():
    answers = np.array([[1.0, 0.8, 1.1, 0.5], [1.2, 0.8, 1.1, 0.6]])
    found = Contributions.from_answers(PARTS, answers, method="")
    np.testing.assert_allclose(found.dex, [[0.2, -0.1], [0.4, 0.1]])
    np.testing.assert_allclose(found.mean_dex, [0.3, 0.0], atol=1e-12)
    np.testing.assert_allclose(found.spread_dex, np.std([[0.2, -0.1], [0.4, 0.1]], axis=0, ddof=1))
    np.testing.assert_allclose(found.factor, [10**0.3, 1.0])
    assert found.nothing_w_per_m_k == pytest.approx(10**0.55)
    assert found.accounted_share == pytest.approx(0.3 / 0.55)
    assert found.order == [0, 1]


def test_a_single_member_has_no_spread_and_no_difference_no_share():
    found = Contributions.from_answers(PARTS, np.ones((1, 4)), method="")
    assert np.isnan(found.spread_dex).all()
    assert np.isnan(found.accounted_share)


@pytest.mark.parametrize(
    ("answers", "message"), [(np.ones((2, 3)), r"expected \(n_member, 4\)"), (np.full((2, 4), np.nan), "finite")]
)
def test_predictions_that_are_missing_are_refused(answers: np.ndarray, message: str):
    with pytest.raises(DataError, match=message):
        Contributions.from_answers(PARTS, answers, method="")


def test_a_linear_models_descriptors_contribute_slope_times_distance_from_the_median():
    slopes = np.array([0.5, -2.0, 0.0])
    model = LinearRegression().fit(BACKGROUND, BACKGROUND @ slopes + 1)
    values = np.array([1.0, 0.3, 5.0])
    found = occlude_descriptors(
        lambda rows: model.predict(rows)[None], values, background=BACKGROUND, descriptors=DESCRIPTORS
    )
    np.testing.assert_allclose(found.dex[0], slopes * (values - np.median(BACKGROUND, axis=0)), atol=1e-9)
    assert found.accounted_share == pytest.approx(1)
    assert found.parts[0] == Part("descriptor", "mean mass", f"1 u; median {np.median(BACKGROUND[:, 0]):.3g} u")


def test_the_trees_of_a_forest_are_members():
    forest = RandomForestRegressor(5, random_state=0).fit(BACKGROUND, BACKGROUND[:, 0] ** 3)
    found = occlude_descriptors(
        lambda rows: np.stack([tree.predict(rows) for tree in forest.estimators_]),
        np.array([2.0, 0.0, 0.0]), background=BACKGROUND, descriptors=DESCRIPTORS,
    )  # fmt: skip
    assert found.dex.shape == (5, 3)
    assert found.order[0] == 0
    assert found.mean_dex[0] > 0


def test_descriptors_that_do_not_fit_are_refused():
    with pytest.raises(DataError, match="for 3 descriptors"):
        occlude_descriptors(lambda rows: rows.T, np.ones(2), background=BACKGROUND, descriptors=DESCRIPTORS)
