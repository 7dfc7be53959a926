"""Reduced formulas as text, without pandas: processes of a screening name each crystal by one."""

import warnings
from collections.abc import Iterable

from pymatgen.core.composition import Composition


def reduce_formulas(compositions: Iterable[Composition]) -> list[str]:
    """Return formulas such as "GaAs", without oxidation states."""
    with warnings.catch_warnings():
        # pymatgen orders a formula by electronegativity and warns once per noble gas, which has none.
        warnings.filterwarnings("ignore", message="No Pauling electronegativity")
        return [composition.element_composition.reduced_formula for composition in compositions]
