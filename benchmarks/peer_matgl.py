"""matgl 4.1.2's MEGNet in a plain PyTorch loop over its own graphs: `python -m benchmarks.peer_matgl --help`."""

import argparse
import warnings
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

N_SINGLE = 60
"""Structures that are predicted one by one."""

PREDICT_BATCH_SIZE = 128


def prepare(arguments: argparse.Namespace) -> tuple[Tasks, dict[str, Any]]:
    """Build model and graphs."""
    warnings.filterwarnings("ignore")
    import numpy as np
    import torch
    from matgl.ext.pymatgen import Structure2Graph
    from matgl.models import MEGNet
    from pymatgen.core import Lattice, Structure
    from torch_geometric.data import Batch

    model = MEGNet(cutoff=4.0)
    crystals = [c for c in read_crystals(arguments.records) if set(c.species) <= set(model.element_types)]
    structures = [Structure(Lattice(c.lattice_angstrom), c.species, c.frac_coords) for c in crystals]
    target = torch.tensor(np.log10(1 + np.array([c.kappa_w_per_m_k for c in crystals])), dtype=torch.float32)
    to_graph = Structure2Graph(element_types=model.element_types, cutoff=4.0)

    def convert(structure: Any) -> Any:
        graph, lattice, _ = to_graph.get_graph(structure)
        lattice = lattice[0] if lattice.ndim == 3 else lattice
        graph.pos, graph.pbc_offshift = graph.frac_coords @ lattice, graph.pbc_offset @ lattice
        return graph

    graphs = [convert(structure) for structure in structures]
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)

    def output(chosen: list[Any]) -> Any:
        return model(Batch.from_data_list(chosen), state_attr=torch.zeros(len(chosen), 2)).reshape(-1)

    def epoch(batch_size: int) -> int:
        for rows in torch.randperm(len(graphs)).split(batch_size):
            loss = (output([graphs[row] for row in rows]) - target[rows]).abs().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        return len(graphs)

    def train(batch_size: int) -> Measurement:
        return timed(lambda: epoch(batch_size) + epoch(batch_size))

    @torch.no_grad()
    def predict_single() -> int:
        return len([model.predict_structure(structure) for structure in structures[:N_SINGLE]])

    @torch.no_grad()
    def predict_batch() -> int:
        built = [convert(structure) for structure in structures]
        starts = range(0, len(built), PREDICT_BATCH_SIZE)
        return sum(len(output(built[start : start + PREDICT_BATCH_SIZE])) for start in starts)

    tasks: Tasks = {
        GRAPHS_FULL: lambda: timed(lambda: len([convert(structure) for structure in structures])),
        train_task(8): lambda: train(8),
        train_task(128): lambda: train(128),
        PREDICT_SINGLE: lambda: timed(predict_single),
        PREDICT_BATCH: lambda: timed(predict_batch),
    }
    for task in (train_task(8), train_task(128), PREDICT_BATCH):
        tasks[task]()
    about = {"versions": versions("matgl", "torch", "torch_geometric", "pymatgen", "pymatgen-core")}
    return tasks, {"n_structure": len(structures), "n_thread": torch.get_num_threads(), **about}


if __name__ == "__main__":
    serve(worker_parser("Measures matgl 4.1.2."), prepare)
