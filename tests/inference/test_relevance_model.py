"""The default model: what it says of its own rows, before and after a file, and of crystals that are stretched."""

from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
from pymatgen.core.structure import Structure

from paraisite.data.crystal_arrays import CrystalArrays
from paraisite.errors import CheckpointError
from paraisite.explain.explainers import Explainer, explain
from paraisite.explain.relevance import QUANTITIES
from paraisite.graphs.build import build_graphs_from_arrays
from paraisite.inference import relevance_model
from paraisite.inference.calibration_set import CALIBRATION_SET_FILE, mark_elements
from paraisite.inference.crystals import Crystal
from paraisite.inference.predictor import Predictor
from paraisite.inference.relevance_fitting import make_left_out_calibration_set
from paraisite.inference.relevance_model import RELEVANCE_FILE, DescribedMaterials, RelevanceModel
from paraisite.models.tensor_file import read_sealed, write_sealed
from paraisite.schema import COVERAGES, KAPPA_MEAN, NEAREST_MATERIAL, PREDICTED_KAPPA, REASON, interval_columns
from paraisite.screening.scorer import PredictorScorer
from tests.graphs.crystals import CUTOFF, TOLERANCE, diamond, perovskite, rocksalt, simple_cubic
from tests.inference.known_predictors import materials

PAIRS = [
    (first, second) for first in ("Li", "Na", "K", "Mg", "Ca", "Sr") for second in ("F", "Cl", "Br", "O", "S", "Se")
]
SALTS = [rocksalt(4.0 + 0.06 * number, pair) for number, pair in enumerate(PAIRS)]
CRYSTALS = CrystalArrays.from_structures(SALTS)
GRAPHS, _ = build_graphs_from_arrays(CRYSTALS, cutoff_angstrom=CUTOFF, distance_tolerance_angstrom=TOLERANCE)
KAPPA = np.geomspace(60.0, 1.0, len(SALTS)) * np.exp(0.1 * np.random.default_rng(0).normal(size=len(SALTS)))
FORMULAS = [structure.reduced_formula for structure in SALTS]
TYPES = [f"type {number % 9}" for number in range(len(SALTS))]


@lru_cache
def model() -> RelevanceModel:
    return RelevanceModel.fit(DescribedMaterials.describe(CRYSTALS), np.log10(KAPPA), FORMULAS, TYPES)


@lru_cache
def predictor() -> Predictor:
    known = make_left_out_calibration_set(model(), materials(KAPPA), mark_elements(GRAPHS))
    return Predictor(model(), known)


def test_a_file_holds_all_of_it(tmp_path: Path):
    predictor().save(tmp_path / "here")
    found, asked = Predictor.load(tmp_path / "here"), [perovskite(4.0), rocksalt(5.0, ("Na", "Cl"))]
    assert {path.name for path in (tmp_path / "here").iterdir()} == {RELEVANCE_FILE, CALIBRATION_SET_FILE}
    assert found.digest == predictor().digest
    expected, answered = predictor().predict(asked), found.predict(asked)
    np.testing.assert_array_equal(answered.value, expected.value)
    np.testing.assert_array_equal(answered.lower, expected.lower)
    np.testing.assert_array_equal(answered.applicability.out_of_domain, expected.applicability.out_of_domain)


def test_a_part_of_it_is_refused(tmp_path: Path):
    predictor().save(tmp_path / "here")
    (tmp_path / "here" / CALIBRATION_SET_FILE).unlink()
    with pytest.raises(CheckpointError, match=r"is incomplete: reference\.safetensors belongs to it and is absent"):
        Predictor.load(tmp_path / "here")
    content = bytearray((tmp_path / "here" / RELEVANCE_FILE).read_bytes())
    content[-20] ^= 1
    (tmp_path / "here" / RELEVANCE_FILE).write_bytes(content)
    with pytest.raises(CheckpointError):
        RelevanceModel.load(tmp_path / "here")


def test_a_file_of_other_descriptors_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from paraisite.inference import relevance_model

    predictor().save(tmp_path / "here")
    monkeypatch.setattr(relevance_model, "CRYSTAL_DESCRIPTORS", relevance_model.CRYSTAL_DESCRIPTORS[::-1])
    with pytest.raises(CheckpointError, match="other descriptors than this version's: fit it again"):
        RelevanceModel.load(tmp_path / "here")


def test_its_own_rows_are_predicted_without_their_formula():
    """A value that is far off misleads the process about its own crystal, but not about what it says without it."""
    wrong = np.log10(KAPPA)
    wrong[7] += 1.0
    misled = RelevanceModel.fit(DescribedMaterials.describe(CRYSTALS), wrong, FORMULAS, TYPES)
    with_it = misled.process.estimate(misled.process.descriptors[[7]]).mean[0]
    assert abs(misled.without_formula.mean[7] - np.log10(KAPPA[7])) < 0.5 * abs(with_it - np.log10(KAPPA[7]))
    assert len(misled.without_formula.mean) == len(SALTS) < len(misled.process.log10_kappa)


def test_values_are_medians_in_their_intervals():
    found = predictor().predict([SALTS[3], perovskite(4.0)])
    np.testing.assert_allclose(found.value, found.members[0])
    assert np.all((found.lower < found.value) & (found.value < found.upper))
    assert np.all(np.diff(found.lower, axis=0) < 0)
    assert predictor().calibration.tilt == 0.0


def test_kappa_falls_with_the_volume_about_as_phonons_ask_for():
    small, large = (Structure(SALTS[8].lattice.matrix * scale, *_content(SALTS[8])) for scale in (0.995, 1.005))
    lower, upper = predictor().predict([small, large]).value
    power = np.log(upper / lower) / np.log((1.005 / 0.995) ** 3)
    assert -7.0 < power < -2.5


def test_a_screening_says_what_a_prediction_says():
    asked = [perovskite(4.0), simple_cubic(9.0), rocksalt(5.0, ("Na", "Cl"))]
    scores = PredictorScorer(predictor()).score(CrystalArrays.from_structures(asked))
    alone = [predictor().predict([structure]) for structure in asked]
    for row in (0, 2):
        # Deviations are in single precision, which rounds otherwise for one row than for many.
        np.testing.assert_allclose(scores.columns[PREDICTED_KAPPA][row], alone[row].value[0], rtol=1e-6)
        for number, ends in enumerate(map(interval_columns, COVERAGES)):
            for name, expected in zip(ends, (alone[row].lower, alone[row].upper), strict=True):
                np.testing.assert_allclose(scores.columns[name][row], expected[number, 0], rtol=1e-4)
        nearest = alone[row].materials.material_id[alone[row].applicability.nearest[0, 0]]
        assert scores.columns[NEAREST_MATERIAL][row] == nearest
    assert scores.reasons == {1: str(alone[1].reason[0])}
    assert np.isnan(scores.columns[KAPPA_MEAN][1])


def test_what_is_like_nothing_known_is_flagged():
    found = predictor().predict([SALTS[0], diamond(3.57, ("C", "C"))])
    assert found.applicability.flagged.tolist() == [False, True]
    assert found.applicability.out_of_domain[1] > found.applicability.out_of_domain[0]
    assert found.materials.formula[found.applicability.nearest[0, 0]] == "X0"


def test_quantities_explain_it():
    (found,) = explain(Explainer(predictor()), [Crystal("salt", SALTS[5])])
    assert found.row[REASON] is None
    assert [part.label for part in found.contributions.parts] == [quantity.label for quantity in QUANTITIES]
    np.testing.assert_allclose(10.0**found.contributions.log10_kappa, found.row["members"], rtol=1e-6)
    assert np.abs(found.contributions.dex).max() > 0.01


def test_rows_can_be_taken_with_their_strained_twins():
    described = DescribedMaterials.describe(CRYSTALS)
    some = described.take(np.array([5, 2, 30]))
    np.testing.assert_array_equal(some.descriptors, described.descriptors[[5, 2, 30]])
    expected = DescribedMaterials.describe(CRYSTALS.take(np.array([5, 2, 30])))
    np.testing.assert_allclose(some.strained, expected.strained, atol=1e-6)


def test_materials_that_may_not_be_strained_leave_the_choice_among_others_as_it_is(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(relevance_model, "N_STRAINED", 10)
    some = CRYSTALS.take(np.arange(30))
    may_strain = np.arange(len(CRYSTALS)) < 30
    described = DescribedMaterials.describe(CRYSTALS, may_strain=may_strain)
    np.testing.assert_array_equal(described.is_strained[:30], DescribedMaterials.describe(some).is_strained)
    assert described.is_strained.sum() == 10
    assert not described.is_strained[30:].any()
    fitted = RelevanceModel.fit(described, np.log10(KAPPA), FORMULAS, TYPES)
    assert len(fitted.process.weights) == len(CRYSTALS) + 20


def test_a_file_of_the_first_version_took_any_material_at_other_volumes(tmp_path: Path):
    predictor().save(tmp_path)
    header, arrays = read_sealed(
        tmp_path / RELEVANCE_FILE, header_key="paraisite_relevance", expected_format=relevance_model.FORMAT
    )
    np.testing.assert_array_equal(arrays.pop("is_strained"), model().is_strained)
    write_sealed(tmp_path / RELEVANCE_FILE, arrays, header, header_key="paraisite_relevance")
    found = RelevanceModel.load(tmp_path)
    assert found.digest == model().digest
    np.testing.assert_array_equal(found.is_strained, model().is_strained)


def test_a_known_crystal_is_predicted_without_its_formula_as_when_the_model_was_fitted():
    formulas = np.array(FORMULAS)
    some = CRYSTALS.take(np.array([3, 17]))
    left_out = formulas[[3, 17], None] == formulas[None]
    without = model().predict_beside(some, left_out)
    fitted = model().estimate_known(FORMULAS, FORMULAS)[0]
    np.testing.assert_allclose(np.log10(without.output[0]), fitted.mean[[3, 17]], atol=1e-6)
    np.testing.assert_allclose(without.std_dex[0], fitted.std[[3, 17]], rtol=1e-6)
    np.testing.assert_allclose(without.embedding[0], model().places[[3, 17]], atol=1e-12)


def _content(structure: Structure) -> tuple[list[str], np.ndarray]:
    return [site.specie.symbol for site in structure], structure.frac_coords
