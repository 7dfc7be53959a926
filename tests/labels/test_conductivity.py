"""Conductivity from forces, with the effective-medium potential that ASE brings."""

import sys
from dataclasses import replace

import numpy as np
import pytest
from ase.calculators.emt import EMT
from pymatgen.core.lattice import Lattice
from pymatgen.core.structure import Structure

from paraisite.errors import StructureError
from paraisite.labels import conductivity
from paraisite.labels.conductivity import (
    SolvedCrystal,
    compute_lattice_conductivity,
    find_lowest_mode,
    settle,
    solve,
)
from paraisite.labels.phonon_settings import PhononSettings

SMALL = PhononSettings(
    cell="primitive",
    harmonic_supercell=(3, 3, 3),
    cubic_supercell=(3, 3, 3),
    cubic_scheme="random",
    cubic_opposites="always",
    mesh=(5, 5, 5),
)


def nickel(group: str = "Fm-3m", a_angstrom: float = 3.5) -> Structure:
    return Structure.from_spacegroup(group, Lattice.cubic(a_angstrom), ["Ni"], [[0, 0, 0]])


@pytest.fixture(scope="module")
def solved() -> SolvedCrystal:
    return compute_lattice_conductivity(nickel(), EMT(), SMALL)


def test_conductivity_is_that_of_systematic_displacements(solved: SolvedCrystal):
    systematic = compute_lattice_conductivity(nickel(), EMT(), replace(SMALL, cubic_scheme="systematic"))
    kappa = solved.conductivity.kappa_w_per_m_k
    # The last digits of the relaxed cell are the processor's.
    assert kappa == pytest.approx(systematic.conductivity.kappa_w_per_m_k, rel=0.05)
    assert -0.01 < solved.min_frequency_thz < solved.max_frequency_thz < 15
    assert 0.05 < solved.conductivity.max_share < 0.5  # eight or so wave vectors that are not equivalent
    assert solved.conductivity.mesh == (5, 5, 5)


def test_a_cubic_tensor_is_a_number_times_the_unit_tensor(solved: SolvedCrystal):
    tensor = np.array(solved.conductivity.tensor_w_per_m_k)
    assert tensor[:3] == pytest.approx([solved.conductivity.kappa_w_per_m_k] * 3, rel=1e-6)
    assert tensor[3:] == pytest.approx([0.0] * 3, abs=1e-6)
    assert next(iter(solved.conductivity.components)) == "kappa_xx_w_per_m_k"


def test_one_atom_has_hardly_any_coherence(solved: SolvedCrystal):
    parts = solved.conductivity
    assert parts.particle_w_per_m_k + parts.coherence_w_per_m_k == pytest.approx(parts.kappa_w_per_m_k)
    assert 0.0 <= parts.coherence_w_per_m_k < 0.05 * parts.kappa_w_per_m_k


def test_isotopes_and_coherences_can_be_left_out(solved: SolvedCrystal):
    settings = replace(SMALL, scatters_isotopes=False, has_coherence=False)
    without = solve(solved.harmonic, solved.cubic, settings).conductivity
    assert without.coherence_w_per_m_k == 0.0
    assert without.kappa_w_per_m_k > solved.conductivity.particle_w_per_m_k


def test_an_element_without_natural_isotopes_is_scattered_by_none(solved: SolvedCrystal):
    cell = solved.harmonic.cell.copy()
    cell.replace_species({"Ni": "Tc"})
    decaying = replace(solved.harmonic, cell=cell)
    with_isotopes, without = (
        solve(decaying, solved.cubic, replace(SMALL, scatters_isotopes=scatters)).conductivity.kappa_w_per_m_k
        for scatters in (True, False)
    )
    assert with_isotopes == pytest.approx(without, rel=1e-9)


def test_a_hexagonal_crystal_has_two_components():
    hexagonal = Structure.from_spacegroup("P6_3/mmc", Lattice.hexagonal(2.5, 4.1), ["Ni"], [[1 / 3, 2 / 3, 0.25]])
    settings = replace(SMALL, harmonic_supercell=(3, 3, 2), cubic_supercell=(2, 2, 1), mesh=(4, 4, 3))
    tensor = compute_lattice_conductivity(hexagonal, EMT(), settings, allows_imaginary=True).conductivity
    xx, yy, zz = tensor.tensor_w_per_m_k[:3]
    assert xx == pytest.approx(yy, rel=1e-3)
    assert abs(zz - xx) > 0.01 * xx


def test_recursion_limit_stays(solved: SolvedCrystal):
    """With symfc's own, hostile JSON would end the process."""
    assert solved.cubic.n_free is not None, "symfc was used"
    assert sys.getrecursionlimit() < 10_000


def test_imaginary_phonons_are_refused_before_the_costly_part(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delattr(conductivity, "compute_cubic_constants")
    with pytest.raises(StructureError, match=r"phonon of -\d+\.\d+ THz \(imaginary\)"):
        compute_lattice_conductivity(nickel("Im-3m", 2.8), EMT(), SMALL)


def test_the_cell_that_is_given_is_kept_where_settings_say_so():
    given, larger = (
        compute_lattice_conductivity(nickel(a_angstrom=a), EMT(), replace(SMALL, relaxes=False)) for a in (3.45, 3.55)
    )
    assert larger.max_frequency_thz < 0.9 * given.max_frequency_thz
    assert larger.harmonic.cell.volume == pytest.approx(3.55**3 / 4)


def test_a_cell_that_relaxes_far_away_is_another_crystal():
    with pytest.raises(StructureError, match=r"its volume changes by -2\d%, expected at most ±20%: another crystal"):
        settle(nickel(a_angstrom=3.85), EMT(), SMALL)
    assert settle(nickel(a_angstrom=3.85), EMT(), replace(SMALL, relaxes=False)).volume == pytest.approx(3.85**3 / 4)


def test_charges_of_zero_leave_frequencies_as_they_are(solved: SolvedCrystal):
    none = {"born": np.zeros((1, 3, 3)), "dielectric": np.eye(3), "factor": 14.4}
    same = solve(solved.harmonic, solved.cubic, SMALL, charges=none)
    assert same.max_frequency_thz == pytest.approx(solved.max_frequency_thz, rel=1e-6)
    # Velocities become differences of frequencies, which tells on so coarse a mesh.
    assert same.conductivity.kappa_w_per_m_k == pytest.approx(solved.conductivity.kappa_w_per_m_k, rel=0.15)


def test_the_lowest_mode_is_found_where_the_crystal_is_unstable():
    unstable = compute_lattice_conductivity(nickel("Im-3m", 2.8), EMT(), SMALL, allows_imaginary=True)
    lowest, where = find_lowest_mode(unstable.harmonic, SMALL)
    assert lowest < -0.5
    assert np.linalg.norm(where) > 0.1
