"""Gaussian processes predict the same before and after a file, and as the models that evaluations measure."""

import dataclasses
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

from paraisite.data.crystal_arrays import CrystalArrays
from paraisite.errors import CheckpointError
from paraisite.explain.explainers import Explainer, explain
from paraisite.graphs.build import build_graphs_from_arrays
from paraisite.inference.build_predictor import make_calibration_set, mark_trained_rows
from paraisite.inference.calibration_set import CALIBRATION_SET_FILE
from paraisite.inference.crystals import Crystal
from paraisite.inference.predictor import Predictor
from paraisite.inference.process_model import ProcessModel, build_descriptors
from paraisite.models.estimate import mix_estimates
from paraisite.models.tabular import GAUSSIAN_PROCESSES
from paraisite.schema import REASON
from tests.graphs.crystals import CUTOFF, TOLERANCE, diamond, perovskite, rocksalt
from tests.inference.known_predictors import materials, tiny_ensemble

SALTS = [rocksalt(3.9 + 0.2 * i, pair) for i, pair in enumerate((("Mg", "O"), ("Ca", "O"), ("Na", "Cl"), ("K", "Br")))]
TETRAHEDRA = [diamond(5.4 + 0.1 * i, pair) for i, pair in enumerate((("Si", "Si"), ("Ga", "As"), ("Al", "P")))]
STRUCTURES = [*SALTS, *TETRAHEDRA, *(rocksalt(4.0 + 0.1 * i, ("Li", "F")) for i in range(3))]
CRYSTALS = CrystalArrays.from_structures(STRUCTURES)
GRAPHS, _ = build_graphs_from_arrays(CRYSTALS, cutoff_angstrom=CUTOFF, distance_tolerance_angstrom=TOLERANCE)
KAPPA = np.geomspace(2.0, 100.0, len(STRUCTURES))
TRAINED_ROWS = [np.arange(8), np.arange(2, 10)]


@lru_cache
def model() -> ProcessModel:
    networks = {"LAST": tiny_ensemble(), "FIRST": tiny_ensemble().select_member(1)}
    return ProcessModel.fit(
        networks,
        descriptors=build_descriptors(networks, GRAPHS, CRYSTALS, compiled=False),
        log10_kappa=np.log10(KAPPA),
        trained=mark_trained_rows(TRAINED_ROWS, len(KAPPA)),
    )


def predictor() -> Predictor:
    calibration_set = make_calibration_set(
        model(), GRAPHS, crystals=CRYSTALS, materials=materials(KAPPA), trained_rows=TRAINED_ROWS
    )
    return Predictor(model(), calibration_set)


def test_each_member_is_the_mixture_fitted_on_its_rows():
    found = model()
    names = [column.name for column in found.columns]
    blocks = {"physical": slice(0, 9), "ionic": slice(9, 15), "networks": slice(15, 17)}
    assert names[15:] == ["log10_kappa_of_last", "log10_kappa_of_first"]
    for rows, estimate in zip(TRAINED_ROWS, found.estimate_members(found.descriptors), strict=True):
        of_processes = []
        for process in GAUSSIAN_PROCESSES:
            columns = np.concatenate([np.arange(17)[blocks[name]] for name in process.blocks])
            # Laid out in memory as the model lays it out: ten rows leave lengths so free that the last digit of a
            # product, which depends on the layout, decides where a search for them ends.
            train, every_row = found.descriptors[rows][:, columns], found.descriptors[:, columns]
            of_processes.append(process.fit_predict(train, found.log10_kappa[rows], every_row))
        expected = mix_estimates(of_processes)
        np.testing.assert_allclose(estimate.mean, expected.mean, rtol=1e-6)
        np.testing.assert_allclose(estimate.std, expected.std, rtol=1e-6)


def test_a_file_holds_all_of_it(tmp_path: Path):
    predictor().save(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {
        "first.safetensors", "last.safetensors", "processes.safetensors", "reference.safetensors"
    }  # fmt: skip
    found, asked = Predictor.load(tmp_path), [perovskite(4.0), rocksalt(5.0, ("Na", "Cl"))]
    assert found.digest == predictor().digest
    expected = predictor().predict(asked)
    np.testing.assert_array_equal(found.predict(asked).value, expected.value)
    np.testing.assert_array_equal(found.predict(asked).lower, expected.lower)


def test_processes_without_their_calibration_set_are_refused(tmp_path: Path):
    """They answered with another value and without intervals, as after a fit that was killed between its files."""
    predictor().save(tmp_path)
    (tmp_path / CALIBRATION_SET_FILE).unlink()
    with pytest.raises(CheckpointError, match=r"is incomplete: reference\.safetensors belongs to it and is absent"):
        Predictor.load(tmp_path)


def test_what_is_shown_is_the_median_whatever_the_tilt_of_the_percentage_error():
    known, crystal = predictor(), [rocksalt(4.25, ("Mg", "O"))]
    known.__dict__["calibration"] = dataclasses.replace(known.calibration, tilt=1.0)  # a cached property
    try:
        found = known.predict(crystal)
    finally:
        del known.__dict__["calibration"]
    np.testing.assert_allclose(np.log10(found.value), np.log10(found.members).mean(axis=0))


def test_predictions_have_intervals_and_neighbours():
    found = predictor().predict([rocksalt(4.25, ("Mg", "O")), rocksalt(30.0, ("Na", "Cl"))])
    assert found.reason[0] == ""
    assert "site 0 (Na) is isolated: nearest atom Cl at 15.00 Å" in found.reason[1]
    assert found.lower[0, 0] < found.members[:, 0].max()
    assert found.materials is not None
    assert found.applicability is not None
    assert found.materials.material_id[found.applicability.nearest[0, 0]] == "m-0"
    assert np.isnan(found.value[1])


def test_a_network_of_another_model_is_refused(tmp_path: Path):
    predictor().save(tmp_path)
    other = dataclasses.replace(
        tiny_ensemble(),
        parameters={name: values + 1 for name, values in tiny_ensemble().parameters.items()},
    )
    other.save(tmp_path / "last.safetensors")
    with pytest.raises(CheckpointError, match="is not the network that the processes were fitted with"):
        Predictor.load(tmp_path)


def test_a_changed_number_is_noticed(tmp_path: Path):
    predictor().save(tmp_path)
    path = tmp_path / "processes.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(CheckpointError, match="its digest does not match"):
        Predictor.load(tmp_path)


def test_stds_grow_far_from_the_materials():
    std = np.stack([estimate.std for estimate in model().estimate_members(model().descriptors + 50.0)])
    known = np.stack([estimate.std for estimate in model().estimate_members(model().descriptors)])
    assert std.min() > known.max()


@pytest.mark.parametrize("n_bad", [1, 3, 0])
def test_crystals_none_of_which_can_be_used_are_rows_with_their_reasons(n_bad: int):
    """A lone file that could not be used ended in scikit-learn's traceback on an array without rows."""
    crystals = [Crystal(f"{number}.cif", "it holds no structure") for number in range(n_bad)]
    explained = explain(Explainer(predictor()), crystals)
    assert [found.row[REASON] for found in explained] == ["it holds no structure"] * n_bad
    assert [found.contributions for found in explained] == [None] * n_bad
