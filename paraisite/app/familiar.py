"""Materials that a reader knows, so that an axis of conductivities means something.

Measured values at about 300 K. Source: Morelli and Slack, High Lattice Thermal Conductivity Solids, in High Thermal
Conductivity Materials (Springer, 2006), 10.1007/0-387-25100-6_2; SnSe, mean of its axes: Zhao et al., Nature 508, 373
(2014), 10.1038/nature13184; Tl3VSe4: Mukhopadhyay et al., Science 360, 1455 (2018), 10.1126/science.aar8072.
"""

from collections.abc import Mapping
from typing import Final

MEASURED_W_PER_M_K: Final[Mapping[str, float]] = {
    "Tl₃VSe₄": 0.30,
    "SnSe": 0.6,
    "PbTe": 2.5,
    "NaCl": 7.1,
    "GaAs": 45.0,
    "Si": 166.0,
    "SiC": 490.0,
    "diamond": 3000.0,
}
"""Conductivities by name, W/m/K, ascending."""

_SUBSCRIPTS: Final = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def show_formula(formula: str) -> str:
    """Return a formula with its numbers as subscripts."""
    return formula.translate(_SUBSCRIPTS)
