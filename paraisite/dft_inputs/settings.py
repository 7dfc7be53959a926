"""With what settings a crystal is to be computed: those of Togo15 where they are known, and where each comes from.

Source: Togo, Chaput and Tanaka, PRB 91, 094306 (2015), 10.1103/PhysRevB.91.094306; phonondb's page of its inputs
(https://github.com/atztogo/phonondb), which names the functional and systematic displacements; Póta et al.,
arXiv:2408.00755, whose published structures name the meshes that go with them.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from pymatgen.core.structure import Structure
from pymatgen.symmetry.analyzer import SpacegroupAnalyzer

from paraisite.labels.mechanics import SYMMETRY_TOLERANCE_ANGSTROM

DISPLACEMENT_ANGSTROM: Final = 0.03
ENERGY_CUTOFF_EV: Final = 520.0
"""VASP's."""

WAVE_CUTOFF_RYDBERG: Final = 80.0
"""Quantum ESPRESSO's: what a pseudopotential needs stands in its own documentation."""

TEMPERATURE_KELVIN: Final = 300.0
K_POINTS_ANGSTROM: Final = 30.0
"""Electrons' wave vectors along an axis, times the cell's length, are at least this."""

Three = tuple[int, int, int]


class _KnownSizes(NamedTuple):
    """Sizes for one of Togo15's structure types."""

    supercell: Three
    phonon_supercell: Three
    mesh: Three


_ROCKSALT: Final = _KnownSizes((2, 2, 2), (4, 4, 4), (19, 19, 19))
_WURTZITE: Final = _KnownSizes((3, 3, 2), (5, 5, 3), (19, 19, 15))
_TYPES: Final = {(225, 8): _ROCKSALT, (216, 8): _ROCKSALT, (186, 4): _WURTZITE}
"""By space group and atoms in the conventional cell: rocksalt, zinc blende, wurtzite."""

_REACH_ANGSTROM: Final = 8.0
_PHONON_REACH_ANGSTROM: Final = 12.0
_LARGEST_MESH: Final = 19


@dataclass(frozen=True)
class CalculationPlan:
    """How one crystal is computed.

    Attributes:
        supercell: Conventional cells along each axis for cubic force constants.
        phonon_supercell: The same for harmonic ones.
        mesh: Phonon wave vectors along each axis of the primitive cell.
        is_known_type: Whether the crystal has one of Togo15's structure types.
        with_nac: Whether the splitting of optical branches at the zone centre is corrected for, with Born charges.
        pair_cutoff_angstrom: Pairs of displaced atoms that are farther apart are left out; None for all pairs.
    """

    supercell: Three
    phonon_supercell: Three
    mesh: Three
    is_known_type: bool
    with_nac: bool
    pair_cutoff_angstrom: float | None = None


def find_conventional_cell(structure: Structure) -> Structure:
    """Return the standard conventional cell, which displacements are made in."""
    return SpacegroupAnalyzer(structure, SYMMETRY_TOLERANCE_ANGSTROM).get_conventional_standard_structure()


def find_primitive_cell(structure: Structure) -> Structure:
    """Return the standard primitive cell, which Born charges are computed in."""
    return SpacegroupAnalyzer(structure, SYMMETRY_TOLERANCE_ANGSTROM).get_primitive_standard_structure()


def plan_calculation(
    conventional: Structure, *, with_nac: bool, pair_cutoff_angstrom: float | None = None
) -> CalculationPlan:
    """Return the plan for a crystal.

    Args:
        conventional: Its conventional cell.
        with_nac: As ``CalculationPlan`` has it.
        pair_cutoff_angstrom: As ``CalculationPlan`` has it.
    """
    group = SpacegroupAnalyzer(conventional, SYMMETRY_TOLERANCE_ANGSTROM).get_space_group_number()
    known = _TYPES.get((group, len(conventional)))
    sizes = known or _KnownSizes(
        _count_repeats(conventional, _REACH_ANGSTROM),
        _count_repeats(conventional, _PHONON_REACH_ANGSTROM),
        _choose_mesh(conventional),
    )
    return CalculationPlan(
        *sizes, is_known_type=known is not None, with_nac=with_nac, pair_cutoff_angstrom=pair_cutoff_angstrom
    )


def choose_k_points(cell: Structure) -> Three:
    """Return the electrons' wave vectors along each axis of a cell, the zone's centre among them."""
    return _count_repeats(cell, K_POINTS_ANGSTROM)


def list_settings(plan: CalculationPlan) -> list[tuple[str, str, str]]:
    """Return each setting's name, its value, and where it comes from."""
    here = "chosen here"
    size = "phono3py's documentation and examples" if plan.is_known_type else here
    mesh = (
        "Póta et al., for this structure type" if plan.is_known_type else f"{here}, as many fewer as an axis is longer"
    )
    nac = "with BORN" if plan.with_nac else "none"
    return [
        ("functional", "PBE", "phonondb, of the data of PRB 91, 094306"),
        ("displacements", f"systematic, {DISPLACEMENT_ANGSTROM} Å", "phonondb; their length is phono3py's default"),
        ("supercell, cubic constants", _join_numbers(plan.supercell), f"{size}; that of Togo15 was not looked up"),
        (
            "supercell, harmonic constants",
            _join_numbers(plan.phonon_supercell),
            f"{size}; that of Togo15 was not looked up",
        ),
        ("phonon mesh", _join_numbers(plan.mesh), mesh),
        ("Boltzmann equation", "relaxation-time approximation, tetrahedra", "PRB 91, 094306"),
        ("isotopes, boundaries", "no scattering by them", f"{here}; whether Togo15's values hold it is not known"),
        ("non-analytical correction", nac, f"{here}; whether Togo15's values hold it is not known"),
        ("energy cutoff", f"{ENERGY_CUTOFF_EV:g} eV in VASP, {WAVE_CUTOFF_RYDBERG:g} Ry in Quantum ESPRESSO", here),
        ("electrons' wave vectors", f"at least {K_POINTS_ANGSTROM:g} Å times their number", here),
        ("cell", "relaxed with the same settings first", f"{here}: phonons are those of a cell without forces"),
    ]


def _join_numbers(numbers: Three) -> str:
    return "×".join(map(str, numbers))


def _count_repeats(cell: Structure, reach_angstrom: float) -> Three:
    first, second, third = (max(1, int(np.ceil(reach_angstrom / length))) for length in cell.lattice.abc)
    return first, second, third


def _choose_mesh(conventional: Structure) -> Three:
    lengths = np.array(find_primitive_cell(conventional).lattice.abc)
    first, second, third = (max(1, round(_LARGEST_MESH * float(share))) for share in lengths.min() / lengths)
    return first, second, third
