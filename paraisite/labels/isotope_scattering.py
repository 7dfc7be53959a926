"""How natural isotopes scatter phonons: phono3py's numbers, in a fraction of its time.

The rate of a mode is a sum over all modes of equal frequency, with the tetrahedron method. phono3py takes every mode
with every other; here the weight of a pair is computed only where the frequency lies within the tetrahedra around the
other mode, which holds for a few percent of pairs, in loops that Numba compiles.

Source: Tamura, PRB 27, 858 (1983), 10.1103/PhysRevB.27.858 (the rate); MacDonald, Vosko and Coleridge, J. Phys. C 12,
2991 (1979), 10.1088/0022-3719/12/15/008 (the tetrahedron method).
"""

from typing import Any, Final

import numpy as np
from numba import njit
from phono3py import Phono3py
from phonopy.phonon.grid import get_neighboring_grid_points
from phonopy.phonon.tetrahedron_method import get_tetrahedra_relative_gr_grid_address

from paraisite.arrays import Floats, Ints

_N_TETRAHEDRON: Final = 24
"""Around a wave vector; each takes a sixth of the volume that belongs to one."""

_TETRAHEDRA_PER_VOLUME: Final = 6.0
_MIN_FREQUENCY_THZ: Final = 1e-4
"""Modes below are rigid motions, or imaginary; they neither scatter nor are scattered."""

_ROUNDING_THZ: Final = 1e-10
"""Corners that are closer to one another are one, as in phono3py."""


def compute_isotope_rates(phonons: Phono3py, grid_points: Ints, mass_variances: Floats) -> Floats:
    """Return the half linewidths that isotopes give modes, THz, [n_grid_point, n_branch].

    Args:
        phonons: Solved on their whole grid.
        grid_points: Those of the grid whose modes are asked for.
        mass_variances: Relative variance of each atom's mass over its isotopes, [n_atom of the primitive cell].
    """
    grid = phonons.grid
    frequencies, eigenvectors, _ = phonons.get_phonon_data()
    n_branch = frequencies.shape[1]
    steps = get_tetrahedra_relative_gr_grid_address(grid)
    corners = np.array([get_neighboring_grid_points(point, steps, grid) for point in grid.grg2bzg])
    # Atom by atom, so that a mode's displacements lie together: [n_grid_point, n_branch, n_atom, 3].
    modes = np.ascontiguousarray(np.moveaxis(eigenvectors, -1, 1)).reshape(*frequencies.shape, -1, 3)
    asked = np.ascontiguousarray(frequencies[grid_points].ravel())
    order = np.argsort(asked)
    sums = np.zeros(len(asked))
    _sum_pairs(
        asked[order],
        modes[grid_points].reshape(len(asked), -1, 3)[order],
        frequencies,
        modes,
        np.asarray(grid.grg2bzg, np.int64),
        corners,
        np.asarray(mass_variances, np.float64),
        sums,
    )
    rates = np.empty_like(sums)
    rates[order] = np.pi / 4.0 * asked[order] ** 2 * sums / len(grid.grg2bzg)
    rates[asked < _MIN_FREQUENCY_THZ] = 0.0
    return rates.reshape(-1, n_branch)


@njit(cache=True)
def _sum_pairs(
    asked: Any, asked_modes: Any, frequencies: Any, modes: Any, points: Any, corners: Any, variances: Any, sums: Any
) -> None:
    """Add to each sum the modes of its frequency, weighted by how alike the atoms move.

    Args:
        asked: Frequencies, ascending, [n_asked].
        asked_modes: Their eigenvectors, [n_asked, n_atom, 3].
        frequencies: Of all modes, [n_grid_point, n_branch].
        modes: Their eigenvectors, [n_grid_point, n_branch, n_atom, 3].
        points: The grid points that are summed over, [n_point].
        corners: Of the tetrahedra around them, the grid point itself among those of each, [n_point, 24, 4].
        variances: Of each atom's mass, [n_atom].
        sums: Are added to, [n_asked].
    """
    values = np.empty((_N_TETRAHEDRON, 4))
    place = np.empty(_N_TETRAHEDRON, np.int64)  # of the grid point among the ascending corners
    for number in range(len(points)):
        for branch in range(frequencies.shape[1]):
            centre = frequencies[points[number], branch]
            if centre < _MIN_FREQUENCY_THZ:
                continue
            for tetrahedron in range(_N_TETRAHEDRON):
                rank = 0
                for corner in range(4):
                    value = frequencies[corners[number, tetrahedron, corner], branch]
                    values[tetrahedron, corner] = value
                    rank += value < centre
                values[tetrahedron].sort()
                place[tetrahedron] = rank
            mode = modes[points[number], branch]
            first, last = np.searchsorted(asked, values[:, 0].min()), np.searchsorted(asked, values[:, 3].max())
            for each in range(first, last):
                weight = 0.0
                for tetrahedron in range(_N_TETRAHEDRON):
                    weight += _weigh_corner(asked[each], values[tetrahedron], place[tetrahedron])
                if weight > 0.0:
                    alike = 0.0
                    for atom in range(len(variances)):
                        product = 0.0j
                        for axis in range(3):
                            product += np.conj(mode[atom, axis]) * asked_modes[each, atom, axis]
                        alike += variances[atom] * (product.real**2 + product.imag**2)
                    sums[each] += weight / _TETRAHEDRA_PER_VOLUME * alike


@njit(cache=True)
def _weigh_corner(frequency: float, corners: Any, place: int) -> float:
    """Return a corner's weight in the density of states of a tetrahedron, 1/THz.

    Args:
        frequency: THz.
        corners: Frequencies of all four, ascending, THz.
        place: Of the corner among them.
    """
    lowest, lower, upper, highest = corners
    if frequency < lowest or frequency >= highest or highest - lowest < _ROUNDING_THZ:
        return 0.0
    if frequency < lower:
        density = 3.0 * _share(frequency, lower, lowest) * _share(frequency, upper, lowest) / (highest - lowest)
        if place == 0:
            return density * (3.0 - _shares_above(frequency, lowest, lower, upper, highest)) / 3.0
        return density * _share(frequency, corners[place], lowest) / 3.0
    if frequency >= upper:
        density = 3.0 * _share(frequency, lower, highest) * _share(frequency, upper, highest) / (highest - lowest)
        if place == 3:
            return density * (3.0 - _shares_above(frequency, highest, lower, upper, lowest)) / 3.0
        return density * _share(frequency, corners[place], highest) / 3.0
    # Two triangles share the cut: that through the lower corners and that through the upper ones.
    one = _share(frequency, lower, upper) * _share(frequency, upper, lowest)
    other = _share(frequency, upper, lower) * _share(frequency, lower, highest)
    total = one + other
    if total < _ROUNDING_THZ:
        return 0.0
    if place == 0:
        part = _share(frequency, lowest, highest) + _share(frequency, lowest, upper) * one / total
    elif place == 1:
        part = _share(frequency, lower, upper) + _share(frequency, lower, highest) * other / total
    elif place == 2:
        part = _share(frequency, upper, lower) + _share(frequency, upper, lowest) * one / total
    else:
        part = _share(frequency, highest, lowest) + _share(frequency, highest, lower) * other / total
    return total / (highest - lowest) * part


@njit(cache=True)
def _share(frequency: float, corner: float, other: float) -> float:
    """Return how far from the other corner to this one a frequency lies, from 0 to 1; 0 where they are equal."""
    gap = corner - other
    return 0.0 if abs(gap) < _ROUNDING_THZ else (frequency - other) / gap


@njit(cache=True)
def _shares_above(frequency: float, end: float, second: float, third: float, fourth: float) -> float:
    """Return the sum of how far a frequency lies from a tetrahedron's outermost corner towards the other three."""
    return _share(frequency, second, end) + _share(frequency, third, end) + _share(frequency, fourth, end)
