"""The interface of a predictor's model: members that predict, whatever they are made of."""

from pathlib import Path
from typing import Final, NamedTuple, Protocol

import numpy as np

from paraisite.arrays import Bools, Floats, Ints
from paraisite.data.crystal_arrays import CrystalArrays
from paraisite.graphs.build import GraphSettings, build_graphs_from_arrays
from paraisite.graphs.crystal_graph import GraphCollection

PROCESSES_FILE: Final = "processes.safetensors"
"""What the file of ``process_model`` is called wherever a folder holds one; the networks' ensembles lie beside it."""

FEW: Final = 32
"""Crystals up to which one thread is as fast as several."""

_FEW_GRAPHS: Final = 2_000
"""Crystals up to which compiling the network takes longer than it saves."""


class ModelOutput(NamedTuple):
    """Every member's prediction of every crystal.

    Attributes:
        output: Predictions, float64 [n_member, n_crystal]; [n_member, n_crystal, n_output] for several outputs.
        embedding: The member's features of the crystal, in which distances are taken, [n_member, n_crystal, n_feature].
        std_dex: Standard deviation of the member's log10(kappa), dex, [n_member, n_crystal]; None for members that
            predict none.
        nearest: Rows of the training set that are nearest to each crystal, the nearest first, [n_crystal, n_nearest],
            of a model that has looked for them already.
    """

    output: Floats
    embedding: Floats
    std_dex: Floats | None = None
    nearest: Ints | None = None

    def take(self, crystals: Bools) -> "ModelOutput":
        """Return the output of some crystals, [n_crystal]."""
        std, nearest = self.std_dex, self.nearest
        return ModelOutput(
            self.output[:, crystals],
            self.embedding[:, crystals],
            None if std is None else std[:, crystals],
            None if nearest is None else nearest[crystals],
        )


class UsableOutput(NamedTuple):
    """Predictions of the crystals that can be used.

    Attributes:
        output: Theirs, in order.
        reasons: Why another crystal cannot, by its number.
    """

    output: ModelOutput
    reasons: dict[int, str]


class Model(Protocol):
    """Members that were trained the same way on different rows."""

    @property
    def n_member(self) -> int:
        """Number of members."""

    @property
    def targets(self) -> tuple[str, ...]:
        """What each output is, e.g. "kappa"."""

    @property
    def units(self) -> tuple[str, ...]:
        """Each output's unit."""

    @property
    def predicts_conductivity(self) -> bool:
        """Whether the output is kappa in W/m/K."""

    @property
    def graph_settings(self) -> GraphSettings:
        """How crystals become the graphs that it was trained on."""

    @property
    def digest(self) -> str:
        """SHA-256, in hex, over what the predictions depend on, whatever precision it was stored in."""

    def predict_usable(self, crystals: CrystalArrays, *, compiled: bool | None = None) -> UsableOutput:
        """Return every member's predictions of the crystals that can be used.

        Args:
            crystals: As they were read.
            compiled: As ``models.ensemble_prediction.embed`` takes it; by default for more than a few crystals.
        """

    def predict_members(self, graphs: GraphCollection, crystals: CrystalArrays, *, compiled: bool) -> ModelOutput:
        """Return every member's predictions.

        Args:
            graphs: Crystals, built as ``graph_settings`` says.
            crystals: The same crystals, in the same order.
            compiled: As ``models.ensemble_prediction.predict_members`` takes it.
        """

    def save(self, folder: Path) -> None:
        """Write the files that a predictor is loaded from."""


class GraphModel:
    """What is the same of every model that needs the graphs of crystals."""

    def predict_usable(self: Model, crystals: CrystalArrays, *, compiled: bool | None = None) -> UsableOutput:
        """Return predictions of the crystals that have a graph; see ``Model``."""
        graphs, reasons = build_graphs_from_arrays(crystals, **self.graph_settings._asdict())
        usable = crystals.take(np.setdiff1d(np.arange(len(crystals)), list(reasons)))
        is_compiled = len(graphs) > _FEW_GRAPHS if compiled is None else compiled
        return UsableOutput(self.predict_members(graphs, usable, compiled=is_compiled), reasons)


class ConductivityModel:
    """What is the same of every model that predicts kappa alone."""

    @property
    def targets(self) -> tuple[str, ...]:
        """What is predicted."""
        return ("kappa",)

    @property
    def units(self) -> tuple[str, ...]:
        """Its unit."""
        return ("W/m/K",)

    @property
    def predicts_conductivity(self) -> bool:
        """Always."""
        return True
