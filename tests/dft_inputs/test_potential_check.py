"""A potential's answer, with the effective-medium potential that ASE brings."""

from dataclasses import replace

import pytest
from ase.calculators.emt import EMT
from pymatgen.core.lattice import Lattice
from pymatgen.core.structure import Structure

from paraisite.data.sources.textbook import load_textbook_crystals
from paraisite.dft_inputs import potential_check
from paraisite.dft_inputs.potential_check import PotentialCheck, check_with_potential
from paraisite.errors import StructureError
from paraisite.labels.phonon_settings import LABELS

FEW = replace(LABELS, cell="primitive", harmonic_supercell=(3, 3, 3), cubic_supercell=(3, 3, 3), mesh=(4, 4, 4))


def nickel(a_angstrom: float, group: str = "Fm-3m") -> Structure:
    return Structure.from_spacegroup(group, Lattice.cubic(a_angstrom), ["Ni"], [[0, 0, 0]])


@pytest.fixture(scope="module")
def at_given_cell() -> PotentialCheck:
    return check_with_potential(nickel(3.5), EMT(), keep_cell=True, settings=FEW)


def test_a_stable_crystal_has_a_conductivity_and_no_warning() -> None:
    found = check_with_potential(nickel(3.55), EMT(), keep_cell=False, settings=FEW)
    assert found.warnings == []
    assert found.columns["kappa_potential_w_per_m_k"] > 0
    assert found.volume_change == pytest.approx((3.488 / 3.55) ** 3 - 1, abs=2e-3), "nickel relaxes to 3.49 Å under EMT"
    assert found.lowest_frequency_thz > -0.01


def test_at_the_cell_that_is_given_nothing_changes_its_volume(at_given_cell: PotentialCheck) -> None:
    found = at_given_cell
    assert found.volume_change == pytest.approx(0.0, abs=1e-12)
    assert "structure_json" not in found.as_row()


def test_imaginary_modes_are_reported_with_their_wave_vector() -> None:
    found = check_with_potential(nickel(2.8, "Im-3m"), EMT(), keep_cell=False, settings=FEW)
    assert found.lowest_frequency_thz < -0.5
    assert any(abs(x) > 0.1 for x in found.lowest_at), "not at the zone's centre"
    assert found.warnings[0].startswith(f"imaginary phonon of {found.lowest_frequency_thz:.2f} THz at (")


def test_one_wave_vector_that_carries_most_is_reported(at_given_cell: PotentialCheck) -> None:
    found = at_given_cell
    most = replace(found, columns=found.columns | {"max_share": 0.7})
    assert most.warnings == ["one wave vector carries 70%: the value grows with the mesh"]


def test_a_conductivity_that_hangs_on_the_mesh_is_reported(at_given_cell: PotentialCheck) -> None:
    columns = at_given_cell.columns | {"kappa_potential_w_per_m_k": 845.35, "kappa_potential_coarse_w_per_m_k": 11412.0}
    (warning,) = replace(at_given_cell, columns=columns).warnings
    assert warning.startswith("845.4 W/m/K are 1.141e+04 on a coarser mesh")


def test_layers_that_are_not_bonded_are_reported(at_given_cell: PotentialCheck) -> None:
    (graphite,) = [crystal.structure for crystal in load_textbook_crystals() if crystal.name == "graphite"]
    (warning,) = replace(at_given_cell, structure=graphite).warnings
    assert warning.startswith("its layers are not bonded with each other")


def test_a_large_cell_is_refused_before_hours_are_spent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(potential_check, "MAX_CELL_ATOMS", 0)
    with pytest.raises(StructureError, match="a conventional cell of 1 atoms, expected at most 0"):
        check_with_potential(nickel(3.5), EMT(), keep_cell=True, settings=FEW)
