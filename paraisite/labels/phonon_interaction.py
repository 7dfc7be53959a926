"""How strongly phonons interact, and how broad that makes them: phono3py's numbers, in a fraction of its time.

What solving Boltzmann's equation takes is the Fourier transform of the force constants of third order, once for each
triplet of wave vectors q0 + q1 + q2 = G. phono3py sums over all pairs of the supercell's atoms for each triplet. But
for one q0, a pair's phase depends on q1 through one lattice vector only: of the pairs with the same lattice vector the
sum is taken once for each q0, and each of its triplets is left with a sum over some hundred lattice vectors, a product
of matrices. And a triplet of modes is weighed only where it can conserve energy.

As in phono3py, the transform is averaged over which of the three atoms is in the cell at the origin, and vectors to
equally near images of an atom share its weight.

Source: Togo, Chaput and Tanaka, PRB 91, 094306 (2015), 10.1103/PhysRevB.91.094306, equations 9 to 11.
"""

from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
from phono3py import Phono3py
from phono3py.phonon3.imag_self_energy import ImagSelfEnergy, average_by_degeneracy
from phonopy.physical_units import get_physical_units

from paraisite.arrays import Floats, Ints
from paraisite.labels.compiled_loops import compile_loops
from paraisite.labels.tetrahedron import N_TETRAHEDRON, find_corners, sort_corners, weigh_grid_point

MAX_ATOMS: Final = 12
"""Of a primitive cell: the strengths of all triplets of a wave vector are kept, hundreds of megabytes beyond."""

_ELEMENTS_AT_ONCE: Final = 1_000_000
"""Triplets are taken together as long as they have fewer triples of branches."""

_COMPONENTS: Final = ((0, 1, 2), (1, 0, 2), (2, 1, 0))
"""Where the Cartesian axes of the first, second and third atom are, if each of them in turn is at the origin."""


def compute_linewidths(phonons: Phono3py, grid_points: Ints, *, temperature_kelvin: float) -> Floats:
    """Return the half linewidths that phonons give one another, THz, [n_grid_point, n_branch].

    Args:
        phonons: Solved on their whole grid, with force constants of third order.
        grid_points: Those of the grid whose modes are asked for.
        temperature_kelvin: K.
    """
    interaction = phonons.phph_interaction
    transform, conservation = _Transform.prepare(phonons), _Conservation.prepare(phonons, temperature_kelvin)
    linewidths = []
    for grid_point in grid_points:
        interaction.set_grid_point(int(grid_point))
        triplets, weights = interaction.get_triplets_at_q()[:2]
        strengths = transform.compute_strengths(triplets)
        linewidths.append(conservation.sum_triplets(int(grid_point), triplets, weights, strengths))
    unit = ImagSelfEnergy(interaction).unit_conversion_factor
    equal = interaction.phonons.degenerate_ids
    return np.array(
        [
            average_by_degeneracy(unit * each, interaction.band_indices, equal[point])
            for each, point in zip(linewidths, grid_points, strict=True)
        ]
    )


@dataclass(frozen=True)
class _Conservation:
    """Which triplets of modes conserve energy, by the tetrahedron method, and how many phonons they have.

    Attributes:
        cutoff_thz: Modes below take no part.
        frequencies: Of all modes, THz, not negative, [n_grid_point, n_branch].
        occupations: Phonons in each mode, likewise.
        corners: Around each grid point as q1 and as q2, [2, n_grid_point, 24, 4].
        lowest: Frequency among a mode's corners, likewise as q1 and as q2, [2, n_grid_point, n_branch].
        highest: Likewise.
    """

    cutoff_thz: float
    frequencies: Floats
    occupations: Floats
    corners: Ints
    lowest: Floats
    highest: Floats

    @classmethod
    def prepare(cls, phonons: Phono3py, temperature_kelvin: float) -> Self:
        interaction = phonons.phph_interaction
        frequencies = np.maximum(interaction.phonons.frequencies, 0.0)
        cutoff = interaction.cutoff_frequency
        units = get_physical_units()
        per_thz = units.THzToEv / (units.KB * temperature_kelvin)
        exponents = per_thz * np.where(frequencies > cutoff, frequencies, 1.0)
        points = np.arange(len(frequencies))
        corners = np.array([find_corners(phonons.grid, points, mirrored=each) for each in (False, True)])
        around = frequencies[corners]  # [2, n_grid_point, 24, 4, n_branch]
        return cls(
            cutoff, frequencies, 1.0 / np.expm1(exponents), corners, around.min(axis=(2, 3)), around.max(axis=(2, 3))
        )

    def sum_triplets(self, grid_point: int, triplets: Ints, weights: Ints, strengths: Floats) -> Floats:
        """Return the linewidths of a grid point's modes without unit, [n_branch].

        Args:
            grid_point: q0.
            triplets: With it, [n_triplet, 3].
            weights: How many are equal by symmetry, [n_triplet].
            strengths: As ``_Transform`` computes them.
        """
        sums = np.zeros(self.frequencies.shape[1])
        _sum_triplets(
            self.frequencies[grid_point],
            np.asarray(triplets, np.int64),
            np.asarray(weights, np.float64),
            strengths,
            self.cutoff_thz,
            self.frequencies,
            self.occupations,
            self.corners,
            self.lowest,
            self.highest,
            sums,
        )
        return sums


@dataclass(frozen=True)
class _Transform:
    """From force constants of third order to the strengths of triplets of modes.

    Attributes:
        interaction: phono3py's, with modes and grid.
        positions: Of the primitive cell's atoms, in lattice vectors, [n_atom, 3].
        constants: Those of third order, for each place of the atom at the origin, its axes first,
            [3, n_atom, n_supercell_atom, n_supercell_atom, 3, 3, 3], by the roots of the masses.
        images: The supercell's atoms around those of the primitive cell.
        lattice_vectors: That a phase of q1 can depend on, [n_vector, 3].
        offset: Makes lattice vectors places in ``table``, [3].
        table: Numbers of lattice vectors by their places.
    """

    interaction: Any
    positions: Floats
    constants: Floats
    images: "_Images"
    lattice_vectors: Ints
    offset: Ints
    table: Ints

    @classmethod
    def prepare(cls, phonons: Phono3py) -> Self:
        interaction, primitive = phonons.phph_interaction, phonons.primitive
        fc3 = np.asarray(phonons.fc3, np.float64)
        if len(fc3) != len(primitive):
            fc3 = fc3[primitive.p2s_map]
        images = _Images.find(primitive)
        roots = np.sqrt(primitive.masses)
        of_atoms = roots[images.primitive_atom]
        fc3 = fc3 / (roots[:, None, None] * of_atoms[:, None] * of_atoms)[..., None, None, None]
        if interaction.make_r0_average:
            # Where the three atoms are nearest to one another from each of them, all three choices give the same.
            is_same = np.asarray(interaction.all_shortest)[..., None, None, None] == 1
            weighted = [np.where(is_same, fc3, fc3 / 3.0), *[np.where(is_same, 0.0, fc3 / 3.0)] * 2]
        else:
            weighted = [fc3, np.zeros_like(fc3), np.zeros_like(fc3)]
        constants = [
            each.transpose(0, 1, 2, *(3 + axis for axis in axes))
            for each, axes in zip(weighted, _COMPONENTS, strict=True)
        ]
        lattice_vectors = images.find_lattice_vectors()
        offset = -lattice_vectors.min(axis=0)
        places = lattice_vectors + offset
        table = np.full(places.max(axis=0) + 1, -1, dtype=np.int64)
        table[tuple(places.T)] = np.arange(len(places))
        return cls(
            interaction,
            np.asarray(primitive.scaled_positions),
            np.ascontiguousarray(constants),
            images,
            lattice_vectors,
            offset,
            table,
        )

    def compute_strengths(self, triplets: Ints) -> Floats:
        """Return the strengths of all modes of triplets, eV².

        Args:
            triplets: Grid points, [n_triplet, 3].

        Returns:
            As phono3py's, [n_triplet, n_branch, n_branch, n_branch].
        """
        n_branch = 3 * len(self.positions)
        strengths = np.empty((len(triplets), n_branch, n_branch, n_branch))
        n_at_once = max(1, _ELEMENTS_AT_ONCE // n_branch**3)
        # On the zone's surface the same wave vector comes as several grid points.
        for first in np.unique(triplets[:, 0]):
            summed = self._sum_for(first)
            used = np.flatnonzero(summed.any(axis=(1, 2, 3, 4)))  # with a cutoff, not many
            vectors, summed = self.lattice_vectors[used], summed[used].astype(np.complex64)
            of_first = np.flatnonzero(triplets[:, 0] == first)
            for start in range(0, len(of_first), n_at_once):
                some = of_first[start : start + n_at_once]
                strengths[some] = self._compute_some(summed, vectors, triplets[some])
        return strengths * self.interaction.unit_conversion_factor

    def _sum_for(self, first: int) -> Any:
        """Return the force constants, summed over pairs of the same lattice vector, for a first grid point.

        Returns:
            [n_vector, n_atom, n_atom, n_atom, 3, 3, 3].
        """
        n_atom = len(self.positions)
        summed = np.zeros((len(self.lattice_vectors), n_atom, n_atom, n_atom, 27), dtype=np.complex128)
        grid = self.interaction.bz_grid
        wave_vector = grid.QDinv @ grid.addresses[first]
        phases = np.exp(2j * np.pi * (self.images.vectors @ wave_vector)) / self.images.n_equal
        constants = self.constants.reshape(*self.constants.shape[:4], 27)
        weights = 1.0 / self.images.n_equal
        _sum_pairs(
            constants,
            self.images.first,
            self.images.number,
            self.images.primitive_atom,
            self.images.lattice_vectors,
            phases,
            weights,
            self.offset,
            self.table,
            summed,
        )
        return summed

    def _compute_some(self, summed: Any, vectors: Ints, triplets: Ints) -> Floats:
        """Return the strengths of some triplets, without unit.

        Args:
            summed: As ``_sum_for`` returns it, in single precision, as force constants are kept: it takes half the time
                and costs linewidths 1e-6.
            vectors: Lattice vectors of its rows.
            triplets: Grid points, with the same first.
        """
        interaction, n_atom = self.interaction, len(self.positions)
        grid = interaction.bz_grid
        wave_vectors = grid.addresses[triplets] @ grid.QDinv.T  # [n_triplet, 3, 3]
        second, total = wave_vectors[:, 1], wave_vectors.sum(axis=1)
        of_vectors = np.exp(2j * np.pi * (second @ vectors.T)).astype(np.complex64)
        transformed = (of_vectors @ summed.reshape(len(vectors), -1)).reshape(-1, n_atom, n_atom, n_atom, 27)
        of_atoms = np.exp(2j * np.pi * (second @ self.positions.T))
        of_third = np.exp(2j * np.pi * (total @ self.positions.T))
        phases = of_atoms[:, :, None] * (of_third * of_atoms.conj())[:, None, :]
        transformed *= phases[:, None, :, :, None].astype(np.complex64)
        n_branch = 3 * n_atom
        # Atoms with their axes: [n_triplet, 3 n_atom, 3 n_atom, 3 n_atom].
        elements = transformed.reshape(-1, n_atom, n_atom, n_atom, 3, 3, 3).transpose(0, 1, 4, 2, 5, 3, 6)
        elements = elements.reshape(-1, n_branch, n_branch * n_branch)
        modes = interaction.phonons.eigenvectors[triplets].astype(np.complex64)  # [n_triplet, 3, 3 n_atom, n_branch]
        elements = modes[:, 0].transpose(0, 2, 1) @ elements
        elements = elements.reshape(-1, n_branch, n_branch, n_branch) @ modes[:, 2][:, None]
        elements = modes[:, 1].transpose(0, 2, 1)[:, None] @ elements
        frequencies = interaction.phonons.frequencies[triplets]
        is_real = frequencies > interaction.cutoff_frequency
        inverse = np.where(is_real, 1.0 / np.where(is_real, frequencies, 1.0), 0.0)
        strengths = elements.real**2 + elements.imag**2
        return np.asarray(
            strengths * inverse[:, 0, :, None, None] * inverse[:, 1, None, :, None] * inverse[:, 2, None, None, :]
        )


@dataclass(frozen=True)
class _Images:
    """The nearest images of the supercell's atoms around the primitive cell's, one after the other.

    Attributes:
        first: The first image of each atom, [n_supercell_atom, n_atom].
        number: Of equally near images, [n_supercell_atom, n_atom].
        primitive_atom: Which atom of the primitive cell each of the supercell repeats, [n_supercell_atom].
        vectors: To the images, in lattice vectors, [n_image, 3].
        lattice_vectors: Between the cells, [n_image, 3].
        n_equal: Images that are as near, [n_image].
    """

    first: Ints
    number: Ints
    primitive_atom: Ints
    vectors: Floats
    lattice_vectors: Ints
    n_equal: Floats

    @classmethod
    def find(cls, primitive: Any) -> Self:
        vectors, places = primitive.get_smallest_vectors()
        number, first = (np.ascontiguousarray(places[..., column]) for column in (0, 1))
        primitive_atom = np.array([primitive.p2p_map[atom] for atom in primitive.s2p_map])
        between = np.empty((len(vectors), 3))
        n_equal = np.empty(len(vectors))
        for (atom, origin), n_image in np.ndenumerate(number):
            images = slice(first[atom, origin], first[atom, origin] + n_image)
            between[images] = primitive.scaled_positions[primitive_atom[atom]] - primitive.scaled_positions[origin]
            n_equal[images] = n_image
        lattice_vectors = np.rint(vectors - between).astype(np.int64)
        return cls(first, number, primitive_atom, vectors, lattice_vectors, n_equal)

    def find_lattice_vectors(self) -> Ints:
        """Return all that a phase of q1 can depend on, see ``_sum_pairs``, [n_vector, 3]."""
        own = np.unique(self.lattice_vectors, axis=0)
        differences = (own[:, None] - own).reshape(-1, 3)
        return np.asarray(np.unique(np.concatenate([own, -own, differences]), axis=0))


@compile_loops
def _sum_pairs(
    constants: Any,
    first: Any,
    number: Any,
    primitive_atom: Any,
    lattice_vectors: Any,
    phases: Any,
    weights: Any,
    offset: Any,
    table: Any,
    summed: Any,
) -> None:
    """Add each pair's force constants, with its phase of q0, to those of its lattice vector.

    With q2 = G - q0 - q1, an atom's phase of q2 is one of -q0 and one of -q1; what is left of it is the same for all
    pairs and multiplied later.

    Args:
        constants: For each place of the atom at the origin, [3, n_atom, n_supercell_atom, n_supercell_atom, 27]. Of
            the other two atoms the first has q1, q0 and q1, the second q2, q2 and q0.
        first: First image of each atom around each of the primitive cell, like the next three see ``_Images``.
        number: Of images.
        primitive_atom: Which atom the supercell's repeat.
        lattice_vectors: Of the images.
        phases: Of the images with q0, divided by how many are as near.
        weights: One divided by how many images are as near.
        offset: Of lattice vectors in the table.
        table: Numbers of lattice vectors.
        summed: Is added to, [n_vector, n_atom, n_atom, n_atom, 27].
    """
    vector = np.empty(3, np.int64)
    for place in range(3):
        for origin in range(constants.shape[1]):
            for one in range(constants.shape[2]):
                for other in range(constants.shape[3]):
                    values = constants[place, origin, one, other]
                    if not values.any():
                        continue
                    one_atom, other_atom = primitive_atom[one], primitive_atom[other]
                    for image in range(first[one, origin], first[one, origin] + number[one, origin]):
                        for far in range(first[other, origin], first[other, origin] + number[other, origin]):
                            if place == 0:
                                phase = weights[image] * np.conj(phases[far])
                                atoms = (origin, one_atom, other_atom)
                            elif place == 1:
                                phase = phases[image] * np.conj(phases[far])
                                atoms = (one_atom, origin, other_atom)
                            else:
                                phase = weights[image] * phases[far]
                                atoms = (other_atom, one_atom, origin)
                            for axis in range(3):
                                if place == 0:
                                    along = lattice_vectors[image, axis] - lattice_vectors[far, axis]
                                elif place == 1:
                                    along = -lattice_vectors[far, axis]
                                else:
                                    along = lattice_vectors[image, axis]
                                vector[axis] = along + offset[axis]
                            into = summed[table[vector[0], vector[1], vector[2]], atoms[0], atoms[1], atoms[2]]
                            for element in range(27):
                                into[element] += phase * values[element]


@compile_loops
def _sum_triplets(
    asked: Any,
    triplets: Any,
    weights: Any,
    strengths: Any,
    cutoff: float,
    frequencies: Any,
    occupations: Any,
    corners: Any,
    lowest: Any,
    highest: Any,
    sums: Any,
) -> None:
    """Add to each mode of q0 the triplets that conserve energy.

    A mode splits into two (f0 = f1 + f2), or joins one and becomes the other (f0 = f2 - f1 or f1 - f2).

    Args:
        asked: Frequencies at q0, [n_branch].
        triplets: Grid points, [n_triplet, 3].
        weights: Of triplets, [n_triplet].
        strengths: [n_triplet, n_branch, n_branch, n_branch].
        cutoff: Frequency below which modes take no part.
        frequencies: See ``_Conservation``, like the next four.
        occupations: Phonons in modes.
        corners: Of tetrahedra.
        lowest: Frequencies among corners.
        highest: Likewise.
        sums: Are added to, [n_branch].
    """
    values, place = np.empty((N_TETRAHEDRON, 4)), np.empty(N_TETRAHEDRON, np.int64)
    n_branch = len(asked)
    largest = asked.max()
    for triplet in range(len(triplets)):
        one, two = triplets[triplet, 1], triplets[triplet, 2]
        for first in range(n_branch):
            if frequencies[one, first] <= cutoff:
                continue
            for second in range(n_branch):
                if frequencies[two, second] <= cutoff:
                    continue
                low_one, high_one = lowest[0, one, first], highest[0, one, first]
                low_two, high_two = lowest[1, two, second], highest[1, two, second]
                split = occupations[one, first] + occupations[two, second] + 1.0
                join = occupations[one, first] - occupations[two, second]
                for of_one, of_two, factor in ((1.0, 1.0, split), (-1.0, 1.0, join), (1.0, -1.0, -join)):
                    low = (low_one if of_one > 0 else -high_one) + (low_two if of_two > 0 else -high_two)
                    high = (high_one if of_one > 0 else -low_one) + (high_two if of_two > 0 else -low_two)
                    if low > largest or high < 0.0:
                        continue
                    is_sorted = False
                    for branch in range(n_branch):
                        if asked[branch] < low or asked[branch] > high or asked[branch] <= cutoff:
                            continue
                        if not is_sorted:
                            for tetrahedron in range(N_TETRAHEDRON):
                                for corner in range(4):
                                    values[tetrahedron, corner] = (
                                        of_one * frequencies[corners[0, one, tetrahedron, corner], first]
                                        + of_two * frequencies[corners[1, two, tetrahedron, corner], second]
                                    )
                            centre = of_one * frequencies[one, first] + of_two * frequencies[two, second]
                            sort_corners(values, centre, place)
                            is_sorted = True
                        weight = weigh_grid_point(asked[branch], values, place)
                        if weight != 0.0:
                            strength = strengths[triplet, branch, first, second]
                            sums[branch] += weights[triplet] * factor * weight * strength
