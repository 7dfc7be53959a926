"""Graph collections with arbitrary content, for tests that care about places and not about chemistry."""

from collections.abc import Sequence

import numpy as np
from hypothesis import strategies as st

from paraisite.graphs.crystal_graph import GraphCollection


def random_graphs(n_atom: Sequence[int], n_bond: Sequence[int], *, seed: int = 0) -> GraphCollection:
    """Return crystals of these sizes; some atoms may have no bond."""
    rng = np.random.default_rng(seed)
    ends = [
        (np.sort(rng.integers(0, atoms, bonds)), rng.integers(0, atoms, bonds))
        for atoms, bonds in zip(n_atom, n_bond, strict=True)
    ]
    total_atom, total_bond = sum(n_atom), sum(n_bond)
    return GraphCollection(
        n_atom=np.array(n_atom, np.int32),
        n_bond=np.array(n_bond, np.int32),
        atomic_number=rng.integers(1, 90, total_atom).astype(np.int32),
        atom_multiplicity=rng.integers(1, 7, total_atom).astype(np.float32),
        bond_centre=np.concatenate([centre for centre, _ in ends]).astype(np.int32),
        bond_neighbour=np.concatenate([neighbour for _, neighbour in ends]).astype(np.int32),
        bond_distance_angstrom=rng.uniform(1.5, 4.0, total_bond).astype(np.float32),
        bond_multiplicity=rng.integers(1, 13, total_bond).astype(np.float32),
    )


@st.composite
def graph_collections(draw: st.DrawFn, *, max_crystals: int = 12) -> GraphCollection:
    """Collections of one to ``max_crystals`` small crystals."""
    sizes = draw(st.lists(st.tuples(st.integers(1, 9), st.integers(1, 40)), min_size=1, max_size=max_crystals))
    return random_graphs([n for n, _ in sizes], [n for _, n in sizes], seed=draw(st.integers(0, 2**16)))
