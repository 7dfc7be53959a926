"""Names of data sets, descriptors and predictions as the field writes them, with units: for figures and tables."""

from typing import Final

from paraisite.schema import (
    FORMATION_ENERGY,
    KAPPA,
    KAPPA_LOG10_STD,
    KAPPA_MEAN,
    KAPPA_VARIANCE,
    LOG_BULK,
    LOG_SHEAR,
    OUT_OF_DOMAIN_FLAG,
)

DATA_SET_NAMES: Final = {"togo15": "Togo15", "hh143": "HH143", "phonix": "Phonix"}
"""As publications write them; others keep the name that they have here."""

_NAMES: Final = {
    KAPPA: "thermal conductivity, label (W/m/K)",
    KAPPA_MEAN: "mTC (W/m/K)",
    KAPPA_VARIANCE: "var(pTC) ((W/m/K)²)",
    KAPPA_LOG10_STD: "std of log10 pTC (dex)",
    FORMATION_ENERGY.column: "formation energy (eV/atom)",
    LOG_BULK.column: "bulk modulus (GPa)",
    LOG_SHEAR.column: "shear modulus (GPa)",
    "debye_kelvin": "Debye temperature (K)",
    "poisson": "Poisson ratio",
    "gruneisen_of_poisson": "Grüneisen parameter, from Poisson ratio",
    "gruneisen_of_bulk_slope": "Grüneisen parameter, from dB/dp",
    "volume": "cell volume (Å³)",
    "nsites": "atoms per cell",
    "nelements": "number of elements",
    "density": "density (g/cm³)",
    "density_atomic": "volume per atom (Å³)",
    "spacegroup_number": "space group number",
    "symmetry_order": "point-group operations",
    "log10_mean_mass": "log10 mean atomic mass (u)",
    "log10_lightest_mass": "log10 lightest atomic mass (u)",
    "log10_heaviest_mass": "log10 heaviest atomic mass (u)",
    "log10_volume_per_atom": "log10 volume per atom (Å³)",
    "log10_nearest_distance": "log10 nearest-neighbour distance (Å)",
    "log10_atoms_in_primitive_cell": "log10 atoms per primitive cell",
    "mean_electronegativity": "mean electronegativity",
    "electronegativity_range": "electronegativity difference",
    "neighbours": "nearest neighbours, mean number",
    OUT_OF_DOMAIN_FLAG: "outside the applicability domain",
}
_LOG10: Final = "log10_"


def name_in_words(column: str) -> str:
    """Return how the field calls a column; one that is not known keeps its name.

    Args:
        column: Of a descriptor or prediction, or such with the name of a model behind a space.
    """
    name, _, model = column.partition(" ")
    if name in _NAMES:
        words = _NAMES[name]
    elif name.removeprefix(_LOG10) in _NAMES:
        words = f"log10 {_NAMES[name.removeprefix(_LOG10)]}"
    else:
        return column
    return f"{words}, {model}" if model else words
