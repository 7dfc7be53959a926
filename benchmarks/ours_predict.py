"""Our graph building and prediction: `python -m benchmarks.ours_predict --help`.

"One by one" and "default model" are what users get; the networks are untrained ones, for which time is all that counts.
"""

import argparse
from typing import Any

import numpy as np

from benchmarks import ours_data
from benchmarks.protocol import (
    GRAPHS_FULL,
    GRAPHS_QUOTIENT,
    GRAPHS_QUOTIENT_ARRAYS,
    PREDICT_BATCH,
    PREDICT_DEFAULT,
    PREDICT_GRAPHS,
    PREDICT_SINGLE,
    Tasks,
    nine_members,
    read_crystals,
    serve,
    timed,
    versions,
    worker_parser,
)
from paraisite import load_predictor
from paraisite.data.crystal_arrays import CrystalArrays
from paraisite.graphs.build import build_graphs_from_arrays
from paraisite.models.ensemble import Ensemble
from paraisite.models.ensemble_prediction import predict, predict_members
from paraisite.models.target_scaler import TargetScaler
from paraisite.schema import KAPPA

N_SINGLE = 60
"""Structures that are predicted one by one."""


def prepare(arguments: argparse.Namespace) -> tuple[Tasks, dict[str, Any]]:
    """Build graphs and compile."""
    structures = ours_data.structures_of(read_crystals(arguments.records))
    arrays = CrystalArrays.from_structures(structures)
    graphs, full = ours_data.build(structures), ours_data.build(structures, quotient=False)
    nine, one, predictor = _ensemble(9), _ensemble(1), load_predictor()

    def from_arrays() -> int:
        built, _ = build_graphs_from_arrays(
            arrays,
            cutoff_angstrom=ours_data.GRAPHS.cutoff_angstrom,
            distance_tolerance_angstrom=ours_data.GRAPHS.distance_tolerance_angstrom,
        )
        return len(built)

    def from_structures(ensemble: Ensemble) -> int:
        return predict(ensemble, ours_data.build(structures)).shape[1]

    def one_by_one() -> int:
        return sum(predictor(structure).reason is None for structure in structures[:N_SINGLE])

    def networks_one_by_one() -> int:
        graphs_of_each = (ours_data.build([structure]) for structure in structures[:N_SINGLE])
        return sum(predict_members(nine, each, compiled=False).output.shape[1] for each in graphs_of_each)

    tasks: Tasks = {
        GRAPHS_FULL: lambda: timed(lambda: len(ours_data.build(structures, quotient=False))),
        GRAPHS_QUOTIENT: lambda: timed(lambda: len(ours_data.build(structures))),
        GRAPHS_QUOTIENT_ARRAYS: lambda: timed(from_arrays),
        PREDICT_SINGLE: lambda: timed(one_by_one),
        nine_members(PREDICT_SINGLE): lambda: timed(networks_one_by_one),
        PREDICT_DEFAULT: lambda: timed(lambda: len(predictor.predict(structures))),
        PREDICT_BATCH: lambda: timed(lambda: from_structures(one)),
        nine_members(PREDICT_BATCH): lambda: timed(lambda: from_structures(nine)),
        PREDICT_GRAPHS: lambda: timed(lambda: predict(one, graphs).shape[1]),
        nine_members(PREDICT_GRAPHS): lambda: timed(lambda: predict(nine, graphs).shape[1]),
    }
    compile_seconds = {name: task().seconds for name, task in tasks.items()}
    return tasks, {
        "n_structure": len(structures),
        "first_call_seconds": compile_seconds,
        "bonds_per_structure": {"full": float(full.n_bond.mean()), "quotient": float(graphs.n_bond.mean())},
        "versions": versions("paraisite", "tensorflow", "numpy", "pymatgen", "pymatgen-core"),
    }


def _ensemble(n_member: int) -> Ensemble:
    """Return untrained members: what they predict means nothing, how fast they do it does."""
    return Ensemble(
        config=ours_data.MODEL,
        parameters=ours_data.untrained(n_member),
        scaler=TargetScaler(mean=np.full(n_member, 0.7), std=np.full(n_member, 0.4)),
        target=KAPPA,
        unit="W/m/K",
    )


if __name__ == "__main__":
    serve(worker_parser("Measures this project's graphs and predictions."), prepare)
