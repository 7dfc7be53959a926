"""From a training to a predictor: the model, for networks at their last epoch and rounded, and its calibration set."""

import dataclasses
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from paraisite import schema
from paraisite.data.crystal_arrays import CrystalArrays
from paraisite.data.datasets.accurate import mark_labels, mark_rows_that_only_train
from paraisite.data.datasets.table import Dataset
from paraisite.errors import DataError
from paraisite.graphs.crystal_graph import GraphCollection
from paraisite.inference.calibration import floored_log10
from paraisite.inference.calibration_set import CalibrationSet, KnownMaterials, mark_elements
from paraisite.inference.model import Model
from paraisite.inference.network_model import NetworkModel
from paraisite.inference.predictor import Predictor
from paraisite.models.ensemble import Ensemble

if TYPE_CHECKING:
    from paraisite.training.recipe_result import TrainedRecipe

logger = logging.getLogger(__name__)

MAX_ROUNDING: Final = 0.01
"""Largest relative change of any kappa for which members are kept in half precision."""

_N_COMPARED: Final = 256


def make_predictor(trained: "TrainedRecipe", graphs: GraphCollection) -> Predictor:
    """Return the predictor of a recipe's members after the last epoch.

    Args:
        trained: The recipe, trained.
        graphs: Graphs of its data set, in the same order.

    Raises:
        DataError: A member has diverged.
    """
    model, result = NetworkModel(_rounded_if_close(trained.last, graphs)), trained.result
    calibration_set = make_calibration_set(
        model,
        graphs,
        crystals=CrystalArrays.from_structures(result.dataset.structures),
        materials=list_materials(result.dataset),
        trained_rows=[split.train for split in result.splits],
    )
    return Predictor(model, calibration_set)


def make_calibration_set(
    model: Model,
    graphs: GraphCollection,
    *,
    crystals: CrystalArrays,
    materials: KnownMaterials,
    trained_rows: Sequence[npt.NDArray[np.int64]],
) -> CalibrationSet:
    """Return a model's predictions and embeddings of its data set.

    Args:
        model: The very one that is to predict: if its parameters are rounded for the store, the rounded one.
        graphs: The materials' graphs.
        crystals: Their crystals, in the same order.
        materials: The materials, likewise.
        trained_rows: Rows that each member was trained on; nothing else of it was chosen by the others.

    Raises:
        DataError: There is not one set of rows per member, or a member's predictions are not finite.
    """
    if len(trained_rows) != model.n_member or not model.predicts_conductivity:
        raise DataError(
            f"{model.n_member} members of {', '.join(model.targets)}, expected {len(trained_rows)} of kappa"
        )
    predicted = model.predict_members(graphs, crystals, compiled=True)
    if not (np.isfinite(predicted.output).all() and np.isfinite(predicted.embedding).all()):
        raise DataError("a member's predictions of its own data set are not finite: it has diverged")
    return CalibrationSet(
        materials=materials,
        elements=mark_elements(graphs),
        embedding=predicted.embedding.astype(np.float32),
        members_w_per_m_k=predicted.output,
        trained=mark_trained_rows(trained_rows, len(graphs)),
        model_digest=model.digest,
        std_dex=predicted.std_dex,
    )


def mark_trained_rows(rows_of_members: Sequence[npt.NDArray[np.int64]], n_row: int) -> npt.NDArray[np.bool_]:
    """Return which rows are among each member's, bool [n_member, n_row]."""
    return np.stack([np.isin(np.arange(n_row), rows) for rows in rows_of_members])


def round_parameters(ensemble: Ensemble) -> Ensemble:
    """Return the ensemble as it comes back from a file in half precision."""
    parameters = {name: value.astype(np.float16).astype(np.float32) for name, value in ensemble.parameters.items()}
    return dataclasses.replace(ensemble, parameters=parameters)


def _rounded_if_close(ensemble: Ensemble, graphs: GraphCollection) -> Ensemble:
    # Here, because TensorFlow takes seconds to import: reading a predictor does without.
    from paraisite.models.ensemble_prediction import predict

    half, some = round_parameters(ensemble), graphs.take(np.arange(min(len(graphs), _N_COMPARED)))
    of_half, of_full = (np.median(floored_log10(predict(each, some)), axis=0) for each in (half, ensemble))
    change = float(np.max(np.abs(np.power(10.0, of_half - of_full) - 1.0)))
    logger.debug("half precision changes kappa by %.2g at most", change)
    if change < MAX_ROUNDING:
        return half
    logger.warning("half precision changes kappa by up to %.1f %%, so members are kept in full", 100 * change)
    return ensemble


def list_materials(dataset: Dataset) -> KnownMaterials:
    """Return a data set's materials, for people."""
    table = dataset.table
    prototypes = table[schema.PROTOTYPE]
    trains_only, is_label = mark_rows_that_only_train(dataset), mark_labels(dataset)
    return KnownMaterials(
        material_id=tuple(table[schema.MATERIAL_ID]),
        formula=tuple(table[schema.FORMULA]),
        prototype=tuple(prototypes.where(prototypes.notna(), None)),
        kappa_w_per_m_k=table[schema.KAPPA].to_numpy(np.float64),
        trains_only=trains_only if trains_only.any() else None,
        is_label=is_label if is_label.any() else None,
    )
