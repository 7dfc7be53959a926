"""Nequix: forces are those of its own calculator, and the gradient of its energy; needs its package and weights."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from phonopy.structure.atoms import PhonopyAtoms

from paraisite.errors import StructureError, WeightsError
from paraisite.labels.supercell_forces import compute_forces

torch = pytest.importorskip("torch", reason="pip install '.[nequix]' && pip install --no-deps nequix")
nequix = pytest.importorskip("nequix", reason="pip install '.[nequix]' && pip install --no-deps nequix")


@pytest.fixture(scope="module")
def weights() -> Path:
    path = Path(os.environ.get("PARAISITE_SHARED", "../shared")) / "weights" / "nequix-mp-1-pft.nqx"
    if not path.is_file():
        pytest.skip("Nequix's weights are not here")
    return path


@pytest.fixture(scope="module")
def calculator(weights: Path) -> Any:
    return load(weights)


def load(weights: Path, *, in_double_precision: bool = False, pairs_together: int | None = None) -> Any:
    from paraisite.labels.nequix_potential import NequixCalculator

    return NequixCalculator(weights, in_double_precision=in_double_precision, pairs_together=pairs_together)


@pytest.fixture(scope="module")
def salt() -> Atoms:
    atoms = bulk("NaCl", "rocksalt", a=5.64, cubic=True)
    atoms.rattle(0.05, seed=1)
    return atoms


def test_energy_forces_and_stress_are_those_of_its_own_calculator(calculator: Any, weights: Path, salt: Atoms):
    own: Any = pytest.importorskip("nequix.calculator").NequixCalculator(model_path=str(weights), use_kernel=False)
    expected, found = salt.copy(), salt.copy()
    expected.calc, found.calc = own, calculator
    assert found.get_potential_energy() == pytest.approx(expected.get_potential_energy(), abs=2e-4)
    assert np.allclose(found.get_forces(), expected.get_forces(), atol=2e-5)
    assert np.allclose(found.get_stress(), expected.get_stress(), atol=2e-6)


def test_forces_are_minus_the_gradient_of_the_energy(calculator: Any, salt: Atoms):
    moved = salt.copy()
    moved.calc = calculator
    forces = moved.get_forces()
    energies = []
    for step in (0.02, -0.02):
        shifted = salt.copy()
        shifted.positions[0, 0] += step
        shifted.calc = calculator
        energies.append(shifted.get_potential_energy())
    assert -(energies[0] - energies[1]) / 0.04 == pytest.approx(forces[0, 0], abs=0.01)


@pytest.mark.parametrize("pairs_together", [1, 1000], ids=["one by one", "two, then one"])
def test_forces_of_copies_are_those_of_each(pairs_together: int, weights: Path, calculator: Any, salt: Atoms):
    rng = np.random.default_rng(0)
    shifts = rng.uniform(-0.015, 0.015, (3, len(salt), 3))
    cells = [
        PhonopyAtoms(numbers=salt.numbers, cell=salt.cell.array, positions=salt.positions + shift) for shift in shifts
    ]
    together = compute_forces(cells, load(weights, pairs_together=pairs_together))
    for cell, forces in zip(cells, together, strict=True):
        alone = Atoms(numbers=cell.numbers, positions=cell.positions, cell=cell.cell, pbc=True, calculator=calculator)
        assert np.allclose(alone.get_forces(), forces, atol=1e-5)


def test_single_precision_forces_are_near_those_of_double(calculator: Any, weights: Path, salt: Atoms):
    single, double = salt.copy(), salt.copy()
    single.calc, double.calc = calculator, load(weights, in_double_precision=True)
    assert np.allclose(single.get_forces(), double.get_forces(), atol=2e-5)


def test_an_element_that_it_does_not_know_is_named(calculator: Any):
    atoms = bulk("Po", "sc", a=3.3)
    atoms.calc = calculator
    with pytest.raises(StructureError, match="does not know Po"):
        atoms.get_potential_energy()


def test_other_files_are_refused(tmp_path: Path):
    (tmp_path / "x.nqx").write_bytes(b"\x80\x04K\x01.\n")
    with pytest.raises(WeightsError, match=r"x\.nqx holds no weights of Nequix"):
        load(tmp_path / "x.nqx")
