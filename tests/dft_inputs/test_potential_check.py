"""A potential's answer, with the effective-medium potential that ASE brings."""

from dataclasses import replace

import pytest
from ase.calculators.emt import EMT
from pymatgen.core.lattice import Lattice
from pymatgen.core.structure import Structure

from paraisite.dft_inputs import potential_check
from paraisite.dft_inputs.potential_check import check_with_potential
from paraisite.errors import StructureError
from paraisite.labels import conductivity, force_constants
from paraisite.labels.force_constants import Effort

FEW = Effort(min_angstrom=6.5, min_atoms=16, snapshots_per_minimum=2.0, opposite_too=True)


@pytest.fixture(autouse=True)
def coarse(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conductivity, "MESH", 4)
    monkeypatch.setattr(force_constants, "LABELS", FEW)
    monkeypatch.setattr(potential_check, "EFFORT", FEW)


def nickel(a_angstrom: float, group: str = "Fm-3m") -> Structure:
    return Structure.from_spacegroup(group, Lattice.cubic(a_angstrom), ["Ni"], [[0, 0, 0]])


def test_a_stable_crystal_has_a_conductivity_and_no_warning() -> None:
    found = check_with_potential(nickel(3.55), EMT(), keep_cell=False)
    assert found.warnings == []
    assert found.conductivity.kappa_w_per_m_k > 0
    assert found.volume_change == pytest.approx((3.488 / 3.55) ** 3 - 1, abs=2e-3), "nickel relaxes to 3.49 Å under EMT"
    assert found.lowest_frequency_thz > -0.01


def test_at_the_cell_that_is_given_nothing_changes_its_volume() -> None:
    found = check_with_potential(nickel(3.5), EMT(), keep_cell=True)
    assert found.volume_change == pytest.approx(0.0, abs=1e-12)
    assert found.as_row()["kappa_w_per_m_k"] == found.conductivity.kappa_w_per_m_k


def test_imaginary_modes_are_reported_with_their_wave_vector() -> None:
    found = check_with_potential(nickel(2.8, "Im-3m"), EMT(), keep_cell=False)
    assert found.lowest_frequency_thz < -0.5
    assert any(abs(x) > 0.1 for x in found.lowest_at), "not at the zone's centre"
    assert found.warnings[0].startswith(f"imaginary phonon of {found.lowest_frequency_thz:.2f} THz at (")


def test_one_wave_vector_that_carries_most_is_reported() -> None:
    found = check_with_potential(nickel(3.5), EMT(), keep_cell=True)
    most = replace(found, conductivity=replace(found.conductivity, max_share=0.7))
    assert most.warnings == ["one wave vector carries 70%: the value grows with the mesh"]


def test_a_large_cell_is_refused_before_hours_are_spent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(potential_check, "MAX_SUPERCELL_ATOMS", 20)
    with pytest.raises(StructureError, match="a supercell of 27 atoms, expected at most 20"):
        check_with_potential(nickel(3.5), EMT(), keep_cell=True)
