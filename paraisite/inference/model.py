"""What predicts, as a predictor sees it: members that answer for crystals, whatever they are made of."""

from pathlib import Path
from typing import NamedTuple, Protocol

from paraisite.arrays import Floats
from paraisite.data.crystal_arrays import CrystalArrays
from paraisite.graphs.crystal_graph import GraphCollection


class Answers(NamedTuple):
    """What every member says of every crystal.

    Attributes:
        output: Predictions, float64 [n_member, n_crystal]; [n_member, n_crystal, n_output] for several outputs.
        view: What the member sees of the crystal, in which distances are taken, [n_member, n_crystal, n_feature].
        spread_dex: Standard deviation that the member gives log10(kappa), dex, [n_member, n_crystal]; None for members
            that give none.
    """

    output: Floats
    view: Floats
    spread_dex: Floats | None = None


class Model(Protocol):
    """Members that were taught the same way on different rows."""

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
    def cutoff_angstrom(self) -> float:
        """Atoms no farther apart than this have to be bonded in the graphs, Å."""

    @property
    def digest(self) -> str:
        """SHA-256, in hex, over what the answers depend on, whatever precision it was stored in."""

    def answers(self, graphs: GraphCollection, crystals: CrystalArrays, *, compiled: bool) -> Answers:
        """Return what the members say.

        Args:
            graphs: Crystals whose bonds reach to the cutoff.
            crystals: The same crystals, in the same order.
            compiled: As ``models.ensemble_prediction.answers`` takes it.
        """

    def save(self, folder: Path) -> None:
        """Write the files that a predictor is loaded from."""
