"""The network in NumPy, which predicts without TensorFlow, against the one that is trained."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from paraisite.data.crystal_arrays import CrystalArrays
from paraisite.graphs.build import build_graphs_from_arrays
from paraisite.graphs.crystal_graph import GraphCollection
from paraisite.models import ensemble_prediction, megnet, megnet_inference
from paraisite.models.ensemble import Ensemble
from paraisite.models.ensemble_prediction import predict, predict_members
from paraisite.models.runtime import tf
from paraisite.training.initial_parameters import draw_parameters, stack
from tests.graphs.crystals import diamond, rocksalt
from tests.graphs.random_graphs import random_graphs
from tests.training.tiny import CONFIG

ROOT = Path(__file__).parents[2]
SHIPPED = sorted([*ROOT.glob("weights/*/ensemble.safetensors"), *ROOT.glob("build/gptg15/predictor/fel*.safetensors")])


def crystals() -> list:
    """Return crystals of one bond class and of many, of light and heavy elements."""
    found = [rocksalt(5.69, ("Na", "Cl")), rocksalt(4.21, ("Mg", "O")), diamond(5.43, ("Si", "Si"))]
    found += [diamond(6.48, ("Cd", "Te")), rocksalt(6.5, ("Pb", "Te"))]
    for number, structure in enumerate([found[0] * (2, 1, 1), found[3] * (1, 2, 2)]):
        structure.perturb(0.1, seed=number)
        found.append(structure)
    return found


@pytest.mark.skipif(not SHIPPED, reason="weights/ is absent: run `dvc pull`")
@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: "/".join(path.parts[-2:]))
def test_each_shipped_network_predicts_as_the_one_that_was_trained(path: Path) -> None:
    """1e-5 relative, of kappa and in the unit of other targets."""
    ensemble = Ensemble.load(path)
    graphs, rejected = build_graphs_from_arrays(
        CrystalArrays.from_structures(crystals()), **ensemble.graph_settings._asdict()
    )
    assert not rejected
    direct, compiled = (predict_members(ensemble, graphs, compiled=flag) for flag in (False, True))
    np.testing.assert_allclose(direct.output, compiled.output, rtol=1e-5, atol=0 if ensemble.scaler else 1e-5)
    scale = np.abs(compiled.embedding).max()
    np.testing.assert_allclose(direct.embedding / scale, compiled.embedding / scale, atol=1e-5)


def test_crystals_of_all_sizes_are_predicted_alike_alone_and_together() -> None:
    parameters = stack([draw_parameters(CONFIG, seed=seed) for seed in (1, 2)])
    ensemble = Ensemble(CONFIG, parameters, None, "kappa", "W/m/K")
    rng = np.random.default_rng(0)
    graphs = GraphCollection.concatenate(
        [random_graphs(rng.integers(2, 40, 30), rng.integers(60, 300, 30), seed=1), random_graphs([80], [900], seed=2)]
    )
    together = predict_members(ensemble, graphs, compiled=False).output
    np.testing.assert_allclose(together, predict(ensemble, graphs), atol=1e-5)
    for row in (0, 7, 30):
        alone = predict_members(ensemble, graphs.take([row]), compiled=False).output
        np.testing.assert_allclose(alone[:, 0], together[:, row], atol=1e-5)
    assert predict_members(ensemble, graphs.take([]), compiled=False).output.shape == (2, 0)


@pytest.mark.parametrize("activation", ["linear", "sigmoid"])
@pytest.mark.parametrize("n_output", [1, 3])
def test_heads_of_all_kinds_are_those_that_are_trained(activation: str, n_output: int) -> None:
    config = replace(CONFIG, n_output=n_output, output_activation=activation)
    parameters = stack([draw_parameters(config, seed=seed) for seed in (1, 2)])
    hidden = np.random.default_rng(0).normal(size=(2, 5, config.n_set2set_hidden)).astype(np.float32)
    expected = megnet.head({name: tf.constant(value) for name, value in parameters.items()}, hidden, config=config)
    np.testing.assert_allclose(megnet_inference.head(parameters, hidden, config=config), expected, atol=1e-6)


def test_where_tensorflow_is_not_installed_numpy_predicts(monkeypatch: pytest.MonkeyPatch) -> None:
    ensemble = Ensemble(CONFIG, stack([draw_parameters(CONFIG, seed=1)]), None, "kappa", "W/m/K")
    graphs = random_graphs([4, 9], [30, 60], seed=3)
    expected = predict(ensemble, graphs)
    monkeypatch.setattr(ensemble_prediction.importlib.util, "find_spec", lambda _: None)
    monkeypatch.setattr("paraisite.models.compiled_embedding.embed", None)
    np.testing.assert_allclose(predict(ensemble, graphs), expected, atol=1e-5)
