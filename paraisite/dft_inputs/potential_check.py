"""A potential's conductivity of one crystal, beside what the model predicts: a check of minutes, not a proof."""

from dataclasses import asdict, dataclass
from typing import Any, Final

from pymatgen.core.structure import Structure
from pymatgen.symmetry.analyzer import SpacegroupAnalyzer

from paraisite.errors import StructureError
from paraisite.labels.conductivity import (
    MAX_SHARE_OF_WAVE_VECTOR,
    MIN_FREQUENCY_THZ,
    Conductivity,
    choose_mesh,
    compute_conductivity,
    find_lowest_mode,
)
from paraisite.labels.force_constants import Effort, compute_harmonic_phonons, count_supercell_atoms
from paraisite.labels.mechanics import SYMMETRY_TOLERANCE_ANGSTROM, relax, relax_atoms

EFFORT: Final = Effort(min_angstrom=7.5, min_atoms=40, snapshots_per_minimum=4.0, opposite_too=True)
"""As for labels, with each displacement in the opposite direction as well: twice the cost, no fourth-order terms."""

MAX_SUPERCELL_ATOMS: Final = 200
"""Larger ones take hours."""


@dataclass(frozen=True)
class PotentialCheck:
    """Phonons and conductivity of a crystal under a potential, at 300 K.

    Attributes:
        conductivity: Of the cell that was computed; imaginary phonons are left out of it.
        lowest_frequency_thz: Of all phonons on a mesh with the zone's centre and boundaries, negative if imaginary.
        lowest_at: Its wave vector, in reciprocal lattice vectors of the primitive cell.
        volume_change: Of the cell by the relaxation, as a fraction; 0 where the cell was kept.
        structure: The primitive cell that was computed, atoms at rest.
    """

    conductivity: Conductivity
    lowest_frequency_thz: float
    lowest_at: tuple[float, ...]
    volume_change: float
    structure: Structure

    @property
    def warnings(self) -> list[str]:
        """What speaks against trusting the value, in sentences."""
        sentences = []
        if self.lowest_frequency_thz < MIN_FREQUENCY_THZ:
            where = " ".join(f"{x:g}" for x in self.lowest_at)
            sentences.append(f"imaginary phonon of {self.lowest_frequency_thz:.2f} THz at ({where}): not stable at 0 K")
        if self.conductivity.max_share > MAX_SHARE_OF_WAVE_VECTOR:
            sentences.append(
                f"one wave vector carries {self.conductivity.max_share:.0%}: the value grows with the mesh"
            )
        return sentences

    def as_row(self) -> dict[str, Any]:
        """Return the numbers and warnings as JSON knows them."""
        return {
            **asdict(self.conductivity),
            "lowest_frequency_thz": self.lowest_frequency_thz,
            "lowest_at": list(self.lowest_at),
            "volume_change": self.volume_change,
            "warnings": self.warnings,
        }


def check_with_potential(structure: Structure, calculator: Any, *, keep_cell: bool) -> PotentialCheck:
    """Compute a crystal's phonons and conductivity under a potential.

    Args:
        structure: Any cell of it.
        calculator: ASE calculator with forces, and stress where the cell is relaxed.
        keep_cell: Whether only the atoms settle, at the cell that is given.

    Raises:
        StructureError: The supercell is too large, atoms or cell do not settle, or no finite conductivity comes out.
    """
    primitive = SpacegroupAnalyzer(structure, SYMMETRY_TOLERANCE_ANGSTROM).get_primitive_standard_structure()
    if (n_atom := count_supercell_atoms(primitive)) > MAX_SUPERCELL_ATOMS:
        raise StructureError(f"a supercell of {n_atom} atoms, expected at most {MAX_SUPERCELL_ATOMS}")
    settled = relax_atoms(primitive, calculator) if keep_cell else relax(primitive, calculator)[0]
    harmonic = compute_harmonic_phonons(settled, calculator)
    lowest, where = find_lowest_mode(harmonic, [2 * number for number in choose_mesh(settled)])
    conductivity = compute_conductivity(harmonic, settled, calculator, effort=EFFORT)
    return PotentialCheck(conductivity, lowest, where, settled.volume / primitive.volume - 1.0, settled)
