"""Rows of phonons: what is in them, and what is refused."""

from dataclasses import replace

import pytest
from ase.calculators.emt import EMT
from pymatgen.core.lattice import Lattice
from pymatgen.core.structure import Structure

from paraisite.data.sources.textbook import load_textbook_crystals
from paraisite.labels import phonon_labels
from paraisite.labels.phonon_labels import COLUMNS, label_phonons
from paraisite.labels.phonon_settings import LABELS
from paraisite.labels.tiers import keep_forces_part

SMALL = replace(LABELS, cell="primitive", harmonic_supercell=(3, 3, 3), cubic_supercell=(3, 3, 3), mesh=(4, 4, 4))


def nickel(group: str = "Fm-3m", a_angstrom: float = 3.5) -> Structure:
    return Structure.from_spacegroup(group, Lattice.cubic(a_angstrom), ["Ni"], [[0, 0, 0]])


def test_a_row_has_all_columns():
    row = label_phonons("nickel", nickel(), EMT(), SMALL)
    assert list(row) == ["candidate_id", "reason", *COLUMNS]
    assert row["reason"] == ""
    assert row["space_group"] == 225
    assert row["kappa_potential_w_per_m_k"] == pytest.approx(row["kappa_xx_w_per_m_k"], rel=1e-6)
    assert row["kappa_potential_coarse_w_per_m_k"] != row["kappa_potential_w_per_m_k"]
    assert Structure.from_str(row["structure_json"], fmt="json").composition.reduced_formula == "Ni"


def test_a_body_centred_lattice_has_a_grid_of_its_symmetry():
    """No regular grid of its primitive cell has it: phono3py takes a generalised one, of which all meshes must be."""
    crystal = Structure.from_spacegroup(
        "I4/mmm", Lattice.tetragonal(3.75, 7.5), ["Au", "Cu", "Cu"], [[0, 0, 0], [0, 0, 0.5], [0, 0.5, 0.25]]
    )
    settings = replace(SMALL, cell="conventional", harmonic_supercell=(2, 2, 1), cubic_supercell=(2, 2, 1), mesh=14.0)
    row = label_phonons("Cu3Au", crystal, EMT(), settings)
    assert row["reason"] == ""
    assert row["kappa_xx_w_per_m_k"] == pytest.approx(row["kappa_yy_w_per_m_k"], rel=1e-6)
    assert row["kappa_zz_w_per_m_k"] != pytest.approx(row["kappa_xx_w_per_m_k"], rel=0.01)
    assert row["kappa_potential_coarse_w_per_m_k"] == pytest.approx(row["kappa_potential_w_per_m_k"], rel=0.5)


def test_layers_that_are_not_bonded_are_refused_before_anything_is_computed():
    (graphite,) = [crystal.structure for crystal in load_textbook_crystals() if crystal.name == "graphite"]
    row = label_phonons("graphite", graphite, None, SMALL)
    assert row["reason"].startswith("its layers are not bonded with each other")
    (kept,) = keep_forces_part(("graphite", graphite.to_json()), None)
    assert kept == row


def test_an_unstable_crystal_is_a_row_with_a_reason():
    row = label_phonons("bcc", nickel("Im-3m", 2.8), EMT(), SMALL)
    assert "imaginary" in row["reason"]
    assert "kappa_potential_w_per_m_k" not in row


def test_a_conductivity_that_hangs_on_one_wave_vector_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(phonon_labels, "MAX_SHARE_OF_WAVE_VECTOR", 0.05)
    row = label_phonons("nickel", nickel(), EMT(), SMALL)
    assert row["reason"].startswith("one wave vector carries")
    assert row["kappa_potential_w_per_m_k"] > 0, "the value is kept beside the reason"


def test_a_conductivity_that_hangs_on_the_mesh_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(phonon_labels, "_solve_coarser", lambda *_: 1e4)
    row = label_phonons("nickel", nickel(), EMT(), SMALL)
    assert row["reason"].endswith("1e+04 on a coarser mesh, expected a factor of 2 at most: not converged")
    assert row["kappa_potential_w_per_m_k"] > 0
