"""Content of a recipe's run page as plain values; nothing here accesses the store."""

import json
import logging
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from paraisite import schema
from paraisite.core.csv_tables import format_csv
from paraisite.core.secrets import find_secrets, names_secret
from paraisite.data.datasets.splits import tabulate_split
from paraisite.metrics.kappa_errors import summarise_metrics
from paraisite.training.recipe_result import RecipeResult

logger = logging.getLogger(__name__)

BEST_EPOCH: Final = "best_epoch"
N_RUNS: Final = "n_runs"
RUNS_STILL_FINITE: Final = "runs_still_finite"
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
        "dataset_digest": result.dataset.digest,
        "splits_digest": result.splits_digest,
    }
    return tags | ({"diverged_splits": ", ".join(seeds)} if seeds else {})


def parent_metrics(result: RecipeResult) -> dict[str, float]:
    """Return each metric's mean under its own name and its deviation under ``…_std``.

    ``n_runs`` is the number of splits; a mean over fewer of them (a diverged member's metrics are NaN) has its own
    number beside it, ``…_n_runs``.
    """
    values: dict[str, float] = {}
    for name, row in summarise_metrics(result.metrics).to_dict("index").items():
        values[str(name)] = row["mean"]
        values[f"{name}_std"] = row["std"]
        if row["n_run"] < len(result.metrics):
            values[f"{name}_{N_RUNS}"] = float(row["n_run"])
    values |= derive_ln_ratios(values)
    values |= {N_RUNS: float(len(result.metrics)), "training_seconds": result.seconds}  # the UI keeps this order
    return values


def derive_ln_ratios(values: Mapping[str, float]) -> dict[str, float]:
    """Return the mean absolute errors of log10(kappa) among metrics as mean |ln(predicted/known)|, which others report.

    Args:
        values: Metrics by name; of their means and deviations as well.
    """
    return {
        schema.LN_RATIO + name.removeprefix(schema.LOG10_MAE): math.log(10.0) * value
        for name, value in values.items()
        if name.startswith(schema.LOG10_MAE) and not name.endswith(N_RUNS)
    }


def child_metrics(result: RecipeResult, seed: int) -> dict[str, float]:
    """Return the metrics of one split."""
    values = {str(name): float(value) for name, value in result.metrics.loc[seed].to_dict().items()}
    return values | derive_ln_ratios(values) | {BEST_EPOCH: float(result.best_epoch.loc[seed])}


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
    _write_csv(result.tabulate_splits(), folder / "splits.csv")
    result.curves.to_parquet(folder / "curves.parquet", index=False)
    result.predictions.to_parquet(folder / "predictions.parquet", index=False)
    _write_csv(result.predictions, folder / "predictions.csv", float_format="%.6g")
    dataset = {"name": result.dataset.name, "n_row": len(result.dataset), "digest": result.dataset.digest}
    (folder / "dataset.json").write_text(json.dumps(dataset | {"splits_digest": result.splits_digest}, indent=2) + "\n")


def write_child_files(result: RecipeResult, seed: int, folder: Path) -> None:
    """Write one split's membership and its predictions, worst validation rows first."""
    split = next(split for split in result.splits if split.seed == seed)
    _write_csv(tabulate_split(result.dataset, split), folder / "split.csv")
    rows = result.predictions[result.predictions[schema.SPLIT_SEED] == seed]
    error = (rows[schema.KAPPA_LAST_EPOCH] / rows[schema.KAPPA] - 1.0).abs()
    rows = rows.assign(relative_error_last_epoch=error).sort_values(
        [schema.PART, "relative_error_last_epoch"], ascending=[False, False]
    )
    _write_csv(rows, folder / "predictions.csv", float_format="%.4g")


def _write_csv(table: pd.DataFrame, file: Path, *, float_format: str | None = None) -> None:
    """Write a table with ids, which are a user's, so that a spreadsheet shows them as they are."""
    file.write_text(format_csv(table, float_format=float_format))


def parent_description(result: RecipeResult) -> str:
    """Return the markdown that heads the recipe's run page."""
    recipe = result.recipe
    n_diverged = int(result.diverged.sum())
    published = "none" if recipe.published_mape is None else f"{recipe.published_mape:.2f} (published convention)"
    lines = [
        f"**{recipe.name}**: trained on {result.dataset.name} ({len(result.dataset)} materials) in "
        f"{len(result.splits)} random splits, with initial weights: {result.started_from}. "
        f"Each nested run is one split; this run holds their mean, and their sample standard deviation as `…_std`.",
        "",
        f"Published MAPE: {published}. Diverged runs: {n_diverged} of {len(result.splits)}"
        + (" (NaN metrics, left out of means; `…_n_runs` says how many remain)." if n_diverged else "."),
        "",
        *_metric_table(summarise_metrics(result.metrics)),
        "",
        "MAPE values are fractions (0.38 = 38 %) of kappa, the lattice thermal conductivity at 300 K in W/m/K. "
        f"`{schema.LN_RATIO}_…` is `{schema.LOG10_MAE}_…` in natural logarithms: mean |ln(predicted/known)|.",
    ]
    return "\n".join(lines)


def _metric_table(summary: pd.DataFrame) -> list[str]:
    rows = ["| metric | mean ± std | runs | unit | meaning |", "| --- | --- | --- | --- | --- |"]
    for metric in schema.METRICS:
        row = summary.loc[metric.name]
        value = f"{row['mean']:.3g} ± {row['std']:.2g}"
        unit = metric.unit or "–"
        rows.append(f"| `{metric.name}` | {value} | {row['n_run']:.0f} | {unit} | {metric.meaning} |")
    return rows


def evaluation_description(summary: pd.DataFrame) -> str:
    """Return the markdown that heads an evaluation's run page.

    Args:
        summary: One row per model (index), as ``scores.summarise_scores`` returns it.
    """
    best = str(summary[schema.MAPE_TEST].idxmin())
    rows = [f"| `{metric.name}` | {metric.unit or '–'} | {metric.meaning} |" for metric in schema.TEST_METRICS]
    lines = [
        f"Each nested run is one model; this run holds the values of {best}, whose MAPE is the lowest: means over all "
        "splits and seeds, and their sample standard deviation as `…_std`.",
        "",
        "| metric | unit | meaning |",
        "| --- | --- | --- |",
        *rows,
    ]
    return "\n".join(lines)


def child_description(result: RecipeResult, seed: int) -> str:
    """Return the markdown that heads one split's run page."""
    split = next(split for split in result.splits if split.seed == seed)
    text = (
        f"**{result.recipe.name}, split {seed}**: {len(split.train)} of {len(result.dataset)} rows of "
        f"{result.dataset.name} are for training, {len(split.validation)} for validation. "
        f"Best epoch {result.best_epoch.loc[seed]}."
    )
    if result.diverged.loc[seed]:
        text += " **This run diverged**: it met a non-finite gradient or loss; values from then on are NaN."
    return text + " The parent run describes the metrics."
