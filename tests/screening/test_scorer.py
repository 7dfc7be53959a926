"""An ensemble's columns are the statistics of what its members predict."""

import dataclasses

import numpy as np
import pytest

from paraisite.errors import ConfigError
from paraisite.evaluation.metrics import LOG_FLOOR
from paraisite.evaluation.predict import predict
from paraisite.models.ensemble import Ensemble
from paraisite.models.target_scaler import TargetScaler
from paraisite.schema import KAPPA_LOG10_SPREAD, KAPPA_MEAN, KAPPA_VARIANCE
from paraisite.screening.scorer import EnsembleScorer
from tests.training.tiny import CONFIG, N_MEMBER, tiny_data, tiny_initial


def ensemble(*, mean: float = 1.0) -> Ensemble:
    scaler = TargetScaler(mean=np.full(N_MEMBER, mean), std=np.full(N_MEMBER, 0.4))
    return Ensemble(CONFIG, tiny_initial(), scaler, "kappa", "W/m/K")


def test_columns_are_mean_variance_and_spread_of_the_members() -> None:
    graphs = tiny_data().graphs
    scorer = EnsembleScorer(ensemble())
    columns = scorer.score(graphs)
    kappa = predict(ensemble(), graphs)
    assert list(columns) == scorer.columns.names == [KAPPA_MEAN, KAPPA_VARIANCE, KAPPA_LOG10_SPREAD]
    np.testing.assert_allclose(columns[KAPPA_MEAN], kappa.sum(axis=0) / N_MEMBER)
    np.testing.assert_allclose(columns[KAPPA_VARIANCE], ((kappa - kappa.mean(axis=0)) ** 2).sum(axis=0) / 2)
    logs = np.log10(np.maximum(kappa, LOG_FLOOR))
    np.testing.assert_allclose(columns[KAPPA_LOG10_SPREAD], logs.std(axis=0, ddof=1))
    assert min(values.min() for values in columns.values()) > 0


def test_the_digest_tells_models_apart() -> None:
    assert EnsembleScorer(ensemble()).digest == EnsembleScorer(ensemble()).digest
    assert EnsembleScorer(ensemble()).digest != EnsembleScorer(ensemble(mean=1.1)).digest


def test_a_model_of_something_else_or_of_one_member_is_refused() -> None:
    energies = dataclasses.replace(ensemble(), scaler=None, target="formation energy", unit="eV/atom")
    with pytest.raises(ConfigError, match="predicts formation energy, expected kappa"):
        EnsembleScorer(energies)
    with pytest.raises(ConfigError, match="one member"):
        EnsembleScorer(ensemble().member(0))
