"""Supercells are told from crystals that no shift brings onto themselves, many at once."""

import numpy as np
from pymatgen.core.structure import Structure

from paraisite.data.crystal_arrays import CrystalArrays
from paraisite.features.descriptors import count_atoms_in_primitive_cells
from paraisite.features.supercell_check import mark_possible_supercells
from tests.graphs.crystals import diamond, perovskite, rocksalt, simple_cubic, wurtzite

PRIMITIVE = [rocksalt(), perovskite(), wurtzite(), simple_cubic(3.0, "Po"), diamond()]


def arrays(structures: list[Structure]) -> CrystalArrays:
    return CrystalArrays.from_structures(structures)


def repeated(structure: Structure, matrix: list[list[int]], *, shaken: float = 0.0) -> Structure:
    cell = structure.make_supercell(matrix, in_place=False)
    return cell.perturb(shaken) if shaken else cell


def test_supercells_are_found_among_crystals_that_are_none():
    larger = [repeated(each, [[1, 1, 0], [0, 1, 0], [0, 0, 2]]) for each in PRIMITIVE]
    shaken = [repeated(each, [[2, 0, 0], [0, 1, 0], [0, 0, 1]], shaken=0.01) for each in PRIMITIVE]
    together = arrays([*PRIMITIVE, *larger, *shaken])
    n_atom = [len(each) for each in PRIMITIVE]
    assert mark_possible_supercells(together).tolist()[len(PRIMITIVE) :] == [True] * 10
    assert count_atoms_in_primitive_cells(together).tolist() == 3 * n_atom
    alone = [count_atoms_in_primitive_cells(together.take(np.array([row]))).tolist() for row in range(len(together))]
    assert alone == [[each] for each in 3 * n_atom]


def test_most_crystals_need_no_closer_look():
    """One element alone, and wurtzite, have equal numbers of atoms; no shift fits, and that is seen at once."""
    distorted = repeated(rocksalt(), [[2, 0, 0], [0, 1, 0], [0, 0, 1]])
    distorted.translate_sites([0], [0.1, 0.0, 0.0])
    assert not mark_possible_supercells(arrays([*PRIMITIVE, distorted])).any()
    assert count_atoms_in_primitive_cells(arrays([distorted])).tolist() == [4]


def test_a_shift_that_fits_the_first_and_the_last_atoms_is_refused_by_the_others():
    """The check's first atoms all fit: it is one in the middle that does not."""
    cell = repeated(perovskite(), [[4, 0, 0], [0, 1, 0], [0, 0, 1]])
    oxygen = [site for site, atom in enumerate(cell) if atom.specie.symbol == "O"]
    moved = cell.copy()
    moved.translate_sites([oxygen[len(oxygen) // 2]], [0.0, 0.0, 0.2])
    assert mark_possible_supercells(arrays([cell, moved])).tolist() == [True, False]
    assert count_atoms_in_primitive_cells(arrays([cell, moved])).tolist() == [5, 20]


def test_no_crystals():
    assert mark_possible_supercells(arrays([])).tolist() == []
    assert count_atoms_in_primitive_cells(arrays([])).dtype == np.int64
