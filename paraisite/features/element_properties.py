"""Properties of the elements, as arrays by atomic number, for descriptors of any crystal; pymatgen's periodic table."""

import re
import warnings
from collections.abc import Callable
from functools import cache
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from pymatgen.core.periodic_table import Element

from paraisite.arrays import Floats

N_ELEMENT: Final = 103
"""Elements whose properties the table knows."""

_COVALENT_RADII_ANGSTROM: Final = (
    0.31, 0.28, 1.28, 0.96, 0.84, 0.73, 0.71, 0.66, 0.57, 0.58, 1.66, 1.41, 1.21, 1.11, 1.07, 1.05, 1.02, 1.06, 2.03,
    1.76, 1.70, 1.60, 1.53, 1.39, 1.50, 1.42, 1.38, 1.24, 1.32, 1.22, 1.22, 1.20, 1.19, 1.20, 1.20, 1.16, 2.20, 1.95,
    1.90, 1.75, 1.64, 1.54, 1.47, 1.46, 1.42, 1.39, 1.45, 1.44, 1.42, 1.39, 1.39, 1.38, 1.39, 1.40, 2.44, 2.15, 2.07,
    2.04, 2.03, 2.01, 1.99, 1.98, 1.98, 1.96, 1.94, 1.92, 1.92, 1.89, 1.90, 1.87, 1.87, 1.75, 1.70, 1.62, 1.51, 1.44,
    1.41, 1.36, 1.36, 1.32, 1.45, 1.46, 1.48, 1.40, 1.50, 1.50, 2.60, 2.21, 2.15, 2.06, 2.00, 1.96, 1.90, 1.87, 1.80,
    1.69,
)  # fmt: skip
"""Of hydrogen and on, as far as they are known; pymatgen's module of them imports a fifth of a second of SciPy.

Source: Cordero et al., Dalton Trans. 2008, 2832, 10.1039/b801115j.
"""

_UNKNOWN_RADIUS_ANGSTROM: Final = 1.5
"""Of the elements beyond: about that of the heaviest that are known."""

_LEAST: Final = 1e-2
"""Below any of the table's values that are taken in the logarithm; some of gases are zero."""

_ORBITAL: Final = re.compile(r"\d([spdf])(\d+)")


class ElementProperty(NamedTuple):
    """A number that describes an element.

    Attributes:
        name: In names of descriptors.
        unit: Unit as text; empty for a number without one.
        meaning: For people.
        read: Returns it, or something that is no finite number where it is not known.
    """

    name: str
    unit: str
    meaning: str
    read: Callable[[Element], float | None]


def _attribute(name: str) -> Callable[[Element], float | None]:
    return lambda element: _number(getattr(element, name))


def _log10(name: str) -> Callable[[Element], float | None]:
    def read(element: Element) -> float | None:
        value = _number(getattr(element, name))
        return None if value is None else float(np.log10(max(value, _LEAST)))

    return read


def _valence_electrons(orbital: str) -> Callable[[Element], float]:
    """Return how electrons in the shells beyond the noble gas's core are counted."""

    def read(element: Element) -> float:
        shells = str(element.electronic_structure).rpartition("]")[2]
        return float(sum(int(number) for kind, number in _ORBITAL.findall(shells) if kind == orbital))

    return read


def _highest_common_oxidation_state(element: Element) -> float:
    return float(max((abs(state) for state in element.common_oxidation_states), default=0))


def _number(value: object) -> float | None:
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return number if np.isfinite(number) else None


PROPERTIES_OF_ELEMENTS: Final = (
    ElementProperty("log10_mass", "log10(u)", "atomic mass", _log10("atomic_mass")),
    ElementProperty("electronegativity", "", "Pauling's electronegativity", _attribute("X")),
    ElementProperty("atomic_radius", "Å", "atomic radius", _attribute("atomic_radius")),
    ElementProperty("ionic_radius", "Å", "mean ionic radius", _attribute("average_ionic_radius")),
    ElementProperty("log10_molar_volume", "log10(cm³/mol)", "element's molar volume", _log10("molar_volume")),
    ElementProperty("row", "", "row of the periodic table", _attribute("row")),
    ElementProperty("group", "", "group of the periodic table", _attribute("group")),
    ElementProperty("mendeleev_number", "", "Mendeleev number", _attribute("mendeleev_no")),
    ElementProperty("s_electrons", "", "number of valence electrons in s shells", _valence_electrons("s")),
    ElementProperty("p_electrons", "", "number of valence electrons in p shells", _valence_electrons("p")),
    ElementProperty("d_electrons", "", "number of valence electrons in d shells", _valence_electrons("d")),
    ElementProperty("oxidation_state", "", "highest common oxidation state", _highest_common_oxidation_state),
    ElementProperty("ionization_energy", "eV", "first ionization energy", _attribute("ionization_energy")),
    ElementProperty("electron_affinity", "eV", "electron affinity", _attribute("electron_affinity")),
    ElementProperty("log10_melting_point", "log10(K)", "element's melting point", _log10("melting_point")),
    ElementProperty("log10_bulk_modulus", "log10(GPa)", "element's bulk modulus", _log10("bulk_modulus")),
    ElementProperty(
        "log10_element_conductivity",
        "log10(W/m/K)",
        "element's thermal conductivity",
        _log10("thermal_conductivity"),
    ),
)


@cache
def tabulate_elements() -> dict[str, Floats]:
    """Return each property by atomic number, [N_ELEMENT + 1]; medians where one is unknown, NaN for number 0."""
    elements = [Element.from_Z(number) for number in range(1, N_ELEMENT + 1)]
    columns = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # pymatgen's, where a value is unknown
        for item in PROPERTIES_OF_ELEMENTS:
            values = np.array([np.nan, *(item.read(element) for element in elements)], np.float64)
            known = np.isfinite(values)
            columns[item.name] = np.where(known | (np.arange(len(values)) == 0), values, np.median(values[known]))
    return columns


@cache
def covalent_radii_angstrom() -> Floats:
    """Return covalent radii by atomic number, Å, [N_ELEMENT + 1]."""
    radii = np.full(N_ELEMENT + 1, _UNKNOWN_RADIUS_ANGSTROM)
    radii[1 : len(_COVALENT_RADII_ANGSTROM) + 1] = _COVALENT_RADII_ANGSTROM
    return radii


def mark_kinds(atomic_number: npt.NDArray[np.int64]) -> dict[str, npt.NDArray[np.bool_]]:
    """Return which atoms are of each kind of element, by the kind's name, each bool [n_atom].

    Kinds are groups of the periodic table, and sets that behave alike: lanthanides, elements that keep a pair of s
    electrons in lower oxidation states, first-row anions, and light elements.
    """
    group = tabulate_elements()["group"][atomic_number]
    lanthanide = (atomic_number >= 57) & (atomic_number <= 71)
    return {
        "hydrogen": atomic_number == 1,
        "alkali": (group == 1) & (atomic_number > 1),
        "alkaline_earth": group == 2,
        "transition_metal": (group >= 3) & (group <= 10) & ~lanthanide,
        "lanthanide": lanthanide,
        **{f"group_{number}": group == number for number in range(11, 18)},
        "nitrogen": atomic_number == 7,
        "oxygen": atomic_number == 8,
        "fluorine": atomic_number == 9,
        "lone_pair": np.isin(atomic_number, (49, 50, 51, 52, 81, 82, 83)),
        "light": atomic_number <= 9,
    }
