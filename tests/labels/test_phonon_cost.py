"""What a crystal's phonons cost, and what is told while they are computed."""

import math
from dataclasses import replace

import pytest
from ase.calculators.emt import EMT
from pymatgen.core.lattice import Lattice
from pymatgen.core.structure import Structure

from paraisite.errors import StructureError
from paraisite.labels import phonon_cost
from paraisite.labels.conductivity import compute_lattice_conductivity
from paraisite.labels.phonon_cost import estimate_phonon_cost
from paraisite.labels.phonon_progress import RELAXATION, SECOND_ORDER, SOLUTION, THIRD_ORDER
from tests.labels.test_phonon_labels import SMALL, nickel


def test_progress_counts_the_displacements_that_were_estimated():
    steps: list[tuple[str, int, int | None]] = []

    def note(stage: str, *, n_done: int, n_total: int | None) -> None:
        steps.append((stage, n_done, n_total))

    settings = replace(SMALL, harmonic_supercell=(2, 2, 2), mesh=(2, 2, 2))
    solved = compute_lattice_conductivity(nickel(), EMT(), settings, on_step=note)
    cost = estimate_phonon_cost(nickel(), settings)
    last = {stage: (n_done, n_total) for stage, n_done, n_total in steps}
    assert list(last) == [RELAXATION, SECOND_ORDER, THIRD_ORDER, SOLUTION]
    assert last[RELAXATION][0] > 0
    assert last[SECOND_ORDER] == (cost.n_harmonic_call, cost.n_harmonic_call)
    assert last[THIRD_ORDER][0] == last[THIRD_ORDER][1]
    assert last[THIRD_ORDER][0] == solved.cubic.n_force_call
    assert cost.n_cubic_call == pytest.approx(solved.cubic.n_force_call, abs=2)
    assert (cost.n_harmonic_atom, cost.n_cubic_atom) == (8, 27)


def test_less_symmetry_costs_more():
    stretched = nickel()
    stretched.apply_strain([0.0, 0.0, 0.1])
    cubic, tetragonal = (estimate_phonon_cost(each, SMALL) for each in (nickel(), stretched))
    assert tetragonal.n_force_call > cubic.n_force_call
    assert tetragonal.cpu_minutes > cubic.cpu_minutes


def test_more_constants_than_are_fitted_are_cut_off(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(phonon_cost, "estimate_free_constants", lambda _: 5000.0)
    assert estimate_phonon_cost(nickel(), SMALL).n_cubic_call == 2 * math.ceil(2.5 * 0.2 * 5000.0 / (3 * 27))


def test_a_supercell_that_would_take_days_is_refused():
    with pytest.raises(StructureError, match="343 atoms in the supercell of third order, expected at most 240"):
        estimate_phonon_cost(nickel(), replace(SMALL, cubic_supercell=(7, 7, 7)))


def test_an_element_without_a_mass_is_a_reason_for_people():
    polonium = Structure(Lattice.cubic(3.36), ["Po"], [[0.0, 0.0, 0.0]])
    with pytest.raises(StructureError, match=r"no phonons of Po: .*[Mm]ass"):
        estimate_phonon_cost(polonium, SMALL)
