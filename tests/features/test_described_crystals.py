"""The default model refuses the crystals that have no graph, for the same reasons, and no others for their sake."""

import numpy as np
from pymatgen.core.lattice import Lattice
from pymatgen.core.structure import Structure

from paraisite.data.crystal_arrays import CrystalArrays
from paraisite.features.crystal_descriptors import compute_crystal_descriptors
from paraisite.features.described_crystals import describe_crystals
from paraisite.graphs.build import build_graphs_from_arrays
from tests.graphs.crystals import CUTOFF, TOLERANCE, perovskite, rocksalt, simple_cubic

GOOD = [rocksalt(), perovskite(), simple_cubic(7.5, "Cs"), rocksalt(5.0, ("K", "F"))]
OVERLAPPING = Structure(Lattice.cubic(4.0), ["Na", "Cl"], [[0, 0, 0], [0.05, 0, 0]])
BAD = [simple_cubic(9.0), OVERLAPPING, simple_cubic(3.0, {"Na": 0.5, "K": 0.5}), rocksalt(0.9)]


def test_reasons_are_those_of_graphs_and_the_others_are_described():
    crystals = CrystalArrays.from_structures([BAD[0], GOOD[0], BAD[1], *GOOD[1:3], *BAD[2:], GOOD[3]])
    _, expected = build_graphs_from_arrays(crystals, cutoff_angstrom=CUTOFF, distance_tolerance_angstrom=TOLERANCE)
    found = describe_crystals(crystals)
    assert found.reasons == expected
    assert list(found.reasons) == [0, 2, 5, 6]
    alone = compute_crystal_descriptors(CrystalArrays.from_structures(GOOD))
    np.testing.assert_allclose(found.descriptors, alone, rtol=1e-9, atol=1e-7)


def test_a_molecule_in_a_large_box_is_a_row_with_a_reason():
    """One such crystal ended the prediction of all."""
    molecule = Structure(Lattice.cubic(100.0), ["N", "N"], [[0, 0, 0], [0.011, 0, 0]])
    found = describe_crystals(CrystalArrays.from_structures([molecule, GOOD[0]]))
    assert found.reasons == {0: "an atom has fewer than 24 others within 60 Å: this is no crystal"}
    assert len(found.descriptors) == 1


def test_no_crystals():
    assert describe_crystals(CrystalArrays.from_structures([])).descriptors.shape[0] == 0
