"""A predictor's columns are the statistics of its members' predictions, intervals and applicability."""

import dataclasses
import sys

import numpy as np
import pytest

from paraisite import schema
from paraisite.errors import ConfigError
from paraisite.inference.network_model import NetworkModel
from paraisite.inference.predictor import Predictor
from paraisite.models.ensemble_prediction import predict
from paraisite.schema import KAPPA_LOG10_STD, KAPPA_MEAN, KAPPA_VARIANCE, LOG_FLOOR
from paraisite.screening.scorer import PredictorScorer
from tests.inference.known_predictors import tiny_crystals, tiny_ensemble, tiny_graphs, tiny_predictor


def test_columns_are_mean_variance_and_std_of_the_members() -> None:
    ensemble, graphs = tiny_ensemble(), tiny_graphs()
    scorer = PredictorScorer(Predictor(NetworkModel(ensemble)))
    columns = scorer.score(tiny_crystals()).columns
    kappa = predict(ensemble, graphs)
    n_member = ensemble.n_member
    assert (
        list(columns) == scorer.columns.names == [KAPPA_MEAN, KAPPA_VARIANCE, KAPPA_LOG10_STD, schema.PREDICTED_KAPPA]
    )
    np.testing.assert_allclose(columns[KAPPA_MEAN], kappa.sum(axis=0) / n_member)
    np.testing.assert_allclose(
        columns[KAPPA_VARIANCE], ((kappa - kappa.mean(axis=0)) ** 2).sum(axis=0) / (n_member - 1)
    )
    logs = np.log10(np.maximum(kappa, LOG_FLOOR))
    np.testing.assert_allclose(columns[KAPPA_LOG10_STD], logs.std(axis=0, ddof=1))
    assert min(values.min() for values in columns.values()) > 0


def test_with_a_calibration_set_there_are_intervals_and_applicability() -> None:
    predictor, graphs = tiny_predictor(), tiny_graphs()
    scorer = PredictorScorer(predictor)
    columns, expected = scorer.score(tiny_crystals()).columns, predictor.predict_graphs(graphs, tiny_crystals())
    assert list(columns) == scorer.columns.names
    for number, coverage in enumerate(schema.COVERAGES):
        lower, upper = schema.interval_columns(coverage)
        np.testing.assert_array_equal(columns[lower], expected.lower[number])
        np.testing.assert_array_equal(columns[upper], expected.upper[number])
    assert expected.applicability is not None
    assert expected.materials is not None
    np.testing.assert_array_equal(columns[schema.OUT_OF_DOMAIN_FLAG], expected.applicability.flagged)
    nearest = [expected.materials.material_id[row] for row in expected.applicability.nearest[:, 0]]
    assert columns[schema.NEAREST_MATERIAL].tolist() == nearest


def test_members_whose_variance_overflows_give_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    graphs, scorer = tiny_graphs(), PredictorScorer(tiny_predictor())
    found = scorer.predictor.predict_graphs(graphs, tiny_crystals())
    found.members[:, 1] = np.linspace(0.0, 1e200, len(found.members))
    monkeypatch.setattr(Predictor, "predict_arrays", lambda *_, **__: found)
    answered = np.isfinite(scorer.score(tiny_crystals()).columns[KAPPA_MEAN])
    assert np.flatnonzero(~answered).tolist() == [1]


def test_the_digest_tells_models_apart() -> None:
    predictor = tiny_predictor()
    other = dataclasses.replace(
        predictor.model.ensemble,
        parameters=predictor.model.ensemble.parameters
        | {"atom_embedding": predictor.model.ensemble.parameters["atom_embedding"] + 1},
    )
    digests = {
        PredictorScorer(each).digest
        for each in (predictor, Predictor(NetworkModel(predictor.model.ensemble)), Predictor(NetworkModel(other)))
    }
    assert len(digests) == 3
    assert PredictorScorer(tiny_predictor()).digest == PredictorScorer(predictor).digest


def test_a_model_of_something_else_or_of_one_member_is_refused() -> None:
    energies = dataclasses.replace(tiny_ensemble(), scaler=None, target="formation energy", unit="eV/atom")
    with pytest.raises(ConfigError, match="predicts formation energy, expected kappa"):
        PredictorScorer(Predictor(NetworkModel(energies)))
    with pytest.raises(ConfigError, match="one member"):
        PredictorScorer(Predictor(NetworkModel(tiny_ensemble().select_member(0))))


def test_networks_score_where_tensorflow_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Regression: preparing the process imported it, though nothing needed it."""
    scorer = PredictorScorer(Predictor(NetworkModel(tiny_ensemble())))
    expected = scorer.score(tiny_crystals()).columns
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    monkeypatch.delitem(sys.modules, "paraisite.models.runtime")
    scorer.prepare()
    found = scorer.score(tiny_crystals()).columns
    np.testing.assert_allclose(found[KAPPA_MEAN], expected[KAPPA_MEAN], rtol=1e-5)
