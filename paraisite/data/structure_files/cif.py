"""Crystals of a CIF: one for each block that lists atoms."""

import re
from itertools import pairwise
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
from pymatgen.core.lattice import Lattice

from paraisite.data.crystal_arrays import ATOMIC_NUMBERS, CrystalArrays
from paraisite.data.structure_files.cif_block import CifBlock, read_blocks
from paraisite.data.structure_files.cif_sites import (
    CifSites,
    check_hydrogens,
    check_multiplicity,
    check_named_hydrogen,
    expand,
    has_sites,
    read_sites,
)
from paraisite.data.structure_files.cif_statements import check_natural, check_types, read_stated
from paraisite.data.structure_files.cif_symmetry import IDENTITY, CifSymmetry, fits_cell, read_symmetry, states_symmetry
from paraisite.data.structure_files.space_groups import SpaceGroupSetting, build_setting, plain_symbols
from paraisite.data.structure_files.stated_facts import StatedFacts, check_stated
from paraisite.data.validation import MAX_ATOMS, find_unusable, partly_occupied, too_many_atoms
from paraisite.errors import StructureError

SAME_PLACE_ANGSTROM: Final = 0.1
_SHORTEST_ANGSTROM: Final = 0.5
_HEADERS: Final = re.compile(r"^[ \t]*data_", re.IGNORECASE | re.MULTILINE)
_MODULATED: Final = re.compile(
    r"_(?:cell_wave_vector_|(?:space_group|space_group_symop|symmetry)_ssg_|atom_site_(?:displace_|occ_|rot_|u_)?fourier_"
    r"|atom_site_(?:displace|occ)_special_func_|cell_subsystem_)"
)
_MAX_PAIRS: Final = 2_000_000
_PAIRS_WITHOUT_TREE: Final = 200_000
"""Of an image and a site that are compared one by one; of more, only those are that a tree says are near."""

_FULL: Final = 1 - 1e-6


class CifCrystal(NamedTuple):
    """One block's crystal, or the reason why there is none."""

    name: str
    crystal: CrystalArrays | str


def parse_cif(text: str) -> list[CifCrystal]:
    """Return the crystals of a CIF.

    Raises:
        ValueError: It is no CIF, or no block of it lists atoms.
    """
    blocks = read_blocks(plain_symbols(text))
    with_sites = [block for block in blocks if has_sites(block)]
    if not with_sites:
        raise ValueError("no block of the CIF lists atoms")
    apart = next((block for block in blocks if not has_sites(block) and states_symmetry(block)), None)
    return [CifCrystal(block.name, _crystal_or_reason(block, apart)) for block in with_sites]


def count_cif_crystals(text: str) -> int:
    """Return how many crystals ``parse_cif`` finds; only a text that may hold several is read.

    Raises:
        ValueError: It is no CIF.
    """
    if len(_HEADERS.findall(text)) < 2:
        return 1
    return max(sum(has_sites(block) for block in read_blocks(text)), 1)


def _crystal_or_reason(block: CifBlock, apart: CifBlock | None) -> CrystalArrays | str:
    """Return a block's crystal, or the reason why there is none.

    Args:
        block: It lists atoms.
        apart: Another one, which names a symmetry and lists none: which atoms it is of is not known.
    """
    if apart is not None and not states_symmetry(block):
        return (
            f"the symmetry stands in another block, {apart.name[:40]!r}, than the atoms: expected it in the same, "
            "as no block of a CIF speaks of another"
        )
    try:
        return _build_crystal(block)
    except StructureError as error:
        return str(error)


def _build_crystal(block: CifBlock) -> CrystalArrays:
    n_subsystem = block.stated_number("_cell_subsystems_number") or 1
    if block.number("_cell_modulation_dimension") or n_subsystem > 1 or any(map(_MODULATED.match, block.values)):
        raise StructureError("the crystal is modulated, which a single cell does not describe")
    lattice = _read_lattice(block)
    stated = read_stated(block)
    formula = frozenset(stated.formula or ())
    sites = _fill_places(read_sites(block, formula), lattice)
    check_hydrogens(sites, formula_without_hydrogen=bool(formula) and not formula & {"H", "D", "T"})
    if not formula:
        check_named_hydrogen(sites, block)
        check_types(block, frozenset(sites.symbols))
    check_natural(block, frozenset(sites.symbols))
    symmetry = read_symmetry(block, lattice)
    if len(symmetry.settings) == 1:
        crystal = _expand(sites, symmetry.settings[0], lattice, stated)
        if symmetry.unconfirmed and not any(_is_invariant(crystal, setting) for setting in symmetry.unconfirmed):
            check_stated(crystal, StatedFacts(space_group=symmetry.unconfirmed[0].number))
        return crystal
    return _choose(sites, symmetry, lattice, stated)


def _is_invariant(crystal: CrystalArrays, setting: SpaceGroupSetting) -> bool:
    """Return whether the operations of a setting bring each atom of a crystal to an atom of the same element."""
    coords, lattice = crystal.frac_coords, crystal.lattice_angstrom[0]
    if len(coords) ** 2 * len(setting.rotations) > _MAX_PAIRS or not fits_cell(setting, lattice):
        return False
    same = crystal.atomic_number[:, None] == crystal.atomic_number
    for rotation, translation in zip(setting.rotations, setting.translations, strict=True):
        shift = (coords @ rotation.T + translation)[:, None] - coords
        near = np.linalg.norm((shift - np.rint(shift)) @ lattice, axis=2) < SAME_PLACE_ANGSTROM
        if not (near & same).any(axis=1).all():
            return False
    return True


def _expand(
    sites: CifSites, setting: SpaceGroupSetting, lattice: npt.NDArray[np.float64], stated: StatedFacts
) -> CrystalArrays:
    all_listed = _lists_all_atoms(sites, setting, lattice)
    origin, coords = expand(sites, build_setting(IDENTITY) if all_listed else setting, lattice)
    if len(coords) > MAX_ATOMS:
        raise StructureError(too_many_atoms(len(coords)))
    numbers = np.array([ATOMIC_NUMBERS[symbol] for symbol in sites.symbols], np.int64)[origin]
    crystal = CrystalArrays(lattice[None], np.array([len(coords)]), coords, numbers)
    if (numbers > 0).all():
        check_stated(crystal, stated)
        has_confirmed_number = bool(stated.formula and stated.n_formula_unit)
        if not all_listed and not has_confirmed_number:
            check_multiplicity(sites, np.bincount(origin, minlength=len(sites.labels)), len(setting.rotations))
    elif reasons := find_unusable(crystal):
        raise StructureError(reasons[0])
    return crystal


def _choose(
    sites: CifSites, symmetry: CifSymmetry, lattice: npt.NDArray[np.float64], stated: StatedFacts
) -> CrystalArrays:
    """Return the crystal of the only setting that agrees with what the file says.

    Raises:
        StructureError: None does, or several that make different crystals.
    """
    crystals: dict[str, CrystalArrays] = {}
    first_reason: StructureError | None = None
    for setting in symmetry.settings:
        try:
            crystal = _expand(sites, setting, lattice, stated)
            if (shortest := _distances(crystal)[:1]).size and shortest[0] < _SHORTEST_ANGSTROM:
                raise StructureError(f"atoms overlap in the setting {setting.name}")
            crystals[setting.name] = crystal
        except StructureError as error:
            first_reason = first_reason or error
    if not crystals:
        raise first_reason or StructureError(f"no setting of {symmetry.named} makes a crystal")
    if not all(_same_crystal(one, other) for one, other in pairwise(crystals.values())):
        counts = ", ".join(f"{name} ({crystal.n_atom[0]} atoms)" for name, crystal in crystals.items())
        raise StructureError(
            f"the space group {symmetry.named} has several settings that make different crystals, {counts}: expected "
            "symmetry operations, or a symbol that says which"
        )
    return next(iter(crystals.values()))


def _same_crystal(one: CrystalArrays, other: CrystalArrays) -> bool:
    """Return whether two crystals in the same cell have the same distances between the same atoms."""
    if sorted(one.atomic_number.tolist()) != sorted(other.atomic_number.tolist()):
        return False
    return bool(np.allclose(_distances(one), _distances(other), atol=1e-3))


def _distances(crystal: CrystalArrays) -> npt.NDArray[np.float64]:
    """Return the distances of the nearest images of all pairs of atoms, in order of their lengths, Å."""
    shift = crystal.frac_coords[:, None] - crystal.frac_coords
    shift -= np.rint(shift)
    distance = np.linalg.norm(shift @ crystal.lattice_angstrom[0], axis=2)
    first, second = np.triu_indices(len(distance), 1)
    distances: npt.NDArray[np.float64] = np.sort(distance[first, second])
    return distances


def _read_lattice(block: CifBlock) -> npt.NDArray[np.float64]:
    lengths = [block.number(f"_cell_length_{axis}") for axis in "abc"]
    tags = [f"_cell_angle_{angle}" for angle in ("alpha", "beta", "gamma")]
    angles = [block.number(tag) for tag in tags]
    if None in lengths:
        raise StructureError("the cell's lengths _cell_length_a, _b and _c are not all given")
    if unknown := [tag for tag, angle in zip(tags, angles, strict=True) if angle is None and tag in block.values]:
        raise StructureError(f"{unknown[0]} is not known")
    values = [float(value) for value in lengths if value is not None]
    # The dictionary's default of a tag that is absent is 90°.
    degrees = [90.0 if angle is None else float(angle) for angle in angles]
    if min(values) <= 0 or min(degrees) <= 0 or max(degrees) >= 180:
        raise StructureError(f"the cell's lengths are {values} Å and its angles {degrees}°, which make no cell")
    matrix = np.array(Lattice.from_parameters(*values, *degrees).matrix, np.float64)
    if not np.isfinite(matrix).all() or abs(np.linalg.det(matrix)) < 1e-6 * np.prod(values):
        raise StructureError(f"the cell's angles {degrees}° make no cell")
    return matrix


def _fill_places(sites: CifSites, lattice: npt.NDArray[np.float64]) -> CifSites:
    """Return the sites with those joined that the same element fills together, each in part.

    Raises:
        StructureError: Something else is left that fills its place in part only.
    """
    partial = np.flatnonzero(sites.occupancy < _FULL)
    if not partial.size:
        return sites
    kept = list(range(len(sites.labels)))
    for first in partial.tolist():
        if first not in kept:
            continue
        shift = sites.frac_coords[partial] - sites.frac_coords[first]
        near = partial[np.linalg.norm((shift - np.rint(shift)) @ lattice, axis=1) < SAME_PLACE_ANGSTROM]
        same = {sites.symbols[place] for place in near}
        if len(same) > 1 or abs(sites.occupancy[near].sum() - 1) > 1e-3:
            raise StructureError(partly_occupied(f"{first} ({sites.labels[first]})"))
        kept = [place for place in kept if place == first or place not in near]
    return CifSites(
        labels=tuple(sites.labels[place] for place in kept),
        symbols=tuple(sites.symbols[place] for place in kept),
        occupancy=np.ones(len(kept)),
        frac_coords=sites.frac_coords[kept],
        multiplicity=sites.multiplicity[kept],
        hydrogen_suspect=sites.hydrogen_suspect,
    )


def _lists_all_atoms(sites: CifSites, setting: SpaceGroupSetting, lattice: npt.NDArray[np.float64]) -> bool:
    """Return whether sites are images of one another, and all images are listed, so that the list is the crystal.

    Raises:
        StructureError: A site is listed again where symmetry puts its image, but not all images are listed.
    """
    if len(sites.labels) < 2 or len(setting.rotations) < 2:
        return False
    image, listed = _find_listed_images(sites, setting, lattice)
    site = image // len(setting.rotations)
    pairs = np.unique(np.stack([site, listed], axis=1)[site < listed], axis=0)
    if not pairs.size:
        return False
    for first, second in pairs.tolist():
        if sites.symbols[first] != sites.symbols[second]:
            raise StructureError(
                f"{sites.labels[first]} and {sites.labels[second]} share one place: partial occupancy is not supported"
            )
    if (np.bincount(image, minlength=len(sites.labels) * len(setting.rotations)) == 1).all():
        return True
    first, second = pairs[0].tolist()
    raise StructureError(
        f"{sites.labels[second]} of the list is already an image of {sites.labels[first]} under the symmetry "
        "operations: either all atoms are listed or operations given, expected not both"
    )


def _find_listed_images(
    sites: CifSites, setting: SpaceGroupSetting, lattice: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return pairs of an image and a listed site at its place; images are counted site by site."""
    images = (np.einsum("nij,sj->sni", setting.rotations, sites.frac_coords) + setting.translations).reshape(-1, 3)
    n_image, n_site = len(images), len(sites.frac_coords)
    if n_image * n_site <= _PAIRS_WITHOUT_TREE:
        image, listed = np.repeat(np.arange(n_image), n_site), np.tile(np.arange(n_site), n_image)
    else:
        image, listed = _find_near(images, sites.frac_coords, lattice)
    shift = images[image] - sites.frac_coords[listed]
    shift -= np.rint(shift)
    same = np.linalg.norm(shift @ lattice, axis=1) < SAME_PLACE_ANGSTROM
    return image[same], listed[same]


def _find_near(
    images: npt.NDArray[np.float64], places: npt.NDArray[np.float64], lattice: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return pairs of an image and a place, among them all that are the same."""
    from scipy.spatial import KDTree  # half a second, which a cell of few atoms does without

    radius = SAME_PLACE_ANGSTROM * float(np.linalg.norm(np.linalg.inv(lattice), 2))
    tree = KDTree(places % 1.0 % 1.0, boxsize=np.ones(3))
    near: Any = tree.query_ball_point(images % 1.0 % 1.0, min(radius, 0.5))
    image = np.repeat(np.arange(len(images)), [len(found) for found in near])
    return image, np.array([place for found in near for place in found], np.int64)
