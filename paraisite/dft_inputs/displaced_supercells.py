"""Displaced supercells as phono3py makes them, in the units of the program that computes their forces."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal, NamedTuple

import numpy as np
from phono3py import Phono3py
from phonopy.structure.atoms import PhonopyAtoms
from phonopy.structure.cells import guess_primitive_matrix
from pymatgen.core.lattice import Lattice
from pymatgen.core.structure import Structure
from pymatgen.core.units import bohr_to_angstrom

from paraisite.dft_inputs.settings import DISPLACEMENT_ANGSTROM, CalculationPlan
from paraisite.labels.mechanics import SYMMETRY_TOLERANCE_ANGSTROM

Program = Literal["vasp", "qe"]

DISPLACEMENTS_FILE: Final = "phono3py_disp.yaml"
THIRD_ORDER: Final = "fc3"
SECOND_ORDER: Final = "fc2"
_ANGSTROM_PER_UNIT: Final[dict[Program, float]] = {"vasp": 1.0, "qe": bohr_to_angstrom}


class DisplacedSupercell(NamedTuple):
    """A supercell whose forces are wanted.

    Attributes:
        order: ``THIRD_ORDER`` or ``SECOND_ORDER``.
        number: As phono3py counts the displacements of this order, from 1.
        structure: The supercell, atoms in phono3py's order.
    """

    order: str
    number: int
    structure: Structure


def generate_displacements(conventional: Structure, plan: CalculationPlan, program: Program) -> Phono3py:
    """Return phono3py's phonons with systematic displacements for both orders.

    Args:
        conventional: Conventional cell.
        plan: Supercells and pairs.
        program: Whose units phono3py is to use: Å, or Bohr radii.
    """
    unit = _ANGSTROM_PER_UNIT[program]
    cell = PhonopyAtoms(
        symbols=[site.specie.symbol for site in conventional],
        cell=conventional.lattice.matrix / unit,
        scaled_positions=conventional.frac_coords,
    )
    phonons = Phono3py(
        cell,
        np.diag(plan.supercell),
        guess_primitive_matrix(cell, symprec=SYMMETRY_TOLERANCE_ANGSTROM),
        phonon_supercell_matrix=np.diag(plan.phonon_supercell),
        symprec=SYMMETRY_TOLERANCE_ANGSTROM,
        calculator=program,
    )
    pair_cutoff = None if plan.pair_cutoff_angstrom is None else plan.pair_cutoff_angstrom / unit
    phonons.generate_displacements(distance=DISPLACEMENT_ANGSTROM / unit, cutoff_pair_distance=pair_cutoff)
    phonons.generate_fc2_displacements(distance=DISPLACEMENT_ANGSTROM / unit)
    return phonons


def save_displacements(phonons: Phono3py, folder: Path) -> None:
    """Write what phono3py needs to read the forces later."""
    phonons.save(folder / DISPLACEMENTS_FILE, settings={"force_sets": False, "displacements": True})


def iterate_supercells(phonons: Phono3py, program: Program) -> Iterator[DisplacedSupercell]:
    """Yield all displaced supercells, lengths in Å; pairs beyond the cutoff have none."""
    unit = _ANGSTROM_PER_UNIT[program]
    of_orders = {
        THIRD_ORDER: phonons.supercells_with_displacements,
        SECOND_ORDER: phonons.phonon_supercells_with_displacements,
    }
    for order, cells in of_orders.items():
        for number, cell in enumerate(cells, start=1):
            if cell is not None:
                yield DisplacedSupercell(order, number, _convert_cell(cell, unit))


def get_primitive_cell(phonons: Phono3py, program: Program) -> Structure:
    """Return phono3py's own primitive cell, which it expects Born charges for, lengths in Å."""
    return _convert_cell(phonons.primitive, _ANGSTROM_PER_UNIT[program])


def _convert_cell(cell: PhonopyAtoms, angstrom_per_unit: float) -> Structure:
    lattice = Lattice(cell.cell * angstrom_per_unit)
    return Structure(lattice, cell.symbols, cell.scaled_positions)
