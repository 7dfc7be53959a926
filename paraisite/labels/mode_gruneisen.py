"""Modes' Grüneisen parameters from force constants of third order, for a crystal that expands alike in all directions.

Atoms inside the cell come to rest again after the expansion. phono3py's class of the same name gives the whole tensor,
in loops that take as long as solving Boltzmann's equation.

Source: Fabian and Allen, PRL 79, 1885 (1997), 10.1103/PhysRevLett.79.1885.
"""

from typing import Final

import numpy as np
from phono3py import Phono3py
from phonopy.harmonic.dynamical_matrix import get_dynamical_matrix
from phonopy.physical_units import get_physical_units

from paraisite.arrays import Floats

_N_RIGID: Final = 3
"""Motions of the whole crystal, the lowest three at the zone centre."""


def compute_mode_gruneisen(phonons: Phono3py, fc2: Floats, qpoints: Floats) -> tuple[Floats, Floats]:
    """Return each mode's Grüneisen parameter and its frequency, THz, [n_wave_vector, n_branch].

    The parameter is minus the logarithmic derivative of the frequency along the volume; zero for rigid motions.

    Args:
        phonons: With force constants of third order.
        fc2: Those of second order in the same supercell, eV/Å², [n_primitive, n_supercell_atom, 3, 3].
        qpoints: Wave vectors in reciprocal lattice vectors, [n_wave_vector, 3].
    """
    primitive, supercell = phonons.primitive, phonons.supercell
    harmonic = get_dynamical_matrix(fc2, supercell, primitive)
    strained = get_dynamical_matrix(_strain(phonons, fc2), supercell, primitive)
    parameters, frequencies = [], []
    for qpoint in qpoints:
        harmonic.run(qpoint)
        strained.run(qpoint)
        squared, modes = np.linalg.eigh(harmonic.dynamical_matrix)
        slopes = np.einsum("is,ij,js->s", modes.conj(), strained.dynamical_matrix, modes, optimize=True).real
        n_rigid = _N_RIGID if np.abs(qpoint).max() < 1e-5 else 0
        parameters.append(np.where(np.arange(len(squared)) < n_rigid, 0.0, -slopes / (6.0 * squared)))
        frequencies.append(np.sqrt(np.abs(squared)) * np.sign(squared))
    return np.array(parameters), np.array(frequencies) * get_physical_units().DefaultToTHz


def _strain(phonons: Phono3py, fc2: Floats) -> Floats:
    """Return the slopes of the force constants along a stretch of all lengths, eV/Å², as ``fc2``."""
    primitive = phonons.primitive
    fc3 = np.asarray(phonons.fc3)
    if len(fc3) != len(primitive):
        fc3 = fc3[primitive.p2s_map]
    from_atoms = _find_vectors(phonons)
    at_rest = _find_internal_motion(phonons, fc2, from_atoms)
    of_supercell = at_rest[[primitive.p2p_map[atom] for atom in primitive.s2p_map]]
    motion = from_atoms + of_supercell  # [n_primitive, n_supercell_atom, 3]
    return np.einsum("pnmabc,pmc->pnab", fc3, motion, optimize=True)


def _find_vectors(phonons: Phono3py) -> Floats:
    """Return the vectors from primitive to supercell atoms, Å, means of equally short ones, [n_primitive, n_atom, 3].

    They are how the atoms move against one another when all lengths are stretched.
    """
    vectors, places = phonons.primitive.get_smallest_vectors()
    number, first = np.moveaxis(places, -1, 0)  # [n_supercell_atom, n_primitive]
    sums = np.concatenate([np.zeros((1, 3)), np.cumsum(vectors, axis=0)])
    means = (sums[first + number] - sums[first]) / number[..., None]
    return np.asarray(means.swapaxes(0, 1) @ phonons.primitive.cell)


def _find_internal_motion(phonons: Phono3py, fc2: Floats, from_atoms: Floats) -> Floats:
    """Return where the primitive cell's atoms come to rest when all lengths are stretched, Å, [n_primitive, 3]."""
    primitive = phonons.primitive
    at_centre = get_dynamical_matrix(fc2, phonons.supercell, primitive)
    at_centre.run([0, 0, 0])
    squared, modes = np.linalg.eigh(at_centre.dynamical_matrix.real)
    rows = fc2 if len(fc2) == len(primitive) else fc2[primitive.p2s_map]
    roots = np.sqrt(primitive.masses).repeat(3)
    forces = np.einsum("pnab,pnb->pa", rows, from_atoms).ravel() / roots
    optical = modes[:, _N_RIGID:]
    motion = optical @ ((optical.T @ forces) / squared[_N_RIGID:]) / roots
    return -motion.reshape(-1, 3)
