"""The correction of a functional's bias: what it finds, and what it does not see."""

import json

import numpy as np
import pandas as pd
import pytest

from paraisite.errors import DataError
from paraisite.labels import functional_correction
from paraisite.labels.functional_correction import (
    DESCRIPTORS,
    FEW,
    MIN_ROWS,
    FunctionalCorrection,
    describe_rows,
    fit_correction,
    predict_held_out,
)

FORMULAS = [
    f"{cation}{anion}"
    for cation in ("Na", "K", "Rb", "Mg", "Ca", "Sr", "Pb", "Zn")
    for anion in ["O", "S", "Se", "Te", "F", "Cl"]
]


@pytest.fixture(autouse=True)
def few_folds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(functional_correction, "N_FOLD", 4)
    monkeypatch.setattr(functional_correction, "PENALTIES", (3.0,))


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    n = len(FORMULAS)
    return pd.DataFrame(
        {
            "formula": FORMULAS,
            "kappa_potential_w_per_m_k": np.exp(rng.normal(1.5, 1.0, n)),
            "coherence_w_per_m_k": 0.05,
            "max_frequency_thz": rng.uniform(3, 20, n),
            "geometric_frequency_thz": rng.uniform(2, 10, n),
            "gruneisen_rms": rng.uniform(1, 3, n),
            "longitudinal_sound_km_per_s": rng.uniform(2, 9, n),
            "phase_space_per_thz": rng.uniform(0.1, 3, n),
        }
    )


@pytest.fixture(scope="module")
def log_ratio(rows: pd.DataFrame) -> np.ndarray:
    """A functional that is off by a factor and, for anharmonic crystals, by more."""
    noise = np.random.default_rng(1).normal(0.0, 0.02, len(rows))
    return 0.3 + 0.5 * np.log(rows["gruneisen_rms"].to_numpy()) + noise


def test_a_bias_that_varies_with_anharmonicity_is_removed(rows: pd.DataFrame, log_ratio: np.ndarray):
    descriptors = describe_rows(rows)
    assert descriptors.shape == (len(rows), len(DESCRIPTORS))
    predicted = predict_held_out(descriptors, log_ratio, FORMULAS, np.ones(len(rows), bool))
    assert np.abs(log_ratio - predicted).mean() < 0.05
    assert np.abs(log_ratio - log_ratio.mean()).mean() > 0.1, "a constant factor would not do"


def test_descriptors_that_only_fit_noise_are_left_out(rows: pd.DataFrame) -> None:
    few, noise = describe_rows(rows)[:, DESCRIPTORS.index("ln mean atomic number")], np.random.default_rng(2)
    correction = fit_correction(describe_rows(rows), 0.5 * few + noise.normal(0.0, 0.3, len(rows)), FORMULAS)
    assert set(np.flatnonzero(correction.coefficients)) == {DESCRIPTORS.index(name) for name in FEW}


def test_a_few_failures_of_the_potential_do_not_bend_it(rows: pd.DataFrame, log_ratio: np.ndarray):
    spoilt = log_ratio.copy()
    spoilt[[3, 17, 31]] += 3.0
    correction = fit_correction(describe_rows(rows), spoilt, FORMULAS)
    others = np.delete(np.arange(len(rows)), [3, 17, 31])
    errors = log_ratio[others] - correction.predict_log_factor(describe_rows(rows))[others]
    assert np.abs(errors).mean() < 0.1


def test_no_row_sees_its_own_formula(rows: pd.DataFrame, log_ratio: np.ndarray):
    twice = pd.concat([rows, rows], ignore_index=True)
    known = np.concatenate([log_ratio, log_ratio])
    known[0] = known[len(rows)] = 50.0
    predicted = predict_held_out(describe_rows(twice), known, FORMULAS * 2, np.ones(len(twice), bool))
    assert abs(predicted[0]) < 5.0


def test_rows_that_may_not_fit_do_not_matter(rows: pd.DataFrame, log_ratio: np.ndarray):
    may_fit = np.arange(len(rows)) >= 5
    spoilt = np.where(may_fit, log_ratio, -9.0)
    descriptors = describe_rows(rows)
    assert np.array_equal(
        predict_held_out(descriptors, spoilt, FORMULAS, may_fit),
        predict_held_out(descriptors, log_ratio, FORMULAS, may_fit),
    )


def test_it_is_written_and_read_back(rows: pd.DataFrame, log_ratio: np.ndarray):
    descriptors = describe_rows(rows)
    correction = fit_correction(descriptors, log_ratio, FORMULAS)
    again = FunctionalCorrection.from_json(json.loads(json.dumps(correction.to_json())))
    assert np.array_equal(again.predict_log_factor(descriptors), correction.predict_log_factor(descriptors))
    with pytest.raises(DataError, match="of other descriptors: fit it again"):
        FunctionalCorrection.from_json(correction.to_json() | {"descriptors": ["mass"]})


def test_far_from_all_known_crystals_the_factor_stays_bounded(rows: pd.DataFrame, log_ratio: np.ndarray):
    descriptors = describe_rows(rows)
    correction = fit_correction(descriptors, log_ratio, FORMULAS)
    assert abs(correction.predict_log_factor(descriptors[:1] + 1e6)[0]) < 10.0


def test_too_few_crystals_are_refused(rows: pd.DataFrame, log_ratio: np.ndarray):
    few = MIN_ROWS - 1
    with pytest.raises(DataError, match=f"{few} crystals with known conductivity, expected at least {MIN_ROWS}"):
        fit_correction(describe_rows(rows)[:few], log_ratio[:few], FORMULAS[:few])
