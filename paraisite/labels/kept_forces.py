"""Forces on a crystal's displaced atoms, kept apart from the phonons that follow from them.

Forces are what a CUDA device is good at; fitting force constants and solving the Boltzmann equation keep a processor
busy for a quarter of a minute to a minute a crystal. So the forces of many crystals can be computed on a machine that
has such a device, and the rest on any other: `paraisite label kappa --only-forces` there, `paraisite label kappa` here.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from phonopy.structure.atoms import PhonopyAtoms
from pymatgen.core.structure import Structure

from paraisite.arrays import Floats
from paraisite.errors import DataError
from paraisite.labels.conductivity import SolvedCrystal, require_stable, settle, solve
from paraisite.labels.force_constants import compute_cubic_constants, compute_harmonic_constants
from paraisite.labels.phonon_settings import PhononSettings
from paraisite.labels.supercell_forces import compute_forces

_CELL: Final = "cell_json"
_FIRST_POSITIONS: Final = "first_positions_angstrom"
_FORCES: Final = "forces_ev_per_angstrom"
_LARGEST_DIFFERENCE_ANGSTROM: Final = 1e-6


@dataclass(eq=False)
class KeptForces:
    """Forces in the order in which they are asked for, in place of a calculator.

    Attributes:
        cell: The standard cell, atoms at rest.
        first_positions: Of each set of displaced copies, positions in the first, Å, [n_atom, 3].
        forces: Of each set, eV/Å, [n_copy, n_atom, 3], in double precision: rounded they would not add up to zero, and
            leave the acoustic modes at the zone centre a frequency.
    """

    cell: Structure
    first_positions: list[Floats] = field(default_factory=list)
    forces: list[Floats] = field(default_factory=list)

    def to_row(self) -> dict[str, Any]:
        """Return columns for a table."""
        row: dict[str, Any] = {_CELL: self.cell.to_json()}
        for number, (positions, forces) in enumerate(zip(self.first_positions, self.forces, strict=True)):
            row[f"{_FIRST_POSITIONS}_{number}"] = positions.tobytes()
            row[f"{_FORCES}_{number}"] = forces.tobytes()
        return row

    @classmethod
    def from_row(cls, row: dict[str, Any]) -> "KeptForces":
        """Return what ``to_row`` wrote.

        Raises:
            DataError: It is not complete.
        """
        try:
            kept = cls(Structure.from_str(row[_CELL], fmt="json"))
            n_set = sum(name.startswith(_FORCES) for name in row)
            for number in range(n_set):
                positions = np.frombuffer(row[f"{_FIRST_POSITIONS}_{number}"]).reshape(-1, 3)
                forces = np.frombuffer(row[f"{_FORCES}_{number}"])
                kept.first_positions.append(positions)
                kept.forces.append(forces.reshape(-1, len(positions), 3))
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"kept forces are damaged ({error!r}): delete their file and compute them again") from error
        return kept

    def iterate_forces_of_copies(self, cells: list[PhonopyAtoms]) -> Iterator[Floats]:
        """Yield the forces of the next set.

        Raises:
            DataError: The set is of other displacements.
        """
        if not self.forces:
            raise DataError("kept forces end too early: they belong to other settings")
        positions, forces = self.first_positions.pop(0), self.forces.pop(0)
        same = positions.shape == cells[0].positions.shape and len(forces) == len(cells)
        if not same or np.abs(positions - cells[0].positions).max() > _LARGEST_DIFFERENCE_ANGSTROM:
            raise DataError("kept forces belong to other displacements: delete their file and compute them again")
        yield from forces


class _KeepingCalculator:
    """Computes with a calculator, and keeps what it computed."""

    def __init__(self, calculator: Any, kept: KeptForces) -> None:
        self._calculator, self._kept = calculator, kept

    def iterate_forces_of_copies(self, cells: list[PhonopyAtoms]) -> Iterator[Floats]:
        forces = compute_forces(cells, self._calculator)
        self._kept.first_positions.append(np.array(cells[0].positions))
        self._kept.forces.append(forces)
        yield from forces


def compute_phonon_forces(structure: Structure, calculator: Any, settings: PhononSettings) -> KeptForces:
    """Compute all forces that a crystal's conductivity takes.

    Args:
        structure: Any cell of the crystal.
        calculator: ASE calculator with forces, and stress where the cell is relaxed.
        settings: Of the phonons.

    Raises:
        StructureError: The crystal does not come to rest, a phonon is imaginary, or the displacements do not determine
            the force constants.
    """
    kept = KeptForces(settle(structure, calculator, settings))
    keeping = _KeepingCalculator(calculator, kept)
    require_stable(compute_harmonic_constants(kept.cell, keeping, settings), settings)
    compute_cubic_constants(kept.cell, keeping, settings)
    return kept


def solve_kept_forces(kept: KeptForces, settings: PhononSettings) -> SolvedCrystal:
    """Compute the conductivity at 300 K from forces that were kept, which are used up.

    Args:
        kept: Of a crystal that was found stable.
        settings: Those that the forces were computed with.

    Raises:
        DataError: The forces belong to other settings.
        StructureError: No finite conductivity comes out.
    """
    harmonic = compute_harmonic_constants(kept.cell, kept, settings)
    return solve(harmonic, compute_cubic_constants(kept.cell, kept, settings), settings)
