"""Refined values of one crystal: from its phonons and its prediction, or a reason."""

import json
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from paraisite.errors import DataError
from paraisite.inference.refinement import REFINED_COLUMNS, Refinement, estimate_from_interval, read_estimate
from paraisite.labels.functional_correction import DESCRIPTORS, FunctionalCorrection
from paraisite.models.combined_estimate import CombinedIntervals
from tests.graphs.crystals import rocksalt

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
    errors = {f"mp-{row}": 0.02 if row < 40 else 0.14 for row in range(80)}
    intervals = CombinedIntervals((0.7, 1.3, 2.0), 80)
    return Refinement("emt", {"mesh": 45.0}, "GPACCURATE", {"togo15": 80}, correction, errors, intervals)


def make_predictor(place: float, *, n_row: int = 80) -> Any:
    """Return one that sees a crystal at this place; the first forty known ones are at 0, the others at 10."""
    known = SimpleNamespace(
        materials=SimpleNamespace(material_id=tuple(f"mp-{row}" for row in range(n_row))),
        embedding=np.repeat([0.0, 10.0], [40, n_row - 40])[None, :, None].astype(np.float32),
    )
    output = SimpleNamespace(embedding=np.array([[[place]]]))
    model = SimpleNamespace(predict_usable=lambda crystals: (output, {}) if len(crystals) == 1 else None)
    return SimpleNamespace(calibration_set=known, model=model)


ELSEWHERE: Any = SimpleNamespace(calibration_set=None)
"""A predictor that knows no rows."""
SALT = rocksalt()


def width(row: dict[str, Any]) -> float:
    return float(np.log10(row["refined_upper_90_w_per_m_k"] / row["refined_lower_90_w_per_m_k"]))


def test_the_refined_value_lies_between_prediction_and_corrected_conductivity():
    found = make_refinement(np.log(1.5)).refine(ELSEWHERE, SALT, ROW, PHONONS)
    assert set(found) == set(REFINED_COLUMNS)
    assert found["kappa_corrected_w_per_m_k"] == pytest.approx(6.0)
    assert 6.0 < found["refined_kappa_w_per_m_k"] < 10.0
    assert found["refined_reason"] is None
    ends = [found[f"refined_{end}_w_per_m_k"] for end in ("lower_90", "lower_80", "lower_50")]
    assert ends == sorted(ends)
    assert found["refined_upper_80_w_per_m_k"] / found["refined_lower_80_w_per_m_k"] < 20.0 / 5.0


def test_the_potential_weighs_more_where_it_was_right_for_known_crystals():
    right, wrong = (make_refinement().refine(make_predictor(at), SALT, ROW, PHONONS) for at in (0.0, 10.0))
    assert right["kappa_corrected_w_per_m_k"] < right["refined_kappa_w_per_m_k"] < wrong["refined_kappa_w_per_m_k"]
    assert width(right) < width(wrong)
    mean_error = make_refinement().refine(ELSEWHERE, SALT, ROW, PHONONS)
    assert width(right) < width(mean_error) < width(wrong)


def test_a_model_that_does_not_know_the_crystals_takes_the_mean_error():
    other = replace(make_refinement(), errors_dex={"Si (phonix)": 0.02, "Ge (phonix)": 0.14})
    expected = other.refine(ELSEWHERE, SALT, ROW, PHONONS)
    assert other.refine(make_predictor(0.0), SALT, ROW, PHONONS) == expected
    several = make_predictor(0.0)
    several.calibration_set.embedding = np.repeat(several.calibration_set.embedding, 9, axis=0)
    assert make_refinement().refine(several, SALT, ROW, PHONONS) == make_refinement().refine(
        ELSEWHERE, SALT, ROW, PHONONS
    ), "networks have a place of a crystal for each member"


def test_a_crystal_without_phonons_keeps_its_prediction():
    found = make_refinement().refine(ELSEWHERE, SALT, ROW, {"reason": "phonon of -1.00 THz (imaginary)"})
    assert found["refined_reason"] == "phonon of -1.00 THz (imaginary)"
    assert found["refined_kappa_w_per_m_k"] is None


def test_a_conductivity_that_depends_on_the_mesh_refines_nothing():
    """As an earlier version kept them, without a reason."""
    found = make_refinement().refine(ELSEWHERE, SALT, ROW, PHONONS | {"kappa_potential_coarse_w_per_m_k": 40.0})
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
    for predictor in (ELSEWHERE, make_predictor(0.0)):
        expected = make_refinement(0.3).refine(predictor, SALT, ROW, PHONONS)
        assert again.refine(predictor, SALT, ROW, PHONONS) == expected
    with pytest.raises(DataError, match="expected 'paraisite-refinement-2'"):
        Refinement.from_json(content | {"format": "other"})
