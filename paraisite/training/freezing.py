"""Which parameters keep their starting values in a training."""

from typing import Final

from paraisite.config import Frozen
from paraisite.models.architecture import ModelConfig, parameter_shapes

_PREFIXES: Final[dict[Frozen, tuple[str, ...]]] = {
    "nothing": (),
    "embedding": ("atom_embedding",),
    "first_block": ("atom_embedding", "preblock/", "block_0/"),
    "two_blocks": ("atom_embedding", "preblock/", "block_0/", "block_1/"),
    "blocks": ("atom_embedding", "preblock/", "block_"),
    "backbone": ("atom_embedding", "preblock/", "block_", "set2set/", "readout/"),
}


def list_frozen_parameters(frozen: Frozen, config: ModelConfig) -> tuple[str, ...]:
    """Return the names of the parameters that do not train, from the network's input on."""
    return tuple(name for name in parameter_shapes(config) if name.startswith(_PREFIXES[frozen]))
