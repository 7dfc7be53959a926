"""The default model on rows of formulas that it was not fitted on, under several protocols side by side.

No row of a tested formula trains, from whatever data set it is: every prediction says how many training rows share its
formula, and how many of the crystals that the labels were corrected by. ``togo15-honest`` alone, as published, lets
polymorphs of a tested formula *within Togo15* train. Everything, the kernel's lengths and the intervals' widths
included, is found anew on each fold's training rows.

Rows that were selected by their label are predicted where their group is held out, and are a data set of their own.
Labels of our own train in all protocols and are never tested. What corrects them from the potential's functional to
that of accurate data is fitted without the tested formulas, too.
"""

import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from sklearn.model_selection import GroupKFold

from paraisite import schema
from paraisite.arrays import Bools, Ints
from paraisite.data.crystal_kinds import name_chemistry, name_crystal_system, name_structure_type
from paraisite.data.datasets.accurate import NAME_OF_SOURCE, mark_labels
from paraisite.data.datasets.splits import draw_splits
from paraisite.data.datasets.table import Dataset
from paraisite.evaluation.leakage import count_training_rows
from paraisite.features.descriptors import find_symmetry
from paraisite.inference.applicability_domain import ApplicabilityDomain
from paraisite.inference.build_predictor import list_materials
from paraisite.inference.calibration import Calibration, floored_log10
from paraisite.inference.relevance_fitting import (
    list_structure_types,
    make_left_out_calibration_set,
    weigh_rows,
)
from paraisite.inference.relevance_model import DescribedMaterials, RelevanceModel
from paraisite.labels.functional_correction import CorrectedLabels
from paraisite.models.estimate import compute_median_kappa
from paraisite.training.recipes import PHONIX, TOGO15

logger = logging.getLogger(__name__)

PROTOCOL: Final = "protocol"
FOLD: Final = "fold"
DATA_SET: Final = "data_set"
CONSTANT: Final = "constant_w_per_m_k"
"""Median of the accurate training rows' values: the best constant."""
N_SAME_FORMULA: Final = "n_training_rows_of_formula"
"""How many of the fold's training rows have the tested row's formula."""
N_SAME_FORMULA_ELSEWHERE: Final = "n_training_rows_of_formula_elsewhere"
"""How many of them are of other data sets."""
N_SAME_FORMULA_CORRECTING: Final = "n_correcting_rows_of_formula"
"""How many crystals of that formula the correction of the fold's labels was fitted on."""

LOW_KAPPA: Final = "phonix-low-kappa"
"""What the predictions of Phonix's rows that were selected by their low conductivity are filed under."""

N_FOLD: Final = 5


@dataclass(frozen=True, eq=False)
class Fold:
    """One fit and what it is tested on.

    Attributes:
        protocol: Name of the protocol.
        number: Of the fold, from 1.
        train: Rows that train, [n_train].
        test: Rows that test, [n_test]: none that was selected by its label.
        selected: Further rows of the held-out groups, which were selected by their label, [n_selected].
    """

    protocol: str
    number: int
    train: Ints
    test: Ints
    selected: Ints

    @property
    def held_out(self) -> Ints:
        """All rows that are predicted, [n_test + n_selected]."""
        return np.concatenate([self.test, self.selected])


def name_data_sets(dataset: Dataset) -> list[str]:
    """Return the data set that each row is of, by its source."""
    return [NAME_OF_SOURCE[source] for source in dataset.table[schema.SOURCE]]


def draw_folds(dataset: Dataset, *, seeds: Sequence[int]) -> Iterator[Fold]:
    """Yield all folds of all protocols.

    Args:
        dataset: All accurate rows, and labels of our own.
        seeds: Of the splits of Togo15.
    """
    table, source = dataset.table, np.asarray(name_data_sets(dataset))
    formulas, selected = table[schema.FORMULA].to_numpy(), dataset.selected_by_label
    of_phonix, of_togo15 = np.flatnonzero(source == PHONIX), np.flatnonzero(source == TOGO15)
    of_accurate = np.flatnonzero(~mark_labels(dataset))
    kinds = (
        ("formula", formulas, of_accurate),
        ("space-group", _find_space_groups(dataset), of_phonix),
        ("structure-type", np.asarray(list_structure_types(list_materials(dataset))), of_phonix),
    )
    for name, groups, testing in kinds:
        folds = GroupKFold(N_FOLD, shuffle=True, random_state=0)
        for number, (_, held_out) in enumerate(folds.split(testing, groups=groups[testing]), start=1):
            tested = testing[held_out]
            unlike = ~np.isin(groups, groups[tested]) & ~np.isin(formulas, formulas[tested])
            yield Fold(name, number, np.flatnonzero(unlike), tested[~selected[tested]], tested[selected[tested]])
    togo15 = dataset.take(of_togo15)
    for split in draw_splits(togo15, seeds=seeds, train_fraction=0.8):
        tested = of_togo15[split.validation]
        others = ~np.isin(formulas, formulas[tested])
        others[of_togo15] = False
        train = np.concatenate([np.flatnonzero(others), of_togo15[split.train]])
        yield Fold("togo15-honest", split.seed, np.sort(train), tested, np.zeros(0, np.int64))


def _find_space_groups(dataset: Dataset) -> Ints:
    """Return each row's space group: that which its source names, else what spglib finds."""
    named = dataset.table[schema.SPACE_GROUP].to_numpy(np.int64)
    return np.array(
        [
            number or find_symmetry(structure).get_space_group_number()
            for number, structure in zip(named.tolist(), dataset.structures, strict=True)
        ],
        np.int64,
    )


def predict_fold(
    dataset: Dataset,
    materials: DescribedMaterials,
    elements: Bools,
    fold: Fold,
    *,
    correct_labels: Callable[[Collection[str]], CorrectedLabels] | None = None,
) -> pd.DataFrame:
    """Fit the default model on a fold's training rows, and return its predictions of the held-out rows.

    Args:
        dataset: All accurate rows, and labels of our own.
        materials: Their descriptors.
        elements: Which elements each holds, [n_row, n_element].
        fold: Which rows train and test.
        correct_labels: Returns the labels by a correction to which no row of some formulas has contributed; None where
            they stay as they are.
    """
    held_out, is_label, correcting = fold.held_out, mark_labels(dataset), tuple[str, ...]()
    if correct_labels is not None and is_label[fold.train].any():
        corrected = correct_labels(frozenset(dataset.table[schema.FORMULA].iloc[held_out]))
        dataset, correcting = dataset.replace_kappa(is_label, corrected.kappa_w_per_m_k), corrected.fitting_formulas
    train = dataset.take(fold.train)
    trained = list_materials(train)
    kappa = dataset.table[schema.KAPPA].to_numpy(np.float64)
    model = RelevanceModel.fit(
        materials.take(fold.train),
        np.log10(kappa[fold.train]),
        trained.formula,
        list_structure_types(trained),
        weights=weigh_rows(train),
    )
    known = make_left_out_calibration_set(model, trained, elements[fold.train])
    predicted = model.predict_described(materials.descriptors[held_out])
    calibration, domain = Calibration.fit(known), ApplicabilityDomain.fit(known)
    estimate = calibration.estimate(floored_log10(predicted.output), predicted.std_dex)
    assessed = domain.assess(predicted.embedding, elements[held_out], predicted.std_dex)
    columns = _describe_rows(dataset, fold, correcting) | {
        schema.PREDICTED_MEDIAN_KAPPA: compute_median_kappa(estimate),
        schema.PREDICTED_KAPPA: calibration.compute_lowered_value(estimate, known),
        CONSTANT: float(np.median(kappa[fold.train][~is_label[fold.train]])),
        schema.OUT_OF_DOMAIN: assessed.out_of_domain,
        schema.OUT_OF_DOMAIN_FLAG: assessed.flagged,
    }
    columns |= schema.name_interval_ends(*calibration.compute_intervals(estimate))
    logger.info("%s, fold %d: fitted on %d rows, tested on %d", fold.protocol, fold.number, len(train), len(fold.test))
    return pd.DataFrame(columns)


def _describe_rows(dataset: Dataset, fold: Fold, correcting: Sequence[str]) -> dict[str, Any]:
    """Return the columns that say what the held-out rows are, and what they share with what the model knows.

    Args:
        dataset: All rows.
        fold: Which of them train and test.
        correcting: Formulas of the crystals that the labels among them were corrected by.
    """
    table, source = dataset.table, np.asarray(name_data_sets(dataset), dtype=object)
    rows = table.iloc[fold.held_out]
    n_same, n_same_here = (
        count_training_rows(names[fold.held_out].tolist(), names[fold.train].tolist())
        for names in (table[schema.FORMULA].to_numpy(), (source + table[schema.FORMULA]).to_numpy())
    )
    labels = [name_structure_type(name) for name in rows[schema.PROTOTYPE]]
    return {
        PROTOCOL: fold.protocol,
        FOLD: fold.number,
        DATA_SET: np.concatenate([source[fold.test], [LOW_KAPPA] * len(fold.selected)]),
        schema.MATERIAL_ID: rows[schema.MATERIAL_ID].to_numpy(),
        schema.FORMULA: rows[schema.FORMULA].to_numpy(),
        schema.CHEMISTRY: [name_chemistry(formula) for formula in rows[schema.FORMULA]],
        schema.CRYSTAL_SYSTEM: [name_crystal_system(label) for label in labels],
        schema.PROTOTYPE: labels,
        schema.KAPPA: rows[schema.KAPPA].to_numpy(np.float64),
        N_SAME_FORMULA: n_same,
        N_SAME_FORMULA_ELSEWHERE: n_same - n_same_here,
        N_SAME_FORMULA_CORRECTING: count_training_rows(rows[schema.FORMULA].tolist(), list(correcting)),
    }
