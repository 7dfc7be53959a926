"""The default model on textbook crystals, each predicted without the training rows of its formula."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd

from paraisite import schema
from paraisite.arrays import Bools
from paraisite.data.crystal_arrays import CrystalArrays
from paraisite.data.crystal_kinds import name_structure_type
from paraisite.data.reduced_formulas import reduce_formulas
from paraisite.data.sources.textbook import TextbookCrystal
from paraisite.data.structure_labels import label_structure_type
from paraisite.errors import DataError
from paraisite.inference.calibration import floored_log10
from paraisite.inference.calibration_set import KnownMaterials, mark_elements
from paraisite.inference.predictor import Predictor
from paraisite.inference.relevance_model import RelevanceModel
from paraisite.metrics.kappa_errors import compute_coverage
from paraisite.models.estimate import compute_median_kappa

NAME: Final = "name"
STRUCTURE_TYPE: Final = "structure_type"
HOW: Final = "how"
SAMPLE: Final = "sample"
ALONG: Final = "along"
COMPARED: Final = "compared"
N_LEFT_OUT: Final = "n_training_rows_left_out"
"""Training rows of the crystal's formula, which its prediction goes without; 0 where the formula is none of theirs."""
TRAINING_KAPPA: Final = "training_kappa_w_per_m_k"
"""Median of the values, W/m/K, of the rows left out that are of the crystal's structure type; missing where none is.

These are computed: how far they are from the known value is no error of the model.
"""
RATIO: Final = "predicted_over_known"


def predict_textbook_crystals(predictor: Predictor, crystals: Sequence[TextbookCrystal]) -> pd.DataFrame:
    """Return one row per crystal: known and predicted conductivity, intervals, applicability.

    Args:
        predictor: Of one Gaussian process, which can be asked what it would predict without some of its materials. Its
            kernel's lengths and the calibration of its intervals rest on all of them.
        crystals: Well-known ones.

    Raises:
        DataError: The predictor is of another kind.
    """
    calibration, domain, known = predictor.calibration, predictor.applicability_domain, predictor.calibration_set
    if not isinstance(predictor.model, RelevanceModel) or calibration is None or domain is None or known is None:
        raise DataError("only the default model, one Gaussian process, can be asked without the rows of a formula")
    structures = [crystal.structure for crystal in crystals]
    formulas = np.array(reduce_formulas(structure.composition for structure in structures))
    left_out = formulas[:, None] == np.array(known.materials.formula)[None]
    arrays = CrystalArrays.from_structures(structures)
    predicted = predictor.model.predict_beside(arrays, left_out)
    estimate = calibration.estimate(floored_log10(predicted.output), predicted.std_dex)
    assessed = domain.assess(predicted.embedding, mark_elements(arrays), predicted.std_dex)
    value = compute_median_kappa(estimate)
    kappa = np.array([crystal.kappa_w_per_m_k for crystal in crystals])
    columns = {
        NAME: [crystal.name for crystal in crystals],
        schema.FORMULA: [crystal.formula for crystal in crystals],
        STRUCTURE_TYPE: [crystal.structure_type for crystal in crystals],
        schema.SPACE_GROUP: [crystal.space_group for crystal in crystals],
        schema.KAPPA: kappa,
        ALONG: [crystal.along for crystal in crystals],
        HOW: [crystal.how for crystal in crystals],
        SAMPLE: [crystal.sample for crystal in crystals],
        N_LEFT_OUT: left_out.sum(axis=1),
        TRAINING_KAPPA: _find_training_values(crystals, known.materials, left_out),
        schema.PREDICTED_MEDIAN_KAPPA: value,
        RATIO: value / kappa,
        schema.OUT_OF_DOMAIN: assessed.out_of_domain,
        schema.OUT_OF_DOMAIN_FLAG: assessed.flagged,
    }
    columns |= schema.name_interval_ends(*calibration.compute_intervals(estimate))
    columns |= {schema.SOURCE: [crystal.source for crystal in crystals]}
    return pd.DataFrame(columns | {COMPARED: [crystal.compared for crystal in crystals]})


def _find_training_values(
    crystals: Sequence[TextbookCrystal], materials: KnownMaterials, left_out: Bools
) -> list[float]:
    known_types = np.array([name_structure_type(prototype or "") for prototype in materials.prototype])
    values = []
    for crystal, without in zip(crystals, left_out, strict=True):
        same = without & (known_types == label_structure_type(crystal.structure))
        values.append(float(np.median(materials.kappa_w_per_m_k[same])) if same.any() else float("nan"))
    return values


def summarise_textbook(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return errors and shares in the intervals: of all, of formulas in the training rows, of others, flagged or not.

    Args:
        predictions: As ``predict_textbook_crystals`` returns them.

    Returns:
        Index crystals; the last line is of the values of the rows that were left out, as if they were predictions,
        where there are some of the structure type. Columns n, mean_abs_ln_ratio, median_abs_ln_ratio, bias_ln,
        within_factor_2, the coverages.
    """
    has_rows, flagged = predictions[N_LEFT_OUT] > 0, predictions[schema.OUT_OF_DOMAIN_FLAG].astype(bool)
    computed = predictions[predictions[TRAINING_KAPPA].notna()]
    parts = {
        "all": predictions,
        "formula in the training rows, left out": predictions[has_rows],
        "formula in none": predictions[~has_rows],
        "flagged": predictions[flagged],
        "not flagged": predictions[~flagged],
        "structure in the training rows, left out": computed,
    }
    lines = {name: _measure(rows) for name, rows in parts.items() if len(rows)}
    if len(computed):
        lines["values of these rows instead of predictions"] = _measure_errors(
            computed[TRAINING_KAPPA] / computed[schema.KAPPA]
        )
    return pd.DataFrame.from_dict(lines, orient="index").rename_axis("crystals")


def _measure(rows: pd.DataFrame) -> dict[str, float]:
    line = _measure_errors(rows[RATIO])
    for coverage in schema.COVERAGES:
        known, *ends = (rows[name].to_numpy(np.float64) for name in (schema.KAPPA, *schema.interval_columns(coverage)))
        line[schema.format_coverage_metric(coverage)] = compute_coverage(known, *ends)
    return line


def _measure_errors(ratio: pd.Series) -> dict[str, float]:
    ln_ratio = np.log(ratio.to_numpy(np.float64))
    return {
        "n": len(ratio),
        "mean_abs_ln_ratio": float(np.abs(ln_ratio).mean()),
        "median_abs_ln_ratio": float(np.median(np.abs(ln_ratio))),
        "bias_ln": float(ln_ratio.mean()),
        "within_factor_2": float((np.abs(ln_ratio) < np.log(2.0)).mean()),
    }
