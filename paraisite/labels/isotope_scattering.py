"""How natural isotopes scatter phonons: phono3py's numbers, in a fraction of its time.

The rate of a mode is a sum over all modes of equal frequency, with the tetrahedron method. phono3py takes every mode
with every other; here the weight of a pair is computed only where the frequency lies within the tetrahedra around the
other mode, which holds for a few percent of pairs, in loops that Numba compiles.

Source: Tamura, PRB 27, 858 (1983), 10.1103/PhysRevB.27.858.
"""

from typing import Any, Final

import numpy as np
from phono3py import Phono3py

from paraisite.arrays import Floats, Ints
from paraisite.labels.compiled_loops import compile_loops
from paraisite.labels.tetrahedron import N_TETRAHEDRON, find_corners, sort_corners, weigh_grid_point

_MIN_FREQUENCY_THZ: Final = 1e-4
"""Modes below are rigid motions, or imaginary; they neither scatter nor are scattered."""


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
    points = np.asarray(grid.grg2bzg, np.int64)
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
        points,
        find_corners(grid, points),
        np.asarray(mass_variances, np.float64),
        sums,
    )
    rates = np.empty_like(sums)
    rates[order] = np.pi / 4.0 * asked[order] ** 2 * sums / len(grid.grg2bzg)
    rates[asked < _MIN_FREQUENCY_THZ] = 0.0
    return rates.reshape(-1, n_branch)


@compile_loops
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
    values = np.empty((N_TETRAHEDRON, 4))
    place = np.empty(N_TETRAHEDRON, np.int64)  # of the grid point among the ascending corners
    for number in range(len(points)):
        for branch in range(frequencies.shape[1]):
            centre = frequencies[points[number], branch]
            if centre < _MIN_FREQUENCY_THZ:
                continue
            for tetrahedron in range(N_TETRAHEDRON):
                for corner in range(4):
                    values[tetrahedron, corner] = frequencies[corners[number, tetrahedron, corner], branch]
            sort_corners(values, centre, place)
            mode = modes[points[number], branch]
            first, last = np.searchsorted(asked, values[:, 0].min()), np.searchsorted(asked, values[:, 3].max())
            for each in range(first, last):
                weight = weigh_grid_point(asked[each], values, place)
                if weight > 0.0:
                    alike = 0.0
                    for atom in range(len(variances)):
                        product = 0.0j
                        for axis in range(3):
                            product += np.conj(mode[atom, axis]) * asked_modes[each, atom, axis]
                        alike += variances[atom] * (product.real**2 + product.imag**2)
                    sums[each] += weight * alike
