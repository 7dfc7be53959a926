"""Conductivity from forces, with the effective-medium potential that ASE brings."""

import sys
from dataclasses import replace

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.emt import EMT
from phono3py import Phono3py
from phonopy.structure.atoms import PhonopyAtoms
from pymatgen.core.lattice import Lattice
from pymatgen.core.structure import Structure

from paraisite.errors import StructureError
from paraisite.labels import conductivity, force_constants
from paraisite.labels.conductivity import compute_lattice_conductivity, find_lowest_mode
from paraisite.labels.force_constants import compute_harmonic_phonons, count_supercell_atoms
from paraisite.labels.mechanics import relax


@pytest.fixture
def coarse(monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(conductivity, "MESH", 5)
    monkeypatch.setattr(force_constants, "LABELS", replace(force_constants.LABELS, min_angstrom=6.5, min_atoms=16))
    return 5


def nickel() -> Structure:
    crystal = Structure.from_spacegroup("Fm-3m", Lattice.cubic(3.5), ["Ni"], [[0, 0, 0]])
    return relax(crystal.get_primitive_structure(), EMT())[0]


def test_conductivity_is_that_of_systematic_displacements(coarse: int):
    crystal, recursion_limit = nickel(), sys.getrecursionlimit()
    found = compute_lattice_conductivity(crystal, EMT())
    assert sys.getrecursionlimit() == recursion_limit, "symfc's own would let hostile JSON end the process"
    assert found.kappa_w_per_m_k == pytest.approx(by_systematic_displacements(crystal, coarse), rel=0.05)
    assert found.n_supercell_atom == count_supercell_atoms(crystal) == 27
    assert 3 <= found.n_force_call < 40
    assert -0.01 < found.min_frequency_thz < found.max_frequency_thz < 15
    assert 0.05 < found.max_share < 0.5  # eight or so wave vectors that are not equivalent


def by_systematic_displacements(crystal: Structure, mesh: int) -> float:
    cell = PhonopyAtoms(symbols=["Ni"], cell=crystal.lattice.matrix, scaled_positions=crystal.frac_coords)
    phonons = Phono3py(cell, 3 * np.eye(3, dtype=int), "P")
    phonons.generate_displacements(distance=0.03)
    forces = []
    for moved in phonons.supercells_with_displacements:
        forces.append(Atoms(moved.symbols, positions=moved.positions, cell=moved.cell, pbc=True, calculator=EMT()))
    phonons.forces = np.array([atoms.get_forces() for atoms in forces])
    phonons.produce_fc3()
    phonons.produce_fc2()
    phonons.mesh_numbers = [mesh] * 3
    phonons.init_phph_interaction()
    phonons.run_thermal_conductivity(temperatures=[300.0])
    return float(np.ravel(phonons.thermal_conductivity.kappa)[:3].mean())


def test_a_crystal_that_is_not_cubic_is_refused():
    hexagonal = Structure.from_spacegroup("P6_3/mmc", Lattice.hexagonal(2.5, 4.1), ["Ni"], [[1 / 3, 2 / 3, 0.25]])
    with pytest.raises(StructureError, match="hexagonal, expected a cubic crystal"):
        compute_lattice_conductivity(hexagonal, EMT())


@pytest.mark.usefixtures("coarse")
def test_imaginary_phonons_are_refused_before_the_costly_part(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delattr(conductivity, "Phono3py")
    body_centred = Structure.from_spacegroup("Im-3m", Lattice.cubic(2.8), ["Ni"], [[0, 0, 0]])
    crystal, _ = relax(body_centred.get_primitive_structure(), EMT())
    with pytest.raises(StructureError, match=r"phonon of -\d+\.\d+ THz \(imaginary\)"):
        compute_lattice_conductivity(crystal, EMT())


@pytest.mark.usefixtures("coarse")
def test_a_conductivity_that_hangs_on_one_wave_vector_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(conductivity, "MAX_SHARE_OF_WAVE_VECTOR", 0.05)
    with pytest.raises(StructureError, match=r"one wave vector carries \d+% of .* W/m/K, expected at most 5%"):
        compute_lattice_conductivity(nickel(), EMT())


def test_the_lowest_mode_is_found_where_the_crystal_is_unstable(coarse: int):
    body_centred = Structure.from_spacegroup("Im-3m", Lattice.cubic(2.8), ["Ni"], [[0, 0, 0]])
    crystal, _ = relax(body_centred.get_primitive_structure(), EMT())
    phonons = compute_harmonic_phonons(crystal, EMT())
    lowest, where = find_lowest_mode(phonons, [2 * coarse] * 3)
    phonons.run_qpoints([where])
    assert lowest == pytest.approx(phonons.qpoints.frequencies.min())
    assert lowest < -0.5
    assert np.linalg.norm(where) > 0.1
