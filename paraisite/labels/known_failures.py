"""Compounds that a potential is known to fail for."""

from collections.abc import Mapping
from typing import Final

from pymatgen.core.structure import Structure

from paraisite.errors import StructureError

KNOWN_FAILURES: Final[Mapping[str, frozenset[str]]] = {"nequix-mp-1-pft": frozenset({"LiH", "BAs", "AgCl", "AgI"})}
"""Reduced formulas whose conductivities are off by more than 40 % from PBE's, by the potential's name.

Source: matbench-discovery's conductivities of 103 compounds, see ``labels.settings_study``."""


def require_no_known_failure(structure: Structure, potential: str) -> None:
    """Do nothing for a crystal that a potential is not known to fail for.

    Args:
        structure: The crystal.
        potential: Name of the potential.

    Raises:
        StructureError: It is known to.
    """
    formula = structure.composition.reduced_formula
    if formula in KNOWN_FAILURES.get(potential, ()):
        raise StructureError(f"{potential} is known to fail for {formula}: off by more than 40 % from DFT")
