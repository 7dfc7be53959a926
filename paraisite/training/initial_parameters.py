"""Initial weights: Keras's defaults for MEGNet, or a pretrained backbone with a new head."""

import numpy as np

from paraisite.errors import WeightsError
from paraisite.models.architecture import ModelConfig, Parameters, parameter_shapes

_EMBEDDING_LIMIT = 0.05


def draw_parameters(config: ModelConfig, *, seed: int) -> Parameters:
    """Draw one member's parameters as Keras draws MEGNet's.

    Kernels are Glorot-uniform, Set2Set's recurrent kernels orthogonal, biases zero but for the LSTM's forget gate
    (one), and the element embedding uniform in ±0.05. Each parameter has its own stream: adding one changes no other.
    """
    return {
        name: _draw(name, shape, np.random.default_rng([seed, index])).astype(np.float32)
        for index, (name, shape) in enumerate(parameter_shapes(config).items())
    }


def replace_head(backbone: Parameters, config: ModelConfig, *, seed: int) -> Parameters:
    """Return one member: the published backbone, and a head drawn at random.

    Raises:
        WeightsError: The backbone has another architecture than ``config``.
    """
    member = draw_parameters(config, seed=seed)
    for name, value in member.items():
        if name.startswith("head/"):
            continue
        found = backbone.get(name)
        if found is None or found.shape != value.shape:
            shape = None if found is None else found.shape
            raise WeightsError(f"starting weights: {name} has shape {shape}, this network expects {value.shape}")
        member[name] = found.astype(np.float32)
    return member


def stack(members: list[Parameters]) -> Parameters:
    """Join members of one architecture on a new leading axis."""
    return {name: np.stack([member[name] for member in members]) for name in members[0]}


def _draw(name: str, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    if name == "atom_embedding":
        return rng.uniform(-_EMBEDDING_LIMIT, _EMBEDDING_LIMIT, shape)
    if name.endswith("recurrent_kernel"):
        return _orthogonal(shape, rng)
    if name.endswith("recurrent_bias"):
        bias = np.zeros(shape)
        quarter = shape[0] // 4
        bias[quarter : 2 * quarter] = 1.0  # gates stand in the order input, forget, candidate, output
        return bias
    if len(shape) == 1:
        return np.zeros(shape)
    limit = np.sqrt(6.0 / (shape[0] + shape[1]))
    return rng.uniform(-limit, limit, shape)


def _orthogonal(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    q, r = np.linalg.qr(rng.normal(size=(max(shape), min(shape))))
    q = q * np.sign(np.diag(r))
    return q if shape[0] >= shape[1] else q.T
