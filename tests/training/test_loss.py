"""Errors of both objectives and losses of kappa, against NumPy and the target scaler."""

import numpy as np
import pytest

from paraisite.config import Loss
from paraisite.models.runtime import tf
from paraisite.models.target_scaler import TargetScaler
from paraisite.training.loss import (
    HUBER_DELTA,
    Objective,
    error_sum,
    kappa_from_output,
    loss_sum,
    relative_error_sum,
    standardised_error_sum,
)

SCALER = TargetScaler(mean=np.array([0.7, 1.4]), std=np.array([0.4, 0.75]))
MEAN, STD = SCALER.mean.astype(np.float32), SCALER.std.astype(np.float32)
BOUND = 4.0


def kappas(output: np.ndarray) -> np.ndarray:
    return kappa_from_output(tf.constant(output, tf.float32), MEAN, STD, max_log10_one_plus_kappa=BOUND).numpy()


def test_kappa_is_the_scalers_inverse():
    output = np.random.default_rng(0).normal(size=(2, 50))
    np.testing.assert_allclose(kappas(output), SCALER.inverse_transform(output), rtol=1e-5, atol=1e-5)


def test_any_number_of_axes_may_follow_the_members():
    output = np.random.default_rng(0).normal(size=(2, 3, 5))
    np.testing.assert_array_equal(kappas(output).reshape(2, 15), kappas(output.reshape(2, 15)))


def test_kappa_is_bounded_above_so_that_nothing_overflows():
    output = np.array([[8.24, 8.26, 1e3, 1e30], [3.45, 3.48, 1e3, 1e30]])  # the bound is at 8.25 and 3.467
    found = kappas(output)
    np.testing.assert_allclose(found[:, 1:], 1e4 - 1, rtol=1e-5)
    np.testing.assert_allclose(found[:, :1], SCALER.inverse_transform(output[:, :1]), rtol=1e-5)
    assert (found[:, 0] < 0.995e4).all()


def test_kappa_has_no_lower_bound_but_minus_one():
    np.testing.assert_allclose(kappas(np.full((2, 1), -1e30)), -1.0)


def test_the_gradient_is_finite_everywhere_and_zero_above_the_bound():
    output = tf.constant([[-1e30, -3.0, 0.0, 8.0, 9.0, 1e30]] * 2)
    with tf.GradientTape() as tape:
        tape.watch(output)
        total = tf.reduce_sum(kappa_from_output(output, MEAN, STD, max_log10_one_plus_kappa=BOUND))
    gradient = tape.gradient(total, output).numpy()
    assert np.isfinite(gradient).all()
    assert (gradient[:, 4:] == 0).all()
    slope = np.log(10.0) * SCALER.std[:, None] * (SCALER.inverse_transform(np.array([[-3.0, 0.0]] * 2)) + 1.0)
    np.testing.assert_allclose(gradient[:, 1:3], slope, rtol=1e-5)


def test_error_is_mape_times_the_number_of_crystals():
    rng = np.random.default_rng(1)
    kappa, predicted = rng.uniform(1, 300, (2, 3, 4)), rng.uniform(-0.9, 300, (2, 3, 4))
    present = np.array([[[1, 1, 1, 1]] * 3, [[1, 1, 0, 1], [0, 0, 0, 0], [1, 0, 0, 0]]], np.float32)
    expected = [
        sum(abs(p - k) / k for k, p, use in zip(kappa[m].flat, predicted[m].flat, present[m].flat, strict=True) if use)
        for m in (0, 1)
    ]
    found = relative_error_sum(*(tf.constant(values, tf.float32) for values in (kappa, predicted, present)))
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_a_perfect_prediction_has_no_error():
    kappa = tf.constant([[3.0, 40.0]])
    np.testing.assert_array_equal(relative_error_sum(kappa, kappa, tf.ones_like(kappa)), [0.0])


def test_standardised_error_is_a_mean_over_the_known_values_times_their_number():
    """Two members, three crystals, two outputs, against NumPy; one value is not known, one place is empty."""
    rng = np.random.default_rng(2)
    output, target = rng.normal(size=(2, 3, 2)), rng.normal(-5.0, 2.0, (2, 3, 2))
    mean, std = rng.normal(-5.0, 1.0, (2, 2)), rng.uniform(0.5, 2.0, (2, 2))
    present = np.ones((2, 3, 2))
    present[0, 1, 0] = present[1, 2] = 0
    standardised = (target - mean[:, None]) / std[:, None]
    expected = [np.abs(output - standardised)[member][present[member] == 1].sum() for member in (0, 1)]
    found = standardised_error_sum(
        *(tf.constant(values, tf.float32) for values in (output, target, present, mean, std))
    )
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_one_output_has_one_mean_and_deviation_per_member():
    output, target = tf.constant([[0.0, 1.0], [0.5, 0.0]]), tf.constant([[2.0, 4.0], [6.0, 5.0]])
    found = standardised_error_sum(
        output, target, tf.ones_like(output), tf.constant([2.0, 5.0]), tf.constant([2.0, 4.0])
    )
    np.testing.assert_allclose(found, [0.0, 0.25])


def test_a_value_that_is_not_known_has_no_gradient():
    output = tf.constant([[[0.3, 0.3], [0.3, 0.3]]])
    present = tf.constant([[[1.0, 0.0], [0.0, 1.0]]])
    with tf.GradientTape() as tape:
        tape.watch(output)
        total = standardised_error_sum(output, tf.ones_like(output), present, tf.zeros([1, 2]), tf.ones([1, 2]))
    np.testing.assert_array_equal(tape.gradient(total, output), -present)


def test_the_objective_names_the_error():
    output, target, present = tf.constant([[0.1, 0.4]]), tf.constant([[3.0, 40.0]]), tf.constant([[1.0, 1.0]])
    mean, std = tf.constant([1.0]), tf.constant([0.5])
    kappa = kappa_from_output(output, mean, std, max_log10_one_plus_kappa=BOUND)
    expected = {
        Objective.KAPPA_PERCENTAGE: relative_error_sum(target, kappa, present),
        Objective.STANDARDISED_ABSOLUTE: standardised_error_sum(output, target, present, mean, std),
    }
    for objective in Objective:
        found = error_sum(objective, output, target, present, mean=mean, std=std, max_log10_one_plus_kappa=BOUND)
        np.testing.assert_array_equal(found, expected[objective])


@pytest.mark.parametrize("loss", ["percentage", "log_absolute", "log_huber", "mixture"])
def test_losses_of_kappa_are_those_of_numpy(loss: Loss):
    rng = np.random.default_rng(4)
    output, kappa = rng.normal(size=(2, 6)), rng.uniform(1, 300, (2, 6))
    output[0, 0] = SCALER.transform(kappa * 1.05)[0, 0]  # an error inside the Huber loss's square
    present = np.array([[1, 1, 0, 1, 1, 1], [0, 1, 1, 1, 0, 0]])
    predicted = SCALER.inverse_transform(output)
    percentage = np.abs(predicted - kappa) / kappa
    log = np.abs(np.log((1 + predicted) / (1 + kappa)))
    expected = {
        "percentage": percentage,
        "log_absolute": log,
        "log_huber": np.where(log < HUBER_DELTA, log**2 / 2, HUBER_DELTA * (log - HUBER_DELTA / 2)),
        "mixture": 0.3 * percentage + 0.7 * log,
    }[loss]
    found = loss_sum(
        loss,
        *(tf.constant(values, tf.float32) for values in (output, kappa, present)),
        mean=MEAN,
        std=STD,
        percentage_sum=tf.constant((percentage * present).sum(axis=1), tf.float32),
        percentage_share=0.3,
    )
    np.testing.assert_allclose(found, (expected * present).sum(axis=1), rtol=1e-4)
