"""A model with another cutoff and tolerance predicts, screens and explains with its own, which its file holds."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from paraisite.config import GraphConfig, load_config
from paraisite.data.crystal_arrays import CrystalArrays
from paraisite.errors import CheckpointError
from paraisite.explain.explainers import Explainer
from paraisite.graphs.build import GraphSettings, build_graphs_from_arrays
from paraisite.inference.predictor import Predictor
from paraisite.models.ensemble import DISTANCE_TOLERANCE, ENSEMBLE_FILE, Ensemble
from paraisite.models.ensemble_prediction import predict
from paraisite.schema import KAPPA_MEAN
from paraisite.screening.chunks import Chunk, Form, Span
from paraisite.screening.score import score_chunk
from paraisite.screening.scorer import PredictorScorer
from paraisite.training.recipe_training import list_effective_parameters
from tests.inference.known_predictors import tiny_ensemble

OWN = GraphSettings(cutoff_angstrom=3.2, distance_tolerance_angstrom=0.2)
# Bonds of 2.66, 2.76 and 2.85 Å, which are one shell within 0.2 Å, and others from 3.8 Å on.
CRYSTAL = Structure(Lattice.orthorhombic(5.32, 5.51, 5.7), ["Na", "Cl"] * 4, [
    [0, 0, 0], [0.5, 0, 0], [0.5, 0.5, 0], [0, 0.5, 0], [0.5, 0, 0.5], [0, 0, 0.5], [0, 0.5, 0.5], [0.5, 0.5, 0.5],
])  # fmt: skip


def ensemble_of(settings: GraphSettings) -> Ensemble:
    tiny = tiny_ensemble()
    config = dataclasses.replace(tiny.config, cutoff_angstrom=settings.cutoff_angstrom)
    metadata = tiny.metadata | {DISTANCE_TOLERANCE: str(settings.distance_tolerance_angstrom)}
    return dataclasses.replace(tiny, config=config, metadata=metadata)


def members_with(settings: GraphSettings) -> np.ndarray:
    """Return what the members say of the crystal's graph with these settings, [n_member]."""
    graphs, _ = build_graphs_from_arrays(
        CrystalArrays.from_structures([CRYSTAL]),
        cutoff_angstrom=settings.cutoff_angstrom,
        distance_tolerance_angstrom=settings.distance_tolerance_angstrom,
    )
    return predict(ensemble_of(settings), graphs)[:, 0]


@pytest.fixture
def predictor(tmp_path: Path) -> Predictor:
    """The predictor that a file with these settings gives."""
    ensemble_of(OWN).save(tmp_path / ENSEMBLE_FILE)
    return Predictor.load(tmp_path)


@pytest.mark.parametrize(
    "other",
    [GraphSettings(4.0, 0.2), GraphSettings(3.2, 1e-3)],
    ids=["cutoff", "tolerance"],
)
def test_both_settings_matter_to_the_crystal(other: GraphSettings) -> None:
    assert np.abs(members_with(other) / members_with(OWN) - 1).max() > 1e-5


def test_prediction_takes_the_settings_of_the_file(predictor: Predictor) -> None:
    assert predictor.model.graph_settings == OWN
    np.testing.assert_allclose(predictor.predict([CRYSTAL]).members[:, 0], members_with(OWN), rtol=1e-6)


def test_screening_takes_the_settings_of_the_file(predictor: Predictor) -> None:
    line = json.dumps({"structure": CRYSTAL.as_dict()}).encode() + b"\n"
    chunk = Chunk(0, 0, 1, (Span(Form.LINES, Path("x.jsonl"), content=(line,)),), 1.0)
    (mean,) = score_chunk(chunk, PredictorScorer(predictor)).column(KAPPA_MEAN).to_pylist()
    assert mean == pytest.approx(members_with(OWN).mean(), rel=1e-5)


def test_explanation_takes_the_settings_of_the_file(predictor: Predictor) -> None:
    contributions = Explainer(predictor).compute_contributions(CRYSTAL)
    np.testing.assert_allclose(10**contributions.log10_kappa, members_with(OWN), rtol=1e-5)


def test_a_training_writes_the_tolerance_under_the_name_that_is_read() -> None:
    config = load_config()
    assert list_effective_parameters(config)[DISTANCE_TOLERANCE] == config.graphs.distance_tolerance_angstrom


def test_a_file_without_the_tolerance_has_the_default() -> None:
    default = GraphConfig()
    assert tiny_ensemble().graph_settings == (default.cutoff_angstrom, default.distance_tolerance_angstrom)


def test_a_tolerance_that_is_no_number_is_an_error() -> None:
    damaged = dataclasses.replace(tiny_ensemble(), metadata={DISTANCE_TOLERANCE: "some"})
    with pytest.raises(CheckpointError, match="'some', expected a number"):
        _ = damaged.graph_settings
