"""Refined values of one crystal: from its phonons and its prediction, or a reason."""

import json
from typing import Any

import numpy as np
import pytest

from paraisite.errors import DataError
from paraisite.inference.refinement import REFINED_COLUMNS, Refinement, estimate_from_interval, read_estimate
from paraisite.labels.functional_correction import DESCRIPTORS, FunctionalCorrection
from paraisite.models.combined_estimate import Combination

ROW = {"value": 10.0, "lower_80": 5.0, "upper_80": 20.0}
PHONONS: dict[str, Any] = {
    "reason": "",
    "kappa_potential_w_per_m_k": 4.0,
    "kappa_potential_coarse_w_per_m_k": 4.1,
    "coherence_w_per_m_k": 0.1,
    "max_frequency_thz": 8.0,
    "geometric_frequency_thz": 4.0,
    "gruneisen_rms": 1.7,
    "longitudinal_sound_km_per_s": 4.0,
    "phase_space_per_thz": 1.0,
}


def make_refinement(log_factor: float = 0.0) -> Refinement:
    n = len(DESCRIPTORS)
    correction = FunctionalCorrection(np.zeros(n), np.ones(n), np.zeros(n), log_factor, 3.0, 40)
    combination = Combination(0.1, (0.7, 1.3, 2.0), 40)
    return Refinement("emt", {"mesh": 45.0}, "GPACCURATE", {"togo15": 40}, correction, combination)


def test_the_refined_value_lies_between_prediction_and_corrected_conductivity():
    found = make_refinement(np.log(1.5)).refine(ROW, PHONONS, "NaCl")
    assert set(found) == set(REFINED_COLUMNS)
    assert found["kappa_corrected_w_per_m_k"] == pytest.approx(6.0)
    assert 6.0 < found["refined_kappa_w_per_m_k"] < 10.0
    assert found["refined_reason"] is None
    ends = [found[f"refined_{end}_w_per_m_k"] for end in ("lower_90", "lower_80", "lower_50")]
    assert ends == sorted(ends)
    assert found["refined_upper_80_w_per_m_k"] / found["refined_lower_80_w_per_m_k"] < 20.0 / 5.0


def test_a_crystal_without_phonons_keeps_its_prediction():
    found = make_refinement().refine(ROW, {"reason": "phonon of -1.00 THz (imaginary)"}, "NaCl")
    assert found["refined_reason"] == "phonon of -1.00 THz (imaginary)"
    assert found["refined_kappa_w_per_m_k"] is None


def test_a_conductivity_that_depends_on_the_mesh_refines_nothing():
    """As an earlier version kept them, without a reason."""
    found = make_refinement().refine(ROW, PHONONS | {"kappa_potential_coarse_w_per_m_k": 40.0}, "NaCl")
    assert found["refined_reason"].endswith("not converged")
    assert found["refined_kappa_w_per_m_k"] is None
    assert found["kappa_potential_w_per_m_k"] == 4.0


def test_a_prediction_without_interval_is_refused():
    with pytest.raises(DataError, match="gives no intervals"):
        read_estimate({"lower_80": None, "upper_80": None})


def test_an_interval_tells_the_distribution():
    found = estimate_from_interval(np.array([1.0]), np.array([100.0]))
    assert found.mean[0] == pytest.approx(1.0)
    assert found.std[0] == pytest.approx(1.0 / 1.2816, rel=1e-3)


def test_a_refinement_is_the_same_after_a_round_trip():
    content = json.loads(json.dumps(make_refinement(0.3).to_json()))
    again = Refinement.from_json(content)
    assert again.refine(ROW, PHONONS, "NaCl") == make_refinement(0.3).refine(ROW, PHONONS, "NaCl")
    with pytest.raises(DataError, match="expected 'paraisite-refinement-1'"):
        Refinement.from_json(content | {"format": "other"})
