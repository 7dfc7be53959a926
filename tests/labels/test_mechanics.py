"""Relaxation, equation of state and elastic tensor, with the effective-medium potential that ASE brings."""

from collections.abc import Callable

import numpy as np
import pytest
from ase.calculators.emt import EMT
from ase.optimize import BFGS
from ase.units import GPa
from pymatgen.analysis.elasticity.strain import Strain
from pymatgen.core.lattice import Lattice
from pymatgen.core.structure import Structure
from pymatgen.io.ase import AseAtomsAdaptor

from paraisite.errors import StructureError
from paraisite.labels.mechanics import (
    FORCE_TOLERANCE_EV_PER_ANGSTROM,
    compute_elastic_tensor,
    fit_equation_of_state,
    relax,
    relax_atoms,
)

COPPER_EMT_ANGSTROM = 3.59  # ASE's documentation of the potential


def cubic(space_group: str, species: list[str], positions: list[list[float]], a_angstrom: float) -> Structure:
    crystal = Structure.from_spacegroup(space_group, Lattice.cubic(a_angstrom), species, positions)
    return crystal.get_primitive_structure()


def copper() -> Structure:
    return cubic("Fm-3m", ["Cu"], [[0, 0, 0]], 3.7)


def copper_gold() -> Structure:
    return cubic("Pm-3m", ["Cu", "Au"], [[0, 0.5, 0.5], [0, 0, 0]], 3.8)


def hexagonal_copper() -> Structure:
    return Structure.from_spacegroup("P6_3/mmc", Lattice.hexagonal(2.6, 4.25), ["Cu"], [[1 / 3, 2 / 3, 0.25]])


def test_relaxation_finds_the_lattice_constant():
    structure, energy = relax(copper(), EMT())
    assert (4 * structure.volume) ** (1 / 3) == pytest.approx(COPPER_EMT_ANGSTROM, abs=0.01)
    assert energy == pytest.approx(-0.007, abs=0.01)  # the potential's zero is copper's bulk


def test_relaxation_keeps_the_symmetry():
    structure, _ = relax(hexagonal_copper(), EMT())
    a, b, _ = structure.lattice.abc
    assert a == pytest.approx(b, abs=1e-6)
    assert structure.lattice.angles == pytest.approx((90, 90, 120), abs=1e-4)


def test_atoms_come_to_rest_in_a_cell_that_stays():
    crystal = copper() * (2, 2, 1)
    crystal.perturb(0.1)
    settled = relax_atoms(crystal, EMT())
    np.testing.assert_allclose(settled.lattice.matrix, crystal.lattice.matrix, atol=1e-9)
    forces = AseAtomsAdaptor.get_atoms(settled, calculator=EMT()).get_forces()
    assert np.abs(forces).max() < FORCE_TOLERANCE_EV_PER_ANGSTROM
    assert np.abs(AseAtomsAdaptor.get_atoms(crystal, calculator=EMT()).get_forces()).max() > 0.05


def test_atoms_that_do_not_come_to_rest_are_an_error():
    crystal = copper() * (2, 2, 1)
    crystal.perturb(0.2)
    with pytest.raises(StructureError, match=r"forces above 0\.005 eV/Å after 1 steps"):
        relax_atoms(crystal, EMT(), max_steps=1)


def test_a_cell_that_leaves_all_bounds_is_refused():
    far = cubic("Fm-3m", ["Cu"], [[0, 0, 0]], 12.0)  # beyond the potential's reach: no force brings it back
    with pytest.raises(StructureError, match=r"volume|forces above|bulk modulus"):
        fit_equation_of_state(relax(far, EMT())[0], EMT())


def test_bulk_moduli_of_strain_and_of_the_equation_of_state_agree():
    structure, _ = relax(copper(), EMT())
    tensor, equation = compute_elastic_tensor(structure, EMT()), fit_equation_of_state(structure, EMT())
    assert equation.bulk_gpa == pytest.approx(tensor.k_vrh, rel=0.01)
    assert 3.0 < equation.bulk_slope < 7.0  # of metals


@pytest.mark.parametrize("crystal", [copper_gold, hexagonal_copper])
def test_the_elastic_tensor_is_that_of_atoms_relaxed_in_strained_cells(crystal: Callable[[], Structure]):
    structure, _ = relax(crystal(), EMT())
    tensor = compute_elastic_tensor(structure, EMT())
    for voigt in range(6):
        np.testing.assert_allclose(tensor.voigt[voigt], stress_slope_gpa(structure, voigt), atol=0.02 * tensor.k_vrh)


def stress_slope_gpa(structure: Structure, voigt: int, strain: float = 0.002) -> np.ndarray:
    """Return d(stress)/d(strain) of one Voigt strain, atoms relaxed by an optimiser: the slow way."""
    ends = []
    for sign in (1, -1):
        atoms = AseAtomsAdaptor.get_atoms(structure, msonable=False)
        deformation = np.eye(3) + np.asarray(Strain.from_voigt(sign * strain * np.eye(6)[voigt]))
        atoms.set_cell(atoms.cell @ deformation, scale_atoms=True)
        atoms.calc = EMT()
        BFGS(atoms, logfile=None).run(fmax=1e-4, steps=200)
        ends.append(atoms.get_stress())
    return (ends[0] - ends[1]) / (2 * strain) / GPa


def test_internal_strain_matters_in_the_hexagonal_crystal():
    # If it did not, the test above would not tell relaxed from clamped atoms.
    structure, _ = relax(hexagonal_copper(), EMT())
    atoms = AseAtomsAdaptor.get_atoms(structure, msonable=False)
    atoms.set_cell(atoms.cell @ np.diag([1.01, 0.99, 1.0]), scale_atoms=True)
    atoms.calc = EMT()
    assert np.abs(atoms.get_forces()).max() > 0.01


def test_an_unstable_crystal_is_refused():
    structure, _ = relax(cubic("Im-3m", ["Cu"], [[0, 0, 0]], 2.9), EMT())
    with pytest.raises(StructureError, match="elastically unstable: softest mode -"):
        compute_elastic_tensor(structure, EMT())


def test_atoms_that_sit_on_a_saddle_are_refused():
    # Layers of a hexagonal crystal stacked right above each other slide apart.
    simple_hexagonal = Structure(Lattice.hexagonal(2.6, 4.8), ["Cu", "Cu"], [[0, 0, 0], [0, 0, 0.5]])
    structure, _ = relax(simple_hexagonal, EMT())
    with pytest.raises(StructureError, match=r"atoms leave their positions|elastically unstable"):
        compute_elastic_tensor(structure, EMT())
