"""Slack's expression and the Debye temperature against other forms of the same formulas."""

import numpy as np
import pytest
from pymatgen.analysis.elasticity.elastic import ElasticTensor
from pymatgen.core.lattice import Lattice
from pymatgen.core.structure import Structure

from paraisite.labels.slack import (
    UnitCell,
    acoustic_debye_temperature,
    debye_temperature,
    gruneisen_of_bulk_slope,
    gruneisen_of_poisson,
    poisson_ratio,
    slack_conductivity,
)

SALT = Structure.from_spacegroup(
    "Fm-3m", Lattice.cubic(5.64), ["Na", "Cl"], [[0, 0, 0], [0.5] * 3]
).get_primitive_structure()


def crystal_of(structure: Structure) -> UnitCell:
    return UnitCell(len(structure), structure.volume, float(structure.composition.weight))


@pytest.mark.parametrize(("bulk", "shear"), [(25.0, 15.0), (100.0, 60.0), (160.0, 130.0), (40.0, 5.0)])
def test_debye_temperature_is_that_of_the_mean_sound_velocity(bulk: float, shear: float):
    """Against pymatgen, which goes by longitudinal and transverse velocities; 1e-3 relative."""
    c11, c12 = bulk + 4 * shear / 3, bulk - 2 * shear / 3
    voigt = np.diag([c11] * 3 + [shear] * 3)
    voigt[:3, :3] += c12 * (1 - np.eye(3))
    expected = ElasticTensor.from_voigt(voigt).debye_temperature(SALT)
    found = debye_temperature(crystal_of(SALT), bulk_gpa=bulk, poisson=poisson_ratio(bulk, shear))
    assert found == pytest.approx(expected, rel=1e-3)


def test_a_larger_cell_of_the_same_crystal_has_the_same_debye_temperature():
    cell = crystal_of(SALT)
    double = UnitCell(2 * cell.n_atom, 2 * cell.volume_cubic_angstrom, 2 * cell.mass_u)
    found = [debye_temperature(of, bulk_gpa=25.0, poisson=0.25) for of in (cell, double)]
    assert found[0] == pytest.approx(found[1], rel=1e-12)


@pytest.mark.parametrize(("bulk", "shear", "expected"), [(5.0, 3.0, 0.25), (1.0, 0.0, 0.5), (2.0, 3.0, 0.0)])
def test_poisson_ratio_of_known_moduli(bulk: float, shear: float, expected: float):
    assert poisson_ratio(bulk, shear) == pytest.approx(expected)


def test_gruneisen_parameters_of_known_solids():
    assert gruneisen_of_bulk_slope(4.0) == pytest.approx(11 / 6)
    assert gruneisen_of_poisson(0.25) == pytest.approx(1.5)


@pytest.mark.parametrize("gruneisen", [0.8, 1.5, 2.5])
def test_conductivity_agrees_with_slacks_practical_units(gruneisen: float):
    """A M theta³ delta / (gamma² T n^(2/3)) with M in u, delta in Å; A = 2.43e-6 / (…) is rounded: 1 % relative.

    Source: Slack 1979 as given by Morelli and Slack, in High Thermal Conductivity Materials (2006).
    """
    cell, debye, temperature = crystal_of(SALT), 320.0, 300.0
    mass, delta = cell.mass_u / cell.n_atom, (cell.volume_cubic_angstrom / cell.n_atom) ** (1 / 3)
    factor = 2.43e-6 / (1 - 0.514 / gruneisen + 0.228 / gruneisen**2)
    expected = factor * mass * debye**3 * delta / (gruneisen**2 * temperature * cell.n_atom ** (2 / 3))
    found = slack_conductivity(
        cell, acoustic_debye_kelvin=acoustic_debye_temperature(debye, cell.n_atom), gruneisen=gruneisen
    )
    assert found == pytest.approx(expected, rel=0.01)


def test_conductivity_falls_as_one_over_temperature():
    cell = crystal_of(SALT)
    cold, hot = (
        slack_conductivity(cell, acoustic_debye_kelvin=250.0, gruneisen=1.6, temperature_kelvin=t) for t in (300, 600)
    )
    assert cold == pytest.approx(2 * hot)
