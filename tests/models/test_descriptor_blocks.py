"""Descriptors from structures and from networks' answers."""

import numpy as np
import pandas as pd
import pytest

from paraisite.data.structure_types import rocksalt, zincblende
from paraisite.labels.slack import (
    UnitCell,
    acoustic_debye_temperature,
    debye_temperature,
    poisson_ratio,
    slack_conductivity,
)
from paraisite.models import descriptor_blocks as descriptor_blocks_module
from paraisite.models.descriptor_blocks import Networks, build_descriptor_blocks
from paraisite.models.ensemble import Ensemble
from paraisite.models.ensemble_prediction import MemberPredictions
from paraisite.models.tabular import (
    COMPOSITION,
    IONIC,
    NETWORKS,
    PHONONS,
    PHYSICAL,
    POTENTIAL,
    SECOND_STAGE,
    SLACK_FORMULA,
)
from paraisite.models.target_scaler import TargetScaler
from paraisite.training.initial_parameters import draw_parameters, stack
from tests.training.tiny import CONFIG, tiny_data

CRYSTALS = [rocksalt("Na", "Cl", a_angstrom=5.69), zincblende("Ga", "As", a_angstrom=5.65)]
ROWS = tiny_data().graphs.take([0, 4])
SCALER = TargetScaler(mean=np.array([1.0, 1.2]), std=np.array([0.5, 0.6]))
KAPPA = np.array([[1.0, 100.0], [100.0, 1.0]])


def network(n_member: int, scaler: TargetScaler | None) -> Ensemble:
    parameters = stack([draw_parameters(CONFIG, seed=seed) for seed in range(n_member)])
    return Ensemble(CONFIG, parameters, scaler, "x", "y")


def test_without_networks_there_is_what_structures_say() -> None:
    found = build_descriptor_blocks(CRYSTALS, ROWS, Networks())
    assert set(found) == {PHYSICAL, IONIC, COMPOSITION}
    assert all(len(values) == 2 and np.isfinite(values).all() for values in found.values())


def test_networks_answers_are_means_of_logarithms_and_slacks_formula(monkeypatch: pytest.MonkeyPatch) -> None:
    second, third, bulk, shear = network(2, SCALER), network(2, SCALER), network(1, None), network(1, None)
    outputs = {
        id(second): KAPPA,
        id(third): KAPPA * 10.0,
        id(bulk): np.log10([[24.0, 75.0]]),
        id(shear): np.log10([[15.0, 46.0]]),
    }
    monkeypatch.setattr(
        descriptor_blocks_module,
        "predict_members",
        lambda ensemble, *_, **__: MemberPredictions(outputs[id(ensemble)], np.zeros((1, 2, 1))),
    )
    found = build_descriptor_blocks(CRYSTALS, ROWS, Networks({"B": second, "C": third}, bulk, shear))
    np.testing.assert_allclose(found[SECOND_STAGE], [[1.0], [1.0]])
    np.testing.assert_allclose(found[NETWORKS], [[1.0, 2.0], [1.0, 2.0]])
    salt = UnitCell(2, 5.69**3 / 4, 22.98977 + 35.453)
    debye = debye_temperature(salt, bulk_gpa=24.0, poisson=poisson_ratio(24.0, 15.0))
    kappa = slack_conductivity(salt, acoustic_debye_kelvin=acoustic_debye_temperature(debye, 2), gruneisen=1.5)
    assert 10 ** found[SLACK_FORMULA][0, 0] == pytest.approx(kappa, rel=1e-4)


def test_phonons_are_logarithms_and_medians_stand_for_unknown_ones(caplog: pytest.LogCaptureFixture) -> None:
    crystals = [*CRYSTALS, rocksalt("K", "Br", a_angstrom=6.6)]
    known = {"kappa_potential_w_per_m_k": 10.0, "max_frequency_thz": 100.0, "velocity_km_per_s": 1.0, "reason": ""}
    rows = [known, {"reason": "forces above 0.005 eV/Å"}, known | {"kappa_potential_w_per_m_k": 1000.0}]
    found = build_descriptor_blocks(crystals, tiny_data().graphs.take([0, 4, 1]), Networks(), pd.DataFrame(rows))
    np.testing.assert_allclose(found[PHONONS], [[1.0, 2.0, 0.0], [2.0, 2.0, 0.0], [3.0, 2.0, 0.0]])
    np.testing.assert_allclose(found[POTENTIAL], [[1.0], [2.0], [3.0]])
    assert "1 of 3 materials have no phonons" in caplog.text
