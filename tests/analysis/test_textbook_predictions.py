"""Textbook crystals are predicted without the rows of their formula, and the tables say which have some."""

import dataclasses

import numpy as np
import pytest

from paraisite import schema
from paraisite.analysis.textbook_predictions import (
    N_LEFT_OUT,
    RATIO,
    TRAINING_KAPPA,
    predict_textbook_crystals,
    summarise_textbook,
)
from paraisite.data.sources.textbook import load_textbook_crystals
from paraisite.errors import DataError
from paraisite.inference.network_model import NetworkModel
from paraisite.inference.predictor import Predictor
from paraisite.reports.textbook import draw_textbook, tabulate_textbook
from tests.inference.known_predictors import tiny_ensemble
from tests.inference.test_relevance_model import FORMULAS, predictor

SOME = [crystal for crystal in load_textbook_crystals() if crystal.name in ("magnesium oxide", "silicon", "pyrite")]


def test_a_formula_that_the_model_knows_is_left_out_and_counted() -> None:
    made = predictor()
    materials = dataclasses.replace(
        made.calibration_set.materials, formula=tuple(FORMULAS), prototype=("rocksalt",) * len(FORMULAS)
    )
    known = Predictor(made.model, dataclasses.replace(made.calibration_set, materials=materials))
    table = predict_textbook_crystals(known, SOME).set_index("name")
    assert table[N_LEFT_OUT].to_dict() == {"silicon": 0, "magnesium oxide": 1, "pyrite": 0}
    known_value = materials.kappa_w_per_m_k[FORMULAS.index("MgO")]
    assert table[TRAINING_KAPPA].dropna().to_dict() == {"magnesium oxide": known_value}
    np.testing.assert_allclose(table[RATIO], table[schema.PREDICTED_MEDIAN_KAPPA] / table[schema.KAPPA])
    assert (table[schema.interval_columns(0.9)[0]] < table[schema.PREDICTED_MEDIAN_KAPPA]).all()
    summary = summarise_textbook(table.reset_index())
    assert summary.loc["all", "n"] == 3
    assert summary.loc["all", "mean_abs_ln_ratio"] == pytest.approx(np.abs(np.log(table[RATIO])).mean())
    own = summary.loc["values of these rows instead of predictions"]
    assert own["mean_abs_ln_ratio"] == pytest.approx(abs(np.log(known_value / 60.0)))
    shown = tabulate_textbook(table.reset_index(), summary)
    assert "| pyrite, FeS2 | pyrite | 40.5; computed: three-phonon scattering, from first principles [3]* |" in shown
    assert "\n3. Mukherjee, Subedi (2024)" in shown
    assert draw_textbook(table.reset_index()).axes[0].get_xscale() == "log"


def test_other_models_cannot_be_asked() -> None:
    with pytest.raises(DataError, match="only the default model"):
        predict_textbook_crystals(Predictor(NetworkModel(tiny_ensemble())), SOME)
