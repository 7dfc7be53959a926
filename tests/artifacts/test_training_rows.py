"""What a label comes to depends on no crystal of a formula that is to be left out."""

import numpy as np
import pandas as pd
import pytest

from paraisite.artifacts import known_labels, training_rows
from paraisite.artifacts.training_rows import LabelCorrection, load_training_rows
from paraisite.config import load_config
from paraisite.data.datasets.accurate import mark_labels
from paraisite.data.datasets.table import build_dataset
from paraisite.data.record import Record
from paraisite.data.sources.lab_tables import SOURCES
from paraisite.labels import functional_correction
from tests.graphs.crystals import diamond, perovskite, rocksalt

PHONONS = (
    "max_frequency_thz",
    "geometric_frequency_thz",
    "gruneisen_rms",
    "longitudinal_sound_km_per_s",
    "phase_space_per_thz",
)
ACCURATE = build_dataset("accurate", [Record("NaCl", rocksalt(), 7.0, "rocksalt", "somewhere")])
KAPPA = build_dataset(
    "kappa",
    [
        Record("perovskite:Ba-Ti-O", perovskite(), 8.0, "perovskite", SOURCES["kappa"]),
        Record("silicon:Si", diamond(), 120.0, "silicon", SOURCES["kappa"]),
    ],
)


def rows(formulas: list[str], kappa_potential: float) -> pd.DataFrame:
    columns = dict.fromkeys(PHONONS, 1.0) | {"coherence_w_per_m_k": 0.1, "kappa_potential_w_per_m_k": kappa_potential}
    return pd.DataFrame({"formula": formulas}).assign(**columns)


def known() -> pd.DataFrame:
    """Return crystals of forty formulas that come out at half their value, and of twenty that do at a tenth."""
    formulas = [f"Na{number}Cl" for number in range(2, 42)] + [f"K{number}Cl" for number in range(2, 22)]
    true = np.where(np.arange(60) < 40, 2.0, 10.0)
    columns = {"reason": "", "dataset": "phonix", "selected_by_label": False, "kappa_w_per_m_k": true}
    return rows(formulas, 1.0).assign(**columns)


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(functional_correction, "N_FOLD", 3)
    monkeypatch.setattr(functional_correction, "PENALTIES", (300.0,))


def test_rows_of_tested_formulas_do_not_correct_labels() -> None:
    correction = LabelCorrection(rows(["BaTiO3", "Si"], 4.0), known())
    potassium = {f"K{number}Cl" for number in range(2, 22)}
    corrected = correction.correct_without(potassium)
    without, with_all = corrected.kappa_w_per_m_k, correction.correct_without(()).kappa_w_per_m_k
    assert list(corrected.fitting_formulas) == known()["formula"].tolist()[:40], "what it says is what it was fitted on"
    np.testing.assert_allclose(without, 8.0, rtol=0.05)
    assert (np.abs(np.log(with_all / without)) > 0.1).all()
    expected = known_labels.fit_correction_without(known()[:40])
    np.testing.assert_allclose(without, functional_correction.correct_kappa(correction.labels, expected))


def test_the_digest_tells_other_labels_and_other_known_crystals() -> None:
    labels = rows(["BaTiO3", "Si"], 4.0)
    made = (
        LabelCorrection(labels, known()),
        LabelCorrection(labels, known()[:59]),
        LabelCorrection(labels[:1], known()),
    )
    assert len({each.digest for each in made}) == 3
    assert LabelCorrection(labels.copy(), known()).digest == made[0].digest


def test_labels_are_those_of_the_data_set_in_its_order(monkeypatch: pytest.MonkeyPatch) -> None:
    of_name = {"accurate": ACCURATE, "kappa": KAPPA}
    monkeypatch.setattr(training_rows, "load_data", lambda name, _: of_name[name])
    dataset = load_training_rows(load_config())
    assert mark_labels(dataset).tolist() == [False, True, True]
    tier = rows(["Si", "C", "BaTiO3"], 1.0).assign(material_id=["silicon:Si", "silicon:C", "perovskite:Ba-Ti-O"])
    monkeypatch.setattr(training_rows, "load_accepted_rows", lambda *_: tier)
    monkeypatch.setattr(training_rows, "load_known_rows", lambda _: known())
    found = LabelCorrection.load(dataset, load_config())
    assert found.labels["formula"].tolist() == ["BaTiO3", "Si"]
    assert found.labels["material_id"].tolist() == ["perovskite:Ba-Ti-O", "silicon:Si"]
    assert len(LabelCorrection.load(dataset.take([0, 2]), load_config()).labels) == 1
