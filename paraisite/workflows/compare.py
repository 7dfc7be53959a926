"""Compare the lineage's trainings, and all models under all protocols, in tables and figures."""

import logging
from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from paraisite import schema
from paraisite.artifacts.inputs import load_data
from paraisite.artifacts.result_tables import (
    LEADERBOARD_FILE,
    load_errors_of_default_model,
    write_protocol_table,
    write_trainings,
)
from paraisite.artifacts.stage_folders import (
    COMPARISON,
    FIGURES,
    evaluation_folder,
    recipes_on_own_data,
    result_folder,
)
from paraisite.artifacts.training_outputs import tabulate_means
from paraisite.config import Config, load_config
from paraisite.core.files import write_whole
from paraisite.core.folders import check_writable
from paraisite.errors import MissingInputError
from paraisite.evaluation.protocol_table import ProtocolTables, tabulate_protocols
from paraisite.evaluation.protocols import PROTOCOLS
from paraisite.reports.all_protocols import P_VALUE_NOTE, PUBLISHED_NOTE, overview_figure, overview_text
from paraisite.reports.figures import mape_of_splits, save_figure
from paraisite.reports.leaderboard import tabulate_leaderboard
from paraisite.reports.recipe_tables import CLOSING_TITLE, closing_table, mean_validation_curve
from paraisite.reports.recipe_tables import compare as compare_results
from paraisite.reports.tables import to_markdown
from paraisite.reports.terminal import print_table
from paraisite.training.recipe_result import RecipeResult
from paraisite.training.recipes import PARTS, RECIPES, TOGO15, find_recipe, list_lineage_models, read_lineage

logger = logging.getLogger(__name__)


def compare_models(*, all_trained: bool = False) -> None:
    """Write the table, the figure and the curves of the lineage's models, and the table of all protocols.

    Args:
        all_trained: Print the table of every recipe that was trained into ``build/``, of both lineages, and write
            nothing.

    Raises:
        MissingInputError: No recipe was trained.
    """
    config = load_config()
    models = list_lineage_models(read_lineage(config.lineage))
    wanted = [*RECIPES.values(), *map(find_recipe, recipes_on_own_data())] if all_trained else list(models.values())
    trained = [recipe for recipe in wanted if result_folder(recipe.name).is_dir()]
    if not all_trained:
        check_writable(COMPARISON)
    if not trained:
        raise MissingInputError("nothing to compare: train a recipe first, e.g. `dvc repro final@rwtg15`")
    if not all_trained and (missing := [recipe.name for recipe in wanted if recipe not in trained]):
        logger.warning("not trained yet, so not in the table: %s", ", ".join(missing))
    results = [RecipeResult.load(result_folder(recipe.name)) for recipe in trained]
    if not all_trained:
        _write_trainings(results, {recipe.name: part for part, recipe in models.items()})
        _write_protocols(config)
    print_table(closing_table(results), title=CLOSING_TITLE, numbers=compare_results(results))


def _write_trainings(results: Sequence[RecipeResult], part_of: Mapping[str, str]) -> None:
    """Write the tables that DVC shows of the models; curves are named by each model's part in its lineage."""
    folder = write_trainings(
        compare_results(results),
        markdown=to_markdown(closing_table(results)),
        metrics={result.recipe.name.lower(): tabulate_means(result.metrics) for result in results},
        curves=pd.DataFrame(
            {part_of[result.recipe.name]: mean_validation_curve(result) for result in results}, columns=PARTS
        ),
    )
    save_figure(mape_of_splits(results), folder / "mape_of_splits")


def _write_protocols(config: Config) -> None:
    """Write the table and the figure of the evaluations on Togo15 that are here."""
    evaluations = dict(_evaluations())
    if not evaluations:
        logger.warning("no evaluation yet, so no table of protocols: run `python -m paraisite evaluate` first")
        return
    table = tabulate_protocols(evaluations)
    notes = [P_VALUE_NOTE, PUBLISHED_NOTE, *_notes_on_clean_protocols(config)]
    write_protocol_table(table, markdown=overview_text(table, notes))
    save_figure(overview_figure(table), COMPARISON / FIGURES / "protocols")
    try:
        errors_of_default = load_errors_of_default_model()
    except FileNotFoundError:
        logger.warning("no table of the leaderboard: run `python -m paraisite cross-validate` first")
        return
    write_whole(COMPARISON / LEADERBOARD_FILE, tabulate_leaderboard(table, errors_of_default).encode())


def _evaluations() -> Iterator[tuple[str, ProtocolTables]]:
    for name in PROTOCOLS:
        folder = evaluation_folder(name, TOGO15)
        if not folder.is_dir():
            continue
        try:
            yield name, ProtocolTables.load(folder)
        except MissingInputError as error:
            logger.warning("protocol %s is left out: %s; `python -m paraisite evaluate %s`", name, error, name)


def _notes_on_clean_protocols(config: Config) -> list[str]:
    """Return how many rows of each earlier stage's training set share a formula with Togo15."""
    lineage = read_lineage(config.lineage)
    formulas = set(load_data(TOGO15, config).table[schema.FORMULA])
    names_of_stages = {stage.train_on for stage in (lineage.middle_from_random, lineage.middle)}
    shared = {name: _n_shared(load_data(name, config).table, formulas) for name in names_of_stages}
    if not any(shared.values()):
        names = " and ".join(sorted(shared))
        return [
            f"No row of {names} shares a formula with Togo15: honest equals honest-clean, grouped equals grouped-clean."
        ]
    return [f"{n} rows of {name} share a formula with Togo15." for name, n in sorted(shared.items())]


def _n_shared(table: pd.DataFrame, formulas: set[str]) -> int:
    return int(table[schema.FORMULA].isin(formulas).sum())
