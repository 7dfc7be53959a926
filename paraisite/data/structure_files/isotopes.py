"""Masses that files give beside elements: those of isotopes are refused, because the networks know elements only."""

from collections.abc import Sequence
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt
from pymatgen.core.periodic_table import Element

from paraisite.data.crystal_arrays import ATOMIC_NUMBERS
from paraisite.data.validation import isotope
from paraisite.errors import StructureError

MASS_TOLERANCE: Final = 0.02
"""Relative: tables of standard masses differ by less, and lithium-6 from lithium by 13 %."""


@cache
def standard_masses() -> npt.NDArray[np.float64]:
    """Return the standard mass of each atomic number, u, [1 + the greatest number]; 0 for none."""
    masses = np.zeros(1 + max(ATOMIC_NUMBERS.values()))
    for symbol, number in ATOMIC_NUMBERS.items():
        if number > 0:
            masses[number] = float(Element(symbol).atomic_mass)
    return masses


def check_masses(atomic_number: npt.NDArray[np.int64], mass: Sequence[float] | npt.NDArray[np.float64]) -> None:
    """Compare masses with those of the elements.

    Args:
        atomic_number: Of each atom, [n_atom].
        mass: Stated by a file, u, [n_atom].

    Raises:
        StructureError: One is of an isotope, or of another element.
    """
    stated, expected = np.asarray(mass, np.float64), standard_masses()[atomic_number]
    if stated.shape != expected.shape:
        raise StructureError(f"{stated.size} masses for {expected.size} atoms")
    for atom in np.flatnonzero(~(np.abs(stated - expected) <= MASS_TOLERANCE * expected)):
        symbol = Element.from_Z(int(atomic_number[atom])).symbol
        raise StructureError(isotope(f"{symbol} of {stated[atom]:.4g} u (the element has {expected[atom]:.4g} u)"))


def is_mass_number(number: int, symbol: str) -> bool:
    """Return whether a number before a symbol is that of an isotope, as in 6Li, and not how many there are."""
    if symbol == "H":
        return number in (2, 3)
    atomic_number = ATOMIC_NUMBERS.get(symbol, 0)
    mass = float(standard_masses()[atomic_number]) if atomic_number > 0 else 0.0
    return atomic_number <= number and abs(number - mass) <= 0.25 * mass
