"""Networks as a predictor's model: an ensemble of members of one architecture."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from paraisite.core.files import content_sha256
from paraisite.data.crystal_arrays import CrystalArrays
from paraisite.graphs.build import GraphSettings
from paraisite.graphs.crystal_graph import GraphCollection
from paraisite.inference.model import GraphModel, ModelOutput
from paraisite.models import ensemble_prediction
from paraisite.models.ensemble import ENSEMBLE_FILE, Ensemble


@dataclass(frozen=True, eq=False)
class NetworkModel(GraphModel):
    """The members of an ensemble; a member's embedding of a crystal is its last hidden layer.

    Attributes:
        ensemble: Members at their last epoch, if intervals are to rest on them: only then are their errors on rows that
            they were not trained on those of new crystals.
    """

    ensemble: Ensemble

    @property
    def n_member(self) -> int:
        """Number of networks."""
        return self.ensemble.n_member

    @property
    def targets(self) -> tuple[str, ...]:
        """What each output is."""
        return self.ensemble.targets

    @property
    def units(self) -> tuple[str, ...]:
        """Each output's unit."""
        return self.ensemble.units

    @property
    def predicts_conductivity(self) -> bool:
        """Whether the output is kappa in W/m/K."""
        return self.ensemble.scaler is not None

    @property
    def graph_settings(self) -> GraphSettings:
        """How crystals become the graphs that the networks were trained on."""
        return self.ensemble.graph_settings

    @property
    def digest(self) -> str:
        """SHA-256, in hex, over members and scaler."""
        return compute_digest(self.ensemble)

    def predict_members(self, graphs: GraphCollection, crystals: CrystalArrays, *, compiled: bool) -> ModelOutput:
        """Return every member's predictions; see ``model.Model``."""
        del crystals  # all that a network sees is in the graph
        predicted = ensemble_prediction.predict_members(self.ensemble, graphs, compiled=compiled)
        return ModelOutput(predicted.output, predicted.embedding)

    def save(self, folder: Path) -> None:
        """Write the ensemble."""
        save_exactly(self.ensemble, folder / ENSEMBLE_FILE)


def save_exactly(ensemble: Ensemble, path: Path) -> None:
    """Write an ensemble; parameters in half precision where that loses nothing."""
    fits = all(np.array_equal(value.astype(np.float16), value) for value in ensemble.parameters.values())
    ensemble.save(path, half_precision=fits)


def compute_digest(ensemble: Ensemble) -> str:
    """Return the SHA-256, in hex, over members and scaler, whatever precision they were stored in."""
    arrays: dict[str, npt.NDArray[Any]] = {f"parameters/{name}": value for name, value in ensemble.parameters.items()}
    if ensemble.scaler is not None:
        arrays |= {"scaler/mean": ensemble.scaler.mean, "scaler/std": ensemble.scaler.std}
    return content_sha256(arrays, {"config": repr(ensemble.config)})
