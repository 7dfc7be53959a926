"""Modes' Grüneisen parameters are phono3py's."""

import numpy as np
import pytest
from phono3py import Phono3py
from phono3py.phonon3.gruneisen import Gruneisen

from paraisite.arrays import Floats
from paraisite.labels.mode_gruneisen import compute_mode_gruneisen
from tests.labels.test_phonon_interaction import CRYSTALS, solve_crystal

QPOINTS = np.array([[0.0, 0.0, 0.0], [0.1, 0.2, 0.3], [0.5, 0.0, 0.5], [0.3, 0.3, 0.0]])


def second_order(phonons: Phono3py) -> Floats:
    """Return the constants in the supercell of third order, which here is that of second order."""
    return np.asarray(phonons.fc2)


@pytest.mark.parametrize("name", CRYSTALS)
def test_parameters_are_those_of_phono3py(name: str):
    phonons = solve_crystal(name)
    reference = Gruneisen(second_order(phonons), phonons.fc3, phonons.supercell, phonons.primitive)
    reference.set_qpoints(QPOINTS)
    reference.run()
    expected = np.trace(reference.gruneisen_parameters, axis1=-2, axis2=-1) / 3.0
    found, frequencies = compute_mode_gruneisen(phonons, second_order(phonons), QPOINTS)
    assert np.allclose(frequencies, reference.frequencies, atol=1e-9)
    # Modes of equal frequency share their sum: which of them has what depends on the eigenvectors.
    for of_point, of_reference, of_frequencies in zip(found, expected, frequencies, strict=True):
        for frequency in of_frequencies:
            is_equal = np.abs(of_frequencies - frequency) < 1e-4
            assert of_point[is_equal].sum() == pytest.approx(of_reference[is_equal].sum(), rel=1e-6, abs=1e-9)
