"""A stack's parameters in few buffers, so that clipping and Adam are a few passes over memory."""

from collections.abc import Mapping
from math import prod
from typing import Any, Final

import numpy as np

from paraisite.models.architecture import ModelConfig, parameter_shapes
from paraisite.models.megnet import LARGE_KERNEL
from paraisite.models.runtime import tf

Blocks = dict[str, Any]
"""A stack's parameters in few buffers, each [n_member, …]: ``SMALL`` holds most of them one after another. Large ones
stay buffers of their own, as slicing and joining them would cost more memory traffic than it saves calls."""

SMALL: Final = "small"


def to_blocks(parameters: Mapping[str, Any], config: ModelConfig) -> Blocks:
    """Return a stack's named parameters, NumPy or TensorFlow, as few buffers."""
    small = [name for name, shape in parameter_shapes(config).items() if prod(shape) < LARGE_KERNEL]
    first = parameters[small[0]]
    reshape, concatenate = (np.reshape, np.concatenate) if isinstance(first, np.ndarray) else (tf.reshape, tf.concat)
    blocks = {SMALL: concatenate([reshape(parameters[name], (first.shape[0], -1)) for name in small], 1)}
    return blocks | {name: parameters[name] for name in parameters if name not in small}


def from_blocks(blocks: Blocks, config: ModelConfig) -> dict[str, Any]:
    """Return the named parameters that ``to_blocks`` joined."""
    shapes, small = parameter_shapes(config), blocks[SMALL]
    reshape = np.reshape if isinstance(small, np.ndarray) else tf.reshape
    parameters, start = {}, 0
    for name, shape in shapes.items():
        if name in blocks:
            parameters[name] = blocks[name]
        else:
            end = start + prod(shape)
            parameters[name] = reshape(small[:, start:end], (small.shape[0], *shape))
            start = end
    return parameters


def over_axes(block: Any) -> Any:
    """Return each member's sum [m] over a buffer [m, …]."""
    return tf.reduce_sum(block, axis=list(range(1, len(block.shape))))
