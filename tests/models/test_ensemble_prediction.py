"""The last hidden layer is the one that the head turns into predictions."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from paraisite.graphs.crystal_graph import GraphCollection
from paraisite.models.ensemble import Ensemble
from paraisite.models.ensemble_prediction import embed, predict
from paraisite.training.initial_parameters import draw_parameters, stack
from tests.graphs.random_graphs import random_graphs
from tests.training.tiny import CONFIG, tiny_data


def test_the_heads_matrices_turn_the_hidden_layer_into_the_prediction() -> None:
    graphs = tiny_data().graphs
    parameters = stack([draw_parameters(CONFIG, seed=seed) for seed in (1, 2)])
    ensemble = Ensemble(CONFIG, parameters, None, "kappa", "W/m/K")
    values = embed(ensemble, graphs)
    assert values.shape[:2] == (2, len(graphs))
    for layer in range(len(CONFIG.head_hidden) + 1):
        values = values @ parameters[f"head/{layer}/kernel"] + parameters[f"head/{layer}/bias"][:, None]
        if layer < len(CONFIG.head_hidden):
            values = np.maximum(values, 0.0)
    expected = predict(ensemble, graphs)
    assert np.ptp(expected, axis=1).min() > 1e-4
    np.testing.assert_allclose(values[..., 0], expected, atol=1e-5)


def test_a_crystal_is_predicted_alike_alone_and_among_many_of_all_sizes() -> None:
    """Several calls, steps that are left out, and a crystal that needs a larger shape: 1e-5 of rounding."""
    parameters = stack([draw_parameters(CONFIG, seed=seed) for seed in (1, 2)])
    ensemble = Ensemble(CONFIG, parameters, None, "kappa", "W/m/K")
    rng = np.random.default_rng(0)
    small = random_graphs(rng.integers(2, 90, 60), rng.integers(200, 500, 60), seed=1)
    graphs = GraphCollection.concatenate([small, random_graphs([100], [700], seed=2), tiny_data().graphs])
    together = predict(ensemble, graphs)
    for row in (0, 30, 60, len(graphs) - 1):
        np.testing.assert_allclose(predict(ensemble, graphs.take([row]))[:, 0], together[:, row], atol=1e-5)


_AS_USERS_DO = """
import sys
from pathlib import Path
import numpy as np
from paraisite.graphs.crystal_graph import GraphCollection
from paraisite.models.ensemble import Ensemble
from paraisite.models.ensemble_prediction import predict
folder = Path(sys.argv[1])
ensemble, graphs = Ensemble.load(folder / "members"), GraphCollection.load(folder / "graphs")
np.save(folder / "found.npy", predict(ensemble, graphs))
"""


def test_predictions_are_those_of_the_compiler_as_users_have_it(tmp_path: Path) -> None:
    """The tests compile with less optimisation than a user's process does, see ``conftest``."""
    graphs = tiny_data().graphs
    ensemble = Ensemble(CONFIG, stack([draw_parameters(CONFIG, seed=seed) for seed in (1, 2)]), None, "kappa", "W/m/K")
    graphs.save(tmp_path / "graphs")
    ensemble.save(tmp_path / "members")
    environment = {name: value for name, value in os.environ.items() if name not in ("XLA_FLAGS", "TF_XLA_FLAGS")}
    subprocess.run([sys.executable, "-c", _AS_USERS_DO, str(tmp_path)], env=environment, check=True)
    np.testing.assert_allclose(np.load(tmp_path / "found.npy"), predict(ensemble, graphs), atol=1e-5)
