"""Cross-validate the default model: every accurate row predicted by a fit that has seen none of its formula."""

import logging
import os
from typing import Final

import numpy as np
import pandas as pd
from joblib import Parallel, delayed

from paraisite import DEFAULT_MODEL, schema
from paraisite.analysis.held_out_accurate import (
    DATA_SET,
    PROTOCOL,
    Fold,
    draw_folds,
    predict_fold,
    summarise_predictions,
)
from paraisite.artifacts.dvc_files import fetch_tracked
from paraisite.artifacts.inputs import attach_graphs, load_data
from paraisite.artifacts.stage_folders import CROSS_VALIDATION, FIGURES
from paraisite.config import load_config
from paraisite.core.csv_tables import format_csv
from paraisite.core.files import write_whole
from paraisite.core.paths import DATA
from paraisite.core.progress import CountProgress
from paraisite.data.crystal_arrays import CrystalArrays
from paraisite.evaluation.peer_predictions import FILE_NAME as PEER_FILE
from paraisite.evaluation.peer_predictions import PEER, compare_with_peer, load_peer_predictions
from paraisite.inference.calibration_set import mark_elements
from paraisite.inference.relevance_model import DescribedMaterials
from paraisite.reports.cross_validation import ON_TERMINAL, draw_parity, tabulate_protocols
from paraisite.reports.figures import save_figure
from paraisite.reports.tables import to_markdown
from paraisite.reports.terminal import print_table
from paraisite.schema import LN_RATIO
from paraisite.tracking.analysis_runs import log_selection
from paraisite.tracking.runs import recipe_run
from paraisite.tracking.writing import allowed_name
from paraisite.training.recipes import ACCURATE, HH143, PHONIX, TOGO15

logger = logging.getLogger(__name__)

PREDICTIONS_FILE: Final = "predictions.csv.gz"
SUMMARY_FILE: Final = "summary.csv"
PEER_COMPARISON_FILE: Final = "peer.csv"


def cross_validate(n_process: int | None = None) -> None:
    """Cross-validate the default model under all protocols, into ``build/cross_validate/``.

    Args:
        n_process: Fits side by side; by default one for each core.
    """
    config = load_config()
    dataset, graphs = attach_graphs(load_data(ACCURATE, config), config)
    sources = np.repeat([TOGO15, HH143, PHONIX], [len(load_data(name, config)) for name in (TOGO15, HH143, PHONIX)])
    materials = DescribedMaterials.describe(CrystalArrays.from_structures(dataset.structures))
    elements = mark_elements(graphs)
    folds = list(draw_folds(dataset, sources.tolist(), seeds=config.splits.seeds))

    def predict(fold: Fold) -> pd.DataFrame:
        return predict_fold(dataset, materials, elements, fold).assign(**{DATA_SET: sources[fold.test]})

    with recipe_run(f"cross-validate {DEFAULT_MODEL}") as run_id:
        with CountProgress("fits", unit="fits") as progress:
            parts = []
            fitted = Parallel(n_jobs=n_process or os.cpu_count() or 1, return_as="generator")(
                delayed(predict)(fold) for fold in folds
            )
            for part in fitted:
                parts.append(part)
                progress.update(n_done=len(parts), n_total=len(folds))
        predictions = pd.concat(parts, ignore_index=True)
        summary = summarise_predictions(predictions)
        shown = tabulate_protocols(summary)
        beside = _compare_with_peer(predictions)
        CROSS_VALIDATION.mkdir(parents=True, exist_ok=True)
        predictions.to_csv(CROSS_VALIDATION / PREDICTIONS_FILE, index=False, float_format="%.6g")
        write_whole(CROSS_VALIDATION / SUMMARY_FILE, format_csv(summary.reset_index(), float_format="%.6g").encode())
        write_whole(CROSS_VALIDATION / "table.md", to_markdown(shown).encode())
        beside.to_csv(CROSS_VALIDATION / PEER_COMPARISON_FILE, float_format="%.6g")
        save_figure(draw_parity(predictions), CROSS_VALIDATION / FIGURES / "parity")
        metrics = {
            allowed_name(f"{protocol}_{data_set}_{column}"): float(value)
            for column, values in summary.to_dict().items()
            for (protocol, data_set), value in values.items()
        }
        log_selection(metrics, parameters={"n_row": str(len(dataset))}, folder=CROSS_VALIDATION, run_id=run_id)
    title = f"{DEFAULT_MODEL} on rows that it was not fitted on: mean |ln(predicted/known)|"
    print_table(shown[list(ON_TERMINAL)].rename(columns=ON_TERMINAL), title=title)
    print_table(beside[[LN_RATIO]].map("{:.3f}".format), title=f"on the rows of Phonix that {PEER} predicts")


def _compare_with_peer(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return the errors on rows of Phonix that a published network predicts, folds by formula."""
    peer = load_peer_predictions(fetch_tracked(DATA, target="data.dvc") / PEER_FILE)
    by_formula = predictions[(predictions[PROTOCOL] == "formula") & (predictions[DATA_SET] == PHONIX)]
    estimates = by_formula.copy()
    estimates[schema.MATERIAL_ID] = by_formula[schema.MATERIAL_ID].str.removesuffix(f" ({PHONIX})")
    estimates[schema.MODEL] = DEFAULT_MODEL
    estimates[schema.PREDICTED_KAPPA] = by_formula[schema.PREDICTED_MEDIAN_KAPPA]
    return compare_with_peer(estimates, peer)
