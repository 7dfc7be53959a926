"""Contributions of descriptors, atoms and shells of bonds to the prediction of Gaussian processes.

Their inputs are a structure's descriptors and networks' predictions. A descriptor of the structure is hidden by giving
it the training materials' median; the networks' predictions are taken apart into the atoms and shells of bonds of the
graph, each of which is hidden from all networks while the structure's descriptors stay.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from paraisite.arrays import Floats
from paraisite.data.crystal_arrays import CrystalArrays
from paraisite.explain.contributions import Contributions, InputPart
from paraisite.explain.networks import METHOD as NETWORKS_METHOD
from paraisite.explain.networks import occlude_parts, predict_with_parts_hidden
from paraisite.features.descriptors import Descriptor
from paraisite.graphs.crystal_graph import GraphCollection
from paraisite.inference.process_model import ProcessModel, build_descriptors

METHOD: Final = (
    "A descriptor is hidden by giving it the training materials' median; atoms and shells of bonds are hidden from the "
    f"networks that are evaluated. {NETWORKS_METHOD}"
)


def occlude_processes(
    model: ProcessModel, graph: GraphCollection, crystal: CrystalArrays, *, trained: npt.NDArray[np.bool_]
) -> Contributions:
    """Return what a crystal's descriptors, and its atoms and shells as networks see them, do to each member.

    Args:
        model: The processes.
        graph: The crystal, alone.
        crystal: The same crystal.
        trained: Which elements the training set holds, bool [n_element].

    Raises:
        DataError: A prediction with a part hidden is not finite.
    """
    n_own = len(model.columns) - len(model.networks)
    own = build_descriptors(model.networks, graph, crystal, compiled=False)[0, :n_own]
    typical = np.median(model.descriptors[:, :n_own], axis=0)
    parts, occluded = occlude_parts(graph)
    network_log10_kappa = np.column_stack(
        [
            predict_with_parts_hidden(network, occluded, trained=trained).mean(axis=0)
            for network in model.networks.values()
        ]
    )
    rows = build_rows_with_parts_hidden(own, typical, network_log10_kappa)
    log10_kappa = np.stack([estimate.mean for estimate in model.estimate_members(rows)])
    described = list_descriptor_parts(own, typical, model.columns[:n_own])
    return Contributions.from_predictions([*described, *parts], log10_kappa, method=METHOD)


def build_rows_with_parts_hidden(own: Floats, typical: Floats, network_log10_kappa: Floats) -> Floats:
    """Return descriptors with nothing hidden, each of the structure's, each part of the graph, and all of it.

    Args:
        own: The structure's own descriptors, [n_own].
        typical: What hides them, [n_own].
        network_log10_kappa: The networks' predictions with nothing, with each part of the graph, and with all of it
            hidden, [n_part + 2, n_network].

    Returns:
        float64 [n_own + n_part + 2, n_own + n_network].
    """
    n_own, n_part = len(own), len(network_log10_kappa) - 2
    hidden = np.where(np.eye(n_own, dtype=np.bool_), typical, own)
    of_structure = np.vstack([own, hidden, np.tile(own, (n_part, 1)), typical])
    of_networks = np.vstack([np.tile(network_log10_kappa[0], (n_own + 1, 1)), network_log10_kappa[1:]])
    return np.hstack([of_structure, of_networks])


def list_descriptor_parts(values: Floats, typical: Floats, columns: Sequence[Descriptor]) -> list[InputPart]:
    """Return descriptors as parts of a crystal, each with its value and what hides it."""
    return [
        InputPart(
            "descriptor", column.name, f"{_quantity(value, column.unit)}; median {_quantity(median, column.unit)}"
        )
        for column, value, median in zip(columns, values.tolist(), typical.tolist(), strict=True)
    ]


def _quantity(value: float, unit: str) -> str:
    return f"{value:.3g} {unit}".rstrip()
