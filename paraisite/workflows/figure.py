"""Draw one figure for a paper, in the format and the width that it needs."""

import logging
import math
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final

import pandas as pd
from matplotlib.figure import Figure

from paraisite import schema
from paraisite.analysis.correlations import THRESHOLD
from paraisite.analysis.statistics_tables import TABLES, StatisticsTables
from paraisite.artifacts.dvc_files import fetch_tracked
from paraisite.artifacts.inputs import load_data
from paraisite.artifacts.result_tables import PREDICTIONS_FILE
from paraisite.artifacts.stage_folders import (
    CROSS_VALIDATION,
    backbones_folder,
    result_folder,
    statistics_folder,
    transfer_folder,
)
from paraisite.config import load_config
from paraisite.core.csv_tables import restore_texts
from paraisite.core.damaged_files import refuse_damaged
from paraisite.core.folders import check_writable
from paraisite.core.paths import BUILD
from paraisite.core.progress import show_work
from paraisite.errors import ConfigError, MissingInputError
from paraisite.evaluation import evaluation_tables, transfer_columns
from paraisite.reports.backbones import mape_of_backbones
from paraisite.reports.cross_validation import draw_parity
from paraisite.reports.element_map import element_map
from paraisite.reports.field_names import DATA_SET_NAMES
from paraisite.reports.figure_width import LEGIBLE_POINTS, scale_to_width
from paraisite.reports.figures import FORMATS, learning_curves, mape_of_splits, parity, save_figure
from paraisite.reports.held_out_figures import draw_element_errors, draw_interval_coverage
from paraisite.reports.lab_figures import kappa_histogram
from paraisite.reports.statistics import cluster_map, heat_map, variance_by_step
from paraisite.reports.terminal import print_line
from paraisite.reports.transfer import draw_transfer
from paraisite.training.recipe_result import RecipeResult
from paraisite.training.recipes import ACCURATE, HH143, PHONIX, TOGO15, find_recipe

logger = logging.getLogger(__name__)

_FOLDER: Final = BUILD / "figures"
_CM_PER_INCH: Final = 2.54
_PAGE_CM: Final = 17.0
"""Width from which on a figure's text is legible as it is drawn."""


def draw_figure(
    name: str, models: Sequence[str], *, dataset: str, output: Path | None = None, width_cm: float | None = None
) -> None:
    """Draw a figure and write it.

    Args:
        name: One of ``FIGURES``.
        models: Recipes that were trained here; none for the default model, where there is such a figure.
        dataset: Data set of the periodic table and of the distribution.
        output: A file that ends on one of ``FORMATS``; None for all of them, into ``build/figures/``.
        width_cm: Width, to which the figure is scaled with its text; None for its own.

    Raises:
        ConfigError: The file has another ending, or the figure needs a model.
        MissingInputError: What it is drawn from is not here.
    """
    if output is not None and output.suffix.lstrip(".") not in FORMATS:
        raise ConfigError(f"{output}: expected a file that ends on .{', .'.join(FORMATS)}")
    check_writable(_FOLDER if output is None else output.parent)
    narrow = width_cm is not None and width_cm < _PAGE_CM
    with show_work("Reading what is drawn"):
        figure = (_NARROW_FIGURES if narrow and name in _NARROW_FIGURES else FIGURES)[name](models, dataset)
    if width_cm is not None:
        smallest = scale_to_width(figure, width_cm / _CM_PER_INCH)
        if smallest < LEGIBLE_POINTS:
            enough = math.ceil(width_cm * LEGIBLE_POINTS / smallest)
            logger.warning(
                "text of %.1f points is hard to read: from %d cm on it has %g", smallest, enough, LEGIBLE_POINTS
            )
    with show_work("Drawing"):
        if output is None:
            files = save_figure(figure, _FOLDER / "_".join([name, *map(str.lower, models)]))
        else:
            output.parent.mkdir(parents=True, exist_ok=True)
            figure.savefig(output, dpi=300)
            files = (output,)
    for file in files:
        print_line(str(file))


def _draw_parity(models: Sequence[str], _: str) -> Figure:
    if not models:
        return draw_parity(_held_out())
    return parity(_load(models[0]), epoch="last_epoch")


def _draw_learning_curves(models: Sequence[str], _: str) -> Figure:
    if not models:
        raise ConfigError("learning-curves: name a recipe that was trained here, e.g. --model FEAFTG15")
    return learning_curves(_load(models[0]))


def _draw_mape(models: Sequence[str], _: str) -> Figure:
    if not models:
        raise ConfigError("mape: name recipes that were trained here, e.g. --model FETG15 --model FEAFTG15")
    return mape_of_splits([_load(name) for name in models])


def _draw_periodic_table(_: Sequence[str], dataset: str, *, with_values: bool = True) -> Figure:
    table = load_data(dataset, load_config()).table
    return element_map([table.assign(**{schema.REASON: ""})], with_values=with_values)


def _draw_transfer(_: Sequence[str], dataset: str, *, stacked: bool = False) -> Figure:
    name = PHONIX if dataset == ACCURATE else dataset
    scores = _read(transfer_folder(name) / transfer_columns.SCORES_FILE, command=f"transfer --dataset {name}")
    return draw_transfer(scores, stacked=stacked)


def _draw_backbones(_: Sequence[str], dataset: str) -> Figure:
    name = TOGO15 if dataset == ACCURATE else dataset
    folder = backbones_folder(name) / evaluation_tables.TABLES_FOLDER
    if name == TOGO15:
        fetch_tracked(folder, target=str(folder))
    scores = _read(folder / evaluation_tables.SCORES_FILE, command=f"backbones --dataset {name}")
    return mape_of_backbones(scores, metric=schema.MAPE_TEST)


def _draw_distribution(_: Sequence[str], dataset: str) -> Figure:
    names = (TOGO15, HH143, PHONIX) if dataset == ACCURATE else (dataset,)
    config = load_config()
    tables = {name: load_data(name, config).table for name in names}
    return kappa_histogram({DATA_SET_NAMES.get(name, name): table[schema.KAPPA] for name, table in tables.items()})


def _draw_clusters(_models: Sequence[str], _dataset: str) -> Figure:
    clusters = _statistics().clusters
    if clusters is None:
        raise MissingInputError("these statistics have no clusters: `python -m paraisite statistics` makes them")
    return cluster_map(clusters.crystals)


def _statistics() -> StatisticsTables:
    folder = statistics_folder()
    fetch_tracked(folder / TABLES, target=str(folder / TABLES))
    return StatisticsTables.load(folder)


def _load(model: str) -> RecipeResult:
    recipe = find_recipe(model)
    folder = result_folder(recipe.name)
    if not folder.is_dir():
        raise MissingInputError(
            f"{recipe.name} is not trained here: `python -m paraisite train {recipe.name}` does that"
        )
    return RecipeResult.load(folder)


def _held_out() -> pd.DataFrame:
    path = CROSS_VALIDATION / PREDICTIONS_FILE
    fetch_tracked(path, target=str(path))
    return _read(path, command="cross-validate")


def _read(path: Path, *, command: str) -> pd.DataFrame:
    if not path.exists():
        raise MissingInputError(f"{path} is not here: `python -m paraisite {command}` makes it")
    with refuse_damaged(path, remedy=f"`python -m paraisite {command}` makes it again"):
        return restore_texts(pd.read_csv(path))


FIGURES: Final[dict[str, Callable[[Sequence[str], str], Figure]]] = {
    "parity": _draw_parity,
    "learning-curves": _draw_learning_curves,
    "mape": _draw_mape,
    "periodic-table": _draw_periodic_table,
    "element-map": lambda _models, _dataset: draw_element_errors(_held_out()),
    "interval-coverage": lambda _models, _dataset: draw_interval_coverage(_held_out()),
    "transfer": _draw_transfer,
    "backbones": _draw_backbones,
    "distribution": _draw_distribution,
    "correlations": lambda _models, _dataset: heat_map(_statistics().correlations, threshold=THRESHOLD),
    "variance-by-stage": lambda _models, _dataset: variance_by_step(_statistics().member_variances),
    "clusters": _draw_clusters,
}
"""By name; each is drawn from models and a data set."""

_NARROW_FIGURES: Final[dict[str, Callable[[Sequence[str], str], Figure]]] = {
    "periodic-table": partial(_draw_periodic_table, with_values=False),
    "element-map": lambda _models, _dataset: draw_element_errors(_held_out(), with_values=False),
    "transfer": partial(_draw_transfer, stacked=True),
}
"""The same with larger text, for a column of a journal."""
