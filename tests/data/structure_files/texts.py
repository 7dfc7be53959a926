"""Texts of structure files for the tests of this folder, and what a reader makes of them."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from paraisite.data.structure_files.reading import parse_content, to_structure

CUBIC = (90.0, 90.0, 90.0)
ROCKSALT_SITES = ("Ca Ca 0 0 0", "O O 0.5 0.5 0.5")
LIME = (4.811, 4.811, 4.811, *CUBIC)  # CaO: 3.34 g/cm3, Ca-O 2.405 Å

TAGS = {
    "label": "_atom_site_label",
    "type": "_atom_site_type_symbol",
    "x": "_atom_site_fract_x",
    "y": "_atom_site_fract_y",
    "z": "_atom_site_fract_z",
    "occupancy": "_atom_site_occupancy",
    "group": "_atom_site_disorder_group",
    "attached": "_atom_site_attached_hydrogens",
}


class Crystal(NamedTuple):
    """What the right value of a reading is: formula of the cell, density, shortest distance, space group."""

    formula: str
    density: float
    shortest: float
    space_group: int


def cif(
    sites: Sequence[str] = ROCKSALT_SITES,
    *,
    cell: Sequence[object] = LIME,
    symbol: str | None = None,
    operations: Sequence[str] = (),
    further: str = "",
    columns: str = "label type x y z",
    header: str = "data_lime",
) -> str:
    """Return a CIF of one block."""
    names = ("length_a", "length_b", "length_c", "angle_alpha", "angle_beta", "angle_gamma")
    lines = [header, *(f"_cell_{name} {value}" for name, value in zip(names, cell, strict=True))]
    if symbol is not None:
        lines.append(f"_symmetry_space_group_name_H-M '{symbol}'")
    lines += [further] if further else []
    if operations:
        lines += ["loop_", "_symmetry_equiv_pos_as_xyz", *(f"'{operation}'" for operation in operations)]
    return "\n".join([*lines, "loop_", *(TAGS[name] for name in columns.split()), *sites]) + "\n"


def poscar(
    *,
    comment: str = "lime",
    scale: str = "4.811",
    vectors: Sequence[str] = ("0 0.5 0.5", "0.5 0 0.5", "0.5 0.5 0"),
    names: str | None = "Ca O",
    counts: str = "1 1",
    mode: str = "Direct",
    positions: Sequence[str] = ("0 0 0", "0.5 0.5 0.5"),
    end: str = "",
) -> str:
    """Return a POSCAR of rock salt."""
    return "\n".join([comment, scale, *vectors, *([names] if names else []), counts, mode, *positions]) + "\n" + end


def extended_xyz(
    *atoms: str, n_atom: int | None = None, facts: str = 'pbc="T T T"', properties: str = "species:S:1:pos:R:3"
) -> str:
    """Return a frame of rock salt."""
    atoms = atoms or ("Ca 0 0 0", "O 2.4055 2.4055 2.4055")
    lattice = "0 2.4055 2.4055 2.4055 0 2.4055 2.4055 2.4055 0"
    count = len(atoms) if n_atom is None else n_atom
    return "\n".join([str(count), f'Lattice="{lattice}" Properties={properties} {facts}', *atoms]) + "\n"


def read(text: str | bytes, name: str = "") -> list[Crystal | str]:
    """Return each crystal's measures, or its reason."""
    return [measure(to_structure(found.crystal)) for found in parse_content(text, name)]


def read_one(text: str | bytes, name: str = "") -> Crystal | str:
    """Return the only crystal's measures, or its reason."""
    (crystal,) = read(text, name)
    return crystal


def reason_of(text: str | bytes, name: str = "") -> str:
    """Return why the only crystal of a text is refused."""
    crystal = read_one(text, name)
    assert isinstance(crystal, str), crystal
    assert "\n" not in crystal
    return crystal


def measure(structure: object) -> Crystal | str:
    """Return a crystal's measures; a reason stays."""
    if isinstance(structure, str):
        return structure
    distance = structure.distance_matrix + 99.0 * np.eye(len(structure))
    shortest = min(float(distance.min()), *structure.lattice.abc)
    group = structure.get_space_group_info()[1]
    return Crystal(structure.composition.formula, round(structure.density, 2), round(shortest, 2), group)
