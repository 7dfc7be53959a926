"""Relaxation, equation of state and elastic constants of a crystal under any ASE calculator.

Units: Å, eV, and GPa for stresses and moduli.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from ase import Atoms
from ase.constraints import FixSymmetry
from ase.filters import FrechetCellFilter
from ase.optimize import BFGS
from ase.units import GPa
from phonopy import Phonopy
from pymatgen.analysis.elasticity.elastic import ElasticTensor
from pymatgen.analysis.elasticity.strain import Strain
from pymatgen.core.structure import Structure
from pymatgen.io.ase import AseAtomsAdaptor

from paraisite.arrays import Floats
from paraisite.errors import StructureError
from paraisite.labels.supercell_forces import compute_forces, to_phonopy_cell

FORCE_TOLERANCE_EV_PER_ANGSTROM: Final = 0.005
MAX_RELAXATION_STEPS: Final = 150
MAX_STRETCH: Final = 1.6
"""A cell whose volume changes by more than this factor cubed has left its structure type."""

EOS_LINEAR_STRAINS: Final = tuple(np.linspace(-0.02, 0.02, 5).tolist())
ELASTIC_STRAIN: Final = 0.005
DISPLACEMENT_ANGSTROM: Final = 0.01
SYMMETRY_TOLERANCE_ANGSTROM: Final = 1e-3

MIN_STIFFNESS_GPA: Final = 0.5
"""Lowest eigenvalue of the elastic tensor that counts as stable: less is within the error of the potential."""

MIN_FORCE_CONSTANT_EV_PER_SQUARE_ANGSTROM: Final = 0.05
"""Likewise for the force constants of atoms that move alike in all cells."""


@dataclass(frozen=True)
class EquationOfState:
    """A Birch-Murnaghan fit of third order.

    Attributes:
        bulk_gpa: Bulk modulus at the minimum, GPa.
        bulk_slope: Its pressure derivative B', without unit.
    """

    bulk_gpa: float
    bulk_slope: float


def relax(
    structure: Structure,
    calculator: Any,
    *,
    force_tolerance_ev_per_angstrom: float = FORCE_TOLERANCE_EV_PER_ANGSTROM,
    max_steps: int = MAX_RELAXATION_STEPS,
    on_step: Callable[[], None] = lambda: None,
) -> tuple[Structure, float]:
    """Return the structure of lowest energy that keeps the symmetry, and its energy in eV.

    Args:
        structure: Where to start.
        calculator: ASE calculator with forces and stress.
        force_tolerance_ev_per_angstrom: Largest force that counts as none.
        max_steps: Of the relaxation.
        on_step: Called after each step.

    Raises:
        StructureError: Forces do not vanish within the allowed steps, or the cell leaves all bounds.
    """
    atoms = _atoms(structure, calculator)
    atoms.set_constraint(FixSymmetry(atoms, symprec=SYMMETRY_TOLERANCE_ANGSTROM))
    start = atoms.get_volume()
    optimizer = BFGS(FrechetCellFilter(atoms), logfile=None, maxstep=0.1)
    with warnings.catch_warnings():
        # Of a strain's logarithm: SciPy calls 1e-13 inaccurate, where 1e-6 would do.
        warnings.filterwarnings("ignore", "logm result may be inaccurate", RuntimeWarning)
        for _ in optimizer.irun(fmax=force_tolerance_ev_per_angstrom, steps=max_steps):
            on_step()
            ratio = atoms.get_volume() / start
            if not MAX_STRETCH**-3 < ratio < MAX_STRETCH**3:
                raise StructureError(
                    f"relaxation changes the volume {ratio:.2f} times, expected less than {MAX_STRETCH**3:.1f}"
                )
    if not optimizer.converged(optimizer.optimizable.get_gradient()):
        raise _not_at_rest(force_tolerance_ev_per_angstrom, max_steps)
    return AseAtomsAdaptor.get_structure(_without_constraints(atoms)), float(atoms.get_potential_energy())


def relax_atoms(
    structure: Structure,
    calculator: Any,
    *,
    force_tolerance_ev_per_angstrom: float = FORCE_TOLERANCE_EV_PER_ANGSTROM,
    max_steps: int = MAX_RELAXATION_STEPS,
) -> Structure:
    """Return the structure with its atoms at rest in the cell that is given, symmetry kept.

    Args:
        structure: Where to start.
        calculator: ASE calculator with forces.
        force_tolerance_ev_per_angstrom: Largest force that counts as none.
        max_steps: Of the relaxation.

    Raises:
        StructureError: Forces do not vanish within the allowed steps.
    """
    atoms = _atoms(structure, calculator)
    atoms.set_constraint(FixSymmetry(atoms, symprec=SYMMETRY_TOLERANCE_ANGSTROM))
    optimizer = BFGS(atoms, logfile=None, maxstep=0.1)
    if not optimizer.run(fmax=force_tolerance_ev_per_angstrom, steps=max_steps):
        raise _not_at_rest(force_tolerance_ev_per_angstrom, max_steps)
    return AseAtomsAdaptor.get_structure(_without_constraints(atoms))


def _not_at_rest(force_tolerance_ev_per_angstrom: float, max_steps: int) -> StructureError:
    return StructureError(f"forces above {force_tolerance_ev_per_angstrom} eV/Å after {max_steps} steps")


def fit_equation_of_state(structure: Structure, calculator: Any) -> EquationOfState:
    """Fit pressures of the cell scaled by up to 2 % in length, atoms at fixed fractional positions.

    With the volume at rest known the fit is linear, and pressures carry less of single precision's noise than energies.

    Args:
        structure: Relaxed cell.
        calculator: ASE calculator.

    Raises:
        StructureError: The bulk modulus is not positive.

    Source: Birch, Phys. Rev. 71, 809 (1947), 10.1103/PhysRev.71.809.
    """
    compression = (1.0 + np.array(EOS_LINEAR_STRAINS)) ** -1.0  # cube root of V0/V
    cells = [structure.copy().scale_lattice(structure.volume / x**3) for x in compression]  # it scales in place
    pressure = np.array([-np.trace(_atoms(cell, calculator).get_stress(voigt=False)) / 3 / GPa for cell in cells])
    first = 1.5 * (compression**7 - compression**5)
    second = first * 0.75 * (compression**2 - 1.0)
    (bulk, product), *_ = np.linalg.lstsq(np.stack([first, second], axis=1), pressure, rcond=None)
    if bulk <= 0:
        raise StructureError(f"bulk modulus of the equation of state is {bulk:.1f} GPa, expected a positive one")
    return EquationOfState(bulk_gpa=float(bulk), bulk_slope=float(4.0 + product / bulk))


def compute_elastic_tensor(structure: Structure, calculator: Any) -> ElasticTensor:
    """Return the elastic tensor in GPa, atoms free to settle in the strained cell.

    Stresses and forces under strains of 0.5 % with the atoms held give the tensor of clamped atoms and the internal
    strain; the force constants within the cell say how far the atoms give way.

    Args:
        structure: Relaxed cell.
        calculator: ASE calculator.

    Raises:
        StructureError: A strain, or a displacement of the atoms within the cell, lowers the energy.

    Source: Wu, Vanderbilt and Hamann, PRB 72, 035105 (2005), 10.1103/PhysRevB.72.035105.
    """
    at_rest = _atoms(structure, calculator)
    clamped, internal_strain = np.empty((6, 6)), np.empty((6, 3 * len(structure)))
    for voigt in range(6):
        (stress_up, force_up), (stress_down, force_down) = (
            _strained(at_rest, sign * ELASTIC_STRAIN * np.eye(6)[voigt], calculator) for sign in (1.0, -1.0)
        )
        clamped[voigt] = (stress_up - stress_down) / (2.0 * ELASTIC_STRAIN) / GPa
        internal_strain[voigt] = (force_up - force_down).ravel() / (2.0 * ELASTIC_STRAIN)
    _require_stiff(_of_crystal(clamped, structure))
    constants = _force_constants(structure, calculator)
    stiffness, modes = np.linalg.eigh(constants)
    rigid = np.argsort(np.abs(stiffness))[:3]
    stiffness, modes = np.delete(stiffness, rigid), np.delete(modes, rigid, axis=1)
    if len(stiffness) and stiffness.min() < MIN_FORCE_CONSTANT_EV_PER_SQUARE_ANGSTROM:
        raise StructureError(f"atoms leave their positions: softest force constant {stiffness.min():.2f} eV/Å²")
    along = internal_strain @ modes
    tensor = _of_crystal(clamped - (along / stiffness) @ along.T / structure.volume / GPa, structure)
    _require_stiff(tensor)
    return tensor


def _require_stiff(tensor: ElasticTensor) -> None:
    """Raise StructureError where some strain lowers the energy, or hardly raises it."""
    stiffness = float(np.linalg.eigvalsh(tensor.voigt).min())
    if stiffness < MIN_STIFFNESS_GPA:
        raise StructureError(f"elastically unstable: softest mode {stiffness:.1f} GPa")


def _of_crystal(voigt: Floats, structure: Structure) -> ElasticTensor:
    return ElasticTensor.from_voigt((voigt + voigt.T) / 2.0).fit_to_structure(structure)


def _strained(atoms: Atoms, strain: Floats, calculator: Any) -> tuple[Floats, Floats]:
    """Return stress in eV/Å³, [6], and forces in eV/Å, [n_atom, 3], under a Voigt strain."""
    strained = atoms.copy()
    strained.set_cell(atoms.cell @ (np.eye(3) + np.asarray(Strain.from_voigt(strain))), scale_atoms=True)
    strained.calc = calculator
    return strained.get_stress(), strained.get_forces()


def _force_constants(structure: Structure, calculator: Any) -> Floats:
    """Return the second derivatives of the energy when atoms move alike in all cells, eV/Å², [3 n_atom, 3 n_atom]."""
    cell, repeats = to_phonopy_cell(structure), np.eye(3, dtype=int)
    phonopy = Phonopy(cell, repeats, primitive_matrix=np.eye(3), symprec=SYMMETRY_TOLERANCE_ANGSTROM)
    phonopy.generate_displacements(distance=DISPLACEMENT_ANGSTROM, is_plusminus=True)
    phonopy.forces = compute_forces(phonopy.supercells_with_displacements, calculator)
    phonopy.produce_force_constants()
    constants = np.asarray(phonopy.force_constants).transpose(0, 2, 1, 3).reshape(3 * len(structure), -1)
    return (constants + constants.T) / 2.0


def _atoms(structure: Structure, calculator: Any) -> Atoms:
    atoms = AseAtomsAdaptor.get_atoms(structure, msonable=False)
    atoms.calc = calculator
    return atoms


def _without_constraints(atoms: Atoms) -> Atoms:
    plain = atoms.copy()
    plain.set_constraint()
    return plain
