"""The lineage's models side by side, and all models under all protocols in one table."""

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import pandas as pd
from rich.console import Console

from paraisite import schema
from paraisite.artifacts.inputs import evaluation_folder, load_data
from paraisite.artifacts.outputs import metrics_of
from paraisite.config import Config, load_config
from paraisite.core.paths import BUILD, built
from paraisite.errors import MissingInputError
from paraisite.evaluation.protocol_table import ProtocolTables, tabulate_protocols
from paraisite.evaluation.protocols import PROTOCOLS
from paraisite.reports.all_protocols import overview_figure, overview_text
from paraisite.reports.figures import mape_of_splits, save_figure
from paraisite.reports.tables import closing_table, render, to_markdown
from paraisite.reports.tables import compare as compare_results
from paraisite.training.recipe_result import RecipeResult
from paraisite.training.recipes import (
    PARTS,
    RECIPES,
    TOGO15,
    Recipe,
    models_of,
    read_lineage,
    recipe_named,
)

logger = logging.getLogger(__name__)


def compare_models(*, all_trained: bool = False) -> None:
    """Write the table, the figure and the curves of the lineage's models, and the table of all protocols.

    Args:
        all_trained: Of every recipe that was trained into ``build/``, of either lineage; only printed.
    """
    config = load_config()
    models = models_of(read_lineage(config.lineage))
    wanted = [*RECIPES.values(), *_on_own_data()] if all_trained else list(models.values())
    trained = [recipe for recipe in wanted if (built(recipe.name) / "result").is_dir()]
    if not trained:
        raise MissingInputError("nothing to compare: train a recipe first, e.g. `dvc repro final@rwtg15`")
    if not all_trained and (missing := [recipe.name for recipe in wanted if recipe not in trained]):
        logger.warning("not trained yet, so not in the table: %s", ", ".join(missing))
    results = [RecipeResult.load(built(recipe.name) / "result") for recipe in trained]
    if not all_trained:
        _write_comparison(results, {recipe.name: part for part, recipe in models.items()})
        write_protocol_table(BUILD / "compare", config)
    Console().print(render(closing_table(results)))


def _on_own_data() -> list[Recipe]:
    """Return the recipes that were trained here on a user's data."""
    return [recipe_named(folder.parent.name) for folder in sorted(BUILD.glob("*_*/result"))]


def _write_comparison(results: Sequence[RecipeResult], part_of: Mapping[str, str]) -> None:
    """Write what DVC shows of the models; curves are named by the part that each model has in its lineage."""
    folder = BUILD / "compare" / "result"
    folder.mkdir(parents=True, exist_ok=True)
    compare_results(results).to_csv(folder / "table.csv")
    (folder / "table.md").write_text(to_markdown(closing_table(results)) + "\n")
    save_figure(mape_of_splits(results), folder / "mape_of_splits")
    metrics = {result.recipe.name.lower(): metrics_of(result.metrics) for result in results}
    (folder.parent / "metrics.json").write_text(json.dumps(metrics, indent=2) + "\n")
    curves = {part_of[result.recipe.name]: _mean_curve(result) for result in results}
    pd.DataFrame(curves, columns=PARTS).to_csv(folder.parent / "curves.csv", float_format="%.6g")


def _mean_curve(result: RecipeResult) -> pd.Series:
    """Return the validation MAPE of each epoch, mean over the splits."""
    return result.curves.groupby(schema.EPOCH)[schema.VALIDATION_MAPE].mean()


_P_MEANS: Final = (
    "± is the standard deviation over splits and seeds, in brackets a 95 % bootstrap interval over materials. p: the "
    "chance of a difference from the protocol's best model as large as this if there were none, by the corrected "
    "resampled t-test over splits, with Holm's correction for the number of models. Bold: the best mean."
)


_PUBLISHED_MEANS: Final = (
    "paper and paper-last are of trainings on all training rows. Models that know no epoch stand there with their "
    "values of honest, whose test rows are the same."
)


def write_protocol_table(folder: Path, config: Config) -> None:
    """Write ``table.csv``, ``table.md`` and a figure of the evaluations of Togo15 that there are.

    Args:
        folder: Where to.
        config: Settings.
    """
    evaluations = dict(_evaluations())
    if not evaluations:
        logger.warning("no evaluation yet, so no table of protocols: `python -m paraisite evaluate` makes one")
        return
    table = tabulate_protocols(evaluations)
    folder.mkdir(parents=True, exist_ok=True)
    table.to_csv(folder / "table.csv", index=False, float_format="%.6g")
    (folder / "table.md").write_text(overview_text(table, [_P_MEANS, _PUBLISHED_MEANS, *_clean_notes(config)]))
    save_figure(overview_figure(table), folder / "figures" / "protocols")


def _evaluations() -> Iterator[tuple[str, ProtocolTables]]:
    for name in PROTOCOLS:
        folder = evaluation_folder(name, TOGO15)
        if not folder.is_dir():
            continue
        try:
            yield name, ProtocolTables.load(folder)
        except MissingInputError as error:
            logger.warning("protocol %s is left out: %s; `python -m paraisite evaluate %s`", name, error, name)


def _clean_notes(config: Config) -> list[str]:
    """Return for each earlier stage's data how many of its rows share a formula with Togo15."""
    lineage = read_lineage(config.lineage)
    formulas = set(load_data(TOGO15, config).table[schema.FORMULA])
    stages = (stage for stage in (lineage.middle_from_random, lineage.middle, lineage.third) if stage is not None)
    shared = {name: _n_shared(load_data(name, config).table, formulas) for name in {stage.train_on for stage in stages}}
    if not any(shared.values()):
        names = " and ".join(sorted(shared))
        return [f"No row of {names} shares a formula with Togo15: honest is honest-clean, grouped is grouped-clean."]
    return [f"{n} rows of {name} share a formula with Togo15." for name, n in sorted(shared.items())]


def _n_shared(table: pd.DataFrame, formulas: set[str]) -> int:
    return int(table[schema.FORMULA].isin(formulas).sum())
