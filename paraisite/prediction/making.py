"""From a training to a predictor: members at their last epoch, rounded for the store, with what taught them."""

import dataclasses
import logging
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from paraisite import schema
from paraisite.datasets.table import Dataset
from paraisite.errors import DataError
from paraisite.evaluation.predict import answers, predict
from paraisite.evaluation.results import TrainedRecipe
from paraisite.graphs.crystal_graph import GraphCollection
from paraisite.models.ensemble import Ensemble
from paraisite.prediction.calibration import log10_of
from paraisite.prediction.predictor import Predictor
from paraisite.prediction.reference import Materials, Reference, digest_of, elements_of

logger = logging.getLogger(__name__)

MAX_ROUNDING: Final = 0.01
"""Largest relative change of any kappa for which members are kept in half precision."""

_N_COMPARED: Final = 256


def make_predictor(trained: TrainedRecipe, graphs: GraphCollection) -> Predictor:
    """Return the predictor of a recipe's members after the last epoch.

    Args:
        trained: The recipe, trained.
        graphs: Graphs of its data set, in the same order.

    Raises:
        DataError: A member has diverged.
    """
    members = _rounded_if_close(trained.last, graphs)
    return Predictor(
        members,
        make_reference(
            members,
            graphs,
            materials=_materials(trained.result.dataset),
            trained_rows=[split.train for split in trained.result.splits],
        ),
    )


def make_reference(
    ensemble: Ensemble, graphs: GraphCollection, *, materials: Materials, trained_rows: Sequence[npt.NDArray[np.int64]]
) -> Reference:
    """Return what an ensemble says of the materials that taught it.

    Args:
        ensemble: The very one that is to be judged: if its parameters are rounded for the store, the rounded one.
        graphs: The materials' graphs.
        materials: The materials, in the same order.
        trained_rows: Rows that each member has learnt from, by which nothing else of it was chosen.

    Raises:
        DataError: There is not one set of rows per member, or a member's answers are not finite.
    """
    if len(trained_rows) != ensemble.n_member or ensemble.scaler is None:
        raise DataError(f"{ensemble.n_member} members of {ensemble.target}, expected {len(trained_rows)} of kappa")
    found = answers(ensemble, graphs)
    if not (np.isfinite(found.output).all() and np.isfinite(found.hidden).all()):
        raise DataError("a member's answers for what taught it are not finite: it has diverged")
    trained = np.stack([np.isin(np.arange(len(graphs)), rows) for rows in trained_rows])
    return Reference(
        materials=materials,
        elements=elements_of(graphs),
        hidden=found.hidden.astype(np.float32),
        members_w_per_m_k=found.output,
        trained=trained,
        ensemble_digest=digest_of(ensemble),
    )


def rounded(ensemble: Ensemble) -> Ensemble:
    """Return the ensemble as it comes back from a file in half precision."""
    parameters = {name: value.astype(np.float16).astype(np.float32) for name, value in ensemble.parameters.items()}
    return dataclasses.replace(ensemble, parameters=parameters)


def _rounded_if_close(ensemble: Ensemble, graphs: GraphCollection) -> Ensemble:
    half, some = rounded(ensemble), graphs.take(np.arange(min(len(graphs), _N_COMPARED)))
    of_half, of_full = (np.median(log10_of(predict(each, some)), axis=0) for each in (half, ensemble))
    change = float(np.max(np.abs(np.power(10.0, of_half - of_full) - 1.0)))
    logger.debug("half precision changes kappa by %.2g at most", change)
    if change < MAX_ROUNDING:
        return half
    logger.warning("half precision changes kappa by up to %.1f %%, so members are kept in full", 100 * change)
    return ensemble


def _materials(dataset: Dataset) -> Materials:
    table = dataset.table
    prototypes = table[schema.PROTOTYPE]
    return Materials(
        material_id=tuple(table[schema.MATERIAL_ID]),
        formula=tuple(table[schema.FORMULA]),
        prototype=tuple(prototypes.where(prototypes.notna(), None)),
        kappa_w_per_m_k=table[schema.KAPPA].to_numpy(np.float64),
    )
