"""What a structure alone says of a crystal: what the paper took of that from the Materials Project, and more."""

from collections.abc import Sequence
from typing import Final

import pandas as pd
from pymatgen.core.structure import Structure
from pymatgen.symmetry.analyzer import SymmetryUndeterminedError

from paraisite.errors import StructureError
from paraisite.features.descriptors import PHYSICAL_DESCRIPTORS, Descriptor, compute_physical_descriptors, find_symmetry
from paraisite.schema import REASON

OF_THE_CELL: Final = (
    Descriptor("volume", "Å³", "Volume of the cell."),
    Descriptor("nsites", "", "Atoms in the cell."),
    Descriptor("nelements", "", "Elements."),
    Descriptor("density", "g/cm³", "Density."),
    Descriptor("density_atomic", "Å³/atom", "Volume per atom, by its name in the Materials Project."),
    Descriptor("spacegroup_number", "", "Number of the space group, 1 to 230."),
    Descriptor("symmetry_order", "", "Operations of the point group, 1 to 48."),
)
"""Named as in the Materials Project, where they are there."""

OF_STRUCTURES: Final = (*OF_THE_CELL, *PHYSICAL_DESCRIPTORS)


def compute_cell_descriptors(structures: Sequence[Structure | None]) -> pd.DataFrame:
    """Return the columns of ``OF_STRUCTURES`` and ``reason``, one row per structure.

    A crystal that they cannot be computed of has NaN and a reason, else the reason is empty.

    Args:
        structures: Crystals; None is a row of NaN, whose reason is known elsewhere.
    """
    names = [descriptor.name for descriptor in OF_STRUCTURES]
    return pd.DataFrame([_row(structure) for structure in structures], columns=[*names, REASON])


def _row(structure: Structure | None) -> dict[str, float | str]:
    if structure is None:
        return {REASON: ""}
    try:
        physical = compute_physical_descriptors([structure]).iloc[0].to_dict()
        return _of_cell(structure) | {str(name): float(value) for name, value in physical.items()} | {REASON: ""}
    except (StructureError, SymmetryUndeterminedError) as error:
        return {REASON: f"no descriptors: {error}"}


def _of_cell(structure: Structure) -> dict[str, float]:
    symmetry = find_symmetry(structure)
    number, order = symmetry.get_space_group_number(), len(symmetry.get_point_group_operations())
    values = (
        structure.volume,
        len(structure),
        len(structure.composition),
        float(structure.density),
        structure.volume / len(structure),
        number,
        order,
    )
    return {descriptor.name: float(value) for descriptor, value in zip(OF_THE_CELL, values, strict=True)}
