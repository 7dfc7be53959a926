"""The interface of a screening's model, and a predictor: members' mean and deviation, intervals, applicability."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from paraisite.data.crystal_arrays import CrystalArrays
from paraisite.errors import ConfigError
from paraisite.inference.predictions import Predictions
from paraisite.inference.predictor import Predictor
from paraisite.inference.relevance_model import RelevanceModel
from paraisite.models.ensemble_prediction import is_compiled
from paraisite.schema import (
    COVERAGES,
    KAPPA_LOG10_STD,
    KAPPA_MEAN,
    KAPPA_VARIANCE,
    N_UNSEEN_ELEMENT,
    NEAREST_MATERIAL,
    OUT_OF_DOMAIN,
    OUT_OF_DOMAIN_FLAG,
    PREDICTED_KAPPA,
    interval_columns,
)

_STATISTICS: Final = {KAPPA_MEAN: "W/m/K", KAPPA_VARIANCE: "(W/m/K)²", KAPPA_LOG10_STD: "dex", PREDICTED_KAPPA: "W/m/K"}
_ENDS: Final = tuple(key for coverage in COVERAGES for key in interval_columns(coverage))
_APPLICABILITY: Final = {
    OUT_OF_DOMAIN: pa.float64(),
    N_UNSEEN_ELEMENT: pa.int64(),
    OUT_OF_DOMAIN_FLAG: pa.bool_(),
    NEAREST_MATERIAL: pa.string(),
}


class Scores(NamedTuple):
    """What a model says of some crystals.

    Attributes:
        columns: By name, each [n_crystal]; where the first is not a finite number there is no prediction.
        reasons: Why a crystal has none, by its number, where a reason is known.
    """

    columns: Mapping[str, npt.NDArray[Any]]
    reasons: Mapping[int, str]


class Scorer(Protocol):
    """A model as a screening sees it; it is sent to other processes."""

    @property
    def digest(self) -> str:
        """SHA-256, in hex, over what the predictions depend on."""

    @property
    def columns(self) -> pa.Schema:
        """The columns of a prediction."""

    def prepare(self) -> None:
        """Make this process ready, one thread of which is going to score."""

    def score(self, crystals: CrystalArrays) -> Scores:
        """Return the columns of crystals, at least one."""


@dataclass(frozen=True, eq=False)
class PredictorScorer:
    """All members of a model that predicts kappa, with intervals and applicability domain where it has them."""

    predictor: Predictor

    def __post_init__(self) -> None:
        """Check what it predicts.

        Raises:
            ConfigError: It is not a conductivity, or only one member's without intervals.
        """
        model = self.predictor.model
        if not model.predicts_conductivity:
            raise ConfigError(f"the model predicts {', '.join(model.targets)}, expected kappa in W/m/K")
        if model.n_member < 2 and self.predictor.calibration_set is None:
            raise ConfigError(
                "the model has one member: expected several, whose standard deviation is a column, or a calibration set"
            )

    @cached_property
    def digest(self) -> str:
        """SHA-256 over model and calibration set."""
        return self.predictor.digest

    @property
    def columns(self) -> pa.Schema:
        """Statistics of the members; with a calibration set, intervals and applicability."""
        fields = [pa.field(name, pa.float64(), metadata={"unit": unit}) for name, unit in _STATISTICS.items()]
        if self.predictor.calibration_set is not None:
            fields += [pa.field(name, pa.float64(), metadata={"unit": "W/m/K"}) for name in _ENDS]
            fields += [pa.field(name, kind) for name, kind in _APPLICABILITY.items()]
        return pa.schema(fields)

    def prepare(self) -> None:
        """Load TensorFlow for a model that uses it, where it is installed, and let it use one thread."""
        if isinstance(self.predictor.model, RelevanceModel) or not is_compiled(wanted=True):
            return
        from paraisite.models.runtime import use_threads_per_operation

        use_threads_per_operation(1)

    def score(self, crystals: CrystalArrays) -> Scores:
        """Return the columns for crystals."""
        predicted = self.predictor.predict_arrays(crystals, compiled=True)
        reasons = {int(row): str(predicted.reason[row]) for row in np.flatnonzero(predicted.reason != "")}
        with np.errstate(over="ignore", invalid="ignore"):
            variance, std = predicted.variance, predicted.log10_std
        # A variance that overflows is of predictions that mean nothing; of one member there is none.
        means_something = np.isfinite(predicted.value if len(predicted.members) == 1 else variance)
        columns = {
            KAPPA_MEAN: np.where(means_something, predicted.mean, np.nan),
            KAPPA_VARIANCE: variance,
            KAPPA_LOG10_STD: std,
            PREDICTED_KAPPA: predicted.value,
        }
        if self.predictor.calibration_set is not None:
            columns |= _intervals_and_applicability(predicted)
        return Scores(columns, reasons)


def _intervals_and_applicability(predicted: Predictions) -> dict[str, npt.NDArray[Any]]:
    """Return the ends of the intervals, and whether each crystal is in the applicability domain."""
    columns = dict(
        zip(_ENDS, np.stack([predicted.lower, predicted.upper], axis=1).reshape(len(_ENDS), -1), strict=True)
    )
    if (known := predicted.applicability) is None or predicted.materials is None:
        return columns
    ids = np.array(
        [*predicted.materials.material_id, None], object
    )  # the last for a row without a prediction, number -1
    return columns | {
        OUT_OF_DOMAIN: known.out_of_domain,
        N_UNSEEN_ELEMENT: known.unseen.sum(axis=1),
        OUT_OF_DOMAIN_FLAG: known.flagged,
        NEAREST_MATERIAL: ids[known.nearest[:, 0]],
    }
