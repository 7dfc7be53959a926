"""Crystals for the tests of this folder, and hypothesis strategies of them."""

import numpy as np
from hypothesis import strategies as st
from pymatgen.core.lattice import Lattice
from pymatgen.core.structure import Structure

from paraisite.graphs.build import GraphSettings
from paraisite.graphs.crystal_graph import CrystalGraph, GraphCollection

CUTOFF = 4.0
TOLERANCE = 1e-3
SETTINGS = GraphSettings(CUTOFF, TOLERANCE)


def rocksalt(a: float = 5.69, species: tuple[str, str] = ("Na", "Cl")) -> Structure:
    return Structure(_fcc(a), species, [[0, 0, 0], [0.5, 0.5, 0.5]])


def diamond(a: float = 5.43, species: tuple[str, str] = ("Si", "Si")) -> Structure:
    return Structure(_fcc(a), species, [[0, 0, 0], [0.25, 0.25, 0.25]])


def wurtzite(a: float = 3.2, c: float = 5.2, u: float = 0.377) -> Structure:
    cell = Lattice.hexagonal(a, c)
    first, second = [1 / 3, 2 / 3], [2 / 3, 1 / 3]
    coords = [[*first, 0], [*second, 0.5], [*first, u], [*second, u + 0.5]]
    return Structure(cell, ["Ga", "Ga", "N", "N"], coords)


def perovskite(a: float = 4.0) -> Structure:
    coords = [[0, 0, 0], [0.5, 0.5, 0.5], [0.5, 0.5, 0], [0.5, 0, 0.5], [0, 0.5, 0.5]]
    return Structure(Lattice.cubic(a), ["Ba", "Ti", "O", "O", "O"], coords)


def simple_cubic(a: float, species: object = "Po") -> Structure:
    return Structure(Lattice.cubic(a), [species], [[0, 0, 0]])


def _fcc(a: float) -> Lattice:
    return Lattice([[0, a / 2, a / 2], [a / 2, 0, a / 2], [a / 2, a / 2, 0]])


@st.composite
def symmetric_crystals(draw: st.DrawFn) -> Structure:
    """Known prototypes, strained or not: many equivalent atoms and equal distances."""
    structure = draw(st.sampled_from([rocksalt, diamond, wurtzite, perovskite]))()
    if draw(st.booleans()):
        strain = np.array([draw(st.floats(-0.05, 0.05)) for _ in range(6)])
        upper = np.zeros((3, 3))
        upper[np.triu_indices(3)] = strain
        structure = Structure(structure.lattice.matrix @ (np.eye(3) + upper), structure.species, structure.frac_coords)
    return structure


@st.composite
def random_crystals(draw: st.DrawFn) -> Structure:
    """Up to six atoms of two elements on a coarse grid: symmetry appears by chance, cells are skewed."""
    lengths = [draw(st.floats(2.5, 6.0)) for _ in range(3)]
    angles = [draw(st.floats(60, 120)) for _ in range(2)]
    lattice = Lattice.from_parameters(*lengths, *angles, 90.0)
    points = draw(
        st.lists(st.tuples(*[st.integers(0, 3)] * 3), min_size=1, max_size=6, unique=True), label="grid points"
    )
    species = [draw(st.sampled_from(["Mg", "O"])) for _ in points]
    return Structure(lattice, species, np.array(points) / 4)


def arrays_of(graphs: GraphCollection | CrystalGraph) -> dict[str, np.ndarray]:
    return dict(vars(graphs)) if isinstance(graphs, CrystalGraph) else {k: getattr(graphs, k) for k in _NAMES}


_NAMES = tuple(GraphCollection.__dataclass_fields__)
