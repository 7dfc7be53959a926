"""Elemental references: the lowest energy that the potential gives to an element in any of some structure types."""

from typing import Any, Final

import numpy as np
from pymatgen.core.periodic_table import Element
from pymatgen.core.structure import Structure

from paraisite.labels.decorate import ANION_CHARGES, CATIONS
from paraisite.labels.failures import FAILURES, describe_error
from paraisite.labels.mechanics import relax
from paraisite.labels.prototypes import ELEMENTAL, Prototype

ELEMENT: Final = "element"
ENERGY: Final = "energy_ev_per_atom"

OWN_TYPE_ONLY: Final = {"manganese": "Mn", "boron": "B"}
"""Types with many atoms that no other element takes."""

MIN_VOLUME_PER_ATOM_CUBIC_ANGSTROM: Final = 8.0
"""Where relaxations start at least: a close-packed crystal with the bonds of a molecule is far from anything real."""

ELEMENTS: Final = tuple(sorted({*CATIONS, *ANION_CHARGES}))
"""All elements that occur in candidates."""


def label_element(symbol: str, calculator: Any) -> list[dict[str, Any]]:
    """Return a row for every structure type of an element: its relaxed energy in eV/atom, or the reason why not."""
    types = [prototype for prototype in ELEMENTAL if OWN_TYPE_ONLY.get(prototype.name, symbol) == symbol]
    return [_row(symbol, prototype, calculator) for prototype in types]


def _row(symbol: str, prototype: Prototype, calculator: Any) -> dict[str, Any]:
    row: dict[str, Any] = {ELEMENT: symbol, "prototype": prototype.name, "reason": "", ENERGY: np.nan}
    try:
        structure, energy = relax(_guess(symbol, prototype), calculator)
        row[ENERGY] = energy / len(structure)
    except FAILURES as error:
        row["reason"] = describe_error(error)
    return row


def _guess(symbol: str, prototype: Prototype) -> Structure:
    """Return the crystal with its nearest atoms as far apart as their radii add up to, or farther."""
    cell = prototype.build({"A": symbol}, volume_per_atom_cubic_angstrom=20.0)
    neighbours = cell.get_all_neighbors(8.0)
    shortest = min(neighbour.nn_distance for around in neighbours for neighbour in around)
    scale = 2.0 * float(Element(symbol).atomic_radius or np.nan) / shortest
    return cell.scale_lattice(max(cell.volume * scale**3, MIN_VOLUME_PER_ATOM_CUBIC_ANGSTROM * len(cell)))
