"""Members as the evaluation predicts them; rows in order; what cannot be predicted has a reason."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from paraisite.errors import CheckpointError
from paraisite.inference.build_predictor import round_parameters
from paraisite.inference.calibration_set import CALIBRATION_SET_FILE, CalibrationSet
from paraisite.inference.network_model import NetworkModel
from paraisite.inference.predictor import Predictor
from paraisite.models import ensemble_prediction as evaluation
from paraisite.models.ensemble import CARD_FILE, Ensemble
from paraisite.models.ensemble_prediction import MemberPredictions, predict, predict_members
from tests.graphs.crystals import diamond, rocksalt
from tests.inference.known_predictors import tiny_crystals, tiny_ensemble, tiny_graphs, tiny_predictor

SALT, SILICON = rocksalt(5.64, ("Na", "Cl")), diamond(5.43, ("Si", "Si"))
LONELY = Structure(Lattice.cubic(12), ["Ar"], [[0, 0, 0]])


def test_members_are_those_of_the_evaluation():
    found = tiny_predictor().predict_graphs(tiny_graphs(), tiny_crystals())
    np.testing.assert_array_equal(found.members, predict(tiny_ensemble(), tiny_graphs()))
    np.testing.assert_allclose(found.mean, found.members.mean(axis=0))
    np.testing.assert_allclose(found.variance, found.members.var(axis=0, ddof=1))


def test_kappa_is_the_median_of_the_members_in_its_intervals():
    found = tiny_predictor().predict_graphs(tiny_graphs(), tiny_crystals())
    np.testing.assert_allclose(found.value, np.median(found.members, axis=0))
    inside = (found.lower < found.value) & (found.value < found.upper)
    assert inside[np.isfinite(found.lower)].all()
    assert np.isfinite(found.lower[:2]).all()


def test_a_predictor_and_its_predictions_are_a_line_each():
    one = tiny_predictor()
    for shown in (repr(one), repr(one.predict([SALT]))):
        assert len(shown) < 120
        assert "member" in shown


def test_compiled_or_not_makes_no_difference():
    """Tolerance: rounding of single precision through three layers."""
    compiled, direct = (predict_members(tiny_ensemble(), tiny_graphs(), compiled=flag) for flag in (True, False))
    np.testing.assert_allclose(direct.output, compiled.output, rtol=1e-5)
    np.testing.assert_allclose(direct.embedding, compiled.embedding, atol=1e-6)


def test_rows_keep_their_order_and_equal_crystals_their_equal_values():
    found = tiny_predictor().predict([SILICON, "no such file", SALT, LONELY, SILICON])
    assert len(found) == 5
    np.testing.assert_array_equal(found.members[:, 0], found.members[:, 4])
    assert np.abs(found.members[:, 0] - found.members[:, 2]).min() > 0
    assert found.reason[[0, 2, 4]].tolist() == ["", "", ""]
    assert found.reason[1] == "no such file"
    assert "site 0 (Ar) is isolated: nearest atom Ar at 12.00 Å" in found.reason[3]
    assert np.isnan(found.members[:, [1, 3]]).all()
    assert np.isnan(found.value[[1, 3]]).all()
    assert found.applicability is not None
    assert found.applicability.nearest[1].tolist() == [-1, -1, -1]
    assert not found.applicability.flagged[[1, 3]].any()


@pytest.mark.parametrize("structures", [[], ["nothing"], [LONELY]])
def test_nothing_that_can_be_predicted_is_no_error(structures: list[Structure | str]):
    found = tiny_predictor().predict(structures)
    assert len(found) == len(structures)
    assert all(found.reason)


def test_an_output_that_is_not_finite_is_a_row_with_a_reason(monkeypatch: pytest.MonkeyPatch):
    def broken(ensemble: Ensemble, graphs: object, *, compiled: bool) -> MemberPredictions:
        found = predict_members(ensemble, tiny_graphs(), compiled=compiled)
        found.output[1, 2] = np.inf
        return found

    expected = tiny_predictor().predict_graphs(tiny_graphs(), tiny_crystals())
    predictor = tiny_predictor()
    monkeypatch.setattr(evaluation, "predict_members", broken)
    found = predictor.predict_graphs(tiny_graphs(), tiny_crystals())
    assert found.reason[2] == "the model's output is not a finite number"
    others = np.arange(len(found)) != 2
    assert not any(found.reason[others])
    np.testing.assert_array_equal(found.value[others], expected.value[others])


def test_without_a_reference_there_are_members_and_nothing_else():
    found = Predictor(NetworkModel(tiny_ensemble())).predict_graphs(tiny_graphs(), tiny_crystals())
    assert found.applicability is found.materials is None
    assert np.isnan(found.lower).all()
    np.testing.assert_array_equal(found.members, predict(tiny_ensemble(), tiny_graphs()))


def test_a_property_that_is_no_kappa_is_the_mean_of_the_members():
    ensemble = dataclasses.replace(tiny_ensemble(), scaler=None, target="formation energy", unit="eV/atom")
    found = Predictor(NetworkModel(ensemble)).predict_graphs(tiny_graphs(), tiny_crystals())
    assert (found.target, found.unit) == ("formation energy", "eV/atom")
    np.testing.assert_allclose(found.value, found.members.mean(axis=0))


def test_one_member_has_no_deviation():
    found = Predictor(NetworkModel(tiny_ensemble().select_member(0))).predict_graphs(tiny_graphs(), tiny_crystals())
    assert np.isnan(found.variance).all()
    assert np.isnan(found.log10_std).all()


def test_a_folder_holds_the_predictor(tmp_path: Path):
    predictor = tiny_predictor()
    predictor.save(tmp_path)
    found = Predictor.load(tmp_path).predict_graphs(tiny_graphs(), tiny_crystals())
    np.testing.assert_array_equal(found.upper, predictor.predict_graphs(tiny_graphs(), tiny_crystals()).upper)


def test_members_that_were_rounded_take_half_the_space(tmp_path: Path):
    Predictor(NetworkModel(tiny_ensemble())).save(tmp_path / "full")
    Predictor(NetworkModel(round_parameters(tiny_ensemble()))).save(tmp_path / "half")
    full, half = ((tmp_path / name / "ensemble.safetensors").stat().st_size for name in ("full", "half"))
    assert half < 0.6 * full
    found = Predictor.load(tmp_path / "half").model.ensemble.parameters["head/0/kernel"]
    np.testing.assert_array_equal(found, round_parameters(tiny_ensemble()).parameters["head/0/kernel"])


def test_a_reference_of_other_members_is_refused(tmp_path: Path):
    tiny_predictor().save(tmp_path / "a")
    Predictor(NetworkModel(round_parameters(tiny_ensemble()))).save(tmp_path / "b")
    (tmp_path / "b" / CALIBRATION_SET_FILE).write_bytes((tmp_path / "a" / CALIBRATION_SET_FILE).read_bytes())
    with pytest.raises(CheckpointError, match="the calibration set belongs to a model"):
        Predictor.load(tmp_path / "b")


def test_a_predictor_killed_while_it_is_written_is_refused_or_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without its calibration set, which was written last, a predictor answered with another value and no interval."""

    def kill(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    for name in ("there", "new"):
        if name == "there":
            tiny_predictor().save(tmp_path / name)
        for written_last in (CalibrationSet, Ensemble):
            with monkeypatch.context() as patch:
                patch.setattr(written_last, "save", kill)
                with pytest.raises(KeyboardInterrupt):
                    tiny_predictor().save(tmp_path / name)
            with pytest.raises(CheckpointError):
                Predictor.load(tmp_path / name)
        assert name == "there" or not (tmp_path / name).exists()
    tiny_predictor().save(tmp_path / "there")
    assert Predictor.load(tmp_path / "there").calibration_set is not None


def test_a_predictor_whose_card_names_a_calibration_set_that_is_gone_is_refused(tmp_path: Path) -> None:
    tiny_predictor().save(tmp_path)
    (tmp_path / CARD_FILE).write_text(json.dumps({"calibration": {"n_row": 3}}))
    assert Predictor.load(tmp_path).calibration_set is not None
    (tmp_path / CALIBRATION_SET_FILE).unlink()
    with pytest.raises(CheckpointError, match=r"is incomplete: reference\.safetensors belongs to it"):
        Predictor.load(tmp_path)


def test_a_folder_without_a_model_says_so(tmp_path: Path) -> None:
    (tmp_path / CARD_FILE).write_text("{}")
    with pytest.raises(CheckpointError, match=r"holds no model \(none of relevance\.safetensors, "):
        Predictor.load(tmp_path)
