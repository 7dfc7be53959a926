"""How refined values are made and how far they hold: measured on crystals of known conductivity, kept, and found."""

import json
from collections.abc import Collection
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from paraisite import DEFAULT_MODEL
from paraisite.arrays import Bools, Floats
from paraisite.artifacts.dvc_files import fetch_tracked
from paraisite.artifacts.known_labels import DATASET, correct_known_rows
from paraisite.artifacts.label_checks import REFINED, check_folder
from paraisite.core.files import write_whole
from paraisite.errors import DataError, MissingInputError
from paraisite.inference.calibration import Calibration, floored_log10
from paraisite.inference.calibration_set import CalibrationSet
from paraisite.inference.predictor import Predictor
from paraisite.inference.refinement import Refinement, estimate_from_interval
from paraisite.labels.phonon_settings import LABELS
from paraisite.models.combined_estimate import CombinedIntervals, ComparedRows, combine_held_out
from paraisite.models.estimate import compute_median_kappa
from paraisite.schema import (
    FORMULA,
    KAPPA,
    KAPPA_CORRECTED,
    MATERIAL_ID,
    PREDICTED_KAPPA,
    REFINED_KAPPA,
    SELECTED_BY_LABEL,
    interval_columns,
    name_interval_ends,
    refined_interval_columns,
)

REFINEMENT_FILE: Final = "refinement.json"


@dataclass(frozen=True, eq=False)
class MeasuredRefinement:
    """A refinement with the rows that it was measured on.

    Attributes:
        refinement: What new crystals are refined with.
        rows: Accepted rows of ``load_known_rows`` with the held-out values and intervals of prediction, correction
            and combination: no value of a row comes from a crystal of its formula.
        names: Their ids in the model's calibration set.
        compared: What was combined.
        measures: Which of them it was measured on, [n_row].
    """

    refinement: Refinement
    rows: pd.DataFrame
    names: tuple[str, ...]
    compared: ComparedRows
    measures: Bools


def measure_refinement(rows: pd.DataFrame, predictor: Predictor, *, potential: str) -> MeasuredRefinement:
    """Measure a refinement on labelled crystals of known conductivity.

    Rows that were selected by their label are refined, but measure nothing.

    Args:
        rows: As ``load_known_rows`` returns them.
        predictor: The default model, whose calibration set has a prediction of each row without its formula.
        potential: What the rows were computed with.

    Raises:
        DataError: The predictor has no such predictions, or the rows are too few.
    """
    corrected, correction = correct_known_rows(rows)
    known, std_dex, calibration = _require_left_out(predictor)
    names = _name_as_known(corrected, known.materials.material_id)
    place = {name: row for row, name in enumerate(known.materials.material_id)}
    chosen = np.array([place[name] for name in names])
    without_formula = calibration.estimate(floored_log10(known.members_w_per_m_k[:1, chosen]), std_dex[:1, chosen])
    lower, upper = calibration.compute_intervals(without_formula)
    values = {PREDICTED_KAPPA: compute_median_kappa(without_formula)} | name_interval_ends(lower, upper)
    predicted = pd.DataFrame(values, index=corrected.index)
    slow, accurate = (np.log10(corrected[name].to_numpy(np.float64)) for name in (KAPPA_CORRECTED, KAPPA))
    compared = ComparedRows(
        fast=estimate_from_interval(*(predicted[name].to_numpy(np.float64) for name in interval_columns(0.8))),
        slow=slow,
        known=accurate,
        places=known.embedding[0][chosen].astype(np.float64),
        formulas=corrected[FORMULA].tolist(),
    )
    measures = ~corrected[SELECTED_BY_LABEL].to_numpy(bool)
    held_out = combine_held_out(compared, measures)
    refined = {REFINED_KAPPA: np.power(10.0, held_out.combined.mean)} | name_interval_ends(
        held_out.lower, held_out.upper, refined_interval_columns
    )
    measured = compared.take(measures)
    refinement = Refinement(
        potential=potential,
        settings=json.loads(json.dumps(asdict(LABELS))),
        model=DEFAULT_MODEL,
        n_row_by_dataset={str(name): len(part) for name, part in corrected[measures].groupby(DATASET)},
        correction=correction,
        errors_dex=dict(zip(np.array(names)[measures].tolist(), measured.slow_error.error.tolist(), strict=True)),
        intervals=CombinedIntervals.fit(measured),
    )
    table = pd.concat([corrected, predicted], axis=1).assign(**refined)
    return MeasuredRefinement(refinement, table, tuple(names), compared, measures)


def _require_left_out(predictor: Predictor) -> tuple[CalibrationSet, Floats, Calibration]:
    """Return a calibration set of predictions without the row's formula, their deviations, and what corrects them."""
    known, calibration = predictor.calibration_set, predictor.calibration
    if known is None or calibration is None or known.std_dex is None or not known.is_left_out:
        raise DataError("the model says nothing of its rows without their formulas: refining needs the default model")
    return known, known.std_dex, calibration


def _name_as_known(rows: pd.DataFrame, known: Collection[str]) -> list[str]:
    """Return the rows' ids as the data set of all accurate rows tells them apart."""
    names = [
        each if each in known else f"{each} ({dataset})"
        for each, dataset in zip(rows[MATERIAL_ID], rows[DATASET], strict=True)
    ]
    if absent := [name for name in names if name not in known]:
        raise DataError(f"{absent[0]} is not in the model's calibration set")
    return names


def write_refinement(refinement: Refinement) -> Path:
    """Keep a refinement, and return its file."""
    path = check_folder(REFINED) / REFINEMENT_FILE
    write_whole(path, (json.dumps(refinement.to_json(), indent=2) + "\n").encode())
    return path


def load_refinement() -> Refinement:
    """Return the refinement that was measured here, or that is shipped.

    Raises:
        MissingInputError: There is none.
        DataError: It is damaged, or of an earlier version.
    """
    folder = check_folder(REFINED)
    path = fetch_tracked(folder, target=str(folder)) / REFINEMENT_FILE
    try:
        return Refinement.from_json(json.loads(path.read_text()))
    except OSError as error:
        raise MissingInputError(f"{path} not found: `python -m paraisite check refined` makes it") from error
    except (DataError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(
            f"{path} is no refinement of this version ({error}): `dvc pull {folder}` brings the one that is shipped, "
            "`python -m paraisite check refined` makes one"
        ) from error
