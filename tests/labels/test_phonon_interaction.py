"""Linewidths are phono3py's: of crystals of one and of several atoms, on regular and on generalised grids."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from ase.calculators.emt import EMT
from phono3py import Phono3py
from phono3py.conductivity.factory import conductivity_calculator
from phono3py.phonon3.imag_self_energy import ImagSelfEnergy
from pymatgen.core.lattice import Lattice
from pymatgen.core.structure import Structure

from paraisite.labels import phonon_interaction
from paraisite.labels.conductivity import solve_modes
from paraisite.labels.force_constants import compute_cubic_constants, compute_harmonic_constants
from paraisite.labels.phonon_interaction import compute_linewidths
from paraisite.labels.phonon_settings import LABELS, PhononSettings
from tests.labels.test_phonon_labels import nickel

KELVIN = 300.0

CRYSTALS = {
    "one atom": (nickel(a_angstrom=3.488), (2, 2, 2), (4, 4, 4)),
    "two atoms, tetragonal": (
        Structure(Lattice.tetragonal(2.75, 3.65), ["Au", "Cu"], [[0, 0, 0], [0.5, 0.5, 0.5]]),
        (2, 2, 2),
        (4, 4, 3),
    ),
    "four atoms on a generalised grid": (
        Structure.from_spacegroup(
            "I4/mmm", Lattice.tetragonal(3.75, 7.5), ["Au", "Cu", "Cu"], [[0, 0, 0], [0, 0, 0.5], [0, 0.5, 0.25]]
        ),
        (2, 2, 1),
        14.0,
    ),
}


def solve_crystal(name: str, **changes: Any) -> Phono3py:
    """Return a crystal's phonons on their grid, at rest by symmetry alone."""
    crystal, repeats, mesh = CRYSTALS[name]
    settings: PhononSettings = replace(
        LABELS, cell="conventional", harmonic_supercell=repeats, cubic_supercell=repeats, mesh=mesh, **changes
    )
    harmonic = compute_harmonic_constants(crystal, EMT(), settings)
    cubic = compute_cubic_constants(crystal, EMT(), settings)
    return solve_modes(harmonic, cubic, settings)


def compute_by_phono3py(phonons: Phono3py) -> Any:
    """Return phono3py's calculation, done."""
    calculation = conductivity_calculator(phonons.phph_interaction, np.array([KELVIN]), [None])
    calculation.run()
    return calculation


@pytest.mark.parametrize("name", CRYSTALS)
@pytest.mark.parametrize("averages_origin", [True, False], ids=["averaged", "one origin"])
def test_linewidths_are_those_of_phono3py(name: str, averages_origin: bool):
    phonons = solve_crystal(name, averages_origin=averages_origin)
    calculation = compute_by_phono3py(phonons)
    expected = calculation.gamma[0, 0]
    found = compute_linewidths(phonons, calculation.grid_points, temperature_kelvin=KELVIN)
    # The transform is in single precision.
    assert np.allclose(found, expected, rtol=2e-5, atol=1e-6 * expected.max())


def test_few_triplets_at_once_give_the_same(monkeypatch: pytest.MonkeyPatch):
    phonons = solve_crystal("two atoms, tetragonal")
    points = compute_by_phono3py(phonons).grid_points
    together = compute_linewidths(phonons, points, temperature_kelvin=KELVIN)
    monkeypatch.setattr(phonon_interaction, "_ELEMENTS_AT_ONCE", 1)
    one_by_one = compute_linewidths(phonons, points, temperature_kelvin=KELVIN)
    assert np.allclose(one_by_one, together, rtol=2e-5, atol=1e-6 * together.max())


@pytest.mark.parametrize("name", CRYSTALS)
def test_energy_is_conserved_as_in_phono3py(name: str):
    """With phono3py's own strengths the sums are the same to rounding."""
    phonons = solve_crystal(name)
    interaction = phonons.phph_interaction
    calculation = compute_by_phono3py(phonons)
    conservation = phonon_interaction._Conservation.prepare(phonons, KELVIN)
    unit = ImagSelfEnergy(interaction).unit_conversion_factor
    expected = calculation.gamma[0, 0]
    for number, point in enumerate(calculation.grid_points):
        interaction.set_grid_point(int(point))
        interaction.run()
        triplets, weights = interaction.get_triplets_at_q()[:2]
        sums = conservation.sum_triplets(int(point), triplets, weights, interaction.interaction_strength)
        # Modes of equal frequency are averaged later.
        assert unit * sums.sum() == pytest.approx(expected[number].sum(), rel=1e-9, abs=1e-12)
