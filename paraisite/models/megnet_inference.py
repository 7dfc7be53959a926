"""MEGNet and its head in NumPy, for predictions where TensorFlow is not installed or takes longer than they do.

The function is that of ``models.megnet``, with parameters stacked on a leading member axis likewise. Nothing is padded:
the bonds of an atom, and the atoms and bonds of a crystal, lie side by side, so that a sum is over a piece of an array.
What depends on an element or on a distance alone is computed once for each of these.
"""

from typing import NamedTuple

import numpy as np

from paraisite.arrays import Ints, Singles
from paraisite.graphs.crystal_graph import GraphCollection
from paraisite.models.architecture import STATE_DIM, ModelConfig, Parameters
from paraisite.models.distance_basis import gaussians


class Segments(NamedTuple):
    """Items that lie side by side by their owner.

    Attributes:
        owner: Of each item, ascending, [n_item].
        n_owner: Owners.
        present: Owners that have items, ascending.
        first: First item of each of these.
    """

    owner: Ints
    n_owner: int
    present: Ints
    first: Ints

    @classmethod
    def build(cls, owner: Ints, n_owner: int) -> "Segments":
        """Find where each owner's items begin."""
        return cls(owner, n_owner, *np.unique(owner, return_index=True))

    def add_up(self, items: Singles) -> Singles:
        """Return each owner's sum over its items: […, n_item, n_feature] -> […, n_owner, n_feature]."""
        sums = np.zeros((*items.shape[:-2], self.n_owner, items.shape[-1]), items.dtype)
        if len(self.first):
            sums[..., self.present, :] = np.add.reduceat(items, self.first, axis=-2)
        return sums

    def share(self, weight: Singles) -> Singles:
        """Return each item's part of its owner's total weight, [n_item, 1]."""
        return weight / self.add_up(weight)[self.owner]

    def softmax_mean(self, items: Singles, energy: Singles) -> Singles:
        """Return each owner's mean of its items, weighted by exp(energy), [n_member, n_owner, n_feature]."""
        highest = np.zeros((len(energy), self.n_owner, 1), energy.dtype)
        highest[:, self.present] = np.maximum.reduceat(energy, self.first, axis=1)
        weight = np.exp(energy - highest[:, self.owner])
        total = self.add_up(weight)
        total[total == 0.0] = 1.0
        return self.add_up(weight * items) / total


class GraphIncidence(NamedTuple):
    """Who belongs to whom, and with what weight; for all members the same.

    Attributes:
        neighbour: Atom at a bond's other end, [n_bond].
        of_atom: Bonds by their centre.
        atoms: Atoms by their crystal.
        bonds: Bonds by their crystal.
        bond_in_atom: Each bond's part in the mean of its centre's bonds, [n_bond, 1].
        atom_in_crystal: Each atom's part in the mean of its crystal's atoms, [n_atom, 1].
        bonds_in_crystal: The part of an atom's bonds in the mean of its crystal's bonds, [n_atom, 1].
        atom_log_weight: log multiplicity, [n_atom, 1].
        bond_log_weight: log of how many bonds of the crystal a bond stands for, [n_bond, 1].
    """

    neighbour: Ints
    of_atom: Segments
    atoms: Segments
    bonds: Segments
    bond_in_atom: Singles
    atom_in_crystal: Singles
    bonds_in_crystal: Singles
    atom_log_weight: Singles
    bond_log_weight: Singles

    @classmethod
    def build(cls, graphs: GraphCollection) -> "GraphIncidence":
        """Return the incidence of some crystals, each of which has a bond."""
        n_atom, n_crystal = len(graphs.atomic_number), len(graphs)
        first_atom = np.repeat(graphs.atom_offset[:-1], graphs.n_bond)
        centre = graphs.bond_centre + first_atom
        of_atom = Segments.build(centre, n_atom)
        atoms, bonds = (
            Segments.build(np.repeat(np.arange(n_crystal), number), n_crystal)
            for number in (graphs.n_atom, graphs.n_bond)
        )
        atom_weight, bond_weight = graphs.atom_multiplicity[:, None], graphs.bond_multiplicity[:, None]
        return cls(
            neighbour=graphs.bond_neighbour + first_atom,
            of_atom=of_atom,
            atoms=atoms,
            bonds=bonds,
            bond_in_atom=of_atom.share(bond_weight),
            atom_in_crystal=atoms.share(atom_weight),
            bonds_in_crystal=atoms.share(atom_weight * of_atom.add_up(bond_weight)),
            atom_log_weight=np.log(atom_weight),
            bond_log_weight=np.log(bond_weight * atom_weight[centre]),
        )


def last_hidden(parameters: Parameters, graphs: GraphCollection, *, config: ModelConfig) -> Singles:
    """Return MEGNet's last hidden layer, which the head reads, [n_member, n_crystal, n_hidden].

    Args:
        parameters: By name, each [n_member, …].
        graphs: Crystals, each with a bond.
        config: Architecture.
    """
    incidence = GraphIncidence.build(graphs)
    atoms, bonds, state = _features(parameters, graphs, config=config)
    for block in range(config.n_block):
        updated = _block(parameters, block, (atoms, bonds, state), incidence, narrow=config.narrow)
        atoms, bonds, state = atoms + updated[0], bonds + updated[1], state + updated[2]
    atom_set = _set2set(parameters, "atom", atoms, incidence.atoms, incidence.atom_log_weight, config=config)
    bond_set = _set2set(parameters, "bond", bonds, incidence.bonds, incidence.bond_log_weight, config=config)
    return _mlp(parameters, "readout", np.concatenate([atom_set, bond_set, state], -1))


def head(parameters: Parameters, hidden: Singles, *, config: ModelConfig) -> Singles:
    """Return the network's output of its last hidden layer.

    Returns:
        float32 [n_member, n_crystal], or [n_member, n_crystal, n_output] for several outputs.
    """
    for layer in range(len(config.head_hidden)):
        hidden = np.maximum(_dense(parameters, f"head/{layer}", hidden), 0.0)
    output = _dense(parameters, f"head/{len(config.head_hidden)}", hidden)
    output = output[..., 0] if config.n_output == 1 else output
    return np.asarray(1.0 / (1.0 + np.exp(-output)) if config.output_activation == "sigmoid" else output, np.float32)


def softplus2(x: Singles) -> Singles:
    """Return softplus(x) - ln 2."""
    return np.maximum(x, 0.0) + np.log(np.float32(0.5) + np.float32(0.5) * np.exp(-np.abs(x)))


def _features(
    parameters: Parameters, graphs: GraphCollection, *, config: ModelConfig
) -> tuple[Singles, Singles, Singles]:
    """Return the atoms', bonds' and states' features before the first block."""
    element, of_atom = np.unique(graphs.atomic_number, return_inverse=True)
    atoms = _mlp(parameters, "preblock/atom", parameters["atom_embedding"][:, element])[:, of_atom]
    distance, of_bond = np.unique(graphs.bond_distance_angstrom, return_inverse=True)
    centres = np.asarray(config.gaussian_centers_angstrom, np.float32)
    bonds = _mlp(parameters, "preblock/bond", gaussians(distance, centres, config.gaussian_width_angstrom)[None])
    state = _mlp(parameters, "preblock/state", np.zeros((1, 1, STATE_DIM), np.float32))
    return atoms, bonds[:, of_bond], np.repeat(state, len(graphs), axis=1)


def _block(
    parameters: Parameters,
    block: int,
    features: tuple[Singles, Singles, Singles],
    incidence: GraphIncidence,
    *,
    narrow: int,
) -> tuple[Singles, Singles, Singles]:
    """Update bonds, then atoms, then states; all blocks but the first begin with two dense layers for each."""
    atoms, bonds, state = features
    if block > 0:
        atoms = _mlp(parameters, f"block_{block}/ff/atom", atoms)
        bonds = _mlp(parameters, f"block_{block}/ff/bond", bonds)
        state = _mlp(parameters, f"block_{block}/ff/state", state)
    # As in ``models.megnet``: what belongs to atoms and states is multiplied once for each, and then gathered.
    name = f"block_{block}/phi_e"
    kernel = parameters[f"{name}/0/kernel"]
    of_centre, of_neighbour, of_bond, of_state = (kernel[:, i * narrow : (i + 1) * narrow] for i in range(4))
    centre = _add_bias(parameters, f"{name}/0", atoms @ of_centre + (state @ of_state)[:, incidence.atoms.owner])
    neighbour = atoms @ of_neighbour
    first = bonds @ of_bond + centre[:, incidence.of_atom.owner] + neighbour[:, incidence.neighbour]
    bonds = _after_first(parameters, name, first)
    bond_means = incidence.of_atom.add_up(bonds * incidence.bond_in_atom)

    name = f"block_{block}/phi_v"
    kernel = parameters[f"{name}/0/kernel"]
    own = np.concatenate([bond_means, atoms], -1) @ kernel[:, : 2 * narrow]
    of_crystal = _add_bias(parameters, f"{name}/0", state @ kernel[:, 2 * narrow :])
    atoms = _after_first(parameters, name, own + of_crystal[:, incidence.atoms.owner])

    name = f"block_{block}/phi_u"
    parts = [bond_means * incidence.bonds_in_crystal, atoms * incidence.atom_in_crystal]
    means = incidence.atoms.add_up(np.concatenate(parts, -1))
    first = _dense(parameters, f"{name}/0", np.concatenate([means, state], -1))
    return atoms, bonds, _after_first(parameters, name, first)


def _after_first(parameters: Parameters, name: str, first: Singles) -> Singles:
    """Return an update's result from its first layer's value before activation; the last layer stays linear."""
    return _dense(parameters, f"{name}/2", softplus2(_dense(parameters, f"{name}/1", softplus2(first))))


def _set2set(
    parameters: Parameters, part: str, items: Singles, of_crystal: Segments, log_weight: Singles, *, config: ModelConfig
) -> Singles:
    """Return each crystal's Set2Set vector [n_member, n_crystal, 2 hidden] of its items."""
    name = f"set2set/{part}"
    memory = items @ parameters[f"{name}/memory_kernel"] + parameters[f"{name}/memory_bias"][:, None]
    query = np.zeros((len(memory), of_crystal.n_owner, 2 * config.n_set2set_hidden), np.float32)
    for _ in range(config.n_set2set_pass):
        gates = query @ parameters[f"{name}/recurrent_kernel"] + parameters[f"{name}/recurrent_bias"][:, None]
        # The forget gate would act on a cell state that is always zero.
        gate_in, _, candidate, gate_out = np.split(gates, 4, -1)
        hidden = _hard_sigmoid(gate_out) * np.tanh(_hard_sigmoid(gate_in) * np.tanh(candidate))
        energy = np.sum(hidden[:, of_crystal.owner] * memory, -1, keepdims=True) + log_weight
        query = np.concatenate([hidden, of_crystal.softmax_mean(memory, energy)], -1)
    return query


def _hard_sigmoid(x: Singles) -> Singles:
    return np.clip(np.float32(0.2) * x + np.float32(0.5), 0.0, 1.0)


def _mlp(parameters: Parameters, name: str, x: Singles) -> Singles:
    """Return what two dense layers, each with its activation, make of x."""
    return softplus2(_dense(parameters, f"{name}/1", softplus2(_dense(parameters, f"{name}/0", x))))


def _dense(parameters: Parameters, name: str, x: Singles) -> Singles:
    return _add_bias(parameters, name, x @ parameters[f"{name}/kernel"])


def _add_bias(parameters: Parameters, name: str, x: Singles) -> Singles:
    return np.asarray(x + parameters[f"{name}/bias"][:, None])
