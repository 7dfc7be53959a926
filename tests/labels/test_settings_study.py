"""The study of settings: what is compared, and rows of it with the effective-medium potential."""

import numpy as np
import pytest
from ase.calculators.emt import EMT
from ase.calculators.lj import LennardJones
from pymatgen.symmetry.analyzer import SpacegroupAnalyzer

from paraisite.labels import settings_study
from paraisite.labels.phonon_settings import LABELS, PhononSettings
from paraisite.labels.settings_study import (
    AS_LABELS,
    COMPOUNDS,
    FITTED,
    POLARITIES,
    PUBLISHED_KAPPA,
    VARIANTS,
    WITH_CHARGES,
    build_compound,
    find_settings,
    study_settings,
)

GROUPS = {"zincblende": 216, "rocksalt": 225, "wurtzite": 186}


def test_compounds_have_their_space_groups_and_published_values():
    groups = {name: SpacegroupAnalyzer(build_compound(name)).get_space_group_number() for name in COMPOUNDS}
    assert sorted(groups.values()) == [186] * 2 + [216] * 7 + [225] * 3
    assert all(set(values) == set(COMPOUNDS) for values in PUBLISHED_KAPPA.values())
    assert set(POLARITIES) < set(COMPOUNDS)


def test_each_variant_changes_one_thing():
    """Without this, the study could not say which setting costs what."""
    base = vars(VARIANTS[FITTED])
    for name, settings in VARIANTS.items():
        if name.startswith("fitted, "):
            changed = {key for key, value in vars(settings).items() if value != base[key]}
            assert 1 <= len(changed) <= 2, name


def test_wurtzites_have_the_published_supercells_of_their_own():
    assert find_settings("GaN", FITTED).harmonic_supercell == (5, 5, 3)
    assert find_settings("AlSb", FITTED).harmonic_supercell == (4, 4, 4)
    assert find_settings("GaN", AS_LABELS) == LABELS


@pytest.fixture
def argon(monkeypatch: pytest.MonkeyPatch) -> LennardJones:
    """Argon as rock salt: the compound's cell with a potential that any atoms have."""
    small = PhononSettings(
        cell="primitive",
        harmonic_supercell=(2, 2, 2),
        cubic_supercell=(2, 2, 2),
        relaxes=False,
        mesh=(3, 3, 3),
    )
    monkeypatch.setattr(settings_study, "VARIANTS", {AS_LABELS: small, WITH_CHARGES: small})
    return LennardJones(sigma=2.6, epsilon=0.05, rc=6.0, smooth=True)


def test_a_row_has_conductivity_and_cost(argon: LennardJones):
    (row,) = study_settings(("NaCl", AS_LABELS), argon)
    assert row["reason"] == ""
    assert np.isfinite(row["kappa_potential_w_per_m_k"])
    assert (row["n_harmonic_atom"], row["n_cubic_atom"]) == (16, 16)
    assert row["n_cubic_call"] > row["n_harmonic_call"] >= 1


def test_charges_raise_the_longitudinal_optical_mode(argon: LennardJones):
    (without,), (charged,) = (study_settings(("NaCl", variant), argon) for variant in (AS_LABELS, WITH_CHARGES))
    assert charged["reason"] == without["reason"] == ""
    assert charged["max_frequency_thz"] > without["max_frequency_thz"] + 0.1


@pytest.mark.usefixtures("argon")
def test_what_fails_is_a_row_with_a_reason():
    (row,) = study_settings(("NaCl", AS_LABELS), EMT())
    assert row["reason"], "the effective-medium potential knows neither sodium nor chlorine"
    assert "kappa_potential_w_per_m_k" not in row
