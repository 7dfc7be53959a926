"""Sizes of a network and the names and shapes of its parameters.

Source: Chen et al., Chem. Mater. 2019, 10.1021/acs.chemmater.9b01294, as implemented by megnet 1.3.2.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import prod
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

Parameters = dict[str, npt.NDArray[np.float32]]
"""Parameters by name: of one member, or of a stack with a leading member axis."""

STATE_DIM: Final = 2
"""MEGNet's state input: two zeros."""


@dataclass(frozen=True)
class ModelConfig:
    """A MEGNet with a head on its last hidden layer.

    Attributes:
        n_element: Rows of the element embedding; atomic numbers are below it.
        embedding_dim: Columns of the element embedding.
        gaussian_centers_angstrom: Centres of the distance expansion, Å.
        gaussian_width_angstrom: Width w of exp(-(d - centre)²/w²), Å.
        cutoff_angstrom: Bonds join atoms closer than this, Å.
        n_block: Number of MEGNet blocks.
        wide: First layers' width (64).
        narrow: Last layer's width (32), also of each block's output.
        n_set2set_hidden: Width of Set2Set and of the last hidden layer (16).
        n_set2set_pass: Set2Set's recurrent steps.
        head_hidden: Hidden widths of the head; none in the published models.
        output_activation: "sigmoid" in published classifiers.
        n_output: Properties that the last layer predicts at once.
    """

    n_element: int = 95
    embedding_dim: int = 16
    gaussian_centers_angstrom: tuple[float, ...] = tuple(float(x) for x in np.linspace(0, 5, 100))
    gaussian_width_angstrom: float = 0.5
    cutoff_angstrom: float = 4.0
    n_block: int = 3
    wide: int = 64
    narrow: int = 32
    n_set2set_hidden: int = 16
    n_set2set_pass: int = 3
    head_hidden: tuple[int, ...] = ()
    output_activation: Literal["linear", "sigmoid"] = "linear"
    n_output: int = 1


def parameter_shapes(config: ModelConfig) -> dict[str, tuple[int, ...]]:
    """Return every parameter's name and shape (without the member axis), in the network's order."""
    wide, narrow, hidden = config.wide, config.narrow, config.n_set2set_hidden
    shapes: dict[str, tuple[int, ...]] = {"atom_embedding": (config.n_element, config.embedding_dim)}
    inputs = {"atom": config.embedding_dim, "bond": len(config.gaussian_centers_angstrom), "state": STATE_DIM}
    for part, width in inputs.items():
        shapes.update(_dense(f"preblock/{part}", (width, wide, narrow)))
    for block in range(config.n_block):
        if block > 0:
            for part in inputs:
                shapes.update(_dense(f"block_{block}/ff/{part}", (narrow, wide, narrow)))
        shapes.update(_dense(f"block_{block}/phi_e", (4 * narrow, wide, wide, narrow)))
        shapes.update(_dense(f"block_{block}/phi_v", (3 * narrow, wide, wide, narrow)))
        shapes.update(_dense(f"block_{block}/phi_u", (3 * narrow, wide, wide, narrow)))
    for part in ("atom", "bond"):
        shapes[f"set2set/{part}/memory_kernel"] = (narrow, hidden)
        shapes[f"set2set/{part}/memory_bias"] = (hidden,)
        shapes[f"set2set/{part}/recurrent_kernel"] = (2 * hidden, 4 * hidden)
        shapes[f"set2set/{part}/recurrent_bias"] = (4 * hidden,)
    shapes.update(_dense("readout", (4 * hidden + narrow, narrow, hidden)))
    shapes.update(_dense("head", (hidden, *config.head_hidden, config.n_output)))
    return shapes


def flatten(parameters: Parameters, config: ModelConfig) -> npt.NDArray[np.float32]:
    """Return a stack's parameters one after another, [n_member, n_parameter]."""
    n_member = len(parameters["atom_embedding"])
    return np.concatenate([parameters[name].reshape(n_member, -1) for name in parameter_shapes(config)], axis=1)


def unflatten(flat: npt.NDArray[np.float32], config: ModelConfig) -> Parameters:
    """Return the stack that ``flatten`` joined."""
    parameters, start = {}, 0
    for name, shape in parameter_shapes(config).items():
        end = start + prod(shape)
        parameters[name] = np.ascontiguousarray(flat[:, start:end]).reshape(len(flat), *shape)
        start = end
    return parameters


def _dense(name: str, widths: tuple[int, ...]) -> Iterator[tuple[str, tuple[int, ...]]]:
    for layer, (n_in, n_out) in enumerate(pairwise(widths)):
        yield f"{name}/{layer}/kernel", (n_in, n_out)
        yield f"{name}/{layer}/bias", (n_out,)
