"""Rates of scattering by isotopes are phono3py's."""

import numpy as np
import pytest
from phono3py.other.isotope import Isotope, get_mass_variances

from paraisite.labels.isotope_scattering import compute_isotope_rates
from tests.labels.test_phonon_interaction import CRYSTALS, compute_by_phono3py, solve_crystal


@pytest.mark.parametrize("name", CRYSTALS)
def test_rates_are_those_of_phono3py(name: str):
    phonons = solve_crystal(name)
    interaction = phonons.phph_interaction
    points = compute_by_phono3py(phonons).grid_points
    variances = get_mass_variances(phonons.primitive)
    variances[0] = 1e-3  # gold has one isotope
    isotope = Isotope(
        phonons.mesh_numbers,
        phonons.primitive,
        mass_variances=variances,
        bz_grid=phonons.grid,
        cutoff_frequency=interaction.cutoff_frequency,
    )
    isotope.set_phonons(interaction.phonons, dm=interaction.dynamical_matrix)
    expected = []
    for point in points:
        isotope.set_grid_point(point)
        isotope.run()
        expected.append(isotope.gamma)
    assert np.max(expected) > 0.0
    rates = compute_isotope_rates(phonons, points, variances)
    assert np.allclose(rates, expected, rtol=1e-9, atol=1e-12 * np.max(expected))


def test_one_isotope_scatters_nothing():
    phonons = solve_crystal("one atom")
    points = compute_by_phono3py(phonons).grid_points
    assert not compute_isotope_rates(phonons, points, np.zeros(1)).any()
