"""Conductivities under the potential beside the known ones, of all crystals whose accurate conductivity is known."""

import json
import logging
from collections.abc import Collection
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from paraisite.arrays import Bools, Floats
from paraisite.artifacts.dvc_files import fetch_tracked
from paraisite.artifacts.inputs import load_data
from paraisite.artifacts.label_checks import CORRECTION_FILE, check_folder
from paraisite.config import Config
from paraisite.core.files import write_whole
from paraisite.core.paths import KNOWN_LABELS
from paraisite.errors import DataError, MissingInputError
from paraisite.labels.campaign import STRUCTURES_SHA256, has_parts, read_parts, read_plan
from paraisite.labels.functional_correction import (
    CorrectedLabels,
    FunctionalCorrection,
    correct_kappa,
    describe_rows,
    fit_correction,
    predict_held_out,
)
from paraisite.labels.mesh_convergence import refuse_unconverged
from paraisite.labels.weak_bonding import refuse_weakly_bound
from paraisite.schema import (
    FORMULA,
    KAPPA,
    KAPPA_CORRECTED,
    KAPPA_POTENTIAL,
    MATERIAL_ID,
    PROTOTYPE,
    REASON,
    SELECTED_BY_LABEL,
)
from paraisite.training.recipes import HH143, KAPPA_TIER, PHONIX, TOGO15

logger = logging.getLogger(__name__)

DATASET: Final = "dataset"
ACCURATE: Final = (TOGO15, HH143, PHONIX)
OF_FUNCTIONAL: Final = (TOGO15, PHONIX)
"""Data sets that the correction is fitted on: PBEsol. HH143 has other pseudopotentials and settings."""


def load_known_rows(config: Config) -> pd.DataFrame:
    """Return the labelled crystals of the accurate data sets, refused ones among them.

    Returns:
        Columns dataset, material_id, formula, prototype, kappa_w_per_m_k (the known value), selected_by_label, reason
        and those of ``labels.phonon_labels``.

    Raises:
        MissingInputError: None has been labelled.
        DataError: A part is damaged, or rows are of other crystals or another potential.
    """
    tables = [table for name in ACCURATE if (table := _load(name, config)) is not None]
    if not tables:
        raise MissingInputError("no crystal of known conductivity is labelled: run `paraisite label kappa_known` first")
    return pd.concat(tables, ignore_index=True)


def _load(name: str, config: Config) -> pd.DataFrame | None:
    folder = KNOWN_LABELS / name
    try:
        fetch_tracked(folder, target=str(folder))
        if not has_parts(folder):
            raise MissingInputError(f"{folder} holds no labels")
    except MissingInputError as error:
        logger.warning("no labels of %s (%s): `paraisite label kappa_known --dataset %s`", name, error, name)
        return None
    rows, plan, dataset = read_parts(folder), read_plan(folder), load_data(name, config)
    if plan[STRUCTURES_SHA256] != dataset.structures_digest:
        raise DataError(f"{folder} describes other crystals than {name} holds")
    if plan["potential"] != config.lab.kappa_potential:
        raise DataError(
            f"{folder} was computed with potential {plan['potential']}, expected {config.lab.kappa_potential}"
        )
    known = dataset.table[[MATERIAL_ID, FORMULA, PROTOTYPE, KAPPA]].copy()
    known[SELECTED_BY_LABEL], known[DATASET] = dataset.selected_by_label, name
    rows = refuse_unconverged(refuse_weakly_bound(rows)).rename(columns={"candidate_id": MATERIAL_ID})
    return known.merge(rows, on=MATERIAL_ID)


def correct_known_rows(rows: pd.DataFrame) -> tuple[pd.DataFrame, FunctionalCorrection]:
    """Return the accepted rows with a corrected conductivity, and the correction that all that may fit give.

    A row's correction is one that no crystal of its formula was fitted on.

    Args:
        rows: As ``load_known_rows`` returns them.

    Raises:
        DataError: Too few rows are accepted.
    """
    accepted = rows[rows[REASON] == ""].reset_index(drop=True)
    factor = np.exp(
        predict_held_out(
            describe_rows(accepted), _measure_log_ratio(accepted), accepted[FORMULA].tolist(), _mark_fitting(accepted)
        )
    )
    return accepted.assign(**{KAPPA_CORRECTED: accepted[KAPPA_POTENTIAL] * factor}), fit_correction_without(rows)


def fit_correction_without(rows: pd.DataFrame, formulas: Collection[str] = ()) -> FunctionalCorrection:
    """Return the correction that all rows give which may fit and are of other formulas.

    Args:
        rows: As ``load_known_rows`` returns them.
        formulas: Reduced; none of their rows contributes.

    Raises:
        DataError: Too few rows are left.
    """
    fitting = _take_fitting(rows, without=formulas)
    return fit_correction(describe_rows(fitting), _measure_log_ratio(fitting), fitting[FORMULA].tolist())


def correct_labels_without(labels: pd.DataFrame, rows: pd.DataFrame, formulas: Collection[str]) -> CorrectedLabels:
    """Return labels by the correction that ``fit_correction_without`` gives, with the formulas that it was fitted on.

    Args:
        labels: Accepted rows of labels of our own.
        rows: As ``load_known_rows`` returns them.
        formulas: Reduced; none of their rows contributes.

    Raises:
        DataError: Too few rows are left.
    """
    kappa = correct_kappa(labels, fit_correction_without(rows, formulas))
    return CorrectedLabels(kappa, tuple(list_fitting_formulas(rows, without=formulas)))


def list_fitting_formulas(rows: pd.DataFrame, *, without: Collection[str] = ()) -> list[str]:
    """Return the reduced formulas of the crystals whose known conductivities fit the correction.

    Args:
        rows: As ``load_known_rows`` returns them.
        without: Formulas none of whose rows contributes.
    """
    return _take_fitting(rows, without=without)[FORMULA].tolist()


def _take_fitting(rows: pd.DataFrame, *, without: Collection[str]) -> pd.DataFrame:
    """Return the rows that the correction is fitted on where some formulas are left out."""
    return rows[(rows[REASON] == "") & _mark_fitting(rows) & ~rows[FORMULA].isin(list(without))]


def _measure_log_ratio(rows: pd.DataFrame) -> Floats:
    return np.log((rows[KAPPA] / rows[KAPPA_POTENTIAL]).to_numpy(np.float64))


def _mark_fitting(rows: pd.DataFrame) -> Bools:
    return (rows[DATASET].isin(OF_FUNCTIONAL) & ~rows[SELECTED_BY_LABEL]).to_numpy(np.bool_)


def write_correction(correction: FunctionalCorrection) -> Path:
    """Keep the correction beside the check that it comes from, and return its file."""
    path = check_folder(KAPPA_TIER) / CORRECTION_FILE
    write_whole(path, (json.dumps(correction.to_json(), indent=2) + "\n").encode())
    return path


def load_correction() -> FunctionalCorrection:
    """Return the correction that ``write_correction`` kept.

    Raises:
        MissingInputError: There is none.
        DataError: It is damaged.
    """
    path = fetch_tracked(check_folder(KAPPA_TIER), target=str(check_folder(KAPPA_TIER))) / CORRECTION_FILE
    try:
        return FunctionalCorrection.from_json(json.loads(path.read_text()))
    except OSError as error:
        raise MissingInputError(f"{path} not found: `paraisite check kappa` makes it") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{path} is no correction ({error}): `paraisite check kappa` makes it anew") from error
