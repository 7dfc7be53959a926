"""Each atom's nearest neighbours with directions, for descriptors of its environment.

Near means near in units of the two covalent radii, so that a long bond of large atoms counts like a short one of small
atoms. The list has one length for all atoms, but nothing that is computed from it may depend on which of several
equally far neighbours are the last in it: the last one's weight is zero.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt
from pymatgen.optimization.neighbors import find_points_in_spheres

from paraisite.arrays import Floats, Ints, find_lowest
from paraisite.data.crystal_arrays import CrystalArrays
from paraisite.features.element_properties import covalent_radii_angstrom
from paraisite.graphs.neighbours import NUMERICAL_TOLERANCE_ANGSTROM

N_NEIGHBOUR: Final = 24
"""Neighbours in an atom's list: two shells of a close packing and more."""

_FIRST_SEARCH: Final = 2.5
"""Radius of the search in units of the cube root of the volume per atom: holds 65 atoms on average."""

_WIDER: Final = 1.4
_MAX_SEARCH_ANGSTROM: Final = 60.0

TOO_SPARSE: Final = f"an atom has fewer than {N_NEIGHBOUR} others within {_MAX_SEARCH_ANGSTROM:g} Å: this is no crystal"
"""The reason of a crystal in which that is so."""

_TAPER: Final = 0.15
"""Part of the last neighbour's reduced distance over which weights fall to zero."""

_WIDE: Final = 1.3
_ALIKE: Final = (1.005, 1.025)
"""Distance of the last neighbour over that of the nearest, up to which all are as far, and from which they are not.
Those of the default model's rows are 1.028 and more."""

_PERIODIC: Final = np.ones(3, np.int64)


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs of near atoms of many crystals.

    Attributes:
        centre: int64 [n_pair], index over all crystals' atoms, ascending.
        neighbour: int64 [n_pair], likewise.
        distance_angstrom: Å, float64 [n_pair].
        place: Where a pair's image lies in ``images``, int64 [n_pair]: of few pairs it is asked for.
        images: Lattice vectors between the cells of centre and neighbour, float64 [n_image, 3], whole numbers.
    """

    centre: npt.NDArray[np.int64]
    neighbour: npt.NDArray[np.int64]
    distance_angstrom: Floats
    place: npt.NDArray[np.int64]
    images: Floats


SHELL_WIDTH: Final = 0.15
"""A neighbour x times as far as the nearest counts exp(-((x - 1)/width)²) in an atom's shell."""


@dataclass(frozen=True, eq=False)
class Shells:
    """The nearest neighbours of every atom, the nearest first.

    They are ``N_NEIGHBOUR`` for each, more where an atom has as many that are all equally far.

    Attributes:
        neighbour: int64 [n_atom, n_neighbour], index over all crystals' atoms.
        distance_angstrom: Å, [n_atom, n_neighbour].
        reduced: Distances divided by the sum of the covalent radii, ascending, same shape; infinite in places that an
            atom has no neighbour for.
        direction: Unit vectors, [3, n_atom, n_neighbour].
        taper: From 1 for near neighbours to 0 for the last, same shape as the distances.
    """

    neighbour: npt.NDArray[np.int64]
    distance_angstrom: Floats
    reduced: Floats
    direction: Floats
    taper: Floats

    @cached_property
    def weight(self) -> Floats:
        """How much each neighbour counts in the atom's first shell, same shape as the distances."""
        return weigh_shell(self, SHELL_WIDTH)


def weigh_shell(shells: Shells, width: float) -> Floats:
    """Return how much each neighbour counts in an atom's shell of this relative width, [n_atom, n_neighbour]."""
    beyond = (shells.reduced / shells.reduced[:, :1] - 1.0) / width
    return np.exp(-beyond * beyond) * shells.taper


def find_pairs(crystals: CrystalArrays) -> tuple[Pairs, Ints]:
    """Find all pairs up to 2.5 times the cube root of the volume per atom, farther where an atom has few neighbours.

    Returns:
        The pairs, and the crystals that have none because an atom has too few others within 60 Å.
    """
    volume = np.abs(np.linalg.det(crystals.lattice_angstrom))
    radius = _FIRST_SEARCH * np.cbrt(volume / np.maximum(crystals.n_atom, 1))
    found, narrow = [_NO_PAIRS] * len(crystals), np.arange(len(crystals))
    while len(narrow := narrow[radius[narrow] <= _MAX_SEARCH_ANGSTROM]):
        for row in narrow.tolist():
            found[row] = _search(crystals, row, radius_angstrom=float(radius[row]))
        centre = np.concatenate([found[row][0] for row in narrow])
        # Each atom finds itself, too.
        is_few = np.bincount(centre, minlength=len(crystals.atomic_number)) <= N_NEIGHBOUR
        narrow = narrow[np.isin(narrow, crystals.crystal_of_atom[is_few])]
        radius[narrow] *= _WIDER
    sparse = np.flatnonzero(radius > _MAX_SEARCH_ANGSTROM)
    for row in sparse.tolist():
        found[row] = _NO_PAIRS
    centre, neighbour, image, distance = (np.concatenate(parts) for parts in zip(_NO_PAIRS, *found, strict=True))
    other = np.flatnonzero((centre != neighbour) | (distance > NUMERICAL_TOLERANCE_ANGSTROM))
    return Pairs(centre[other], neighbour[other], distance[other], other, image), sparse


_Found = tuple[Ints, Ints, Floats, Floats]
_NO_PAIRS: Final[_Found] = (np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros((0, 3)), np.zeros(0))


def _search(crystals: CrystalArrays, row: int, *, radius_angstrom: float) -> _Found:
    """Return centres, neighbours, images and distances of one crystal's pairs, each atom with itself among them."""
    first, end = crystals.atom_offset[row : row + 2]
    own, lattice = crystals.cart_coords_angstrom[first:end], crystals.lattice_angstrom[row]
    centre, neighbour, image, distance = find_points_in_spheres(
        own, own, r=radius_angstrom, pbc=_PERIODIC, lattice=lattice, tol=NUMERICAL_TOLERANCE_ANGSTROM
    )
    return first + centre, first + neighbour, image, distance


def find_shells(crystals: CrystalArrays, pairs: Pairs) -> Shells:
    """Return every atom's nearest neighbours."""
    radii = covalent_radii_angstrom()[crystals.atomic_number]
    of_pair = pairs.distance_angstrom / (radii[pairs.centre] + radii[pairs.neighbour])
    n_pair = np.bincount(pairs.centre, minlength=len(radii))
    of_atom = np.full((len(radii), n_pair.max(initial=N_NEIGHBOUR)), np.inf)
    of_atom[np.arange(of_atom.shape[1]) < n_pair[:, None]] = of_pair
    place = find_lowest(of_atom, N_NEIGHBOUR)
    reduced = np.take_along_axis(of_atom, place, axis=1)
    end = _find_ends(reduced[:, :1], reduced[:, -1:])
    wider = np.flatnonzero(end > reduced[:, -1:])
    if len(wider):
        n_within = np.count_nonzero(of_atom[wider] < end[wider], axis=1).max()
        place = find_lowest(of_atom, max(int(n_within), N_NEIGHBOUR))
        reduced = np.take_along_axis(of_atom, place, axis=1)
    share = np.clip((end - reduced) / (_TAPER * end), 0.0, 1.0)
    # Where the list is longer than an atom's neighbours are many, its farthest fills it, with no weight.
    nearest = (np.cumsum(n_pair) - n_pair)[:, None] + np.minimum(place, n_pair[:, None] - 1)
    distance = pairs.distance_angstrom[nearest]
    return Shells(
        neighbour=pairs.neighbour[nearest],
        distance_angstrom=distance,
        reduced=reduced,
        direction=_vectors(crystals, pairs, nearest) / distance,
        taper=share * share * (3.0 - 2.0 * share),
    )


def _find_ends(nearest: Floats, last: Floats) -> Floats:
    """Return the reduced distances at which weights are zero, given those of the nearest and last neighbours.

    They are the last ones', but for an atom whose neighbours are all as far, as in CaB6 and NaZn13: there none would
    have a weight, and ``_WIDE`` times the nearest's is taken. Between the two the end moves steadily.
    """
    share = np.clip((_ALIKE[1] - last / nearest) / (_ALIKE[1] - _ALIKE[0]), 0.0, 1.0)
    wider: Floats = nearest * (1.0 + (_WIDE - 1.0) * share * share * (3.0 - 2.0 * share))
    return np.maximum(last, wider)


def _vectors(crystals: CrystalArrays, pairs: Pairs, nearest: npt.NDArray[np.int64]) -> Floats:
    """Return the vectors of some pairs from centre to neighbour, given by their atoms' lists, Å, [3, n_atom, n]."""
    coords = np.ascontiguousarray(crystals.cart_coords_angstrom.T)
    lattice = crystals.lattice_angstrom[crystals.crystal_of_atom]
    neighbour, image = pairs.neighbour[nearest], pairs.images[pairs.place[nearest]]
    vectors = np.empty((3, *nearest.shape))
    # One axis after the other: NumPy's products of many small matrices take five times as long.
    for axis, vector in enumerate(vectors):
        np.subtract(coords[axis][neighbour], coords[axis][:, None], out=vector)
        for along in range(3):
            vector += image[..., along] * lattice[:, along, axis, None]
    return vectors
