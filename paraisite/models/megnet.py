"""MEGNet and its head as TensorFlow functions over parameters stacked on a leading member axis.

Every tensor has the axes [n_member, n_item, n_feature]: members see different crystals in the same step, and nothing is
shared between them. On quotient graphs (see ``paraisite.graphs.quotient``) multiplicities weight each mean and each
attention, so that the result is that of the full graph.

Source: Chen et al., Chem. Mater. 2019, 10.1021/acs.chemmater.9b01294, as implemented by megnet 1.3.2: the last layer of
each update is linear, bonds pool by mean onto their centre, and Set2Set's LSTM forgets its cell state at every step.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final, NamedTuple

import numpy as np

from paraisite.graphs.batch import GraphBatch
from paraisite.models.architecture import ModelConfig
from paraisite.models.distance_basis import build_distance_basis
from paraisite.models.runtime import tf
from paraisite.models.segments import add_up, share, softmax_mean, take

Tensor = Any
"""A ``tf.Tensor``; TensorFlow has no usable type stubs."""

Weights = Mapping[str, Tensor]

LARGE_KERNEL: Final = 1 << 16
"""Elements from which on a kernel is handled by itself: passing over it costs more than a call saves."""

_LOG_OF_MEAN_WITH_ONE: Final = (
    np.polynomial.Chebyshev.interpolate(lambda t: np.log((1.0 + t) / 2.0), 8, domain=(0, 1))
    .convert(kind=np.polynomial.Polynomial)
    .coef.tolist()
)
"""log((1 + t)/2) for t in [0, 1] as a polynomial, off by 4e-8 at most; XLA's logarithm takes twice as long."""

_EXCLUDED = -1e9  # added to an attention energy: exp() of it is zero, and it is finite, so no NaN can arise


class Incidence(NamedTuple):
    """Who belongs to whom, and with what weight; no gradient flows into it.

    Attributes:
        n_atom: Atom places.
        n_crystal: Crystal places.
        centre: Atom of each bond, [m, n_bond].
        neighbour: Atom at its other end, [m, n_bond].
        crystal_of_atom: [m, n_atom].
        crystal_of_bond: [m, n_bond].
        bond_in_atom: Each bond's part in the mean of its centre's bonds, [m, n_bond, 1].
        atom_in_crystal: Each atom's part in the mean of its crystal's atoms, [m, n_atom, 1].
        bonds_in_crystal: The part of an atom's bonds in the mean of its crystal's bonds, [m, n_atom, 1].
        atom_log_weight: log multiplicity, very low in padding, [m, n_atom, 1].
        bond_log_weight: log of how many bonds of the crystal a bond stands for, very low in padding, [m, n_bond, 1].
    """

    n_atom: int
    n_crystal: int
    centre: Tensor
    neighbour: Tensor
    crystal_of_atom: Tensor
    crystal_of_bond: Tensor
    bond_in_atom: Tensor
    atom_in_crystal: Tensor
    bonds_in_crystal: Tensor
    atom_log_weight: Tensor
    bond_log_weight: Tensor


def forward(
    weights: Weights,
    batch: GraphBatch,
    *,
    config: ModelConfig,
    n_crystal: int,
    head_masks: Sequence[Tensor] = (),
) -> Tensor:
    """Return the network's output for every crystal place.

    Args:
        weights: Parameters by name, each [n_member, …].
        batch: Packed crystals with the axes [n_member, …]; ``bond_feature`` holds ``DistanceBasis`` values.
        config: Architecture.
        n_crystal: Crystal places.
        head_masks: What each hidden layer of the head is multiplied by, [n_member, n_crystal, width]; none for no
            dropout.

    Returns:
        float32 [n_member, n_crystal], or [n_member, n_crystal, n_output] for several outputs; what stands in an empty
        place has no meaning.
    """
    hidden = last_hidden(weights, batch, config=config, n_crystal=n_crystal)
    return head(weights, hidden, config=config, masks=head_masks)


def last_hidden(weights: Weights, batch: GraphBatch, *, config: ModelConfig, n_crystal: int) -> Tensor:
    """Return MEGNet's last hidden layer, which the head reads: [n_member, n_crystal, n_hidden]; see ``forward``."""
    incidence = _incidence(batch, n_crystal)
    atoms, bonds, state = _features(weights, batch, config=config, n_crystal=n_crystal)
    for block in range(config.n_block):
        updated = _block(weights, block, (atoms, bonds, state), incidence, narrow=config.narrow)
        atoms, bonds, state = atoms + updated[0], bonds + updated[1], state + updated[2]
    pool = partial(_set2set, weights, n_crystal=n_crystal, config=config)
    atom_set = pool("set2set/atom", atoms, incidence.crystal_of_atom, incidence.atom_log_weight)
    bond_set = pool("set2set/bond", bonds, incidence.crystal_of_bond, incidence.bond_log_weight)
    return _mlp(weights, "readout", tf.concat([atom_set, bond_set, state], -1), 2, softplus2)


def head(weights: Weights, hidden: Tensor, *, config: ModelConfig, masks: Sequence[Tensor] = ()) -> Tensor:
    """Return the network's output of its last hidden layer; see ``forward``."""
    for layer in range(len(config.head_hidden)):
        hidden = tf.nn.relu(_dense(weights, f"head/{layer}", hidden))
        hidden = hidden * masks[layer] if masks else hidden
    output = _dense(weights, f"head/{len(config.head_hidden)}", hidden)
    output = output[..., 0] if config.n_output == 1 else output
    return tf.sigmoid(output) if config.output_activation == "sigmoid" else output


@tf.custom_gradient
def softplus2(x: Tensor) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
    """Return softplus(x) - ln 2, within 1e-7; its derivative is written with the value itself, without a division."""
    small = tf.exp(-tf.abs(x))
    log = tf.fill(small.shape, tf.cast(_LOG_OF_MEAN_WITH_ONE[-1], x.dtype))
    for coefficient in _LOG_OF_MEAN_WITH_ONE[-2::-1]:
        log = log * small + tf.cast(coefficient, x.dtype)
    y = tf.nn.relu(x) + log
    return y, lambda upstream: upstream * (1.0 - 0.5 * tf.exp(-y))


def _incidence(batch: GraphBatch, n_crystal: int) -> Incidence:
    n_atom = batch.atomic_number.shape[-1]
    atom_weight, bond_weight = batch.atom_multiplicity[..., None], batch.bond_multiplicity[..., None]
    n_bond_of_atom = add_up(bond_weight, batch.bond_centre, n_atom)
    return Incidence(
        n_atom=n_atom,
        n_crystal=n_crystal,
        centre=batch.bond_centre,
        neighbour=batch.bond_neighbour,
        crystal_of_atom=batch.crystal_of_atom,
        crystal_of_bond=tf.gather(batch.crystal_of_atom, batch.bond_centre, batch_dims=1),
        bond_in_atom=share(bond_weight, batch.bond_centre, n_atom),
        atom_in_crystal=share(atom_weight, batch.crystal_of_atom, n_crystal),
        bonds_in_crystal=share(atom_weight * n_bond_of_atom, batch.crystal_of_atom, n_crystal),
        atom_log_weight=_log_weight(atom_weight),
        bond_log_weight=_log_weight(bond_weight * take(atom_weight, batch.bond_centre)),
    )


def _log_weight(weight: Tensor) -> Tensor:
    return tf.where(weight > 0.0, tf.math.log(tf.maximum(weight, 1e-9)), _EXCLUDED)


def _features(
    weights: Weights, batch: GraphBatch, *, config: ModelConfig, n_crystal: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the atoms', bonds' and states' features before the first block."""
    members = batch.atomic_number.shape[0]
    elements = tf.one_hot(batch.atomic_number, config.n_element)
    atoms = _mlp(weights, "preblock/atom", _matmul(elements, weights["atom_embedding"]), 2, softplus2)
    # The first bond kernel acts on 100 Gaussians; given their few coordinates, it acts through the basis.
    basis = tf.constant(build_distance_basis(config).vectors.T, tf.float32)  # [n_basis, n_gaussian]
    kernel = tf.matmul(tf.tile(basis[None], [members, 1, 1]), weights["preblock/bond/0/kernel"])
    first = softplus2(_add_bias(_matmul(batch.bond_feature, kernel), weights["preblock/bond/0/bias"]))
    bonds = softplus2(_dense(weights, "preblock/bond/1", first))
    zeros = tf.zeros([members, n_crystal, weights["preblock/state/0/kernel"].shape[-2]])
    state = _mlp(weights, "preblock/state", zeros, 2, softplus2)
    return atoms, bonds, state


def _block(
    weights: Weights, block: int, features: tuple[Tensor, Tensor, Tensor], incidence: Incidence, *, narrow: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Update bonds, then atoms, then states; all blocks but the first begin with two dense layers for each."""
    atoms, bonds, state = features
    if block > 0:
        atoms, bonds, state = (
            _mlp(weights, f"block_{block}/ff/{part}", value, 2, softplus2)
            for part, value in (("atom", atoms), ("bond", bonds), ("state", state))
        )
    # The first layer of an update is linear in each of its inputs, so what belongs to atoms and states is multiplied
    # once per atom or state and then gathered, instead of once per bond.
    name = f"block_{block}/phi_e"
    kernel = weights[f"{name}/0/kernel"]
    of_centre, of_neighbour, of_bond, of_state = (kernel[:, i * narrow : (i + 1) * narrow] for i in range(4))
    spread_state = take(_matmul(state, of_state), incidence.crystal_of_atom)
    centre = _add_bias(_matmul(atoms, of_centre) + spread_state, weights[f"{name}/0/bias"])
    neighbour = _matmul(atoms, of_neighbour)
    first = _matmul(bonds, of_bond) + take(centre, incidence.centre) + take(neighbour, incidence.neighbour)
    bonds = _after_first(weights, name, first)
    bond_means = add_up(bonds * incidence.bond_in_atom, incidence.centre, incidence.n_atom)

    name = f"block_{block}/phi_v"
    kernel = weights[f"{name}/0/kernel"]
    own = _matmul(tf.concat([bond_means, atoms], -1), kernel[:, : 2 * narrow])
    of_crystal = _add_bias(_matmul(state, kernel[:, 2 * narrow :]), weights[f"{name}/0/bias"])
    atoms = _after_first(weights, name, own + take(of_crystal, incidence.crystal_of_atom))

    name = f"block_{block}/phi_u"
    parts = tf.concat([bond_means * incidence.bonds_in_crystal, atoms * incidence.atom_in_crystal], -1)
    means = add_up(parts, incidence.crystal_of_atom, incidence.n_crystal)
    first = _dense(weights, f"{name}/0", tf.concat([means, state], -1))
    return atoms, bonds, _after_first(weights, name, first)


def _after_first(weights: Weights, name: str, first: Tensor) -> Tensor:
    """Return an update's result from its first layer's value before activation; the last layer stays linear."""
    return _dense(weights, f"{name}/2", softplus2(_dense(weights, f"{name}/1", softplus2(first))))


def _set2set(
    weights: Weights,
    name: str,
    items: Tensor,
    crystal: Tensor,
    log_weight: Tensor,
    *,
    n_crystal: int,
    config: ModelConfig,
) -> Tensor:
    """Return each crystal's Set2Set vector [m, n_crystal, 2 hidden] of its items [m, n_item, narrow]."""
    memory = _add_bias(_matmul(items, weights[f"{name}/memory_kernel"]), weights[f"{name}/memory_bias"])
    query = tf.zeros([memory.shape[0], n_crystal, 2 * config.n_set2set_hidden])
    for _ in range(config.n_set2set_pass):
        gates = _add_bias(_matmul(query, weights[f"{name}/recurrent_kernel"]), weights[f"{name}/recurrent_bias"])
        # The forget gate would act on a cell state that is always zero.
        gate_in, _, candidate, gate_out = tf.split(gates, 4, -1)
        hidden = _hard_sigmoid(gate_out) * tf.tanh(_hard_sigmoid(gate_in) * tf.tanh(candidate))
        energy = tf.reduce_sum(take(hidden, crystal) * memory, -1, keepdims=True) + log_weight
        query = tf.concat([hidden, softmax_mean(memory, energy, crystal, n_crystal)], -1)
    return query


def _hard_sigmoid(x: Tensor) -> Tensor:
    return tf.clip_by_value(0.2 * x + 0.5, 0.0, 1.0)


def _mlp(weights: Weights, name: str, x: Tensor, n_layer: int, activation: Callable[[Tensor], Tensor]) -> Tensor:
    for layer in range(n_layer):
        x = activation(_dense(weights, f"{name}/{layer}", x))
    return x


def _dense(weights: Weights, name: str, x: Tensor) -> Tensor:
    return _add_bias(_matmul(x, weights[f"{name}/kernel"]), weights[f"{name}/bias"])


def _matmul(x: Tensor, kernel: Tensor) -> Tensor:
    """Multiply [m, n_item, n_in] by each member's kernel [m, n_in, n_out]."""
    large = x.shape[-1] * kernel.shape[-1] >= LARGE_KERNEL
    return _matmul_large(x, kernel) if large else tf.matmul(x, kernel)


@tf.custom_gradient
def _matmul_large(x: Tensor, kernel: Tensor) -> tuple[Tensor, Callable[[Tensor], tuple[Tensor, Tensor]]]:
    """Multiply as ``tf.matmul``; its gradient reads a kernel that is larger than the cache along its rows."""

    def gradient(upstream: Tensor) -> tuple[Tensor, Tensor]:
        of_x = tf.linalg.matrix_transpose(tf.matmul(kernel, upstream, transpose_b=True))
        return of_x, tf.matmul(x, upstream, transpose_a=True)

    return tf.matmul(x, kernel), gradient


def _add_bias(x: Tensor, bias: Tensor) -> Tensor:
    return x + bias[:, None, :]
