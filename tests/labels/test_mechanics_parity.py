"""Elastic tensors and relaxation against matcalc's (PyPI, tried with 0.7.0), where it is installed."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from ase.build import bulk
from ase.calculators.emt import EMT
from ase.calculators.lj import LennardJones
from pymatgen.core import Lattice, Structure
from pymatgen.io.ase import AseAtomsAdaptor

from paraisite.labels.mechanics import ELASTIC_STRAIN, compute_elastic_tensor, relax

matcalc = pytest.importorskip("matcalc")

STRAINS = (-ELASTIC_STRAIN, ELASTIC_STRAIN)
FORCE_TOLERANCE_EV_PER_ANGSTROM = 1e-4


def argon() -> LennardJones:
    return LennardJones(sigma=3.4, epsilon=0.0104, rc=10.0, ro=8.0, smooth=True)


CRYSTALS = {
    "Cu": (AseAtomsAdaptor.get_structure(bulk("Cu")), EMT),
    "Al": (AseAtomsAdaptor.get_structure(bulk("Al")), EMT),
    "Cu3Au": (
        Structure(Lattice.cubic(3.74), ["Au", *["Cu"] * 3], [[0, 0, 0], [0.5, 0.5, 0], [0.5, 0, 0.5], [0, 0.5, 0.5]]),
        EMT,
    ),
    "hexagonal Ar": (AseAtomsAdaptor.get_structure(bulk("Ar", "hcp", a=3.7, c=6.04)), argon),
}


@pytest.mark.parametrize("name", CRYSTALS)
def test_elastic_tensor_and_cell_are_matcalcs(name: str) -> None:
    """Measured: K within 2e-4, G within 3e-3, single components within 7e-3 of the largest; volumes within 2e-3."""
    structure: Structure
    calculator: Callable[[], Any]
    structure, calculator = CRYSTALS[name]
    relaxed, _ = relax(structure, calculator())
    ours = compute_elastic_tensor(relaxed, calculator())
    theirs = matcalc.ElasticityCalc(
        calculator(),
        norm_strains=STRAINS,
        shear_strains=STRAINS,
        fmax=FORCE_TOLERANCE_EV_PER_ANGSTROM,
        relax_structure=False,
        relax_deformed_structures=True,
        units_GPa=True,
    ).calc(relaxed)
    tensor = np.asarray(theirs["elastic_tensor"].voigt)
    np.testing.assert_allclose(ours.voigt, tensor, rtol=0, atol=0.01 * np.abs(tensor).max())
    assert ours.k_vrh == pytest.approx(theirs["bulk_modulus_vrh"], rel=5e-4)
    assert ours.g_vrh == pytest.approx(theirs["shear_modulus_vrh"], rel=5e-3)
    settled = matcalc.RelaxCalc(calculator(), fmax=5e-4).calc(structure)["final_structure"]
    assert relaxed.volume == pytest.approx(settled.volume, rel=5e-3)
