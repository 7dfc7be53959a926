"""Contributions of physical quantities to the prediction of a process on descriptors of any crystal.

Its 271 descriptors are taken together to a dozen quantities that a reader knows, and the prediction is followed along
the straight path from the median training material to the crystal: what the change of one quantity adds on the way is
its contribution. Unlike those of quantities that are hidden one at a time, these add up to the whole.

Source: integrated gradients, Sundararajan, Taly & Yan, ICML 2017, arXiv 1703.01365.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np

from paraisite.arrays import Floats, Ints
from paraisite.data.crystal_arrays import CrystalArrays
from paraisite.errors import DataError
from paraisite.explain.contributions import Contributions, InputPart
from paraisite.features.crystal_descriptors import CRYSTAL_DESCRIPTORS, FAMILIES, FAMILY_OF_DESCRIPTOR
from paraisite.features.described_crystals import describe_crystals
from paraisite.inference.relevance_model import RelevanceModel, round_descriptors

METHOD: Final = (
    "The contributions follow the straight path from a crystal with the training materials' medians to this one, and "
    "multiply to the ratio of both predictions."
)

_N_POINT: Final = 24
"""Of the path: contributions add up to the whole within some 1e-3 dex."""

_STEP: Final = 1e-3
"""Of the derivatives along the path, as a part of it."""


class Quantity(NamedTuple):
    """What some families of descriptors say together.

    Attributes:
        label: What readers call it.
        shown: The descriptor that stands for it; empty where none can be read by people.
        unit: Of the value that is shown.
        prefixes: What its families' names begin with.
    """

    label: str
    shown: str
    unit: str
    prefixes: tuple[str, ...]


QUANTITIES: Final = (
    Quantity("mass of the atoms", "log10_mean_mass", "u", (
        "log10_mass", "log10_mean_mass", "log10_relative_mass", "log10_neighbour_mass",
    )),
    Quantity("volume per atom", "log10_volume_per_atom", "Å³", (
        "log10_volume_per_atom", "log10_density", "log10_packing", "log10_molar_volume",
    )),
    Quantity("atoms in the primitive cell", "log10_atoms_in_primitive_cell", "", (
        "log10_atoms_in_primitive_cell", "log10_primitive_volume",
    )),
    Quantity("distance to nearest neighbours", "log10_nearest_mean", "Å", (
        "log10_nearest", "log10_reduced_nearest", "reduced_", "largest_gap", "bond_length",
    )),
    Quantity("number of nearest neighbours", "log10_coordination_narrow_mean", "", ("log10_coordination",)),
    Quantity("bond angles, symmetry of the sites", "", "", ("order_", "angles_")),
    Quantity("distances between all atoms", "", "", ("radial",)),
    Quantity("stiffness of the bonds", "log10_spring_modulus_exponential", "1/Å", (
        "log10_bond_frequency", "log10_softest", "log10_spring",
    )),
    Quantity("difference of electronegativities", "electronegativity_difference_mean", "", (
        "electronegativity", "ionicity", "neighbour_electronegativity", "oxidation_state", "ions",
    )),
    Quantity("size of the atoms", "atomic_radius_mean", "Å", ("atomic_radius", "ionic_radius")),
    Quantity("place in the periodic table", "", "", (
        "row", "group", "mendeleev", "s_electrons", "p_electrons", "d_electrons", "kinds", "elements",
        "ionization_energy", "electron_affinity", "neighbour_ionization",
    )),
    Quantity("melting points, stiffness of the elements", "log10_melting_point_mean", "K", (
        "log10_melting_point", "log10_bulk_modulus", "log10_element_conductivity",
    )),
)  # fmt: skip
"""Every family is one of these: the first whose longest prefix fits."""


def assign_families() -> Ints:
    """Return each family's quantity, by its number in ``QUANTITIES``, [n_family].

    Raises:
        DataError: A family belongs to none.
    """
    numbers = []
    for family in FAMILIES:
        fits = [
            (len(prefix), number)
            for number, quantity in enumerate(QUANTITIES)
            for prefix in quantity.prefixes
            if family.startswith(prefix)
        ]
        if not fits:
            raise DataError(f"descriptors {family} belong to no quantity that explanations name")
        numbers.append(max(fits)[1])
    return np.array(numbers, np.int64)


def follow_path(model: RelevanceModel, crystal: CrystalArrays) -> Contributions:
    """Return what each quantity of a crystal does to the prediction.

    Args:
        model: The process.
        crystal: The crystal, alone.

    Raises:
        DataError: The crystal cannot be used, or a prediction on the way is not finite.
    """
    described = describe_crystals(crystal)
    if described.reasons:
        raise DataError(described.reasons[0])
    own = round_descriptors(described.descriptors)[0]
    typical = np.median(model.process.descriptors, axis=0)
    quantity_of_descriptor = assign_families()[FAMILY_OF_DESCRIPTOR]

    def predict(descriptors: Floats) -> Floats:
        return model.process.estimate(descriptors).mean

    whole, nothing = predict(np.stack([own, typical]))
    change = np.where(quantity_of_descriptor == np.arange(len(QUANTITIES))[:, None], own - typical, 0.0)
    added = _integrate(predict, typical, change)
    if not np.isfinite([whole, nothing, *added]).all():
        raise DataError("a prediction between this crystal and the typical one is not a finite number")
    parts = tuple(_describe_quantity(quantity, own, typical) for quantity in QUANTITIES)
    return Contributions(parts, METHOD, np.array([whole]), added[None], np.array([whole - nothing]))


def _integrate(predict: Callable[[Floats], Floats], start: Floats, change: Floats) -> Floats:
    """Return the integral of each change's directional derivative along the path of all changes, [n_change].

    Args:
        predict: Returns one value for each row.
        start: Where the path begins, [n_descriptor].
        change: Parts of the way, which together are all of it, [n_change, n_descriptor].
    """
    points, weights = np.polynomial.legendre.leggauss(_N_POINT)
    places = start + 0.5 * (points[:, None] + 1.0) * change.sum(axis=0)  # [n_point, n_descriptor]
    around = places[:, None, None] + np.array([_STEP, -_STEP])[:, None, None] * change  # [n_point, 2, n_change, …]
    values = predict(around.reshape(-1, len(start))).reshape(_N_POINT, 2, len(change))
    slopes = (values[:, 0] - values[:, 1]) / (2.0 * _STEP)
    integral: Floats = 0.5 * weights @ slopes
    return integral


def _describe_quantity(quantity: Quantity, own: Floats, typical: Floats) -> InputPart:
    """Return a quantity with the value of the descriptor that stands for it, and the typical one."""
    if not quantity.shown:
        return InputPart("descriptor", quantity.label, "")
    column = [descriptor.name for descriptor in CRYSTAL_DESCRIPTORS].index(quantity.shown)
    values = np.array([own[column], typical[column]])
    if quantity.shown.startswith("log10_"):
        values = np.power(10.0, values)
    value, usual = (f"{number:.3g}" for number in values)
    unit = f" {quantity.unit}" if quantity.unit else ""
    return InputPart("descriptor", quantity.label, f"{value}{unit}, typical {usual}{unit}")
