"""The interface of a predictor's model: members that predict, whatever they are made of."""

from pathlib import Path
from typing import Final, NamedTuple, Protocol

from paraisite.arrays import Floats
from paraisite.data.crystal_arrays import CrystalArrays
from paraisite.graphs.build import GraphSettings
from paraisite.graphs.crystal_graph import GraphCollection

PROCESSES_FILE: Final = "processes.safetensors"
"""What the file of ``process_model`` is called wherever a folder holds one; the networks' ensembles lie beside it."""


class ModelOutput(NamedTuple):
    """Every member's prediction of every crystal.

    Attributes:
        output: Predictions, float64 [n_member, n_crystal]; [n_member, n_crystal, n_output] for several outputs.
        embedding: The member's features of the crystal, in which distances are taken, [n_member, n_crystal, n_feature].
        std_dex: Standard deviation of the member's log10(kappa), dex, [n_member, n_crystal]; None for members that
            predict none.
    """

    output: Floats
    embedding: Floats
    std_dex: Floats | None = None


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

    def predict_members(self, graphs: GraphCollection, crystals: CrystalArrays, *, compiled: bool) -> ModelOutput:
        """Return every member's predictions.

        Args:
            graphs: Crystals, built as ``graph_settings`` says.
            crystals: The same crystals, in the same order.
            compiled: As ``models.ensemble_prediction.predict_members`` takes it.
        """

    def save(self, folder: Path) -> None:
        """Write the files that a predictor is loaded from."""


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
