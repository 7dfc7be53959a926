"""Forces that were kept give the force constants that computing all at once gives, and no other crystal's."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from ase.calculators.emt import EMT
from pymatgen.core.structure import Structure

from paraisite.errors import ConfigError, DataError
from paraisite.labels import phonon_labels, tiers
from paraisite.labels.force_constants import compute_cubic_constants, compute_harmonic_constants
from paraisite.labels.kept_forces import KeptForces, compute_phonon_forces
from paraisite.labels.phonon_labels import label_kept_forces
from paraisite.labels.tiers import Campaign, CampaignPart, plan_forces_campaign, use_kept_forces
from paraisite.schema import KAPPA_POTENTIAL
from tests.labels.test_phonon_labels import SMALL as LARGER
from tests.labels.test_phonon_labels import nickel

SMALL = replace(LARGER, mesh=(2, 2, 2))

PLAN = {"potential": "EMT"}


class NoCalculator:
    """Fails when it is asked for anything."""


@pytest.fixture(scope="module")
def row() -> dict[str, Any]:
    return compute_phonon_forces(nickel(), EMT(), SMALL).to_row()


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Phonons on few wave vectors, and of the solution the mean alone."""
    monkeypatch.setattr(tiers, "LABELS", SMALL)
    monkeypatch.setattr(
        phonon_labels, "describe_solution", lambda solved, _: {KAPPA_POTENTIAL: solved.conductivity.kappa_w_per_m_k}
    )


def campaign_of(*crystals: tuple[str, Structure]) -> Campaign:
    parts = [CampaignPart(name, (name, structure.to_json())) for name, structure in crystals]
    return Campaign("EMT", parts, tiers.label_kappa_part, PLAN)


def test_kept_forces_give_the_same_force_constants(row: dict[str, Any]):
    kept, computed = KeptForces.from_row(row), EMT()
    cell = kept.cell
    for compute in (compute_harmonic_constants, compute_cubic_constants):
        assert np.array_equal(compute(cell, kept, SMALL).values, compute(cell, computed, SMALL).values)


def test_forces_of_other_displacements_are_refused(row: dict[str, Any]):
    with pytest.raises(DataError, match="other displacements"):
        label_kept_forces("nickel", KeptForces.from_row(row), replace(SMALL, harmonic_displacement_angstrom=0.02))


def test_forces_that_end_too_early_are_refused(row: dict[str, Any]):
    half = {name: value for name, value in row.items() if not name.endswith("_1")}
    with pytest.raises(DataError, match="end too early"):
        label_kept_forces("nickel", KeptForces.from_row(half), SMALL)


def test_a_damaged_row_is_refused(row: dict[str, Any]):
    damaged = row | {"forces_ev_per_angstrom_0": row["forces_ev_per_angstrom_0"][:-4]}
    with pytest.raises(DataError, match="kept forces are damaged"):
        KeptForces.from_row(damaged)


@pytest.mark.usefixtures("small")
def test_a_campaign_takes_up_forces_and_reasons(tmp_path: Path):
    campaign = campaign_of(("nickel", nickel()), ("bcc", nickel("Im-3m", 2.8)), ("new", nickel(a_angstrom=3.6)))
    forces, rows = plan_forces_campaign(campaign), {}
    for part in campaign.parts[:2]:
        (rows[part.name],) = forces.label(part.items, EMT())
        pd.DataFrame([rows[part.name]]).to_parquet(tmp_path / f"{part.name}.parquet")
    taken = use_kept_forces(campaign, tmp_path)
    assert taken.parts[2] == campaign.parts[2], "no forces were kept: they are computed"
    (solved,), (refused,) = (taken.label(part.items, NoCalculator()) for part in taken.parts[:2])
    assert solved[KAPPA_POTENTIAL] > 0
    assert "imaginary" in refused["reason"]
    assert refused["reason"] == rows["bcc"]["reason"]


def test_forces_of_another_campaign_are_refused(tmp_path: Path):
    use_kept_forces(campaign_of(("nickel", nickel())), tmp_path)
    other = replace(campaign_of(("nickel", nickel())), plan={"potential": "other"})
    with pytest.raises(DataError, match="was begun with potential"):
        use_kept_forces(other, tmp_path)


def test_without_kept_forces_a_campaign_is_as_it_was(tmp_path: Path):
    campaign = campaign_of(("nickel", nickel()))
    assert use_kept_forces(campaign, tmp_path / "none") is campaign


def test_other_tiers_have_no_forces_alone():
    with pytest.raises(ConfigError, match="tiers kappa and kappa_known"):
        plan_forces_campaign(replace(campaign_of(), label=tiers.label_phonons_part))
