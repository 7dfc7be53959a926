"""MEGNet's forward pass in plain float64 NumPy: the reference that every faster implementation is held against.

Written from megnet 1.3.2's layers, one crystal at a time and without regard to speed. On a quotient graph every mean
and every softmax is weighted by multiplicities; with all multiplicities 1 the same lines are MEGNet's own.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from paraisite.arrays import Floats
from paraisite.models.architecture import STATE_DIM, ModelConfig


class GraphArrays(Protocol):
    """The fields of a graph collection that the network sees (see ``paraisite.graphs``)."""

    n_atom: npt.NDArray[Any]
    n_bond: npt.NDArray[Any]
    atomic_number: npt.NDArray[Any]
    atom_multiplicity: npt.NDArray[Any]
    bond_centre: npt.NDArray[Any]
    bond_neighbour: npt.NDArray[Any]
    bond_distance_angstrom: npt.NDArray[Any]
    bond_multiplicity: npt.NDArray[Any]


def numpy_forward(config: ModelConfig, parameters: Mapping[str, npt.NDArray[Any]], graph_arrays: GraphArrays) -> Floats:
    """Return the network's raw output, float64 [n_crystal], for one member's parameters (no member axis)."""
    weights = {name: np.asarray(values, dtype=np.float64) for name, values in parameters.items()}
    return np.array([_one_crystal(config, weights, **arrays) for arrays in _crystals(graph_arrays)])


def _crystals(graphs: GraphArrays) -> Iterator[dict[str, npt.NDArray[Any]]]:
    atom_end, bond_end = np.cumsum(graphs.n_atom), np.cumsum(graphs.n_bond)
    for crystal in range(len(graphs.n_atom)):
        atoms = slice(int(atom_end[crystal] - graphs.n_atom[crystal]), int(atom_end[crystal]))
        bonds = slice(int(bond_end[crystal] - graphs.n_bond[crystal]), int(bond_end[crystal]))
        yield {
            "atomic_number": graphs.atomic_number[atoms],
            "atom_weight": graphs.atom_multiplicity[atoms].astype(np.float64),
            "centre": graphs.bond_centre[bonds],
            "neighbour": graphs.bond_neighbour[bonds],
            "distance": graphs.bond_distance_angstrom[bonds].astype(np.float64),
            "bond_weight": graphs.bond_multiplicity[bonds].astype(np.float64),
        }


def _one_crystal(
    config: ModelConfig,
    weights: Mapping[str, Floats],
    *,
    atomic_number: npt.NDArray[Any],
    atom_weight: Floats,
    centre: npt.NDArray[Any],
    neighbour: npt.NDArray[Any],
    distance: Floats,
    bond_weight: Floats,
) -> float:
    def mlp(name: str, values: Floats, n_layer: int, *, last_linear: bool) -> Floats:
        for layer in range(n_layer):
            values = values @ weights[f"{name}/{layer}/kernel"] + weights[f"{name}/{layer}/bias"]
            if not (last_linear and layer == n_layer - 1):
                values = _softplus2(values)
        return values

    gaussian = (distance[:, None] - np.array(config.gaussian_centers_angstrom)) / config.gaussian_width_angstrom
    # How many of the crystal's bonds one entry stands for: bonds per centre, times such centres.
    crystal_bond_weight = bond_weight * atom_weight[centre]

    atom = mlp("preblock/atom", weights["atom_embedding"][atomic_number], 2, last_linear=False)
    bond = mlp("preblock/bond", np.exp(-(gaussian**2)), 2, last_linear=False)
    state = mlp("preblock/state", np.zeros(STATE_DIM), 2, last_linear=False)
    for block in range(config.n_block):
        a, b, u = atom, bond, state
        if block > 0:
            a = mlp(f"block_{block}/ff/atom", a, 2, last_linear=False)
            b = mlp(f"block_{block}/ff/bond", b, 2, last_linear=False)
            u = mlp(f"block_{block}/ff/state", u, 2, last_linear=False)
        u_of_bond, u_of_atom = np.tile(u, (len(b), 1)), np.tile(u, (len(a), 1))
        b_input = np.concatenate([a[centre], a[neighbour], b, u_of_bond], axis=1)
        new_bond = mlp(f"block_{block}/phi_e", b_input, 3, last_linear=True)
        pooled, count = np.zeros((len(a), new_bond.shape[1])), np.zeros(len(a))
        np.add.at(pooled, centre, new_bond * bond_weight[:, None])
        np.add.at(count, centre, bond_weight)
        pooled /= np.maximum(count, 1.0)[:, None]  # an atom without bonds gets zeros, as in megnet
        new_atom = mlp(f"block_{block}/phi_v", np.concatenate([pooled, a, u_of_atom], axis=1), 3, last_linear=True)
        bond_mean = np.average(new_bond, axis=0, weights=crystal_bond_weight)
        atom_mean = np.average(new_atom, axis=0, weights=atom_weight)
        new_state = mlp(f"block_{block}/phi_u", np.concatenate([bond_mean, atom_mean, u]), 3, last_linear=True)
        atom, bond, state = atom + new_atom, bond + new_bond, state + new_state

    atom_vector = _set2set(config, weights, "set2set/atom", atom, atom_weight)
    bond_vector = _set2set(config, weights, "set2set/bond", bond, crystal_bond_weight)
    hidden = mlp("readout", np.concatenate([atom_vector, bond_vector, state]), 2, last_linear=False)
    n_head = len(config.head_hidden) + 1
    for layer in range(n_head):
        hidden = hidden @ weights[f"head/{layer}/kernel"] + weights[f"head/{layer}/bias"]
        if layer < n_head - 1:
            hidden = np.maximum(hidden, 0.0)
    output = float(hidden[0])
    return 1.0 / (1.0 + np.exp(-output)) if config.output_activation == "sigmoid" else output


def _set2set(config: ModelConfig, weights: Mapping[str, Floats], name: str, items: Floats, count: Floats) -> Floats:
    width = config.n_set2set_hidden
    memory = items @ weights[f"{name}/memory_kernel"] + weights[f"{name}/memory_bias"]
    q_star = np.zeros(2 * width)
    for _ in range(config.n_set2set_pass):
        gates = q_star @ weights[f"{name}/recurrent_kernel"] + weights[f"{name}/recurrent_bias"]
        i, _forget, g, o = np.split(gates, 4)
        # The forget gate multiplies a cell state that megnet never carries from step to step: always zero.
        hidden = _hard_sigmoid(o) * np.tanh(_hard_sigmoid(i) * np.tanh(g))
        energy = memory @ hidden
        attention = count * np.exp(energy - energy.max())
        attention /= attention.sum()
        q_star = np.concatenate([hidden, attention @ memory])
    return q_star


def _softplus2(x: Floats) -> Floats:
    return np.logaddexp(x, 0.0) - np.log(2.0)


def _hard_sigmoid(x: Floats) -> Floats:
    return np.clip(0.2 * x + 0.5, 0.0, 1.0)
