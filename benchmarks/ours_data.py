"""Records in, this project's structures, graphs and untrained members out: what both of our workers start from."""

from collections.abc import Sequence

import numpy as np
from pymatgen.core import Lattice, Structure

from benchmarks.protocol import Crystal
from paraisite.config import GraphConfig, HeadConfig
from paraisite.graphs.build import build_graphs
from paraisite.graphs.crystal_graph import GraphCollection
from paraisite.models.architecture import ModelConfig, Parameters
from paraisite.training.initial_parameters import draw_parameters, stack

GRAPHS = GraphConfig()
MODEL = ModelConfig(head_hidden=HeadConfig().head_hidden)


def structures_of(crystals: Sequence[Crystal]) -> list[Structure]:
    """Return the records' structures."""
    return [Structure(Lattice(c.lattice_angstrom), c.species, c.frac_coords) for c in crystals]


def build(structures: Sequence[Structure], *, quotient: bool = True) -> GraphCollection:
    """Return the structures' graphs."""
    graphs, _ = build_graphs(
        structures,
        [""] * len(structures),
        cutoff_angstrom=GRAPHS.cutoff_angstrom,
        distance_tolerance_angstrom=GRAPHS.distance_tolerance_angstrom,
        quotient=quotient,
    )
    return graphs


def kappas_of(crystals: Sequence[Crystal]) -> np.ndarray:
    """Return the records' labels, W/m/K, [n_crystal]."""
    return np.array([crystal.kappa_w_per_m_k for crystal in crystals])


def untrained(n_member: int) -> Parameters:
    """Return random members, stacked."""
    return stack([draw_parameters(MODEL, seed=seed) for seed in range(n_member)])
