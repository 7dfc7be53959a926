"""A potential's conductivity of one crystal, beside what the model predicts: a check of minutes, not a proof."""

from dataclasses import dataclass, replace
from typing import Any, Final

from pymatgen.core.structure import Structure

from paraisite.errors import StructureError
from paraisite.labels.conductivity import (
    MAX_SHARE_OF_WAVE_VECTOR,
    MIN_FREQUENCY_THZ,
    compute_lattice_conductivity,
    find_lowest_mode,
)
from paraisite.labels.force_constants import standardize
from paraisite.labels.mesh_convergence import KAPPA_COARSE, find_mesh_dependence
from paraisite.labels.phonon_labels import describe_solution
from paraisite.labels.phonon_settings import LABELS, PhononSettings
from paraisite.labels.weak_bonding import describe_weak_bonding, find_weakly_bound_parts
from paraisite.schema import KAPPA_POTENTIAL

MAX_CELL_ATOMS: Final = 40
"""In the conventional cell; larger ones take hours."""


@dataclass(frozen=True)
class PotentialCheck:
    """Phonons and conductivity of a crystal under a potential, at 300 K.

    Attributes:
        columns: As ``labels.phonon_labels`` describes them; imaginary phonons are left out of the conductivity.
        lowest_frequency_thz: Of all phonons on a mesh with the zone's centre and boundaries, negative if imaginary.
        lowest_at: Its wave vector, in reciprocal lattice vectors of the primitive cell.
        volume_change: Of the cell by the relaxation, as a fraction; 0 where the cell was kept.
        structure: The cell that was computed, atoms at rest.
    """

    columns: dict[str, Any]
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
        if (share := self.columns["max_share"]) > MAX_SHARE_OF_WAVE_VECTOR:
            sentences.append(f"one wave vector carries {share:.0%}: the value grows with the mesh")
        if reason := find_mesh_dependence(self.columns[KAPPA_POTENTIAL], self.columns[KAPPA_COARSE]):
            sentences.append(reason)
        if parts := find_weakly_bound_parts(self.structure):
            sentences.append(describe_weak_bonding(parts))
        return sentences

    def as_row(self) -> dict[str, Any]:
        """Return the numbers and warnings as JSON knows them."""
        return {name: value for name, value in self.columns.items() if name != "structure_json"} | {
            "lowest_frequency_thz": self.lowest_frequency_thz,
            "lowest_at": list(self.lowest_at),
            "volume_change": self.volume_change,
            "warnings": self.warnings,
        }


def check_with_potential(
    structure: Structure, calculator: Any, *, keep_cell: bool, settings: PhononSettings | None = None
) -> PotentialCheck:
    """Compute a crystal's phonons and conductivity under a potential.

    Args:
        structure: Any cell of it.
        calculator: ASE calculator with forces, and stress where the cell is relaxed.
        keep_cell: Whether only the atoms settle, at the cell that is given.
        settings: Of the phonons; by default those of labels.

    Raises:
        StructureError: The cell is too large, atoms or cell do not settle, or no finite conductivity comes out.
    """
    settings = settings or LABELS
    given = standardize(structure, settings)
    if len(given) > MAX_CELL_ATOMS:
        raise StructureError(f"a conventional cell of {len(given)} atoms, expected at most {MAX_CELL_ATOMS}")
    settings = replace(settings, relaxes=not keep_cell)
    solved = compute_lattice_conductivity(structure, calculator, settings, allows_imaginary=True)
    lowest, where = find_lowest_mode(solved.harmonic, settings)
    settled = solved.harmonic.cell
    change = settled.volume / given.volume - 1.0
    return PotentialCheck(describe_solution(solved, settings), lowest, where, change, settled)
