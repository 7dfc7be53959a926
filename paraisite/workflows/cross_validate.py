"""Cross-validate the default model: every accurate row predicted by a fit that has seen none of its formula."""

import logging
import os
from collections.abc import Sequence
from typing import Final

import pandas as pd
from joblib import Parallel, delayed

from paraisite import DEFAULT_MODEL, schema
from paraisite.analysis.held_out_accurate import DATA_SET, PROTOCOL, Fold, draw_folds, predict_fold
from paraisite.analysis.held_out_errors import summarise_kinds, summarise_predictions
from paraisite.arrays import Bools
from paraisite.artifacts.dvc_files import fetch_tracked
from paraisite.artifacts.fold_parts import FoldParts
from paraisite.artifacts.inputs import attach_graphs
from paraisite.artifacts.result_tables import KINDS_FILE, PREDICTIONS_FILE, SUMMARY_FILE
from paraisite.artifacts.stage_folders import CROSS_VALIDATION, FIGURES, checkpoint_folder
from paraisite.artifacts.training_rows import LabelCorrection, load_training_rows
from paraisite.config import Config, load_config
from paraisite.core.csv_tables import write_csv
from paraisite.core.files import write_whole
from paraisite.core.paths import DATA
from paraisite.core.progress import CountProgress
from paraisite.data.datasets.table import Dataset
from paraisite.evaluation.peer_predictions import FILE_NAME as PEER_FILE
from paraisite.evaluation.peer_predictions import PEER, compare_with_peer, load_peer_predictions
from paraisite.inference.calibration_set import mark_elements
from paraisite.inference.relevance_fitting import describe_materials
from paraisite.reports.cross_validation import (
    ON_TERMINAL,
    describe_errors,
    draw_parity,
    tabulate_kinds,
    tabulate_protocols,
)
from paraisite.reports.figures import save_figure
from paraisite.reports.tables import to_markdown
from paraisite.reports.terminal import print_table
from paraisite.schema import LN_RATIO
from paraisite.tracking.analysis_runs import log_selection
from paraisite.tracking.runs import recipe_run
from paraisite.tracking.store import check_outputs_writable
from paraisite.tracking.writing import allowed_name
from paraisite.training.recipes import PHONIX

logger = logging.getLogger(__name__)

PEER_COMPARISON_FILE: Final = "peer.csv"
_CODE: Final = (
    "analysis", "artifacts/known_labels.py", "artifacts/training_rows.py", "data", "evaluation/leakage.py", "features",
    "inference", "labels", "models", "schema.py",
)  # fmt: skip
"""What a fold's predictions depend on."""

_LOGGED: Final = (LN_RATIO, "mape", schema.format_coverage_metric(0.9))
"""Columns of the summary that are the run's metrics; the others are in its tables."""


def cross_validate(n_process: int | None = None) -> None:
    """Cross-validate the default model under all protocols, into ``build/cross_validate/``.

    Each fold's predictions are kept until the outputs are written: interrupted, the same command goes on.

    Args:
        n_process: Fits side by side; by default one for each core.
    """
    check_outputs_writable(CROSS_VALIDATION)
    config = load_config()
    dataset, graphs = attach_graphs(load_training_rows(config), config)
    folds = list(draw_folds(dataset, seeds=config.splits.seeds))
    with recipe_run(f"cross-validate {DEFAULT_MODEL}") as run_id:
        parts = FoldParts(checkpoint_folder(CROSS_VALIDATION.name))
        predictions = _predict_folds(dataset, mark_elements(graphs), folds, parts, config=config, n_process=n_process)
        summary = summarise_predictions(predictions)
        metrics = {
            allowed_name(f"{column}_{row[DATA_SET]}_{row[PROTOCOL]}"): float(row[column])
            for row in summary.reset_index().to_dict("records")
            for column in _LOGGED
        }
        _write_outputs(predictions, summary)
        log_selection(
            metrics,
            parameters={"n_row": str(len(dataset))},
            folder=CROSS_VALIDATION,
            run_id=run_id,
            description=describe_errors(summary),
        )
        parts.remove()


def _predict_folds(
    dataset: Dataset,
    elements: Bools,
    folds: Sequence[Fold],
    parts: FoldParts,
    *,
    config: Config,
    n_process: int | None,
) -> pd.DataFrame:
    """Return the predictions of all folds, in order; what an interrupted run has done is taken from its parts."""
    labels = LabelCorrection.load(dataset, config)
    settings = repr((config.splits, config.graphs, labels.digest))
    n_done = parts.claim(data_digest=dataset.digest, settings=settings, code=_CODE)
    if n_done:
        logger.info("%d of %d fits are done", n_done, len(folds))
    materials = describe_materials(dataset)

    def predict(fold: Fold) -> pd.DataFrame:
        name = f"{fold.protocol}_{fold.number}"
        part = parts.load(name)
        if part is None:
            part = predict_fold(dataset, materials, elements, fold, correct_labels=labels.correct_without)
            parts.save(name, part)
        return part

    with CountProgress("fits", unit="fits") as progress:
        done = []
        for part in Parallel(n_jobs=n_process or os.cpu_count() or 1, return_as="generator")(
            delayed(predict)(fold) for fold in folds
        ):
            done.append(part)
            progress.update(n_done=len(done), n_total=len(folds))
    return pd.concat(done, ignore_index=True)


def _write_outputs(predictions: pd.DataFrame, summary: pd.DataFrame) -> None:
    """Write tables and figure, and print what is most asked for."""
    shown, beside = tabulate_protocols(summary), _compare_with_peer(predictions)
    kinds = summarise_kinds(predictions)
    CROSS_VALIDATION.mkdir(parents=True, exist_ok=True)
    write_csv(predictions, CROSS_VALIDATION / PREDICTIONS_FILE, float_format="%.6g")
    for name, table in ((SUMMARY_FILE, summary.reset_index()), (KINDS_FILE, kinds)):
        write_csv(table, CROSS_VALIDATION / name, float_format="%.6g")
    write_whole(CROSS_VALIDATION / "table.md", to_markdown(shown).encode())
    write_whole(CROSS_VALIDATION / "kinds.md", tabulate_kinds(kinds).encode())
    beside.to_csv(CROSS_VALIDATION / PEER_COMPARISON_FILE, float_format="%.6g")
    save_figure(draw_parity(predictions), CROSS_VALIDATION / FIGURES / "parity")
    title = f"{DEFAULT_MODEL} on rows that it was not fitted on: mean |ln(predicted/known)|"
    print_table(shown[list(ON_TERMINAL)].rename(columns=ON_TERMINAL), title=title, numbers=summary.reset_index())
    title = f"on the rows of Phonix that {PEER} predicts"
    print_table(beside[[LN_RATIO]].map("{:.3f}".format), title=title, numbers=beside)


def _compare_with_peer(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return the errors on rows of Phonix that a published network predicts, folds by formula."""
    peer = load_peer_predictions(fetch_tracked(DATA, target="data.dvc") / PEER_FILE)
    by_formula = predictions[(predictions[PROTOCOL] == "formula") & (predictions[DATA_SET] == PHONIX)]
    estimates = by_formula.copy()
    estimates[schema.MATERIAL_ID] = by_formula[schema.MATERIAL_ID].str.removesuffix(f" ({PHONIX})")
    estimates[schema.MODEL] = DEFAULT_MODEL
    estimates[schema.PREDICTED_KAPPA] = by_formula[schema.PREDICTED_MEDIAN_KAPPA]
    return compare_with_peer(estimates, peer)
