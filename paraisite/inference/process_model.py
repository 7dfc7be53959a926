"""Gaussian processes as a predictor's model: on descriptors of structures and on trained networks' predictions."""

import os
from collections.abc import Mapping
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
from paraisite.features.descriptors import (
    IONIC_DESCRIPTORS,
    PHYSICAL_DESCRIPTORS,
    Descriptor,
    compute_structure_descriptors,
)
from paraisite.graphs.build import GraphSettings
from paraisite.graphs.crystal_graph import GraphCollection
from paraisite.inference.model import PROCESSES_FILE, ConductivityModel, GraphModel, ModelOutput
from paraisite.inference.network_model import compute_digest, save_exactly
from paraisite.models.ensemble import Ensemble
from paraisite.models.estimate import Estimate, mix_estimates
from paraisite.models.gaussian_process import N_KERNEL, FittedProcesses
from paraisite.models.tabular import GAUSSIAN_PROCESSES, IONIC, NETWORKS, PHYSICAL
from paraisite.models.tensor_file import read_sealed, write_sealed

FORMAT: Final = "paraisite-processes-1"
_HEADER: Final = "paraisite_processes"
_ROWS: Final = ("descriptors", "log10_kappa", "trained")


@dataclass(frozen=True, eq=False)
class ProcessModel(GraphModel, ConductivityModel):
    """A mixture of Gaussian processes for each split of some materials; see ``models.tabular``.

    Attributes:
        networks: Ensembles that predict kappa and were trained on none of the materials, by name: their predictions are
            descriptors.
        descriptors: Of the materials, [n_row, n_descriptor], as ``columns`` tells.
        log10_kappa: Their values, kappa in W/m/K, [n_row].
        trained: Whether a member was trained on a row, bool [n_member, n_row].
        settings: Fitted settings of each process (by name) and kernel, [n_member, n_setting] each.
    """

    networks: Mapping[str, Ensemble]
    descriptors: Floats
    log10_kappa: Floats
    trained: npt.NDArray[np.bool_]
    settings: Mapping[str, tuple[Floats, ...]]

    @classmethod
    def fit(
        cls,
        networks: Mapping[str, Ensemble],
        *,
        descriptors: Floats,
        log10_kappa: Floats,
        trained: npt.NDArray[np.bool_],
    ) -> "ProcessModel":
        """Fit all processes of all members, on all cores; arguments are the attributes."""
        from joblib import Parallel, delayed

        jobs = [
            delayed(_fit_settings)(descriptors[rows][:, columns], log10_kappa[rows])
            for columns in _columns_of_processes(len(networks)).values()
            for rows in trained
        ]
        # By joblib, whose processes need no ``if __name__ == "__main__":`` in a script that fits a model.
        fitted = Parallel(n_jobs=os.cpu_count() or 1)(jobs)
        settings = {
            process.name: tuple(np.stack(of_kernel) for of_kernel in zip(*of_members, strict=True))
            for process, first in zip(GAUSSIAN_PROCESSES, range(0, len(fitted), len(trained)), strict=True)
            for of_members in [fitted[first : first + len(trained)]]
        }
        return cls(networks, descriptors, log10_kappa, trained, settings)

    @property
    def n_member(self) -> int:
        """Number of splits."""
        return len(self.trained)

    @property
    def columns(self) -> tuple[Descriptor, ...]:
        """What the descriptors are, [n_descriptor]: the structure's own, then one for each network."""
        predicted = (
            Descriptor(f"log10_kappa_of_{name.lower()}", "dex", f"{name}'s prediction, kappa in W/m/K.")
            for name in self.networks
        )
        return (*PHYSICAL_DESCRIPTORS, *IONIC_DESCRIPTORS, *predicted)

    @property
    def graph_settings(self) -> GraphSettings:
        """How crystals become the graphs that the networks were trained on; all see the same ones."""
        return next(iter(self.networks.values())).graph_settings

    @property
    def digest(self) -> str:
        """SHA-256, in hex, over networks, materials and settings."""
        return content_sha256(
            self._arrays(), {name: compute_digest(network) for name, network in self.networks.items()}
        )

    def estimate_members(self, descriptors: Floats) -> list[Estimate]:
        """Return each member's estimates of log10(kappa) of crystals with these descriptors."""
        return [
            mix_estimates([fitted.estimate(descriptors[:, columns]) for columns, fitted in of_member])
            for of_member in self._fitted
        ]

    def predict_members(self, graphs: GraphCollection, crystals: CrystalArrays, *, compiled: bool) -> ModelOutput:
        """Return every member's predictions, the medians of their estimates; see ``model.Model``."""
        descriptors = build_descriptors(self.networks, graphs, crystals, compiled=compiled)
        estimates = self.estimate_members(descriptors)
        mean, std = (np.stack([getattr(estimate, name) for estimate in estimates]) for name in ("mean", "std"))
        embedding = np.broadcast_to(descriptors, (self.n_member, *descriptors.shape))
        return ModelOutput(np.power(10.0, mean), embedding, std)

    @cached_property
    def _fitted(self) -> list[list[tuple[npt.NDArray[np.int64], FittedProcesses]]]:
        """Each member's processes, with the columns that they see."""
        members: list[list[tuple[npt.NDArray[np.int64], FittedProcesses]]] = [[] for _ in self.trained]
        for process, columns in _columns_of_processes(len(self.networks)).items():
            for number, (rows, of_member) in enumerate(zip(self.trained, members, strict=True)):
                settings = [of_kernel[number] for of_kernel in self.settings[process]]
                train = self.descriptors[rows][:, columns]
                of_member.append((columns, FittedProcesses.fit(train, self.log10_kappa[rows], settings=settings)))
        return members

    def save(self, folder: Path) -> None:
        """Write the processes and the networks."""
        for name, network in self.networks.items():
            save_exactly(network, _network_file(folder, name))
        # A list, as their order is that of the columns.
        networks = [[name, compute_digest(network)] for name, network in self.networks.items()]
        header = {"format": FORMAT, "networks": networks}
        write_sealed(folder / PROCESSES_FILE, self._arrays(), header, header_key=_HEADER)

    @classmethod
    def load(cls, folder: Path) -> "ProcessModel":
        """Read what ``save`` wrote.

        Raises:
            CheckpointError: A file is absent or damaged, no processes of this format, or a network is another one.
        """
        path = folder / PROCESSES_FILE
        header, arrays = read_sealed(path, header_key=_HEADER, expected_format=FORMAT)
        names = {_key(process.name, kernel) for process in GAUSSIAN_PROCESSES for kernel in range(N_KERNEL)}
        if set(arrays) != names | set(_ROWS):
            raise CheckpointError(f"{path} holds other processes than those of this version: fit them again")
        networks = {name: _network(folder, name, digest=digest) for name, digest in header["networks"]}
        settings = {
            process.name: tuple(arrays[_key(process.name, kernel)] for kernel in range(N_KERNEL))
            for process in GAUSSIAN_PROCESSES
        }
        return cls(networks, **{name: arrays[name] for name in _ROWS}, settings=settings)

    def _arrays(self) -> dict[str, npt.NDArray[Any]]:
        arrays: dict[str, npt.NDArray[Any]] = {name: getattr(self, name) for name in _ROWS}
        return arrays | {
            _key(process, number): of_kernel
            for process, kernels in self.settings.items()
            for number, of_kernel in enumerate(kernels)
        }


def build_descriptors(
    networks: Mapping[str, Ensemble], graphs: GraphCollection, crystals: CrystalArrays, *, compiled: bool
) -> Floats:
    """Return crystals' descriptors, [n_crystal, n_descriptor]: physical, the ions', and the networks' predictions.

    Args:
        networks: Ensembles that predict kappa, by name.
        graphs: Crystals whose bonds reach to the networks' cutoff.
        crystals: The same crystals, in the same order.
        compiled: As ``models.ensemble_prediction.embed`` takes it.
    """
    # Here, because pandas and scikit-learn take a second to import and a process that hands out work does without.
    from paraisite.models.descriptor_blocks import predict_log10_conductivity

    predicted = [predict_log10_conductivity(network, graphs, compiled=compiled) for network in networks.values()]
    return np.column_stack([compute_structure_descriptors(crystals), *predicted])


def _key(process: str, kernel: int) -> str:
    return f"settings/{process}/{kernel}"


def _network_file(folder: Path, name: str) -> Path:
    return folder / f"{name.lower()}.safetensors"


def _network(folder: Path, name: str, *, digest: str) -> Ensemble:
    network = Ensemble.load(_network_file(folder, name))
    if compute_digest(network) != digest:
        raise CheckpointError(f"{_network_file(folder, name)} is not the network that the processes were fitted with")
    return network


def _columns_of_processes(n_network: int) -> dict[str, npt.NDArray[np.int64]]:
    """Return which columns of the descriptors each process sees, by its name."""
    sizes = {PHYSICAL: len(PHYSICAL_DESCRIPTORS), IONIC: len(IONIC_DESCRIPTORS), NETWORKS: n_network}
    ends = np.cumsum(list(sizes.values()))
    of_blocks = {name: np.arange(end - size, end) for (name, size), end in zip(sizes.items(), ends, strict=True)}
    return {
        process.name: np.concatenate([of_blocks[block] for block in process.blocks]) for process in GAUSSIAN_PROCESSES
    }


def _fit_settings(train: Floats, log10_kappa: Floats) -> tuple[Floats, ...]:
    """Return each kernel's fitted settings."""
    return FittedProcesses.fit(train, log10_kappa).settings
