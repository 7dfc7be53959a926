"""Crystals whose layers, chains or molecules are not bonded with each other.

The potentials are trained on PBE, which has no dispersion forces: where these hold a crystal together it is too soft
and too large, and its conductivity says little. Of crystals with known conductivity WSe2 comes to a fifth, CIN to a
third.

Two definitions of a bond must agree: by coordination (CrystalNN) some alloys fall into layers, and by radii (JmolNN)
all salts fall into ions. Atoms that are bonded with none are ions, which hold the others together (TlCl, TlInTe2).

Source: Larsen, Pandey, Strange and Jacobsen, Phys. Rev. Materials 3, 034003 (2019),
10.1103/PhysRevMaterials.3.034003; Pan et al., Inorg. Chem. 60, 1590 (2021), 10.1021/acs.inorgchem.0c02996.
"""

import json
import warnings
from typing import Final

import pandas as pd
from pymatgen.analysis.dimensionality import get_dimensionality_larsen, get_structure_components
from pymatgen.analysis.local_env import CrystalNN, JmolNN
from pymatgen.core.structure import Structure

from paraisite.errors import StructureError
from paraisite.labels.failures import FAILURES
from paraisite.schema import REASON

_PARTS: Final = ("molecules", "chains", "layers")
"""What a crystal consists of whose atoms are bonded along no direction, one, two."""


def find_weakly_bound_parts(structure: Structure) -> str | None:
    """Return "layers", "chains" or "molecules" where these are not bonded with each other, else None.

    A crystal whose bonds cannot be found counts as bonded.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # elements without electronegativity
            # By radii first: coordination takes seconds for a hundred atoms.
            if get_dimensionality_larsen(JmolNN().get_bonded_structure(structure)) == len(_PARTS):
                return None
            components = get_structure_components(CrystalNN().get_bonded_structure(structure))
    except FAILURES:
        return None
    n_direction = max(component["dimensionality"] for component in components)
    if n_direction == len(_PARTS) or any(_is_ion(component["structure_graph"].structure) for component in components):
        return None
    return _PARTS[n_direction]


def require_strong_bonds(structure: Structure) -> None:
    """Do nothing for a crystal that is bonded along three directions.

    Raises:
        StructureError: It is not.
    """
    if parts := find_weakly_bound_parts(structure):
        raise StructureError(describe_weak_bonding(parts))


def refuse_weakly_bound(rows: pd.DataFrame) -> pd.DataFrame:
    """Return campaign rows with a reason for accepted ones whose crystal is weakly bound.

    Args:
        rows: With reason and structure_json, as ``labels.phonon_labels`` makes them.
    """
    accepted = rows[REASON] == ""
    found = [
        find_weakly_bound_parts(Structure.from_dict(json.loads(text))) for text in rows.loc[accepted, "structure_json"]
    ]
    reasons = rows[REASON].copy()
    reasons[accepted] = ["" if parts is None else describe_weak_bonding(parts) for parts in found]
    return rows.assign(**{REASON: reasons})


def _is_ion(component: Structure) -> bool:
    return len(component) == 1 and not component[0].specie.is_noble_gas


def describe_weak_bonding(parts: str) -> str:
    """Return the reason that a crystal is refused for, by what ``find_weakly_bound_parts`` found."""
    return f"its {parts} are not bonded with each other, and the potential has no dispersion forces"
