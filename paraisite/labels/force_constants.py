"""Force constants of second and third order of a crystal of any symmetry, from a potential's forces."""

import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
from phono3py import Phono3py
from phonopy.structure.atoms import PhonopyAtoms
from phonopy.structure.cells import PrimitiveMatrixAutoDefaultWarning
from pymatgen.core.structure import Structure
from pymatgen.symmetry.analyzer import SpacegroupAnalyzer

from paraisite.arrays import Floats
from paraisite.errors import StructureError
from paraisite.labels.mechanics import SYMMETRY_TOLERANCE_ANGSTROM
from paraisite.labels.phonon_progress import (
    SECOND_ORDER,
    THIRD_ORDER,
    OnPhononStep,
    count_stage,
    ignore_step,
)
from paraisite.labels.phonon_settings import MAX_FREE_CONSTANTS, PhononSettings, Repeats, choose_repeats, cut_off
from paraisite.labels.supercell_forces import compute_forces, to_phonopy_cell

MAX_UNEXPLAINED: Final = 0.5
"""Share of the forces of even order in the displacements that the fitted constants may leave unexplained: what fourth
order adds at 0.03 Å is a few percent, and all of it is unexplained where displacements are too few."""

_FITTED_ORDERS: Final = [2, 3]

_SYMMETRY_TOLERANCE: Final = 1e-5  # of phono3py, once the cell is relaxed with its symmetry


@dataclass(frozen=True)
class HarmonicConstants:
    """Second order.

    Attributes:
        cell: The cell that supercells are multiples of, at rest.
        repeats: Of the cell in the supercell.
        values: eV/Å², [n_primitive, n_supercell_atom, 3, 3].
        n_force_call: Supercells whose forces were computed.
    """

    cell: Structure
    repeats: Repeats
    values: Floats
    n_force_call: int


@dataclass(frozen=True)
class CubicConstants:
    """Third order.

    Attributes:
        repeats: Of the cell in the supercell.
        values: eV/Å³, [n_primitive, n_supercell_atom, n_supercell_atom, 3, 3, 3].
        n_free: Free constants, if they were fitted.
        unexplained: Share of the forces of even order that they leave unexplained, if they were fitted to opposite
            displacements.
        n_force_call: Supercells whose forces were computed.
    """

    repeats: Repeats
    values: Floats
    n_free: int | None
    unexplained: float | None
    n_force_call: int


def standardize(structure: Structure, settings: PhononSettings) -> Structure:
    """Return the standard cell of a crystal, as spglib defines it, that its supercells are multiples of."""
    symmetry = SpacegroupAnalyzer(structure, SYMMETRY_TOLERANCE_ANGSTROM)
    if settings.cell == "primitive":
        return symmetry.find_primitive()
    return symmetry.get_refined_structure()


def choose_harmonic_repeats(cell: Structure, settings: PhononSettings) -> Repeats:
    """Return how often a standard cell is repeated along its axes for the second order."""
    return choose_repeats(cell.lattice, len(cell), settings.harmonic_supercell)


def choose_cubic_repeats(cell: Structure, settings: PhononSettings) -> Repeats:
    """Return how often a standard cell is repeated along its axes for the third order."""
    return choose_repeats(cell.lattice, len(cell), settings.cubic_supercell)


def build_phonons(
    cell: Structure, settings: PhononSettings, *, harmonic_repeats: Repeats, cubic_repeats: Repeats
) -> Phono3py:
    """Return phono3py's object of a cell and its supercells, without force constants."""
    atoms = to_phonopy_cell(cell)
    # A copy: what it is given later, it does not share; the cells and their symmetry, which take long, it does.
    phonons = copy(
        _find_symmetry(
            (tuple(atoms.symbols), atoms.cell.tobytes(), atoms.positions.tobytes()),
            harmonic_repeats,
            cubic_repeats,
            is_primitive=settings.cell == "primitive",
            averages_origin=settings.averages_origin,
        )
    )
    phonons.mesh_numbers = settings.mesh
    return phonons


_CellKey = tuple[tuple[str, ...], bytes, bytes]
"""Elements, and lattice and positions as bytes."""


@lru_cache(maxsize=1)
def _find_symmetry(
    cell: _CellKey, harmonic_repeats: Repeats, cubic_repeats: Repeats, *, is_primitive: bool, averages_origin: bool
) -> Phono3py:
    """Return phono3py's object with supercells and their symmetry alone; the last one is kept.

    A crystal's displacements, force constants and solutions, on two meshes, all start from it.
    """
    symbols, lattice, positions = cell
    atoms = PhonopyAtoms(
        symbols=symbols, cell=np.frombuffer(lattice).reshape(3, 3), positions=np.frombuffer(positions).reshape(-1, 3)
    )
    with expect_primitive_cell():
        return Phono3py(
            atoms,
            np.diag(cubic_repeats),
            "P" if is_primitive else "auto",
            phonon_supercell_matrix=np.diag(harmonic_repeats),
            symprec=_SYMMETRY_TOLERANCE,
            make_r0_average=averages_origin,
        )


def compute_harmonic_constants(
    cell: Structure, calculator: Any, settings: PhononSettings, *, on_step: OnPhononStep = ignore_step
) -> HarmonicConstants:
    """Compute second-order constants from displacements of single atoms.

    Args:
        cell: As ``standardize`` returns it, atoms at rest.
        calculator: ASE calculator with forces.
        settings: Supercell and displacements.
        on_step: Called after each displacement.
    """
    repeats = choose_harmonic_repeats(cell, settings)
    phonons = build_phonons(
        cell, settings, harmonic_repeats=repeats, cubic_repeats=choose_cubic_repeats(cell, settings)
    )
    moved = displace_single_atoms(phonons, settings)
    on_cell = count_stage(on_step, SECOND_ORDER, n_total=len(moved))
    phonons.phonon_forces = _compute_forces_of_displaced(
        moved, phonons.phonon_supercell, calculator, settings, on_cell=on_cell
    )
    phonons.produce_fc2()
    phonons.symmetrize_fc2()
    return HarmonicConstants(cell, repeats, _compact(phonons.fc2, phonons), len(moved) + settings.subtracts_residual)


def displace_single_atoms(phonons: Phono3py, settings: PhononSettings) -> list[PhonopyAtoms]:
    """Return the supercells of second order whose forces are needed."""
    phonons.generate_fc2_displacements(
        distance=settings.harmonic_displacement_angstrom, is_plusminus=_is_plusminus(settings.harmonic_opposites)
    )
    return list(phonons.phonon_supercells_with_displacements)


def compute_cubic_constants(
    cell: Structure, calculator: Any, settings: PhononSettings, *, on_step: OnPhononStep = ignore_step
) -> CubicConstants:
    """Compute third-order constants.

    Args:
        cell: As ``standardize`` returns it, atoms at rest.
        calculator: ASE calculator with forces.
        settings: Supercell and displacements. Where the free constants are very many, ``cut_off`` takes effect.
        on_step: Called after each displacement.

    Raises:
        StructureError: The displacements do not determine the constants.
    """
    repeats = choose_cubic_repeats(cell, settings)
    phonons = build_phonons(
        cell, settings, harmonic_repeats=choose_harmonic_repeats(cell, settings), cubic_repeats=repeats
    )
    with keep_recursion_limit():
        if settings.cubic_scheme == "systematic":
            return _compute_systematically(phonons, repeats, calculator, settings, on_step=on_step)
        return _fit_displacements(phonons, repeats, calculator, settings, on_step=on_step)


def _compute_systematically(
    phonons: Phono3py, repeats: Repeats, calculator: Any, settings: PhononSettings, *, on_step: OnPhononStep
) -> CubicConstants:
    phonons.generate_displacements(
        distance=settings.cubic_displacement_angstrom,
        is_plusminus=_is_plusminus(settings.cubic_opposites),
        cutoff_pair_distance=settings.cubic_cutoff_angstrom,
    )
    given = phonons.supercells_with_displacements
    is_needed = np.array([each is not None for each in given])  # pairs beyond the cutoff are None
    forces = np.zeros((len(given), len(phonons.supercell), 3))
    needed = [each for each in given if each is not None]
    on_cell = count_stage(on_step, THIRD_ORDER, n_total=len(needed))
    forces[is_needed] = _compute_forces_of_displaced(needed, phonons.supercell, calculator, settings, on_cell=on_cell)
    phonons.forces = forces
    phonons.produce_fc3()
    phonons.symmetrize_fc3()
    n_call = int(is_needed.sum()) + settings.subtracts_residual
    return CubicConstants(repeats, _compact(phonons.fc3, phonons), None, None, n_call)


def _fit_displacements(
    phonons: Phono3py, repeats: Repeats, calculator: Any, settings: PhononSettings, *, on_step: OnPhononStep
) -> CubicConstants:
    if settings.cubic_cutoff_angstrom is None and estimate_free_constants(phonons) > MAX_FREE_CONSTANTS:
        settings = cut_off(settings)
    fit = _prepare_fit(phonons, settings)
    n_free = int(fit.basis_set[3].basis_set.shape[1])
    with_opposites = settings.cubic_opposites == "always"
    phonons.generate_displacements(
        distance=settings.cubic_displacement_angstrom,
        number_of_snapshots=count_snapshots(n_free, len(phonons.supercell), settings),
        is_plusminus=with_opposites,
        random_seed=settings.seed,
    )
    moved = phonons.supercells_with_displacements
    on_cell = count_stage(on_step, THIRD_ORDER, n_total=len(moved))
    phonons.forces = _compute_forces_of_displaced(moved, phonons.supercell, calculator, settings, on_cell=on_cell)
    fit.displacements = np.array([each.positions for each in moved]) - phonons.supercell.positions
    fit.forces = phonons.forces
    fit.solve(orders=_FITTED_ORDERS, is_compact_fc=np.array_equal(fit.p2s_map, phonons.primitive.p2s_map))
    values = _compact(fit.force_constants[3], phonons)
    unexplained = _measure_unexplained(phonons, values) if with_opposites else None
    if unexplained is not None and not unexplained < MAX_UNEXPLAINED:
        raise StructureError(
            f"{len(moved)} displacements do not determine {n_free} force constants of third order: they leave "
            f"{unexplained:.0%} of the forces of even order unexplained, expected less than {MAX_UNEXPLAINED:.0%}"
        )
    return CubicConstants(repeats, values, n_free, unexplained, len(moved) + settings.subtracts_residual)


def count_snapshots(n_free: float, n_supercell_atom: int, settings: PhononSettings) -> int:
    """Return how many random displacements, without their opposites, are to determine so many free constants."""
    return max(1, int(np.ceil(settings.equations_per_constant * n_free / (3 * n_supercell_atom))))


def _compute_forces_of_displaced(
    displaced: Sequence[PhonopyAtoms],
    at_rest: PhonopyAtoms,
    calculator: Any,
    settings: PhononSettings,
    *,
    on_cell: Callable[[], None],
) -> Floats:
    """Return the forces of displaced supercells, eV/Å, [n_cell, n_atom, 3], less those at rest if settings say so."""
    forces = compute_forces(displaced, calculator, on_cell=on_cell)
    if settings.subtracts_residual:
        forces -= compute_forces([at_rest], calculator)
    return forces


def estimate_free_constants(phonons: Phono3py) -> float:
    """Return about how many constants of third order symmetry leaves free: counting takes long if they are many."""
    return len(phonons.primitive) * len(phonons.supercell) ** 2 * 27 / 6 / count_point_operations(phonons)


def count_point_operations(phonons: Phono3py) -> int:
    """Return the order of the crystal's point group."""
    return len({rotation.tobytes() for rotation in phonons.symmetry.symmetry_operations["rotations"]})


def _prepare_fit(phonons: Phono3py, settings: PhononSettings) -> Any:
    """Return symfc's object with the constants of second and third order that symmetry leaves free.

    phono3py would find them once to count them and once more to fit them.
    """
    from symfc import Symfc  # its import raises the recursion limit
    from symfc.utils.utils import SymfcAtoms

    cell, cutoff, symmetry = phonons.supercell, settings.cubic_cutoff_angstrom, phonons.symmetry
    fit = Symfc(
        SymfcAtoms(numbers=cell.numbers, cell=cell.cell, scaled_positions=cell.scaled_positions),
        spacegroup_operations=symmetry.symmetry_operations,
        symprec=symmetry.tolerance,
        cutoff=None if cutoff is None else {3: cutoff},
    )
    fit.compute_basis_set(orders=_FITTED_ORDERS)
    return fit


def _measure_unexplained(phonons: Phono3py, values: Floats) -> float:
    """Return which share of the forces of even order the constants leave unexplained, in the displacements they fit.

    The mean force of a displacement and its opposite holds even orders only, of which the second in displacements comes
    from the constants of third order.
    """
    moved = phonons.supercells_with_displacements
    half = len(moved) // 2  # all opposites come after all displacements
    displacements = np.array([each.positions for each in moved[:half]]) - phonons.supercell.positions
    forces = np.asarray(phonons.forces)[:, phonons.primitive.p2s_map]
    even = (forces[:half] + forces[half:]) / 2.0
    expected = np.array([-0.5 * np.einsum("ijkabc,jb,kc->ia", values, u, u, optimize=True) for u in displacements])
    size = float(np.linalg.norm(even))
    return float(np.linalg.norm(even - expected)) / size if size > 0.0 else 0.0


def _compact(constants: Floats, phonons: Phono3py) -> Floats:
    """Return the constants of the primitive cell's atoms, from which symmetry gives all others."""
    n_primitive = len(phonons.primitive)
    if len(constants) == n_primitive:
        return np.asarray(constants)
    is_harmonic = np.ndim(constants) == 4
    primitive = phonons.phonon_primitive if is_harmonic else phonons.primitive
    return np.asarray(constants)[primitive.p2s_map]


def _is_plusminus(opposites: str) -> Any:
    return {"always": True, "never": False}.get(opposites, "auto")


@contextmanager
def expect_primitive_cell() -> Iterator[None]:
    """Leave out phonopy's warning, for scripts of an older version, that the primitive cell is found by symmetry."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PrimitiveMatrixAutoDefaultWarning)
        yield


@contextmanager
def keep_recursion_limit() -> Iterator[None]:
    """Undo what symfc does when it is imported: with its limit, deeply nested JSON ends the process."""
    limit = sys.getrecursionlimit()
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)
