"""Content of a recipe's run page as plain values; nothing here accesses the store."""

import json
import logging
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from paraisite import schema
from paraisite.core.csv_tables import write_csv
from paraisite.core.secrets import find_secrets, names_secret
from paraisite.data.datasets.splits import tabulate_split
from paraisite.data.datasets.table import Dataset
from paraisite.metrics.kappa_errors import summarise_metrics
from paraisite.tracking.promotion import SHOWN_DIGEST_LENGTH
from paraisite.training.model_descriptions import describe_model, describe_recipe
from paraisite.training.recipe_result import RecipeResult

logger = logging.getLogger(__name__)

BEST_EPOCH: Final = "best_epoch"
N_RUNS: Final = "n_runs"
RUNS_STILL_FINITE: Final = "runs_still_finite"
SHOWN_METRICS: Final = (
    schema.MAPE_LAST_EPOCH,
    schema.MAPE_BEST_EPOCH,
    schema.MAPE_PUBLISHED_CONVENTION,
    "r2_last_epoch",
    f"{schema.LOG10_MAE}_last_epoch",
    "spearman_last_epoch",
)
"""Metrics that a training's run has as such; the list of runs has a column for each. All others are in its tables."""

SHOWN_TEST_METRICS: Final = (
    schema.MAPE_TEST,
    schema.LOG10_MAE_TEST,
    schema.SPEARMAN_TEST,
    schema.format_coverage_metric(0.9),
    schema.format_width_metric(0.9),
    schema.OOD_AUROC_TEST,
)
"""The same of an evaluation's runs."""

_CHILD_CURVES: Final = (schema.TRAIN_MAPE, schema.VALIDATION_MAPE, schema.GRADIENT_NORM)


def run_parameters(parameters: Mapping[str, object]) -> dict[str, str]:
    """Return parameters as text, without anything that looks like a credential (which is logged by name only)."""
    secrets = find_secrets()
    hidden = [name for name, value in parameters.items() if names_secret(name) or str(value) in secrets]
    if hidden:
        logger.warning("not logged, because they look like credentials: %s", ", ".join(hidden))
    return {name: _as_text(value) for name, value in parameters.items() if name not in hidden}


def _as_text(value: object) -> str:
    """Return a value on one line: what looks like a JSON list is broken into many by MLflow's pages."""
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def recipe_tags(result: RecipeResult) -> dict[str, str]:
    """Return the tags that parent and children share."""
    return {"recipe": result.recipe.name, "dataset": result.dataset.name, "started_from": result.started_from}


def parent_tags(result: RecipeResult) -> dict[str, str]:
    """Return the tags of the recipe's own run."""
    seeds = [str(seed) for seed, diverged in result.diverged.items() if diverged]
    tags = recipe_tags(result) | {
        "diverged_runs": str(len(seeds)),
        "dataset_digest": result.dataset.digest[:SHOWN_DIGEST_LENGTH],
        "splits_digest": result.splits_digest[:SHOWN_DIGEST_LENGTH],
    }
    return tags | ({"diverged_splits": ", ".join(seeds)} if seeds else {})


def parent_metrics(result: RecipeResult) -> dict[str, float]:
    """Return the shown metrics' means under their own names and their deviations under ``…_std``.

    ``n_runs`` is the number of splits; a mean over fewer of them (a diverged member's metrics are NaN) has its own
    number beside it, ``…_n_runs``.
    """
    values: dict[str, float] = {}
    for name, row in summarise_metrics(result.metrics).loc[list(SHOWN_METRICS)].to_dict("index").items():
        values[str(name)] = row["mean"]
        values[f"{name}_std"] = row["std"]
        if row["n_run"] < len(result.metrics):
            values[f"{name}_{N_RUNS}"] = float(row["n_run"])
    values = rename_ln_ratios(values)
    values |= {N_RUNS: float(len(result.metrics)), "training_seconds": result.seconds}  # the UI keeps this order
    return values


def rename_ln_ratios(values: Mapping[str, float]) -> dict[str, float]:
    """Return metrics with the errors of log10(kappa) as mean abs(ln(predicted/known)), which others report.

    Args:
        values: Metrics by name; their means, deviations and numbers of runs.
    """
    renamed = {}
    for name, value in values.items():
        is_error = name.startswith(schema.LOG10_MAE)
        factor = math.log(10.0) if is_error and not name.endswith(N_RUNS) else 1.0
        renamed[schema.LN_RATIO + name.removeprefix(schema.LOG10_MAE) if is_error else name] = factor * value
    return renamed


def child_metrics(result: RecipeResult, seed: int) -> dict[str, float]:
    """Return the shown metrics of one split."""
    values = {name: float(result.metrics[name].loc[seed]) for name in SHOWN_METRICS}
    return rename_ln_ratios(values) | {BEST_EPOCH: float(result.best_epoch.loc[seed])}


def child_curves(result: RecipeResult, seed: int) -> pd.DataFrame:
    """Return train_mape, validation_mape and gradient_norm of one split (index epoch)."""
    rows = result.curves[result.curves[schema.SPLIT_SEED] == seed]
    return rows.set_index(schema.EPOCH)[list(_CHILD_CURVES)]


def parent_curves(result: RecipeResult) -> pd.DataFrame:
    """Return the learning rate and the mean curves (index epoch).

    The means are over the runs whose value is finite; if that is ever not all of them, ``runs_still_finite`` says how
    many.
    """
    names = [schema.TRAIN_MAPE, schema.VALIDATION_MAPE]
    finite = result.curves[names].where(np.isfinite(result.curves[names]))
    by_epoch = finite.groupby(result.curves[schema.EPOCH])
    curves = by_epoch.mean()
    curves[schema.LEARNING_RATE] = result.curves.groupby(schema.EPOCH)[schema.LEARNING_RATE].first()
    still_finite = by_epoch[schema.VALIDATION_MAPE].count()
    if (still_finite < len(result.splits)).any():
        curves[RUNS_STILL_FINITE] = still_finite
    return curves


def write_parent_files(result: RecipeResult, folder: Path) -> None:
    """Write the tables of all splits: metrics, best epochs, split membership, predictions, curves."""
    metrics = result.metrics.assign(**{BEST_EPOCH: result.best_epoch, "diverged": result.diverged})
    metrics.to_csv(folder / "metrics_by_split.csv")
    summarise_metrics(result.metrics).to_csv(folder / "metrics_summary.csv")
    write_csv(result.tabulate_splits(), folder / "splits.csv")
    result.curves.to_parquet(folder / "curves.parquet", index=False)
    result.predictions.to_parquet(folder / "predictions.parquet", index=False)
    write_csv(result.predictions, folder / "predictions.csv", float_format="%.6g")
    dataset = {"name": result.dataset.name, "n_row": len(result.dataset), "digest": result.dataset.digest}
    (folder / "dataset.json").write_text(json.dumps(dataset | {"splits_digest": result.splits_digest}, indent=2) + "\n")


def write_child_files(result: RecipeResult, seed: int, folder: Path) -> None:
    """Write one split's membership and its predictions, worst validation rows first."""
    split = next(split for split in result.splits if split.seed == seed)
    write_csv(tabulate_split(result.dataset, split), folder / "split.csv")
    rows = result.predictions[result.predictions[schema.SPLIT_SEED] == seed]
    error = (rows[schema.KAPPA_LAST_EPOCH] / rows[schema.KAPPA] - 1.0).abs()
    rows = rows.assign(relative_error_last_epoch=error).sort_values(
        [schema.PART, "relative_error_last_epoch"], ascending=[False, False]
    )
    write_csv(rows, folder / "predictions.csv", float_format="%.4g")


def parent_description(result: RecipeResult) -> str:
    """Return the markdown that heads the recipe's run page: the error on rows with which nothing was chosen first."""
    recipe, summary = result.recipe, summarise_metrics(result.metrics)
    n_diverged = int(result.diverged.sum())
    ln_ratio = math.log(10.0) * float(result.metrics[f"{schema.LOG10_MAE}_last_epoch"].mean())
    lines = [
        f"**Held-out error of {recipe.name}: MAPE {_mean_and_std(summary, schema.MAPE_LAST_EPOCH)}**, "
        f"mean abs(ln ratio) {ln_ratio:.2f}. Mean over {len(result.splits)} random splits of {result.dataset.name} "
        f"({len(result.dataset)} materials), each network measured after its last epoch on the fifth that it was "
        "not trained on: nothing was chosen with these rows.",
        "",
        f"At its best epoch, which is chosen on these same rows and so flatters: "
        f"{_mean_and_std(summary, schema.MAPE_BEST_EPOCH)}. In the published convention, which shrinks errors: "
        f"{_mean_and_std(summary, schema.MAPE_PUBLISHED_CONVENTION)}"
        + ("" if recipe.published_mape is None else f"; published: {recipe.published_mape:.2f}")
        + ".",
        "",
        f"{recipe.name} {describe_recipe(recipe)}. Initial weights of this run: {result.started_from}.",
        "",
        f"Each nested run is one split; this run has their means, and sample standard deviations as `…_std`. Diverged: "
        f"{n_diverged} of {len(result.splits)}"
        + (" (NaN, left out of means; `…_n_runs` says how many remain)." if n_diverged else "."),
        "",
        *_metric_table(summary),
        "",
        "kappa is the lattice thermal conductivity at 300 K, W/m/K; MAPE is a fraction (0.38 = 38 %). "
        f"`{schema.LN_RATIO}_…` is `{schema.LOG10_MAE}_…` in natural logarithms: mean abs(ln(predicted/known)). Tables "
        "of all metrics, rows and splits are among the artifacts.",
    ]
    return "\n".join(lines)


def _mean_and_std(summary: pd.DataFrame, metric: str) -> str:
    row = summary.loc[metric]
    return f"{row['mean']:.2f} ± {row['std']:.2f}"


def _metric_table(summary: pd.DataFrame) -> list[str]:
    rows = ["| metric | mean ± std | runs | unit | meaning |", "| --- | --- | --- | --- | --- |"]
    for metric in schema.METRICS:
        row = summary.loc[metric.name]
        value = f"{row['mean']:.3g} ± {row['std']:.2g}"
        cells = (f"`{metric.name}`", value, f"{row['n_run']:.0f}", metric.unit or "–", _without_bars(metric.meaning))
        rows.append(f"| {' | '.join(cells)} |")
    return rows


def _without_bars(text: str) -> str:
    """Return a text for a cell of a table: bars around an absolute value would end the cell, escaped or not."""
    return re.sub(r"\|([^|]+)\|", r"abs(\1)", text)


def evaluation_description(summary: pd.DataFrame) -> str:
    """Return the markdown that heads an evaluation's run page.

    Args:
        summary: One row per model (index), as ``scores.summarise_scores`` returns it.
    """
    best, lowest = str(summary[schema.MAPE_TEST].idxmin()), float(summary[schema.MAPE_TEST].min())
    rows = [
        f"| `{metric.name}` | {metric.unit or '–'} | {_without_bars(metric.meaning)} |"
        for metric in schema.TEST_METRICS
    ]
    lines = [
        f"**Lowest held-out error: MAPE {lowest:.2f}**, of {best}. Each nested run is one "
        "model; this run has that one's values: means over all splits and seeds, and sample standard deviations as "
        "`…_std`. Tables of all metrics and rows are among the artifacts.",
        "",
        "| metric | unit | meaning |",
        "| --- | --- | --- |",
        *rows,
    ]
    return "\n".join(lines)


def pretraining_description(metrics: pd.DataFrame) -> str:
    """Return the markdown that heads a pretraining's run page.

    Args:
        metrics: A row per property and predictor (index), as ``Pretraining`` has it.
    """
    rows = [row for row in metrics.reset_index().to_dict("records") if row["predictor"] == "network"]
    errors = ", ".join(f"{row['property']} {row['mae']:.3g} {row['unit']} (R² {row['r2']:.2f})" for row in rows)
    return (
        f"**Mean absolute error on the held-out tenth: {errors}.** A network for others to start from; a constant's "
        "error is among the metrics."
    )


def processes_description(name: str, errors: pd.DataFrame, dataset: Dataset) -> str:
    """Return the markdown that heads the run page of fitted Gaussian processes.

    Args:
        name: Of the model.
        errors: Metrics on each split's held-out rows (index split_seed).
        dataset: What they were fitted on.
    """
    summary = summarise_metrics(errors)
    ln_ratio = math.log(10.0) * float(errors[schema.LOG10_MAE_TEST].mean())
    return (
        f"**Held-out error: mean abs(ln(predicted/known)) {ln_ratio:.2f}, "
        f"MAPE {_mean_and_std(summary, schema.MAPE_TEST)}** over {len(errors)} splits of {dataset.name} "
        f"({len(dataset):,} rows), each row predicted by a fit that has not seen it.\n\n{describe_model(name)} Metrics "
        "`…_of_split` are the splits' own."
    )


def child_description(result: RecipeResult, seed: int) -> str:
    """Return the markdown that heads one split's run page."""
    split = next(split for split in result.splits if split.seed == seed)
    last, best = (float(result.metrics[name].loc[seed]) for name in (schema.MAPE_LAST_EPOCH, schema.MAPE_BEST_EPOCH))
    text = (
        f"**Held-out error of {result.recipe.name}, split {seed}: MAPE {last:.2f}** after the last epoch; "
        f"{best:.2f} at epoch {result.best_epoch.loc[seed]}, which is "
        f"chosen on the same rows. {len(split.train)} of {len(result.dataset)} rows of {result.dataset.name} are for "
        f"training, {len(split.validation)} for validation."
    )
    if result.diverged.loc[seed]:
        text += " **This run diverged**: it met a non-finite gradient or loss; values from then on are NaN."
    return text + " The parent run describes the metrics."
