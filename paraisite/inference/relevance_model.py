"""A Gaussian process on descriptors of any crystal as a predictor's model; nothing in it is a network."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from paraisite.arrays import Floats
from paraisite.core.files import content_sha256
from paraisite.data.crystal_arrays import CrystalArrays
from paraisite.errors import CheckpointError
from paraisite.features.crystal_descriptors import (
    CRYSTAL_DESCRIPTORS,
    FAMILIES,
    FAMILY_OF_DESCRIPTOR,
    compute_crystal_descriptors,
)
from paraisite.graphs.build import GraphSettings
from paraisite.graphs.crystal_graph import GraphCollection
from paraisite.inference.model import ModelOutput
from paraisite.models.estimate import Estimate
from paraisite.models.local_error import LocalError
from paraisite.models.relevance_process import KernelSettings, RelevanceProcess
from paraisite.models.tensor_file import read_sealed, write_sealed

RELEVANCE_FILE: Final = "relevance.safetensors"
"""What the file is called wherever a folder holds one."""

FORMAT: Final = "paraisite-relevance-1"
_HEADER: Final = "paraisite_relevance"
_ARRAYS: Final = ("descriptors", "log10_kappa", "weights", "settings", "left_out_log10_kappa", "left_out_std_dex")

_GRAPHS: Final = GraphSettings(cutoff_angstrom=4.0, distance_tolerance_angstrom=1e-3)
"""The process sees no graph; what reads crystals builds them, and these are those of the networks."""


@dataclass(frozen=True, eq=False)
class RelevanceModel:
    """One process fitted on all rows of a data set.

    Attributes:
        process: It, with its rows.
        left_out: What it says of each of its rows without those of the same formula.
    """

    process: RelevanceProcess
    left_out: Estimate

    @classmethod
    def fit(
        cls, crystals: CrystalArrays, log10_kappa: Floats, formulas: Sequence[str], *, weights: Floats | None = None
    ) -> "RelevanceModel":
        """Fit the process.

        Args:
            crystals: Materials with values.
            log10_kappa: The values, kappa in W/m/K, [n_crystal].
            formulas: Reduced formulas, [n_crystal].
            weights: How much each counts, [n_crystal]; None where all count alike.
        """
        # In the precision of the file, so that a predictor answers the same before and after.
        descriptors = _rounded(compute_crystal_descriptors(crystals))
        process = RelevanceProcess.fit(descriptors, log10_kappa, FAMILY_OF_DESCRIPTOR, weights=weights)
        return cls(process, process.estimate_without(formulas))

    @property
    def n_member(self) -> int:
        """One."""
        return 1

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

    @property
    def graph_settings(self) -> GraphSettings:
        """Those of the networks: graphs play no part in the prediction."""
        return _GRAPHS

    @property
    def digest(self) -> str:
        """SHA-256, in hex, over rows and settings."""
        return content_sha256(self._arrays(), {"format": FORMAT})

    @cached_property
    def local_error(self) -> LocalError:
        """How far the process is off near each of its rows."""
        error = np.abs(self.left_out.mean - self.process.log10_kappa)
        return LocalError.fit(self.process.standardise(self.process.descriptors), error)

    @property
    def known_output(self) -> ModelOutput:
        """What the model says of its own rows without those of the same formula, see ``predict_members``."""
        widened = self.local_error.widen_known(self.left_out)
        return _output(widened, self.process.standardise(self.process.descriptors))

    def predict_members(self, graphs: GraphCollection, crystals: CrystalArrays, *, compiled: bool) -> ModelOutput:
        """Return the predictions, medians, of the only member; see ``model.Model``."""
        del graphs, compiled
        return self.predict_described(_rounded(compute_crystal_descriptors(crystals)))

    def predict_described(self, descriptors: Floats) -> ModelOutput:
        """Return predictions of crystals with these descriptors, [n_crystal, n_descriptor]."""
        places = self.process.standardise(descriptors) if len(descriptors) else np.zeros_like(descriptors)
        estimate = self.process.estimate(descriptors)
        widened = self.local_error.widen(estimate, places) if len(descriptors) else estimate
        return _output(widened, places)

    def save(self, folder: Path) -> None:
        """Write the process with its rows."""
        header = {
            "format": FORMAT,
            "descriptors": [descriptor.name for descriptor in CRYSTAL_DESCRIPTORS],
            "families": FAMILIES,
        }
        write_sealed(folder / RELEVANCE_FILE, self._arrays(), header, header_key=_HEADER)

    @classmethod
    def load(cls, folder: Path) -> "RelevanceModel":
        """Read what ``save`` wrote.

        Raises:
            CheckpointError: The file is absent or damaged, no process of this format, or of other descriptors.
        """
        path = folder / RELEVANCE_FILE
        header, arrays = read_sealed(path, header_key=_HEADER, expected_format=FORMAT)
        expected = [descriptor.name for descriptor in CRYSTAL_DESCRIPTORS]
        if header["descriptors"] != expected or tuple(header["families"]) != FAMILIES or set(arrays) != set(_ARRAYS):
            raise CheckpointError(f"{path} holds a process on other descriptors than this version's: fit it again")
        process = RelevanceProcess(
            KernelSettings.from_logarithms(arrays["settings"]),
            FAMILY_OF_DESCRIPTOR,
            arrays["descriptors"].astype(np.float64),
            arrays["log10_kappa"],
            arrays["weights"],
        )
        return cls(process, Estimate(arrays["left_out_log10_kappa"], arrays["left_out_std_dex"]))

    def _arrays(self) -> dict[str, npt.NDArray[Any]]:
        return {
            "descriptors": self.process.descriptors.astype(np.float32),
            "log10_kappa": self.process.log10_kappa,
            "weights": self.process.weights,
            "settings": self.process.settings.logarithms,
            "left_out_log10_kappa": self.left_out.mean,
            "left_out_std_dex": self.left_out.std,
        }


def _rounded(descriptors: Floats) -> Floats:
    """Return descriptors as they come back from a file in single precision."""
    return descriptors.astype(np.float32).astype(np.float64)


def _output(estimate: Estimate, places: Floats) -> ModelOutput:
    return ModelOutput(np.power(10.0, estimate.mean)[None], places[None], estimate.std[None])
