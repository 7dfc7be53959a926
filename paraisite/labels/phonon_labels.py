"""A crystal's row of phonons and conductivity under a potential, or the reason why there is none.

Born charges are not had from a potential: what their absence costs is measured by ``paraisite check settings``.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from pymatgen.core.structure import Structure
from pymatgen.symmetry.analyzer import SpacegroupAnalyzer

from paraisite.errors import StructureError
from paraisite.labels.conductivity import (
    MAX_SHARE_OF_WAVE_VECTOR,
    SolvedCrystal,
    compute_lattice_conductivity,
    solve,
)
from paraisite.labels.failures import FAILURES, describe_error
from paraisite.labels.kept_forces import KeptForces, solve_kept_forces
from paraisite.labels.mechanics import SYMMETRY_TOLERANCE_ANGSTROM
from paraisite.labels.mesh_convergence import KAPPA_COARSE, find_mesh_dependence
from paraisite.labels.phonon_progress import OnPhononStep, ignore_step
from paraisite.labels.phonon_quantities import compute_phonon_quantities
from paraisite.labels.phonon_settings import PhononSettings, Repeats
from paraisite.labels.weak_bonding import require_strong_bonds
from paraisite.schema import KAPPA_POTENTIAL, REASON

COARSER: Final = 0.75
"""How many wave vectors along each axis the second, coarser mesh has, as a fraction of the first's."""

COLUMNS: Final = {
    "structure_json": "relaxed primitive cell, pymatgen's JSON",
    "space_group": "number of the space group after relaxation",
    KAPPA_POTENTIAL: "conductivity at 300 K under the potential, particle-like and coherences, mean of the tensor's "
    "diagonal, W/m/K",
    **{
        f"kappa_{axis}_w_per_m_k": f"component {axis} of the tensor in the axes of spglib's standard cell, W/m/K"
        for axis in ("xx", "yy", "zz", "yz", "xz", "xy")
    },
    "particle_w_per_m_k": "particle-like part of the mean, W/m/K",
    "coherence_w_per_m_k": "part of the mean by coherences (Wigner), W/m/K",
    KAPPA_COARSE: f"the mean with {COARSER:g} times as many wave vectors along each axis, W/m/K",
    "max_share": "largest share of the particle-like part that one wave vector carries",
    "min_frequency_thz": "lowest phonon frequency on the mesh, THz, negative if imaginary",
    "max_frequency_thz": "highest phonon frequency on the mesh, THz",
    "velocity_km_per_s": "root mean square of group velocities, weighted by heat capacity, km/s",
    "heat_capacity_j_per_cubic_cm_k": "heat capacity at constant volume and 300 K, J/(cm³ K)",
    "transverse_sound_km_per_s": "velocity of the two slower acoustic branches, mean over directions, km/s",
    "longitudinal_sound_km_per_s": "velocity of the fastest acoustic branch, mean over directions, km/s",
    "gruneisen": "Grüneisen parameter, mean of the modes weighted by heat capacity",
    "gruneisen_rms": "root mean square of the modes' Grüneisen parameters, likewise weighted",
    "mean_frequency_thz": "first moment of the density of states, THz",
    "rms_frequency_thz": "square root of its second moment, THz",
    "geometric_frequency_thz": "exponential of the mean logarithm of frequency, THz",
    "phase_space_per_thz": "pairs of phonons that a phonon may split into or join with, mean over modes, 1/THz",
    "n_harmonic_atom": "atoms in the supercell of second order",
    "n_cubic_atom": "atoms in the supercell of third order",
    "n_free_constant": "free force constants of third order",
    "unexplained": "share of the forces of even order that the constants of third order leave unexplained",
    "n_force_call": "supercells whose forces were computed",
}
"""Columns of a row, with meaning and unit."""


def label_phonons(
    candidate_id: str,
    structure: Structure,
    calculator: Any,
    settings: PhononSettings,
    *,
    on_step: OnPhononStep = ignore_step,
) -> dict[str, Any]:
    """Return a crystal's row, the keys of ``COLUMNS`` or a reason; a failure becomes its reason.

    Args:
        candidate_id: Names the row.
        structure: Any cell of the crystal.
        calculator: ASE calculator with forces, and stress where the cell is relaxed.
        settings: Of the phonons.
        on_step: Called after each step.
    """

    def compute() -> SolvedCrystal:
        require_strong_bonds(structure)
        return compute_lattice_conductivity(structure, calculator, settings, on_step=on_step)

    return _describe_or_refuse(candidate_id, compute, settings)


def label_kept_forces(candidate_id: str, kept: KeptForces, settings: PhononSettings) -> dict[str, Any]:
    """Return the row that ``label_phonons`` would, from forces that were computed before; they are used up.

    Args:
        candidate_id: Names the row.
        kept: The forces.
        settings: They were computed with.

    Raises:
        DataError: The forces belong to other settings.
    """
    return _describe_or_refuse(candidate_id, lambda: solve_kept_forces(kept, settings), settings)


def _describe_or_refuse(
    candidate_id: str, compute: Callable[[], SolvedCrystal], settings: PhononSettings
) -> dict[str, Any]:
    row: dict[str, Any] = {"candidate_id": candidate_id, REASON: ""}
    try:
        solved = compute()
        row |= describe_solution(solved, settings)
        share, kappa = solved.conductivity.max_share, solved.conductivity.kappa_w_per_m_k
        if share > MAX_SHARE_OF_WAVE_VECTOR:
            raise StructureError(
                f"one wave vector carries {share:.0%} of {kappa:.4g} W/m/K, "
                f"expected at most {MAX_SHARE_OF_WAVE_VECTOR:.0%}"
            )
        if reason := find_mesh_dependence(kappa, row[KAPPA_COARSE]):
            raise StructureError(reason)
    except FAILURES as error:
        row[REASON] = describe_error(error)
    return row


def describe_solution(solved: SolvedCrystal, settings: PhononSettings) -> dict[str, Any]:
    """Return the columns of ``COLUMNS`` for a crystal whose conductivity is solved."""
    symmetry = SpacegroupAnalyzer(solved.harmonic.cell, SYMMETRY_TOLERANCE_ANGSTROM)
    conductivity = solved.conductivity
    return {
        "structure_json": symmetry.get_primitive_standard_structure().to_json(),
        "space_group": symmetry.get_space_group_number(),
        KAPPA_POTENTIAL: conductivity.kappa_w_per_m_k,
        **conductivity.components,
        "particle_w_per_m_k": conductivity.particle_w_per_m_k,
        "coherence_w_per_m_k": conductivity.coherence_w_per_m_k,
        KAPPA_COARSE: _solve_coarser(solved, settings),
        "max_share": conductivity.max_share,
        "min_frequency_thz": solved.min_frequency_thz,
        "max_frequency_thz": solved.max_frequency_thz,
        **vars(compute_phonon_quantities(solved, settings)),
        "n_harmonic_atom": len(solved.phonons.phonon_supercell),
        "n_cubic_atom": len(solved.phonons.supercell),
        "n_free_constant": solved.cubic.n_free,
        "unexplained": solved.cubic.unexplained,
        "n_force_call": solved.harmonic.n_force_call + solved.cubic.n_force_call,
    }


def _solve_coarser(solved: SolvedCrystal, settings: PhononSettings) -> float:
    """Return the conductivity on a coarser mesh, W/m/K: how far the mesh matters."""
    along_x, along_y, along_z = (max(1, round(COARSER * number)) for number in solved.conductivity.mesh)
    mesh: Repeats | float = (along_x, along_y, along_z)
    if isinstance(settings.mesh, float) and solved.phonons.grid.grid_matrix is not None:
        # A generalised grid, as body-centred lattices have: what its numbers are for is not along the lattice's axes.
        mesh = COARSER * settings.mesh
    return solve(solved.harmonic, solved.cubic, replace(settings, mesh=mesh)).conductivity.kappa_w_per_m_k
