"""The linear tetrahedron method at single grid points, in loops that Numba compiles; phono3py's numbers.

Around a grid point lie 24 tetrahedra with it as a corner. A mode's weight at a frequency is its share of the density of
states there; it is zero unless the frequency lies among those at the corners, which callers look at first.

Source: MacDonald, Vosko and Coleridge, J. Phys. C 12, 2991 (1979), 10.1088/0022-3719/12/15/008.
"""

from typing import Any, Final

import numpy as np
from phonopy.phonon.grid import get_neighboring_grid_points
from phonopy.phonon.tetrahedron_method import get_tetrahedra_relative_gr_grid_address

from paraisite.arrays import Ints
from paraisite.labels.compiled_loops import compile_loops

N_TETRAHEDRON: Final = 24
_TETRAHEDRA_PER_VOLUME: Final = 6.0
_ROUNDING_THZ: Final = 1e-10
"""Corners that are closer to one another are one, as in phono3py."""


def find_corners(grid: Any, grid_points: Ints, *, mirrored: bool = False) -> Ints:
    """Return the corners of the tetrahedra around grid points, [n_grid_point, 24, 4], themselves among those of each.

    Args:
        grid: phono3py's.
        grid_points: Whose.
        mirrored: Whether corners are on the opposite sides, as those of q2 are if those of q1 move and q0 does not.
    """
    steps = get_tetrahedra_relative_gr_grid_address(grid)
    if mirrored:
        steps = -steps
    return np.array([get_neighboring_grid_points(int(point), steps, grid) for point in grid_points])


@compile_loops
def sort_corners(values: Any, centre: float, place: Any) -> None:
    """Sort the frequencies at each tetrahedron's corners, and say where that of the grid point is.

    Args:
        values: Are sorted, [24, 4].
        centre: Frequency at the grid point.
        place: Is set, [24].
    """
    for tetrahedron in range(len(values)):
        first, second, third, fourth = values[tetrahedron]
        place[tetrahedron] = (first < centre) + (second < centre) + (third < centre) + (fourth < centre)
        first, second = min(first, second), max(first, second)
        third, fourth = min(third, fourth), max(third, fourth)
        first, third = min(first, third), max(first, third)
        second, fourth = min(second, fourth), max(second, fourth)
        values[tetrahedron, 0] = first
        values[tetrahedron, 1] = min(second, third)
        values[tetrahedron, 2] = max(second, third)
        values[tetrahedron, 3] = fourth


@compile_loops
def weigh_grid_point(frequency: float, values: Any, place: Any) -> float:
    """Return a grid point's weight at a frequency, 1/THz, from what ``sort_corners`` sorted."""
    weight = 0.0
    for tetrahedron in range(len(values)):
        if values[tetrahedron, 0] <= frequency < values[tetrahedron, 3]:
            weight += _weigh_corner(frequency, values[tetrahedron], place[tetrahedron])
    return weight / _TETRAHEDRA_PER_VOLUME


@compile_loops
def _weigh_corner(frequency: float, corners: Any, place: int) -> float:
    """Return a corner's weight in the density of states of a tetrahedron, 1/THz.

    Args:
        frequency: THz, not below the lowest corner's and below the highest's.
        corners: Frequencies of all four, ascending, THz.
        place: Of the corner among them.
    """
    lowest, lower, upper, highest = corners
    if highest - lowest < _ROUNDING_THZ:
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


@compile_loops
def _share(frequency: float, corner: float, other: float) -> float:
    """Return how far from the other corner to this one a frequency lies, from 0 to 1; 0 where they are equal."""
    gap = corner - other
    return 0.0 if abs(gap) < _ROUNDING_THZ else (frequency - other) / gap


@compile_loops
def _shares_above(frequency: float, end: float, second: float, third: float, fourth: float) -> float:
    """Return the sum of how far a frequency lies from a tetrahedron's outermost corner towards the other three."""
    return _share(frequency, second, end) + _share(frequency, third, end) + _share(frequency, fourth, end)
