"""The crystals and numbers that implementations of the network are compared on."""

import json
from pathlib import Path

import numpy as np
from pymatgen.core import Lattice, Structure

from paraisite.graphs.build import build_graphs
from paraisite.graphs.crystal_graph import GraphCollection
from paraisite.models.architecture import ModelConfig, parameter_shapes
from paraisite.models.ensemble import Ensemble
from paraisite.models.target_scaler import TargetScaler

PUBLISHED_MODELS = ("formation_energy", "log10K", "log10G", "band_gap_regression")


def reference_crystals() -> dict[str, Structure]:
    """Return the four primitive cells whose predictions by megnet 1.3.2 are recorded."""

    def fcc(a: float) -> Lattice:
        return Lattice([[0, a / 2, a / 2], [a / 2, 0, a / 2], [a / 2, a / 2, 0]])

    third = 1 / 3
    wurtzite = [[third, 2 * third, 0], [2 * third, third, 0.5], [third, 2 * third, 0.377], [2 * third, third, 0.877]]
    perovskite = [[0, 0, 0], [0.5, 0.5, 0.5], [0.5, 0.5, 0], [0.5, 0, 0.5], [0, 0.5, 0.5]]
    return {
        "NaCl": Structure(fcc(5.69), ["Na", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]]),
        "Si": Structure(fcc(5.43), ["Si", "Si"], [[0, 0, 0], [0.25, 0.25, 0.25]]),
        "GaN": Structure(Lattice.hexagonal(3.2, 5.2), ["Ga", "Ga", "N", "N"], wurtzite),
        "BaTiO3": Structure(Lattice.cubic(4.0), ["Ba", "Ti", "O", "O", "O"], perovskite),
    }


def reference_graphs(*, quotient: bool, cutoff_angstrom: float = 4.0) -> GraphCollection:
    """Return the graphs of the four crystals, in their order."""
    crystals = reference_crystals()
    graphs, rejected = build_graphs(
        list(crystals.values()),
        list(crystals),
        cutoff_angstrom=cutoff_angstrom,
        distance_tolerance_angstrom=1e-3,
        quotient=quotient,
    )
    assert not rejected
    return graphs


def reference_predictions(shared_reference: Path, model: str) -> np.ndarray:
    """Return megnet 1.3.2's predictions of the four crystals, in their order."""
    text = (shared_reference / "megnet_1.3.2_predictions.json").read_text()
    # The file begins with what an import printed.
    predictions = json.loads(text[text.index("{") :])[model]
    return np.array([predictions[name] for name in reference_crystals()])


def random_member(
    config: ModelConfig, *, seed: int = 0, scaler: TargetScaler | None = None, scale: float = 1.0
) -> Ensemble:
    """Return one untrained member whose output depends on the crystal."""
    generator = np.random.default_rng(seed)
    parameters = {}
    for name, shape in parameter_shapes(config).items():
        width = scale / np.sqrt(shape[0]) if len(shape) == 2 else 0.1
        parameters[name] = generator.normal(0.0, width, size=(1, *shape)).astype(np.float32)
    n = config.n_output
    target, unit = ("kappa", "W/m/K") if n == 1 else (("kappa",) * n, ("W/m/K",) * n)
    return Ensemble(config=config, parameters=parameters, scaler=scaler, target=target, unit=unit)
