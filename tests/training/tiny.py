"""The smallest training that has everything: twelve crystals, a network of one block.

All tests of this folder use the same sizes, because each new shape costs a compilation of many seconds.
"""

from functools import lru_cache

import numpy as np
from pymatgen.core.structure import Structure

from paraisite.config import TrainingConfig
from paraisite.data.datasets.splits import Split, draw_random_splits
from paraisite.graphs.build import build_graphs
from paraisite.models.architecture import ModelConfig, Parameters
from paraisite.models.target_scaler import TargetScaler
from paraisite.training.batches import TrainingData
from paraisite.training.initial_parameters import draw_parameters, stack
from tests.graphs.crystals import CUTOFF, TOLERANCE, diamond, perovskite, rocksalt

CONFIG = ModelConfig(
    embedding_dim=4,
    gaussian_centers_angstrom=tuple(np.linspace(0, 5, 12).tolist()),
    n_block=1,
    wide=8,
    narrow=4,
    n_set2set_hidden=4,
    n_set2set_pass=1,
    head_hidden=(256, 256),  # wide enough that one kernel gets a buffer of its own in the optimizer
)
SETTINGS = TrainingConfig(epochs=4, batch_size=4, learning_rate=1e-2, checkpoint_every_epochs=2)
N_MEMBER = 3
STEPS_PER_EPOCH = 2
ROCKSALTS = (("Mg", "O"), ("Na", "Cl"), ("K", "Br"), ("Li", "F"))
ZINC_BLENDES = (("Si", "Si"), ("Ga", "As"), ("Al", "P"), ("Zn", "S"), ("Zn", "Se"), ("Cd", "Te"))


def tiny_structures() -> list[Structure]:
    """Return twelve crystals."""
    return [
        *(rocksalt(4.2 + 0.3 * i, pair) for i, pair in enumerate(ROCKSALTS)),
        *(diamond(5.4 + 0.1 * i, pair) for i, pair in enumerate(ZINC_BLENDES)),
        *(perovskite(a) for a in (3.9, 4.05)),
    ]


@lru_cache
def tiny_data() -> TrainingData:
    """Return graphs of these crystals, with values from 1 to 300 W/m/K."""
    structures = tiny_structures()
    graphs, rejected = build_graphs(
        structures,
        [str(number) for number in range(len(structures))],
        cutoff_angstrom=CUTOFF,
        distance_tolerance_angstrom=TOLERANCE,
        quotient=True,
    )
    assert not rejected
    kappa = np.random.default_rng(1).permutation(np.geomspace(1.0, 300.0, len(structures)))
    return TrainingData(graphs, kappa, CONFIG)


def tiny_splits() -> tuple[Split, ...]:
    """Return one split per member: eight crystals train, four validate."""
    return draw_random_splits(len(tiny_data().graphs), seeds=range(1, N_MEMBER + 1), train_fraction=0.7)


def tiny_scaler() -> TargetScaler:
    """Return the scaler of the splits' training rows."""
    return TargetScaler.fit([tiny_data().target[split.train] for split in tiny_splits()])


def tiny_initial() -> Parameters:
    """Return the members' random starting weights, stacked."""
    return stack([draw_parameters(CONFIG, seed=seed) for seed in range(N_MEMBER)])
