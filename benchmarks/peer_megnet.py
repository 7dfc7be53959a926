"""megnet 1.3.2 through its own API, as a user would run it: `python -m benchmarks.peer_megnet --help`."""

import argparse
import os
import time
from typing import Any

from benchmarks.protocol import (
    GRAPHS_FULL,
    PREDICT_BATCH,
    PREDICT_SINGLE,
    Measurement,
    Tasks,
    read_crystals,
    serve,
    timed,
    train_task,
    versions,
    worker_parser,
)

N_SINGLE = 20
"""Structures that are predicted one by one; each takes about a tenth of a second."""

N_EPOCH = 3
"""Epochs of a training; the first one compiles and is not counted."""


def prepare(arguments: argparse.Namespace) -> tuple[Tasks, dict[str, Any]]:
    """Build model and graphs."""
    _make_importable()
    import numpy as np
    import tensorflow as tf
    from megnet.data.crystal import CrystalGraph
    from megnet.data.graph import GaussianDistance
    from megnet.models import MEGNetModel
    from pymatgen.core import Lattice, Structure

    crystals = read_crystals(arguments.records)
    structures = [Structure(Lattice(c.lattice_angstrom), c.species, c.frac_coords) for c in crystals]
    target = np.log10(1 + np.array([c.kappa_w_per_m_k for c in crystals]))
    bonds = GaussianDistance(np.linspace(0, 5, 100), 0.5)
    model = MEGNetModel(100, 2, graph_converter=CrystalGraph(bond_converter=bonds, cutoff=4.0))
    graphs = [model.graph_converter.convert(structure) for structure in structures]

    class Clock(tf.keras.callbacks.Callback):
        """Notes when each epoch ends."""

        def __init__(self) -> None:
            super().__init__()
            self.ends: list[float] = []

        def on_epoch_end(self, epoch: int, logs: object = None) -> None:
            """Note the time."""
            self.ends.append(time.perf_counter())

    def train(batch_size: int) -> Measurement:
        clock = Clock()
        model.train_from_graphs(
            graphs, target, epochs=N_EPOCH, batch_size=batch_size, verbose=0, callbacks=[clock], save_checkpoint=False
        )
        return Measurement(len(graphs) * (N_EPOCH - 1), clock.ends[-1] - clock.ends[0], {})

    tasks: Tasks = {
        GRAPHS_FULL: lambda: timed(lambda: len([model.graph_converter.convert(s) for s in structures])),
        train_task(8): lambda: train(8),
        train_task(128): lambda: train(128),
        PREDICT_SINGLE: lambda: timed(lambda: len([model.predict_structure(s) for s in structures[:N_SINGLE]])),
        PREDICT_BATCH: lambda: timed(lambda: len(model.predict_structures(structures))),
    }
    for task in (train_task(8), train_task(128), PREDICT_BATCH):
        tasks[task]()
    about = {"versions": versions("megnet", "tensorflow", "tensorflow-cpu", "tf_keras", "pymatgen", "pymatgen-core")}
    return tasks, {"n_structure": len(structures), **about}


def _make_importable() -> None:
    """Let megnet run on a current TensorFlow and pymatgen."""
    os.environ["TF_USE_LEGACY_KERAS"] = "1"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import pymatgen.analysis.local_env as local_env

    for old, new in (("real", "Real"), ("reciprocal", "Reciprocal"), ("relative", "Relative")):
        if not hasattr(local_env, f"BrunnerNN_{old}"):
            setattr(local_env, f"BrunnerNN_{old}", getattr(local_env, f"BrunnerNN{new}"))


if __name__ == "__main__":
    serve(worker_parser("Measures megnet 1.3.2."), prepare)
