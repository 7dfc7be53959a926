"""Descriptors of any crystal, whatever its structure type: composition, cell, the atoms' environments, springs.

They are the same for every cell that describes a crystal, primitive or not, in any setting and orientation, but for the
primitive cell of a supercell whose atoms are displaced by a quarter of an ångström or so: there a tolerance decides
whether a smaller cell is left. Those that say the same of different things, as the mean, the lowest and the highest
value of one property, are a family: a model learns one length scale for each.
"""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from paraisite.arrays import Floats
from paraisite.data.crystal_arrays import CrystalArrays
from paraisite.errors import StructureError
from paraisite.features.descriptors import Descriptor, check_elements, count_atoms_in_primitive_cells
from paraisite.features.element_properties import (
    PROPERTIES_OF_ELEMENTS,
    covalent_radii_angstrom,
    mark_kinds,
    tabulate_elements,
)
from paraisite.features.environments import ENVIRONMENTS, SPRINGS, compute_stiffness, describe_environments
from paraisite.features.neighbour_shells import TOO_SPARSE, Pairs, Shells, find_pairs, find_shells

_ATOMS_PER_CHUNK: Final = 2048
_STATISTICS: Final = ("mean", "lowest", "highest", "deviation")
_RADIAL_CENTRES: Final = np.linspace(0.6, 2.2, 12)
_RADIAL_WIDTH: Final = 0.1
_RADIAL_END: Final = 3.0
"""Farther pairs count as if they were here, less than 1e-27; farther still, a factor would overflow."""

_IONS: Final = ("cations", "anions")
_OF_IONS: Final = ("log10_mass", "electronegativity", "atomic_radius", "group", "row")
_OF_IONS_BONDS: Final = ("reduced_nearest", "log10_coordination")


class FamilyMember(NamedTuple):
    """A descriptor and the family that it belongs to."""

    descriptor: Descriptor
    family: str


def _list_descriptors() -> Iterator[FamilyMember]:
    for item in PROPERTIES_OF_ELEMENTS:
        yield from _statistics_of(item.name, item.unit, f"of the {item.meaning} over the atoms")
    for of_atom in ENVIRONMENTS:
        yield from _statistics_of(
            of_atom.name, of_atom.unit, f"over the atoms of: {of_atom.meaning[0].lower()}{of_atom.meaning[1:-1]}"
        )
    for kind in mark_kinds(np.zeros(0, np.int64)):
        yield FamilyMember(Descriptor(f"share_{kind}", "", f"Share of atoms: {kind.replace('_', ' ')}."), "kinds")
    for name, unit, meaning in (
        ("log10_volume_per_atom", "log10(Å³)", "Volume per atom."),
        ("log10_primitive_volume", "log10(Å³)", "Volume of the primitive cell."),
        ("log10_atoms_in_primitive_cell", "", "Number of atoms in the primitive cell."),
        ("log10_density", "log10(u/Å³)", "Density."),
        ("log10_mean_mass", "log10(u)", "Mean mass of the atoms."),
        ("log10_relative_mass_deviation", "", "Logarithm of 1 + relative standard deviation of the masses."),
        ("log10_packing_covalent", "", "Sum of the cubes of the covalent radii over the volume."),
        ("log10_packing_atomic", "", "Sum of the cubes of the atomic radii over the volume."),
        ("elements", "", "Number of elements."),
    ):
        yield FamilyMember(Descriptor(name, unit, meaning), name)
    for law, formula in SPRINGS.items():
        for name, unit, meaning in (
            ("log10_spring_modulus", "log10(1/Å)", "Sum of stiffness times length squared over the volume"),
            ("log10_spring_velocity", "log10(Å²/u)", "The same over the density"),
            ("log10_spring_concentration", "", "Mean square of the stiffness over its mean"),
        ):
            yield FamilyMember(Descriptor(f"{name}_{law}", unit, f"{meaning}, for springs {formula}."), f"{name}_{law}")
    for name, meaning in (
        ("radial", "Pairs"),
        ("radial_electronegativity", "Pairs, by electronegativity's difference,"),
    ):
        for number, centre in enumerate(_RADIAL_CENTRES):
            text = f"{meaning} at {centre:.2f} times the cube root of the volume per atom."
            yield FamilyMember(Descriptor(f"{name}_{number}", "", text), name)
    for ions, which in zip(_IONS, ("less", "more"), strict=True):
        text = f"over the atoms that are {which} electronegative than the mean"
        for name in (*_OF_IONS, *_OF_IONS_BONDS):
            yield FamilyMember(Descriptor(f"{name}_of_{ions}", "", f"Mean {name} {text}."), f"{name}_of_{ions}")
    yield FamilyMember(
        Descriptor("share_anions", "", f"Share of atoms {text.removeprefix('over the atoms ')}."), "ions"
    )


def _statistics_of(name: str, unit: str, meaning: str) -> Iterator[FamilyMember]:
    for statistic in _STATISTICS:
        yield FamilyMember(Descriptor(f"{name}_{statistic}", unit, f"{statistic.capitalize()} {meaning}."), name)


_MEMBERS: Final = tuple(_list_descriptors())

CRYSTAL_DESCRIPTORS: Final = tuple(member.descriptor for member in _MEMBERS)
"""What ``compute_crystal_descriptors`` returns, in order."""

FAMILIES: Final = tuple(dict.fromkeys(member.family for member in _MEMBERS))
"""Names of the families, in order."""

FAMILY_OF_DESCRIPTOR: Final = np.array([FAMILIES.index(member.family) for member in _MEMBERS], np.int64)
"""Each descriptor's family, by its number in ``FAMILIES``."""


def compute_crystal_descriptors(crystals: CrystalArrays) -> Floats:
    """Return the columns of ``CRYSTAL_DESCRIPTORS`` of usable crystals, [n_crystal, n_descriptor].

    Raises:
        StructureError: A site holds several elements or none, or the atoms are too far apart for a crystal.
    """
    check_elements(crystals)
    parts = [np.zeros((0, len(CRYSTAL_DESCRIPTORS)))]
    for some in cut_into_chunks(crystals):
        pairs, sparse = find_pairs(some)
        if len(sparse):
            raise StructureError(TOO_SPARSE)
        parts.append(describe_by_pairs(some, pairs))
    return np.concatenate(parts)


def cut_into_chunks(crystals: CrystalArrays) -> Iterator[CrystalArrays]:
    """Yield crystals with so many atoms together that the arrays of each step stay in the processor's cache."""
    chunk = crystals.atom_offset[:-1] // _ATOMS_PER_CHUNK
    for rows in np.split(np.arange(len(crystals)), np.flatnonzero(np.diff(chunk)) + 1):
        yield crystals.take(rows)


def describe_by_pairs(crystals: CrystalArrays, pairs: Pairs) -> Floats:
    """Return the columns of ``CRYSTAL_DESCRIPTORS`` of a few crystals whose pairs are known."""
    if not len(crystals):
        return np.zeros((0, len(CRYSTAL_DESCRIPTORS)))
    shells = find_shells(crystals, pairs)
    springs = compute_stiffness(crystals, shells)
    elements = np.stack([values[crystals.atomic_number] for values in tabulate_elements().values()], axis=1)
    kinds = np.stack(list(mark_kinds(crystals.atomic_number).values()), axis=1)
    blocks = [
        _statistics(crystals, elements),
        _statistics(crystals, describe_environments(crystals, shells, springs)),
        _mean(crystals, kinds.astype(np.float64)),
        _cell(crystals),
        _springs(crystals, shells, springs),
        _radial(crystals, pairs),
        _ions(crystals, shells),
    ]
    return np.concatenate(blocks, axis=1)


def _mean(crystals: CrystalArrays, of_atoms: Floats) -> Floats:
    mean: Floats = np.add.reduceat(of_atoms, crystals.atom_offset[:-1], axis=0) / crystals.n_atom[:, None]
    return mean


def _statistics(crystals: CrystalArrays, of_atoms: Floats) -> Floats:
    """Return mean, lowest, highest and deviation of each column over each crystal's atoms, [n_crystal, 4 n_column]."""
    first = crystals.atom_offset[:-1]
    mean = _mean(crystals, of_atoms)
    deviation = np.sqrt(_mean(crystals, (of_atoms - mean[crystals.crystal_of_atom]) ** 2))
    ends = [end.reduceat(of_atoms, first, axis=0) for end in (np.minimum, np.maximum)]
    return np.stack([mean, *ends, deviation], axis=2).reshape(len(crystals), -1)


def _cell(crystals: CrystalArrays) -> Floats:
    elements, first = tabulate_elements(), crystals.atom_offset[:-1]
    mass = 10.0 ** elements["log10_mass"][crystals.atomic_number]
    volume_per_atom = np.abs(np.linalg.det(crystals.lattice_angstrom)) / crystals.n_atom
    mean_mass = np.add.reduceat(mass, first) / crystals.n_atom
    variance = np.add.reduceat((mass - mean_mass[crystals.crystal_of_atom]) ** 2, first) / crystals.n_atom
    n_primitive = count_atoms_in_primitive_cells(crystals)
    cubes = [
        np.add.reduceat(radii[crystals.atomic_number] ** 3, first) / crystals.n_atom
        for radii in (covalent_radii_angstrom(), elements["atomic_radius"])
    ]
    n_element = [len(set(numbers)) for numbers in np.split(crystals.atomic_number, first[1:])]
    columns = [
        np.log10(volume_per_atom),
        np.log10(volume_per_atom * n_primitive),
        np.log10(n_primitive),
        np.log10(mean_mass / volume_per_atom),
        np.log10(mean_mass),
        np.log10(1.0 + np.sqrt(variance) / mean_mass),
        *(np.log10(cube / volume_per_atom) for cube in cubes),
        np.array(n_element, np.float64),
    ]
    return np.stack(columns, axis=1)


def _springs(crystals: CrystalArrays, shells: Shells, springs: Mapping[str, Floats]) -> Floats:
    first = crystals.atom_offset[:-1]
    volume = np.abs(np.linalg.det(crystals.lattice_angstrom))
    mass = np.add.reduceat(10.0 ** tabulate_elements()["log10_mass"][crystals.atomic_number], first)
    columns = []
    for stiffness in springs.values():
        strained = np.add.reduceat((stiffness * shells.distance_angstrom**2).sum(axis=1), first)
        square, total = (np.add.reduceat(each.sum(axis=1), first) for each in (stiffness * stiffness, stiffness))
        columns += [np.log10(strained / volume), np.log10(strained / mass), np.log10(square / total)]
    return np.stack(columns, axis=1)


def _radial(crystals: CrystalArrays, pairs: Pairs) -> Floats:
    """Return smoothed numbers of pairs by distance, and the same weighted by electronegativity's difference."""
    # Each pair of two atoms is there from either end.
    half = np.flatnonzero(pairs.neighbour >= pairs.centre)
    centre, neighbour = pairs.centre[half], pairs.neighbour[half]
    crystal = crystals.crystal_of_atom[centre]
    volume_per_atom = np.abs(np.linalg.det(crystals.lattice_angstrom)) / crystals.n_atom
    distance = pairs.distance_angstrom[half] / np.cbrt(volume_per_atom)[crystal]
    electronegativity = tabulate_elements()["electronegativity"][crystals.atomic_number]
    difference = np.abs(electronegativity[centre] - electronegativity[neighbour])
    # From one centre to the next, h widths on, exp(-x²) of a pair that is x widths beyond the first gains a factor
    # exp(2xh - h²), which falls by exp(-2h²) each time: two exponentials do for all centres.
    step = (_RADIAL_CENTRES[1] - _RADIAL_CENTRES[0]) / _RADIAL_WIDTH
    beyond = (np.minimum(distance, _RADIAL_END) - _RADIAL_CENTRES[0]) / _RADIAL_WIDTH
    near, factor = np.exp(-beyond * beyond), np.exp(step * (2.0 * beyond - step))
    near *= np.where(centre == neighbour, 1.0, 2.0)
    # Pairs lie crystal by crystal.
    first = np.searchsorted(crystal, np.arange(len(crystals)))
    counts = np.empty((2, len(_RADIAL_CENTRES), len(crystals)))
    for number, place in enumerate(_RADIAL_CENTRES):
        for which, weights in enumerate((near, near * difference)):
            # The area of the sphere makes the parts alike.
            counts[which, number] = np.add.reduceat(weights, first) / place**2
        near *= factor
        factor *= np.exp(-2.0 * step**2)
    columns: Floats = (counts.reshape(-1, len(crystals)) / crystals.n_atom).T
    return columns


def _ions(crystals: CrystalArrays, shells: Shells) -> Floats:
    """Return means over the less and the more electronegative atoms; over all where none is either."""
    elements = {name: values[crystals.atomic_number] for name, values in tabulate_elements().items()}
    values = np.stack(
        [
            *(elements[name] for name in _OF_IONS),
            shells.reduced[:, 0],
            np.log10(shells.weight.sum(axis=1)),
        ],
        axis=1,
    )
    is_anion = _is_anion(crystals, elements["electronegativity"])
    overall, columns = _mean(crystals, values), []
    for mask in (~is_anion, is_anion):
        share = _mean(crystals, mask[:, None].astype(np.float64))
        of_ions = _mean(crystals, values * mask[:, None]) / np.where(share > 0, share, 1.0)
        columns.append(np.where(share > 0, of_ions, overall))
    return np.concatenate([*columns, share], axis=1)


def _is_anion(crystals: CrystalArrays, electronegativity: Floats) -> npt.NDArray[np.bool_]:
    mean = _mean(crystals, electronegativity[:, None])[:, 0]
    # Of an element all are alike, whatever rounding makes of the mean.
    return electronegativity > mean[crystals.crystal_of_atom] + 1e-6
