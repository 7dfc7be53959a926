"""The correction of a functional's bias: what it finds, and what it does not see."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from paraisite.errors import DataError
from paraisite.labels import functional_correction
from paraisite.labels.functional_correction import (
    DESCRIPTORS,
    FEW,
    MIN_ROWS,
    CorrectionInputs,
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
            "structure_type_label": ["AB_cF8_225_a_b", "AB_cP2_221_a_b"] * (n // 2),
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
    inputs = describe_rows(rows)
    assert inputs.descriptors.shape == (len(rows), len(DESCRIPTORS))
    predicted = predict_held_out(inputs, log_ratio, FORMULAS, np.ones(len(rows), bool))
    assert np.abs(log_ratio - predicted).mean() < 0.05
    assert np.abs(log_ratio - log_ratio.mean()).mean() > 0.1, "a constant factor would not do"


def test_descriptors_that_only_fit_noise_are_left_out(rows: pd.DataFrame) -> None:
    few = describe_rows(rows).descriptors[:, DESCRIPTORS.index("ln mean atomic number")]
    noise = np.random.default_rng(2)
    correction = fit_correction(describe_rows(rows), 0.5 * few + noise.normal(0.0, 0.3, len(rows)), FORMULAS)
    assert set(np.flatnonzero(correction.coefficients)) == {DESCRIPTORS.index(name) for name in FEW}


def test_a_few_failures_of_the_potential_do_not_bend_it(rows: pd.DataFrame, log_ratio: np.ndarray):
    spoilt = log_ratio.copy()
    spoilt[[3, 17, 31]] += 3.0
    correction = fit_correction(describe_rows(rows), spoilt, FORMULAS)
    others = np.delete(np.arange(len(rows)), [3, 17, 31])
    errors = log_ratio[others] - correction.predict_log_factor(describe_rows(rows).take(others))
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
    inputs = describe_rows(rows)
    assert np.array_equal(
        predict_held_out(inputs, spoilt, FORMULAS, may_fit),
        predict_held_out(inputs, log_ratio, FORMULAS, may_fit),
    )


def test_what_a_structure_type_has_in_common_is_found_where_it_has_several_crystals(
    rows: pd.DataFrame, log_ratio: np.ndarray
):
    """Fluorite's six crystals are off by one more; what perovskite's one is off by says nothing of perovskites."""
    of_fluorite, of_perovskite = np.arange(len(rows)) % 8 == 0, np.arange(len(rows)) == 1
    types = np.select([of_fluorite, of_perovskite], ["AB2_cF12_225_a_c", "ABC3_cP5_221_a_b_c"], "AB_cF8_225_a_b")
    inputs = describe_rows(rows.assign(structure_type_label=types))
    known = log_ratio + of_fluorite + of_perovskite
    correction = fit_correction(inputs, known, FORMULAS)
    assert set(correction.type_shifts) == {"AB2_cF12_225_a_c", "AB_cF8_225_a_b"}
    assert 0.5 < correction.type_shifts["AB2_cF12_225_a_c"] - correction.type_shifts["AB_cF8_225_a_b"] < 1.0
    without = predict_held_out(describe_rows(rows), known, FORMULAS, np.ones(len(rows), bool))
    found = predict_held_out(inputs, known, FORMULAS, np.ones(len(rows), bool))
    assert np.abs(known - found)[of_fluorite].mean() < 0.6 * np.abs(known - without)[of_fluorite].mean()


def test_structure_types_that_only_fit_noise_shift_nothing(rows: pd.DataFrame) -> None:
    rng = np.random.default_rng(3)
    types = rng.choice(["AB_cF8_225_a_b", "AB_cP2_221_a_b", "AB_hP4_194_a_c", "AB_cF8_216_a_c"], len(rows))
    inputs = describe_rows(rows.assign(structure_type_label=types))
    assert fit_correction(inputs, rng.normal(0.0, 0.3, len(rows)), FORMULAS).type_shifts == {}


def test_it_is_written_and_read_back(rows: pd.DataFrame, log_ratio: np.ndarray):
    inputs = describe_rows(rows)
    correction = replace(fit_correction(inputs, log_ratio, FORMULAS), type_shifts={"AB_cP2_221_a_b": 0.25})
    again = FunctionalCorrection.from_json(json.loads(json.dumps(correction.to_json())))
    assert np.array_equal(again.predict_log_factor(inputs), correction.predict_log_factor(inputs))
    with pytest.raises(DataError, match="of other descriptors: fit it again"):
        FunctionalCorrection.from_json(correction.to_json() | {"descriptors": ["mass"]})


def test_far_from_all_known_crystals_the_factor_stays_bounded(rows: pd.DataFrame, log_ratio: np.ndarray):
    inputs = describe_rows(rows)
    correction = fit_correction(inputs, log_ratio, FORMULAS)
    far = CorrectionInputs(inputs.descriptors[:1] + 1e6, inputs.structure_types[:1])
    assert abs(correction.predict_log_factor(far)[0]) < 10.0


def test_too_few_crystals_are_refused(rows: pd.DataFrame, log_ratio: np.ndarray):
    few = MIN_ROWS - 1
    with pytest.raises(DataError, match=f"{few} crystals with known conductivity, expected at least {MIN_ROWS}"):
        fit_correction(describe_rows(rows[:few]), log_ratio[:few], FORMULAS[:few])
