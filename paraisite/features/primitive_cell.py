"""How many atoms the primitive cell of a crystal has, in time about linear in the atoms of the cell that is given.

pymatgen's ``get_primitive_structure`` answers the same in a time that grows with the third power, minutes for a
thousand atoms. Here the shifts that bring a crystal onto itself are found one by one, and whatever is a sum of those
that are known is not looked at again: of a supercell of n cells about log2(n) are. Where atoms are so far from where a
smaller cell has them that the tolerance decides, pymatgen is asked, if there are few of them.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
from pymatgen.core.structure import Structure

from paraisite.arrays import Floats

if TYPE_CHECKING:
    from scipy.spatial import KDTree

TOLERANCE_ANGSTROM: Final = 0.25
"""How far atoms may be from each other in a smaller cell, along each lattice vector: pymatgen's own."""

_CLEAR_ANGSTROM: Final = 0.02
"""Within this no tolerance decides: rounded or relaxed coordinates of a supercell."""

_TOO_FAR_ANGSTROM: Final = 3 * TOLERANCE_ANGSTROM + 0.02
"""And beyond this, whatever the direction: of a smaller cell with other lattice vectors, too, atoms that are within the
tolerance along each of the three are not so far apart."""

_MAX_FOR_PYMATGEN: Final = 128
_N_PROBE: Final = 6
_MAX_PAIRS: Final = 4096
"""Up to which looking at all pairs of places and points is faster than a tree."""

_MAX_FAILURES: Final = 64
"""Shifts that almost fit. A crystal with more of them is modulated, and each costs a look at all atoms."""


@dataclass(frozen=True, eq=False)
class _Points:
    """Points of a periodic cell; the distance of two is the largest along a lattice vector, Å.

    Attributes:
        coords: Fractional, [n_point, 3].
        length_angstrom: Of the lattice vectors, Å, [3].
    """

    coords: Floats
    length_angstrom: Floats

    def find_nearest(self, places: Floats) -> tuple[Floats, npt.NDArray[np.int64]]:
        """Return the distance to the nearest point, infinite beyond twice the tolerance, and its number.

        Args:
            places: Fractional, [n_place, 3].
        """
        if len(places) * len(self.coords) <= _MAX_PAIRS:
            apart = places[:, None] - self.coords
            distances = (np.abs(apart - np.round(apart)) * self.length_angstrom).max(axis=2)
            nearest = distances.argmin(axis=1)
            distance = distances[np.arange(len(places)), nearest]
            return np.where(distance <= 2 * TOLERANCE_ANGSTROM, distance, np.inf), nearest
        distance, nearest = self._tree.query(self._scale(places), p=np.inf, distance_upper_bound=2 * TOLERANCE_ANGSTROM)
        return np.asarray(distance, np.float64), np.asarray(nearest, np.int64)

    @cached_property
    def _tree(self) -> "KDTree":
        from scipy.spatial import KDTree  # a tenth of a second, which a cell of few atoms does without

        return KDTree(self._scale(self.coords), boxsize=self.length_angstrom)

    def _scale(self, coords: Floats) -> Floats:
        """Return fractional coordinates as lengths along the lattice vectors, Å, below which a tree wants all."""
        scaled: Floats = np.minimum(coords % 1.0 * self.length_angstrom, np.nextafter(self.length_angstrom, 0))
        return scaled


@dataclass(frozen=True, eq=False)
class _Cell:
    """A cell's atoms.

    Attributes:
        lattice_angstrom: [3, 3], one lattice vector per row, Å.
        coords: Fractional coordinates, [n_atom, 3].
        groups: Atoms of each element, the rarest element's first, as places in the list.
        points: Theirs.
    """

    lattice_angstrom: Floats
    coords: Floats
    groups: list[npt.NDArray[np.int64]]
    points: list[_Points]

    @classmethod
    def build(cls, lattice_angstrom: Floats, numbers: npt.NDArray[np.int64], frac_coords: Floats) -> "_Cell":
        """Sort the atoms."""
        length: Floats = np.linalg.norm(lattice_angstrom, axis=1)
        groups = sorted((np.flatnonzero(numbers == element) for element in np.unique(numbers)), key=len)
        return cls(lattice_angstrom, frac_coords, groups, [_Points(frac_coords[group], length) for group in groups])

    def points_of(self, group: npt.NDArray[np.int64]) -> _Points:
        """Return shifts in units of 1/n_atom as points."""
        return _Points(group / len(self.coords), self.points[0].length_angstrom)


@dataclass(frozen=True, eq=False)
class _Match:
    """How a shift brings the atoms onto atoms.

    Attributes:
        partner: The atom that each is brought onto, [n_atom]; each atom stands there once.
        shift: The shift itself in units of 1/n_atom of the lattice vectors, int64 [3]. It is exact, as the atoms'
            coordinates cancel in the sum over all of them: what is left are the lattice vectors that were crossed.
    """

    partner: npt.NDArray[np.int64]
    shift: npt.NDArray[np.int64]


def count_primitive_atoms(lattice_angstrom: Floats, numbers: npt.NDArray[np.int64], frac_coords: Floats) -> int:
    """Return the number of atoms in the primitive cell, as pymatgen counts them.

    Args:
        lattice_angstrom: One lattice vector per row, Å, [3, 3].
        numbers: Atomic numbers, [n_atom].
        frac_coords: Fractional coordinates, [n_atom, 3].
    """
    if np.gcd.reduce(np.unique_counts(numbers).counts) == 1:
        return len(numbers)
    n_shift, is_clear = _count_shifts(_Cell.build(lattice_angstrom, numbers, frac_coords))
    if not is_clear and len(numbers) <= _MAX_FOR_PYMATGEN:
        structure = Structure(lattice_angstrom, numbers.tolist(), frac_coords)
        return len(structure.get_primitive_structure(TOLERANCE_ANGSTROM))
    return len(numbers) // n_shift


def _count_shifts(cell: _Cell) -> tuple[int, bool]:
    """Return the order of the group of shifts that bring a crystal onto itself, and whether no tolerance decides."""
    n_atom, group, partners = len(cell.coords), np.zeros((1, 3), np.int64), list[npt.NDArray[np.int64]]()
    some = [(number, int(atom)) for number, atoms in enumerate(cell.groups) for atom in _spread(atoms)]
    left, is_clear, n_failure = _keep_fitting(cell, _list_candidates(cell), some), True, 0
    while len(left) and n_failure < _MAX_FAILURES:
        candidate, left = left[0], left[1:]
        match, witness = _match(cell, candidate)
        if match is None:
            is_clear = is_clear and witness is not None
            left = _keep_fitting(cell, left, [] if witness is None else [witness])
            n_failure += 1
            continue
        larger = _extend(group, match.shift, n_atom)
        residual, spread = _measure_residual(cell, larger, [*partners, match.partner])
        is_clear = is_clear and (residual <= _CLEAR_ANGSTROM or _TOO_FAR_ANGSTROM <= spread < np.inf)
        if residual > TOLERANCE_ANGSTROM:
            n_failure += 1
            continue
        group, partners = larger, [*partners, match.partner]
        distance, _ = cell.points_of(group).find_nearest(left)
        left = left[~np.isfinite(distance)]
    return len(group), is_clear and not len(left)


def _spread(atoms: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return a few atoms from all over a list."""
    return atoms[np.unique(np.linspace(0, len(atoms) - 1, _N_PROBE).astype(np.int64))]


def _list_candidates(cell: _Cell) -> Floats:
    """Return the shifts between the rarest element's atoms, short ones first: the others are mostly sums of them."""
    first = cell.coords[cell.groups[0]]
    shifts = first[1:] - first[0]
    shifts -= np.round(shifts)
    return shifts[np.argsort(np.linalg.norm(shifts @ cell.lattice_angstrom, axis=1), kind="stable")]


def _keep_fitting(cell: _Cell, shifts: Floats, atoms: list[tuple[int, int]]) -> Floats:
    """Return the shifts that bring some atoms, each given as its group and its place, onto atoms of their elements."""
    for number, atom in atoms:
        if not len(shifts):
            break
        distance, _ = cell.points[number].find_nearest(cell.coords[atom] + shifts)
        shifts = shifts[np.isfinite(distance)]
    return shifts


def _match(cell: _Cell, shift: Floats) -> tuple[_Match | None, tuple[int, int] | None]:
    """Return how a shift brings all atoms onto atoms of their elements.

    Returns:
        The match, or None and an atom that is brought onto none, as its group and place; None for that, too, where two
        atoms are brought onto one.
    """
    partner = np.zeros(len(cell.coords), np.int64)
    for number, atoms in enumerate(cell.groups):
        distance, nearest = cell.points[number].find_nearest(cell.coords[atoms] + shift)
        if not np.isfinite(distance).all():
            return None, (number, int(atoms[np.argmax(~np.isfinite(distance))]))
        if len(np.unique(nearest)) < len(nearest):
            return None, None
        partner[atoms] = atoms[nearest]
    crossed = np.round(cell.coords + shift - cell.coords[partner])
    return _Match(partner, crossed.sum(axis=0).astype(np.int64)), None


def _extend(group: npt.NDArray[np.int64], shift: npt.NDArray[np.int64], n_atom: int) -> npt.NDArray[np.int64]:
    """Return the group that these shifts and another one generate, all in units of 1/n_atom, [n_shift, 3]."""
    known = set(map(tuple, group.tolist()))
    multiples = [np.zeros(3, np.int64)]
    while tuple((following := (multiples[-1] + shift) % n_atom).tolist()) not in known:
        multiples.append(following)
    return np.concatenate([(group + multiple) % n_atom for multiple in multiples])


def _measure_residual(
    cell: _Cell, group: npt.NDArray[np.int64], partners: list[npt.NDArray[np.int64]]
) -> tuple[float, float]:
    """Return how far atoms are apart that a group of shifts makes one, Å.

    Args:
        cell: The crystal.
        group: The shifts.
        partners: Of the shifts that generate them, the atoms that each atom is brought onto.

    Returns:
        The largest distance along a lattice vector, and along a Cartesian axis; both infinite if the atoms are not as
        many as the shifts everywhere.
    """
    n_atom = len(cell.coords)
    n_class, class_of = _find_orbits(partners, n_atom)
    if n_class * len(group) != n_atom or (np.bincount(class_of) != len(group)).any():
        return np.inf, np.inf
    _, first = np.unique(class_of, return_index=True)
    shift = cell.coords - cell.coords[first[class_of]]
    distance, nearest = cell.points_of(group).find_nearest(shift)
    if not np.isfinite(distance).all():
        return np.inf, np.inf
    shift -= group[nearest] / n_atom
    residual = (shift - np.round(shift))[np.argsort(class_of, kind="stable")].reshape(n_class, len(group), 3)
    along_vectors = np.ptp(residual, axis=1) * cell.points[0].length_angstrom
    return float(along_vectors.max()), float(np.ptp(residual @ cell.lattice_angstrom, axis=1).max())


def _find_orbits(permutations: list[npt.NDArray[np.int64]], n_atom: int) -> tuple[int, npt.NDArray[np.int64]]:
    """Return how many classes there are of atoms that permutations bring onto each other, and each atom's, [n_atom].

    They are numbered by their first atoms. SciPy's connected components would take a fifth of a second to import.
    """
    first = np.arange(n_atom)
    while True:
        lower = first
        for permutation in permutations:
            lower = np.minimum(lower, lower[permutation])
        lower = lower[lower]
        if np.array_equal(lower, first):
            break
        first = lower
    found, class_of = np.unique(first, return_inverse=True)
    return len(found), class_of
