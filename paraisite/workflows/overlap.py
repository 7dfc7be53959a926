"""Report the materials that data sets share, and the errors of the models that were evaluated here on them."""

import logging
from collections.abc import Sequence
from typing import Final

import pandas as pd

from paraisite.artifacts.inputs import load_data
from paraisite.artifacts.result_tables import predictions_file, write_overlap
from paraisite.artifacts.stage_folders import FIGURES, overlap_folder, result_folder
from paraisite.config import Config, load_config
from paraisite.core.folders import check_writable
from paraisite.core.progress import show_work
from paraisite.data.datasets.table import Dataset
from paraisite.evaluation.overlap_tables import count_shared_rows, name_pairs, pair_datasets, tabulate_overlap
from paraisite.evaluation.protocols import HONEST, PROTOCOLS
from paraisite.evaluation.row_errors import LAST_EPOCH, measure_evaluation_errors, measure_recipe_errors
from paraisite.evaluation.scores import read_estimates
from paraisite.reports.figures import save_figure
from paraisite.reports.overlap import ON_TERMINAL, overlap_table, shares_and_errors
from paraisite.reports.tables import to_markdown
from paraisite.reports.terminal import print_line, print_table
from paraisite.tracking.analysis_runs import log_overlap
from paraisite.tracking.runs import recipe_run
from paraisite.training.recipe_result import RecipeResult
from paraisite.training.recipes import list_recipes_trained_on, list_training_sets, read_lineage

logger = logging.getLogger(__name__)

_TITLE: Final = "Rows that share a formula or a structure, and the MAPE of the best models on them"


def report_overlap(training: str | None, test: str) -> None:
    """Report what a training and a test set share and what each holds twice, into ``build/overlap…/``.

    Args:
        training: Name of a training set; None for those of all earlier stages of the lineage.
        test: Name of the data set whose errors are compared.

    Raises:
        DataError: A name is unknown, or an evaluation was made of other materials.
    """
    folder = overlap_folder(training, test)
    check_writable(folder)
    config = load_config()
    names = [name for name in _training_sets(training, test, config) if name != test]
    with show_work("Reading the data sets"):
        datasets = [load_data(name, config) for name in (*names, test)]
    with recipe_run(f"overlap {' '.join(dataset.name for dataset in datasets)}") as run_id:
        with show_work("Comparing formulas and structures"):
            pairs = pair_datasets(datasets)
        with show_work("Comparing errors on shared and other rows"):
            table = tabulate_overlap(datasets, pairs, {dataset.name: _measured_errors(dataset) for dataset in datasets})
        shown = overlap_table(table)
        with show_work("Writing tables and figure"):
            write_overlap(folder, table, markdown=to_markdown(shown), pairs=name_pairs(datasets, pairs))
            save_figure(shares_and_errors(table), folder / FIGURES / "shares_and_errors")
            log_overlap(count_shared_rows(table), datasets, folder=folder, run_id=run_id)
    print_table(shown[list(ON_TERMINAL)], title=_TITLE, numbers=table)
    print_line(f"with differences and their intervals: {folder / 'table.md'}")


def _training_sets(training: str | None, test: str, config: Config) -> Sequence[str]:
    """Return the training sets of the stages before the one that ends on the test set."""
    if training is not None:
        return (training,)
    lineage = read_lineage(config.lineage)
    names = list_training_sets(lineage.middle)
    return names[: names.index(test)] if test in names else names


def _measured_errors(dataset: Dataset) -> dict[str, pd.DataFrame]:
    """Return the errors of evaluations on a data set by protocol, and those of trainings that end on it."""
    errors = {}
    for protocol in (name for name, known in PROTOCOLS.items() if known.epoch is None):
        file = predictions_file(protocol, dataset.name)
        if file.exists():
            errors[protocol] = measure_evaluation_errors(read_estimates(file), dataset)
    trained = [result_folder(recipe.name) for recipe in list_recipes_trained_on(dataset.name)]
    of_recipes = [measure_recipe_errors(RecipeResult.load(folder), dataset) for folder in trained if folder.is_dir()]
    if of_recipes:
        errors[LAST_EPOCH] = pd.concat(of_recipes, ignore_index=True)
    if not errors:
        logger.warning(
            "no errors on %s were measured here, so none are compared: `python -m paraisite evaluate %s --dataset %s` "
            "measures those of a final data set; `dvc pull` brings the pipeline's",
            dataset.name,
            HONEST,
            dataset.name,
        )
    return errors
