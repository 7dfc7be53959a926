"""Fitting of the process for any crystal on accurate rows and labels of our own, its calibration set, and its errors.

Errors are of formulas that are left out. The labels' correction stays: accurate rows of these formulas contributed to
it, which ``analysis.held_out_accurate`` alone avoids.
"""

import logging
from typing import Final

import numpy as np
import pandas as pd
from sklearn.model_selection import GroupKFold

from paraisite import schema
from paraisite.arrays import Bools, Floats, Ints
from paraisite.data.crystal_arrays import CrystalArrays
from paraisite.data.crystal_kinds import name_structure_type
from paraisite.data.datasets.accurate import mark_labels, mark_rows_that_only_train
from paraisite.data.datasets.label_selection import compute_sample_weights
from paraisite.data.datasets.splits import Split
from paraisite.data.datasets.table import Dataset
from paraisite.data.sources import togo15
from paraisite.graphs.crystal_graph import GraphCollection
from paraisite.inference.build_predictor import list_materials
from paraisite.inference.calibration_set import CalibrationSet, KnownMaterials, mark_elements
from paraisite.inference.member_errors import measure_member
from paraisite.inference.relevance_model import DescribedMaterials, RelevanceModel

logger = logging.getLogger(__name__)

N_PART: Final = 5
"""Parts of the formulas whose errors are reported apart, so that a spread is known."""


TOGO15_WEIGHT: Final = 10.0
"""How much a row of Togo15 counts beside a row of another data set, by which the noise of its value is divided.

Its crystals are few and of three structure types, its values were computed alike, with Born charges and dense meshes;
Phonix's come from an automatic workflow, and from three decimals of a logarithm. Every row predicted without itself,
errors on Togo15 fall steadily as the weight grows from 1 to 32, in the training rows of each of the 14 folds by formula
and of the published splits, and 10 has most of the gain: at 8 the mean |ln ratio| is 0.21 to 0.26, at 1 0.23 to 0.29.
"""

LABEL_WEIGHT: Final = 0.5
"""How much a label of our own counts beside an accurate row: a potential has computed it."""


def fit_relevance_model(dataset: Dataset, graphs: GraphCollection) -> tuple[RelevanceModel, CalibrationSet]:
    """Return the process fitted on all rows, and what it says of each without its formula.

    Args:
        dataset: Materials with values; how much each counts: ``weigh_rows``.
        graphs: Theirs, in the same order.
    """
    logger.info("one Gaussian process on %d materials: about a minute", len(dataset))
    materials = list_materials(dataset)
    model = RelevanceModel.fit(
        describe_materials(dataset),
        np.log10(dataset.table[schema.KAPPA].to_numpy(np.float64)),
        materials.formula,
        list_structure_types(materials),
        weights=weigh_rows(dataset),
    )
    return model, make_left_out_calibration_set(model, materials, mark_elements(graphs))


def describe_materials(dataset: Dataset) -> DescribedMaterials:
    """Return the materials' descriptors, those of some accurate ones at other volumes, too."""
    crystals = CrystalArrays.from_structures(dataset.structures)
    return DescribedMaterials.describe(crystals, may_strain=~mark_labels(dataset))


def weigh_rows(dataset: Dataset) -> Floats:
    """Return how much each row counts in the process, [n_row].

    Rows that were selected by their label count less, and those of Togo15 beside others more, see ``TOGO15_WEIGHT``;
    labels of our own count ``LABEL_WEIGHT``.
    """
    is_label, of_togo15 = mark_labels(dataset), dataset.table[schema.SOURCE].to_numpy() == togo15.SOURCE
    if of_togo15.all() or is_label.all():
        return dataset.sample_weights
    kappa = dataset.table[schema.KAPPA].to_numpy(np.float64)
    weights = np.full(len(dataset), LABEL_WEIGHT)
    weights[~is_label] = compute_sample_weights(kappa[~is_label], dataset.selected_by_label[~is_label])
    weights[of_togo15] *= TOGO15_WEIGHT
    return weights


def list_structure_types(materials: KnownMaterials) -> list[str]:
    """Return each material's structure type by its label, whatever data set it is of; its formula, where not known."""
    known = zip(materials.prototype, materials.formula, strict=True)
    return [formula if prototype is None else name_structure_type(prototype) for prototype, formula in known]


def make_left_out_calibration_set(model: RelevanceModel, materials: KnownMaterials, elements: Bools) -> CalibrationSet:
    """Return what a model says of each of its materials without their formulas, and without their structure types.

    Args:
        model: The process.
        materials: What it was fitted on, in the same order.
        elements: Which elements each holds, [n_material, n_element].
    """
    known = model.estimate_known(materials.formula, list_structure_types(materials))
    mean, std = (np.stack([getattr(each, name) for each in known]) for name in ("mean", "std"))
    return CalibrationSet(
        materials=materials,
        elements=elements,
        embedding=model.places[None].astype(np.float32),
        members_w_per_m_k=np.power(10.0, mean),
        trained=np.zeros(mean.shape, np.bool_),
        model_digest=model.digest,
        std_dex=std,
    )


def draw_formula_parts(dataset: Dataset, *, among: Ints | None = None) -> tuple[Split, ...]:
    """Return parts of the formulas, each as a split whose validation rows are the part's that do not only train.

    Args:
        dataset: All rows; those of no tested formula are a split's training rows.
        among: Rows whose formulas are parted, by default all accurate ones. Where they are of one formula there is one
            part.
    """
    formulas, trains_only = dataset.table[schema.FORMULA].to_numpy(), mark_rows_that_only_train(dataset)
    rows = np.flatnonzero(~mark_labels(dataset)) if among is None else among
    n_part = min(N_PART, len(set(formulas[rows])))
    if n_part == 1:
        held_out = [rows]
    else:
        parts = GroupKFold(n_part, shuffle=True, random_state=0).split(rows, groups=formulas[rows])
        held_out = [rows[part] for _, part in parts]
    return tuple(
        Split(seed, np.flatnonzero(~np.isin(formulas, formulas[part])), part[~trains_only[part]].astype(np.int64))
        for seed, part in enumerate(held_out, start=1)
    )


def measure_left_out_errors(calibration_set: CalibrationSet, parts: tuple[Split, ...]) -> pd.DataFrame:
    """Return metrics of each part of the formulas (index split_seed), every row predicted without its formula.

    Intervals of a part are calibrated on the others.

    Args:
        calibration_set: Of a model that predicts every row without its formula.
        parts: As ``draw_formula_parts`` draws them.
    """
    everywhere = np.arange(len(calibration_set.materials.formula))
    rows = [
        measure_member(calibration_set, member=0, calibrated_on=np.isin(everywhere, part.train), rows=part.validation)
        for part in parts
    ]
    return pd.DataFrame(rows, index=pd.Index([part.seed for part in parts], name=schema.SPLIT_SEED))
