"""What a screening asks of a model, and an ensemble's answer: mean and spread of its members."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from paraisite.errors import ConfigError
from paraisite.evaluation.metrics import LOG_FLOOR
from paraisite.files import content_sha256
from paraisite.graphs.crystal_graph import GraphCollection
from paraisite.models.ensemble import Ensemble
from paraisite.schema import KAPPA_LOG10_SPREAD, KAPPA_MEAN, KAPPA_VARIANCE

ENSEMBLE_COLUMNS: Final = pa.schema(
    [
        pa.field(KAPPA_MEAN, pa.float64(), metadata={"unit": "W/m/K"}),
        pa.field(KAPPA_VARIANCE, pa.float64(), metadata={"unit": "(W/m/K)²"}),
        pa.field(KAPPA_LOG10_SPREAD, pa.float64(), metadata={"unit": "dex"}),
    ]
)


class Scorer(Protocol):
    """A model as a screening sees it; it is sent to other processes."""

    @property
    def digest(self) -> str:
        """SHA-256, in hex, over what the answers depend on."""

    @property
    def cutoff_angstrom(self) -> float:
        """Atoms no farther apart than this are bonded, Å."""

    @property
    def columns(self) -> pa.Schema:
        """What is said of each crystal."""

    def prepare(self) -> None:
        """Make this process ready, one thread of which is going to score."""

    def score(self, graphs: GraphCollection) -> Mapping[str, npt.NDArray[Any]]:
        """Return the columns, each [n_crystal]; a number that is not finite means that there is no answer."""


@dataclass(frozen=True, eq=False)
class EnsembleScorer:
    """All members of an ensemble that predicts kappa."""

    ensemble: Ensemble

    def __post_init__(self) -> None:
        """Check what it predicts.

        Raises:
            ConfigError: It is not a conductivity, or there is only one member.
        """
        if self.ensemble.scaler is None:
            raise ConfigError(f"the model predicts {self.ensemble.target}, expected kappa in W/m/K")
        if self.ensemble.n_member < 2:
            raise ConfigError("the model has one member: expected several, whose spread can be told")

    @cached_property
    def digest(self) -> str:
        """SHA-256 over parameters, scaler and architecture."""
        arrays: dict[str, npt.NDArray[Any]] = dict(self.ensemble.parameters)
        if (scaler := self.ensemble.scaler) is not None:
            arrays |= {"scaler/mean": scaler.mean, "scaler/std": scaler.std}
        return content_sha256(arrays, {"config": repr(self.ensemble.config)})

    @property
    def cutoff_angstrom(self) -> float:
        """The network's cutoff, Å."""
        return self.ensemble.config.cutoff_angstrom

    @property
    def columns(self) -> pa.Schema:
        """Mean, variance and spread."""
        return ENSEMBLE_COLUMNS

    def prepare(self) -> None:
        """Load TensorFlow, which the process that hands out the work can do without, and let it use one thread."""
        from paraisite.models.runtime import use_threads_per_operation

        use_threads_per_operation(1)

    def score(self, graphs: GraphCollection) -> Mapping[str, npt.NDArray[np.float64]]:
        """Return mean, sample variance, and sample deviation of the logarithm over the members."""
        from paraisite.evaluation.predict import predict

        kappa = predict(self.ensemble, graphs)
        with np.errstate(over="ignore", invalid="ignore"):  # what overflows becomes a row with a reason
            return {
                KAPPA_MEAN: kappa.mean(axis=0),
                KAPPA_VARIANCE: kappa.var(axis=0, ddof=1),
                KAPPA_LOG10_SPREAD: np.log10(np.maximum(kappa, LOG_FLOOR)).std(axis=0, ddof=1),
            }
