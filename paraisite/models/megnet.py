"""MEGNet and its head as TensorFlow functions over parameters stacked on a leading member axis.

Every tensor has the axes [n_member, n_group, n_item, n_feature]: members see different crystals in the same step, and
nothing is shared between them. On quotient graphs (see ``paraisite.graphs.quotient``) multiplicities weight each mean
and each attention, so that the result is that of the full graph.

Source: Chen et al., Chem. Mater. 2019, 10.1021/acs.chemmater.9b01294, as implemented by megnet 1.3.2: the last layer of
each update is linear, bonds pool by mean onto their centre, and Set2Set's LSTM forgets its cell state at every step.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from paraisite.graphs.batch import GraphBatch
from paraisite.models.architecture import ModelConfig
from paraisite.models.distance_basis import distance_basis
from paraisite.models.runtime import tf

Tensor = Any
"""A ``tf.Tensor``; TensorFlow has no usable type stubs."""

Weights = Mapping[str, Tensor]

LARGE_KERNEL: Final = 1 << 16
"""Elements from which on a kernel is handled by itself: passing over it costs more than a call saves."""

_EXCLUDED = -1e9  # added to an attention energy: exp() of it is zero, and it is finite, so no NaN can arise


class Incidence(NamedTuple):
    """Who belongs to whom within a group, mostly as dense matrices; no gradient flows into them.

    Attributes:
        bond_centre: Atom within the group, int32 [m, g, n_bond]; any in padding.
        bond_neighbour: The same for the other end.
        ends: One-hot of both side by side, [m, g, n_bond, 2 n_atom].
        crystal: One-hot of each atom's crystal, [m, g, n_atom, n_crystal].
        bonds_to_atom: Mean over an atom's bonds, [m, g, n_atom, n_bond].
        atoms_to_crystal: Mean over a crystal's atoms, [m, g, n_crystal, n_atom].
        bond_means_to_crystal: Mean over a crystal's bonds, taken from its atoms' bond means, [m, g, n_crystal, n_atom].
        atom_log_weight: log multiplicity where the atom is the crystal's, else very low, [m, g, n_crystal, n_atom].
        bond_log_weight: The same for bonds, [m, g, n_crystal, n_bond].
    """

    bond_centre: Tensor
    bond_neighbour: Tensor
    ends: Tensor
    crystal: Tensor
    bonds_to_atom: Tensor
    atoms_to_crystal: Tensor
    bond_means_to_crystal: Tensor
    atom_log_weight: Tensor
    bond_log_weight: Tensor


def forward(weights: Weights, batch: GraphBatch, *, config: ModelConfig, n_crystal: int) -> Tensor:
    """Return the network's output for every crystal place.

    Args:
        weights: Parameters by name, each [n_member, …].
        batch: Packed crystals with the axes [n_member, n_group, …]; ``bond_feature`` holds ``distance_basis`` values.
        config: Architecture.
        n_crystal: Crystal places per group.

    Returns:
        float32 [n_member, n_group, n_crystal]; what stands in an empty place has no meaning.
    """
    incidence = _incidence(batch, n_crystal)
    atoms, bonds, state = _features(weights, batch, config=config, n_crystal=n_crystal)
    for block in range(config.n_block):
        updated = _block(weights, block, (atoms, bonds, state), incidence, narrow=config.narrow)
        atoms, bonds, state = atoms + updated[0], bonds + updated[1], state + updated[2]
    atom_set = _set2set(weights, "set2set/atom", atoms, incidence.atom_log_weight, config=config)
    bond_set = _set2set(weights, "set2set/bond", bonds, incidence.bond_log_weight, config=config)
    hidden = _mlp(weights, "readout", tf.concat([atom_set, bond_set, state], -1), 2, softplus2, activate_last=True)
    output = _mlp(weights, "head", hidden, len(config.head_hidden) + 1, tf.nn.relu, activate_last=False)[..., 0]
    return tf.sigmoid(output) if config.output_activation == "sigmoid" else output


@tf.custom_gradient
def softplus2(x: Tensor) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
    """Return softplus(x) - ln 2; its derivative is written with the value itself, which needs no division."""
    y = tf.nn.relu(x) + tf.math.log(0.5 * tf.exp(-tf.abs(x)) + 0.5)
    return y, lambda upstream: upstream * (1.0 - 0.5 * tf.exp(-y))


def _incidence(batch: GraphBatch, n_crystal: int) -> Incidence:
    n_atom = batch.atomic_number.shape[-1]
    centre = tf.one_hot(batch.bond_centre, n_atom)  # [m, g, n_bond, n_atom]
    crystal = tf.one_hot(batch.crystal_of_atom, n_crystal)
    n_bond_of_atom = tf.linalg.matvec(centre, batch.bond_multiplicity, transpose_a=True)  # [m, g, n_atom]
    bond_weight = tf.linalg.matvec(centre, batch.atom_multiplicity) * batch.bond_multiplicity
    return Incidence(
        bond_centre=tf.minimum(batch.bond_centre, n_atom - 1),
        bond_neighbour=tf.minimum(batch.bond_neighbour, n_atom - 1),
        ends=tf.concat([centre, tf.one_hot(batch.bond_neighbour, n_atom)], -1),
        crystal=crystal,
        bonds_to_atom=_mean_matrix(centre, batch.bond_multiplicity),
        atoms_to_crystal=_mean_matrix(crystal, batch.atom_multiplicity),
        bond_means_to_crystal=_mean_matrix(crystal, batch.atom_multiplicity * n_bond_of_atom),
        atom_log_weight=_log_weight(crystal, batch.atom_multiplicity),
        bond_log_weight=_log_weight(tf.matmul(centre, crystal), bond_weight),
    )


def _mean_matrix(one_hot: Tensor, weight: Tensor) -> Tensor:
    """Return the matrix [m, g, n_owner, n_item] that takes weighted means of items over their owners."""
    total = tf.linalg.matvec(one_hot, tf.linalg.matvec(one_hot, weight, transpose_a=True))
    share = tf.math.divide_no_nan(weight, total)
    return tf.linalg.matrix_transpose(one_hot * share[..., None])


def _log_weight(one_hot: Tensor, weight: Tensor) -> Tensor:
    log_weight = tf.math.log(tf.maximum(weight, 1e-9))[..., None, :]
    return tf.where(tf.linalg.matrix_transpose(one_hot) > 0, log_weight, _EXCLUDED)


def _features(
    weights: Weights, batch: GraphBatch, *, config: ModelConfig, n_crystal: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the atoms', bonds' and states' features before the first block."""
    members, groups = batch.atomic_number.shape[:2]
    elements = tf.one_hot(batch.atomic_number, config.n_element)
    atoms = _mlp(weights, "preblock/atom", _matmul(elements, weights["atom_embedding"]), 2, softplus2)
    # The first bond kernel acts on 100 Gaussians; given their few coordinates, it acts through the basis.
    basis = tf.constant(distance_basis(config).vectors.T, tf.float32)  # [n_basis, n_gaussian]
    kernel = tf.matmul(tf.tile(basis[None], [members, 1, 1]), weights["preblock/bond/0/kernel"])
    first = softplus2(_add_bias(_matmul(batch.bond_feature, kernel), weights["preblock/bond/0/bias"]))
    bonds = softplus2(_dense(weights, "preblock/bond/1", first))
    zeros = tf.zeros([members, groups, n_crystal, weights["preblock/state/0/kernel"].shape[-2]])
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
    # once per atom or state and then spread, instead of once per bond.
    name = f"block_{block}/phi_e"
    kernel = weights[f"{name}/0/kernel"]
    of_centre, of_neighbour, of_bond, of_state = (kernel[:, i * narrow : (i + 1) * narrow] for i in range(4))
    spread_state = tf.matmul(incidence.crystal, _matmul(state, of_state))
    centre = _add_bias(_matmul(atoms, of_centre) + spread_state, weights[f"{name}/0/bias"])
    neighbour = _matmul(atoms, of_neighbour)
    first = _matmul(bonds, of_bond) + _spread_to_bonds(incidence, centre, neighbour)
    bonds = _after_first(weights, name, first)
    bond_means = tf.matmul(incidence.bonds_to_atom, bonds)

    name = f"block_{block}/phi_v"
    kernel = weights[f"{name}/0/kernel"]
    own = _matmul(tf.concat([bond_means, atoms], -1), kernel[:, : 2 * narrow])
    of_crystal = _add_bias(_matmul(state, kernel[:, 2 * narrow :]), weights[f"{name}/0/bias"])
    atoms = _after_first(weights, name, own + tf.matmul(incidence.crystal, of_crystal))

    name = f"block_{block}/phi_u"
    bond_mean = tf.matmul(incidence.bond_means_to_crystal, bond_means)
    atom_mean = tf.matmul(incidence.atoms_to_crystal, atoms)
    first = _dense(weights, f"{name}/0", tf.concat([bond_mean, atom_mean, state], -1))
    return atoms, bonds, _after_first(weights, name, first)


def _spread_to_bonds(incidence: Incidence, centre: Tensor, neighbour: Tensor) -> Tensor:
    """Return for each bond the sum of its centre's row and its neighbour's, [m, g, n_bond, n_feature].

    Looked up on the way forward; added up by one product on the way back, where XLA's scatter would go row by row.
    """

    @tf.custom_gradient
    def spread(centre: Tensor, neighbour: Tensor) -> tuple[Tensor, Callable[[Tensor], tuple[Tensor, Tensor]]]:
        value = tf.gather(centre, incidence.bond_centre, batch_dims=2)
        value += tf.gather(neighbour, incidence.bond_neighbour, batch_dims=2)

        def gradient(upstream: Tensor) -> tuple[Tensor, Tensor]:
            of_centre, of_neighbour = tf.split(tf.matmul(incidence.ends, upstream, transpose_a=True), 2, axis=-2)
            return of_centre, of_neighbour

        return value, gradient

    return spread(centre, neighbour)


def _after_first(weights: Weights, name: str, first: Tensor) -> Tensor:
    """Return an update's result from its first layer's value before activation; the last layer stays linear."""
    return _dense(weights, f"{name}/2", softplus2(_dense(weights, f"{name}/1", softplus2(first))))


def _set2set(weights: Weights, name: str, items: Tensor, log_weight: Tensor, *, config: ModelConfig) -> Tensor:
    """Return each crystal's Set2Set vector [m, g, n_crystal, 2 hidden] of its items [m, g, n_item, narrow]."""
    members, groups, n_crystal, _ = log_weight.shape
    memory = _add_bias(_matmul(items, weights[f"{name}/memory_kernel"]), weights[f"{name}/memory_bias"])
    query = tf.zeros([members, groups, n_crystal, 2 * config.n_set2set_hidden])
    for _ in range(config.n_set2set_pass):
        gates = _add_bias(_matmul(query, weights[f"{name}/recurrent_kernel"]), weights[f"{name}/recurrent_bias"])
        # The forget gate would act on a cell state that is always zero.
        gate_in, _, candidate, gate_out = tf.split(gates, 4, -1)
        hidden = _hard_sigmoid(gate_out) * tf.tanh(_hard_sigmoid(gate_in) * tf.tanh(candidate))
        energy = tf.matmul(hidden, memory, transpose_b=True) + log_weight  # [m, g, n_crystal, n_item]
        query = tf.concat([hidden, tf.matmul(tf.nn.softmax(energy), memory)], -1)
    return query


def _hard_sigmoid(x: Tensor) -> Tensor:
    return tf.clip_by_value(0.2 * x + 0.5, 0.0, 1.0)


def _mlp(
    weights: Weights,
    name: str,
    x: Tensor,
    n_layer: int,
    activation: Callable[[Tensor], Tensor],
    *,
    activate_last: bool = True,
) -> Tensor:
    for layer in range(n_layer):
        x = _dense(weights, f"{name}/{layer}", x)
        if activate_last or layer < n_layer - 1:
            x = activation(x)
    return x


def _dense(weights: Weights, name: str, x: Tensor) -> Tensor:
    return _add_bias(_matmul(x, weights[f"{name}/kernel"]), weights[f"{name}/bias"])


def _matmul(x: Tensor, kernel: Tensor) -> Tensor:
    """Multiply [m, g, n_item, n_in] by each member's kernel [m, n_in, n_out]; one product per member."""
    members, groups, n_item, n_in = x.shape
    rows = tf.reshape(x, [members, groups * n_item, n_in])
    product = _matmul_large if n_in * kernel.shape[-1] >= LARGE_KERNEL else tf.matmul
    return tf.reshape(product(rows, kernel), [members, groups, n_item, kernel.shape[-1]])


@tf.custom_gradient
def _matmul_large(x: Tensor, kernel: Tensor) -> tuple[Tensor, Callable[[Tensor], tuple[Tensor, Tensor]]]:
    """Multiply as ``tf.matmul``; its gradient reads a kernel that is larger than the cache along its rows."""

    def gradient(upstream: Tensor) -> tuple[Tensor, Tensor]:
        of_x = tf.linalg.matrix_transpose(tf.matmul(kernel, upstream, transpose_b=True))
        return of_x, tf.matmul(x, upstream, transpose_a=True)

    return tf.matmul(x, kernel), gradient


def _add_bias(x: Tensor, bias: Tensor) -> Tensor:
    return x + bias[:, None, None, :]
