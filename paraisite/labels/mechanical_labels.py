"""A candidate's energy, equation of state and elastic moduli under a potential, or the reason why there are none."""

from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from pymatgen.core.structure import Structure
from pymatgen.symmetry.analyzer import SpacegroupAnalyzer

from paraisite.errors import StructureError
from paraisite.labels.decorate import Candidate
from paraisite.labels.failures import FAILURES, describe_error
from paraisite.labels.mechanics import SYMMETRY_TOLERANCE_ANGSTROM, compute_elastic_tensor, fit_equation_of_state, relax

MIN_DISTANCE_ANGSTROM: Final = 1.0
"""Atoms closer than this are an artefact of the potential; the shortest bonds of solids without hydrogen are longer."""


@dataclass(frozen=True)
class MechanicalLabels:
    """A candidate's row; what had not been computed when a reason for rejection was found is NaN.

    Attributes:
        candidate_id: Prototype and elements.
        prototype: Name of the structure type that the relaxation started from.
        reason: Why the candidate was rejected; empty if it was accepted.
        structure_json: Relaxed primitive cell, pymatgen's JSON; empty if relaxation failed.
        space_group: Hermann-Mauguin symbol after relaxation.
        energy_ev_per_atom: Potential energy of the relaxed cell, eV/atom.
        bulk_gpa: Bulk modulus of the elastic tensor, mean of Voigt and Reuss, GPa.
        shear_gpa: Shear modulus, likewise, GPa.
        min_stiffness_gpa: Lowest eigenvalue of the elastic tensor in Voigt's notation, GPa.
        bulk_eos_gpa: Bulk modulus of the equation of state, GPa, atoms at fixed fractional positions.
        bulk_slope: Its pressure derivative, without unit.
    """

    candidate_id: str
    prototype: str
    reason: str = ""
    structure_json: str = ""
    space_group: str = ""
    energy_ev_per_atom: float = np.nan
    bulk_gpa: float = np.nan
    shear_gpa: float = np.nan
    min_stiffness_gpa: float = np.nan
    bulk_eos_gpa: float = np.nan
    bulk_slope: float = np.nan


def label_mechanics(candidate: Candidate, calculator: Any) -> dict[str, Any]:
    """Return the fields of a candidate's `MechanicalLabels`; a failure becomes its reason.

    Args:
        candidate: What to compute.
        calculator: ASE calculator with energy, forces and stress.
    """
    row: dict[str, Any] = {"candidate_id": candidate.candidate_id, "prototype": candidate.prototype}
    try:
        _fill(row, candidate.structure, calculator)
    except FAILURES as error:
        row["reason"] = describe_error(error)
    return asdict(MechanicalLabels(**row))


def _fill(row: dict[str, Any], start: Structure, calculator: Any) -> None:
    structure, energy = relax(start, calculator)
    row |= {
        "structure_json": structure.to_json(),
        "space_group": SpacegroupAnalyzer(structure, SYMMETRY_TOLERANCE_ANGSTROM).get_space_group_symbol(),
        "energy_ev_per_atom": energy / len(structure),
    }
    closest = _shortest_distance(structure)
    if closest < MIN_DISTANCE_ANGSTROM:
        raise StructureError(f"atoms {closest:.2f} Å apart, expected at least {MIN_DISTANCE_ANGSTROM}")
    tensor = compute_elastic_tensor(structure, calculator)
    row |= {
        "bulk_gpa": float(tensor.k_vrh),
        "shear_gpa": float(tensor.g_vrh),
        "min_stiffness_gpa": float(np.linalg.eigvalsh(tensor.voigt).min()),
    }
    equation = fit_equation_of_state(structure, calculator)
    row |= {"bulk_eos_gpa": equation.bulk_gpa, "bulk_slope": equation.bulk_slope}


def _shortest_distance(structure: Structure) -> float:
    """Return the shortest distance between two atoms, images of the same atom among them, Å."""
    apart = structure.distance_matrix + np.where(np.eye(len(structure)), np.inf, 0.0)
    return float(min(apart.min(), *structure.lattice.get_lll_reduced_lattice().abc))
