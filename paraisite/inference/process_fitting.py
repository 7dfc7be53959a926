"""Fitting of Gaussian processes on a data set, one mixture per split, and their errors on held-out rows."""

import logging
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from paraisite import schema
from paraisite.data.crystal_arrays import CrystalArrays
from paraisite.data.datasets.splits import Split
from paraisite.data.datasets.table import Dataset
from paraisite.graphs.crystal_graph import GraphCollection
from paraisite.inference.build_predictor import list_materials, make_calibration_set, mark_trained_rows
from paraisite.inference.calibration_set import CalibrationSet
from paraisite.inference.member_errors import measure_member
from paraisite.inference.process_model import ProcessModel, build_descriptors
from paraisite.models.ensemble import Ensemble

logger = logging.getLogger(__name__)


def fit_process_model(
    networks: Mapping[str, Ensemble], dataset: Dataset, graphs: GraphCollection, splits: Sequence[Split]
) -> tuple[ProcessModel, CalibrationSet]:
    """Return processes whose member k is fitted on the k-th split's training rows, and their calibration set.

    Args:
        networks: Ensembles that predict kappa and were trained on none of the rows, by name.
        dataset: Materials with values.
        graphs: Theirs, in the same order.
        splits: Splits of the rows.
    """
    crystals, rows = CrystalArrays.from_structures(dataset.structures), [split.train for split in splits]
    logger.info("Gaussian processes for %d splits of %d materials: about two minutes", len(splits), len(dataset))
    model = ProcessModel.fit(
        networks,
        descriptors=build_descriptors(networks, graphs, crystals, compiled=True),
        log10_kappa=np.log10(dataset.table[schema.KAPPA].to_numpy(np.float64)),
        trained=mark_trained_rows(rows, len(dataset)),
    )
    calibration_set = make_calibration_set(
        model, graphs, crystals=crystals, materials=list_materials(dataset), trained_rows=rows
    )
    return model, calibration_set


def measure_held_out_errors(calibration_set: CalibrationSet, splits: Sequence[Split]) -> pd.DataFrame:
    """Return each member's metrics on the rows that it was not fitted on, one row per split (index split_seed).

    Values and intervals are those that a predictor of this one member gives. It is calibrated on the member's training
    rows, as predicted by other members that were not fitted on them.

    Args:
        calibration_set: Predictions of all members for all rows.
        splits: In the order of the members.
    """
    rows = [
        measure_member(
            calibration_set,
            member=number,
            calibrated_on=calibration_set.trained[number],
            rows=split.validation,
        )
        for number, split in enumerate(splits)
    ]
    return pd.DataFrame(rows, index=pd.Index([split.seed for split in splits], name=schema.SPLIT_SEED))
