"""Predictions of an ensemble for many crystals, in the target's unit."""

import importlib.util
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from paraisite.core.blas_threads import use_one_blas_thread
from paraisite.graphs.crystal_graph import GraphCollection
from paraisite.models import megnet_inference
from paraisite.models.ensemble import Ensemble


class MemberPredictions(NamedTuple):
    """Every member's prediction for every crystal.

    Attributes:
        output: The network's output, float64 [n_member, n_crystal], or [n_member, n_crystal, n_output] for several;
            with a scaler kappa in W/m/K, else in its unit.
        embedding: MEGNet's last hidden layer, which the head reads, float64 [n_member, n_crystal, n_hidden], no unit.
    """

    output: npt.NDArray[np.float64]
    embedding: npt.NDArray[np.float64]


def predict(ensemble: Ensemble, graphs: GraphCollection) -> npt.NDArray[np.float64]:
    """Return every member's prediction for every crystal: ``output`` of ``predict_members``."""
    return predict_members(ensemble, graphs).output


def predict_members(ensemble: Ensemble, graphs: GraphCollection, *, compiled: bool = True) -> MemberPredictions:
    """Return predictions and embeddings of one pass.

    Args:
        ensemble: Members.
        graphs: Crystals whose bonds reach to the ensemble's cutoff.
        compiled: As ``embed`` takes it.
    """
    if is_compiled(wanted=compiled):
        from paraisite.models import compiled_embedding  # TensorFlow takes seconds to import

        hidden = compiled_embedding.embed(ensemble, graphs)
        output = compiled_embedding.compute_output(ensemble, hidden)
    else:
        hidden = _embed_directly(ensemble, graphs)
        output = _compute_output(ensemble, hidden)
    return MemberPredictions(output if ensemble.scaler is None else ensemble.scaler.inverse_transform(output), hidden)


def embed(ensemble: Ensemble, graphs: GraphCollection, *, compiled: bool = True) -> npt.NDArray[np.float64]:
    """Return every member's embedding of every crystal: MEGNet's last hidden layer, which the head reads.

    Args:
        ensemble: Members.
        graphs: Crystals whose bonds reach to the ensemble's cutoff.
        compiled: By programs that XLA compiles, if TensorFlow is installed; else in NumPy, which is sooner done for up
            to some thousand crystals in a new process, and the same within rounding.

    Returns:
        float64 [n_member, n_crystal, n_hidden], without unit.
    """
    if is_compiled(wanted=compiled):
        from paraisite.models import compiled_embedding

        return compiled_embedding.embed(ensemble, graphs)
    return _embed_directly(ensemble, graphs)


def is_compiled(*, wanted: bool) -> bool:
    """Return whether programs that XLA compiles predict: they are wanted, and TensorFlow is installed."""
    return wanted and importlib.util.find_spec("tensorflow") is not None


# In NumPy crystals are predicted one by one, so that equal ones have equal predictions wherever they stand: a product
# of matrices rounds a row by where it stands. Several at once would save a fifth.


def _embed_directly(ensemble: Ensemble, graphs: GraphCollection) -> npt.NDArray[np.float64]:
    n_hidden = ensemble.parameters["readout/1/bias"].shape[-1]
    hidden = np.empty((ensemble.n_member, len(graphs), n_hidden))
    with use_one_blas_thread():
        for row in range(len(graphs)):
            graph = graphs.take([row])
            hidden[:, [row]] = megnet_inference.last_hidden(ensemble.parameters, graph, config=ensemble.config)
    return hidden


def _compute_output(ensemble: Ensemble, hidden: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    config, of_crystals = ensemble.config, hidden.astype(np.float32)
    shape = hidden.shape[:2] if config.n_output == 1 else (*hidden.shape[:2], config.n_output)
    output = np.empty(shape)
    with use_one_blas_thread():
        for row in range(hidden.shape[1]):
            output[:, [row]] = megnet_inference.head(ensemble.parameters, of_crystals[:, [row]], config=config)
    return output
