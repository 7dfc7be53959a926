"""What data sets share, and what that does to the errors of the models that were evaluated here."""

import gzip
import logging
import shutil
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Final

import pandas as pd
from rich.console import Console

from paraisite import schema
from paraisite.artifacts.inputs import evaluation_folder, load_data
from paraisite.config import Config, load_config
from paraisite.core.files import write_whole
from paraisite.core.paths import BUILD, built
from paraisite.data.datasets.shared_materials import (
    N_ROW,
    NOTHING,
    OTHER_ROW,
    RELATION,
    RELATIONS,
    closest_relations,
    counted,
    named_pairs,
    pairs_between,
    pairs_within,
)
from paraisite.data.datasets.table import Dataset
from paraisite.evaluation.leakage import compare_relations, compare_same_materials
from paraisite.evaluation.protocols import GROUPED, HONEST, PROTOCOLS
from paraisite.evaluation.row_errors import (
    LAST_EPOCH,
    add_relation_to_training,
    measure_evaluation_errors,
    measure_recipe_errors,
)
from paraisite.evaluation.scores import ESTIMATES_FILE, read_estimates
from paraisite.reports.figures import save_figure
from paraisite.reports.overlap import (
    AGAINST,
    ITS_TRAINING_ROWS,
    ITSELF,
    LEARNT_FROM,
    MEASURED,
    TESTED,
    overlap_table,
    shares_and_errors,
)
from paraisite.reports.tables import render, to_markdown
from paraisite.schema import MODEL
from paraisite.tracking.runs import log_overlap, recipe_run
from paraisite.training.recipe_result import RecipeResult
from paraisite.training.recipes import TOGO15, data_behind, read_lineage, recipes_on

logger = logging.getLogger(__name__)

_TITLE: Final = "Rows that share a formula or a structure, and the MAPE of the best models on them"


def report_overlap(learnt: str | None, tested: str) -> None:
    """Report what two data sets share and what each holds twice, into ``build/overlap…/``.

    Args:
        learnt: Name of a data set that taught; None takes all those of the lineage's earlier stages.
        tested: Name of the data set whose errors are compared.

    Raises:
        DataError: A name is unknown, or an evaluation was made of other materials.
    """
    config = load_config()
    names = [name for name in _earlier(learnt, tested, config) if name != tested]
    datasets = [load_data(name, config) for name in (*names, tested)]
    folder = BUILD / "overlap"
    if learnt is not None or tested != TOGO15:  # the pipeline's
        folder = folder.with_name("_".join(filter(None, (folder.name, learnt, tested))))
    with recipe_run(f"overlap {' '.join(dataset.name for dataset in datasets)}") as run_id:
        pairs = _pairs(datasets)
        table = pd.concat(_parts(datasets, pairs), ignore_index=True)
        _write(folder, table, _rows(datasets, pairs))
        log_overlap(_counts(table), datasets, folder=folder, run_id=run_id)
    Console().print(render(overlap_table(table), title=_TITLE))


def _earlier(learnt: str | None, tested: str, config: Config) -> Sequence[str]:
    """Return the data sets that teach before the tested one."""
    if learnt is not None:
        return (learnt,)
    lineage = read_lineage(config.lineage)
    names = data_behind(lineage.third or lineage.middle)
    return names[: names.index(tested)] if tested in names else names


Pairs = Mapping[tuple[str, str], pd.DataFrame]
"""Pairs of rows by the names of the tested data set and of the other one."""


def _pairs(datasets: Sequence[Dataset]) -> Pairs:
    """Return the pairs of each data set with each before it, and those within each."""
    between = {(later.name, first.name): pairs_between(later, first) for first, later in combinations(datasets, 2)}
    return between | {(each.name, each.name): pairs_within(each) for each in datasets}


def _parts(datasets: Sequence[Dataset], pairs: Pairs) -> Iterator[pd.DataFrame]:
    """Yield the table's parts: for each pair of data sets the counts, then the errors that were measured."""
    by_name = {dataset.name: dataset for dataset in datasets}
    errors_on = {name: _errors(dataset) for name, dataset in by_name.items()}
    for (tested, against), found in pairs.items():
        n_row, errors = len(by_name[tested]), errors_on[tested]
        counts = counted(found, n_row).reset_index()
        yield _labelled(counts, tested, ITSELF if against == tested else against)
        if against == tested:
            yield from _across_splits(tested, found, errors, n_row)
        elif counts.loc[counts[RELATION] != NOTHING, N_ROW].any():
            relations = closest_relations(found, n_row)
            for measured, each in errors.items():
                groups = compare_relations(each.assign(**{RELATION: relations[each[schema.ROW]]}), n_row)
                yield _labelled(groups, tested, against, measured)


def _across_splits(
    name: str, pairs: pd.DataFrame, errors: Mapping[str, pd.DataFrame], n_row: int
) -> Iterator[pd.DataFrame]:
    """Yield what the training rows of each split do to the errors of its test rows."""
    for measured, each in errors.items():
        related = add_relation_to_training(each, pairs, n_row)
        yield _labelled(compare_relations(related, n_row), name, ITS_TRAINING_ROWS, measured)
        if measured == HONEST and GROUPED in errors:
            moved = compare_same_materials(related, errors[GROUPED], beside=f"the same materials, {GROUPED}")
            yield _labelled(moved, name, ITS_TRAINING_ROWS, measured)


def _labelled(lines: pd.DataFrame, tested: str, against: str, measured: str = "") -> pd.DataFrame:
    """Return lines that say what they are about; models that are recipes with the data behind them."""
    behind = {recipe.name: ", ".join(data_behind(recipe)) for recipe in recipes_on(tested)}
    labelled = lines.assign(**{TESTED: tested, AGAINST: against, MEASURED: measured})
    if MODEL in lines:
        labelled[LEARNT_FROM] = lines[MODEL].map(behind).fillna("")
    return labelled


def _errors(dataset: Dataset) -> dict[str, pd.DataFrame]:
    """Return the errors that were measured here on a data set, by protocol, and those of recipes that end on it."""
    errors = {}
    for protocol in (name for name, known in PROTOCOLS.items() if known.epoch is None):
        file = evaluation_folder(protocol, dataset.name) / "result" / ESTIMATES_FILE
        if file.exists():
            errors[protocol] = measure_evaluation_errors(read_estimates(file), dataset)
    trained = [built(recipe.name) / "result" for recipe in recipes_on(dataset.name)]
    of_recipes = [measure_recipe_errors(RecipeResult.load(folder), dataset) for folder in trained if folder.is_dir()]
    if of_recipes:
        errors[LAST_EPOCH] = pd.concat(of_recipes, ignore_index=True)
    if not errors:
        logger.warning(
            "no errors on %s were measured here, so none are compared: `python -m paraisite evaluate %s --dataset %s` "
            "does that for a data set that models end on; the pipeline's come with `dvc pull`",
            dataset.name,
            HONEST,
            dataset.name,
        )
    return errors


def _rows(datasets: Sequence[Dataset], pairs: Pairs) -> pd.DataFrame:
    """Return all pairs with their ids; pairs within a data set once."""
    by_name = {dataset.name: dataset for dataset in datasets}
    return pd.concat(
        [
            named_pairs(
                found[found[schema.ROW] < found[OTHER_ROW]] if tested == against else found,
                by_name[tested],
                by_name[against],
            )
            for (tested, against), found in pairs.items()
        ],
        ignore_index=True,
    )


def _counts(table: pd.DataFrame) -> dict[str, float]:
    """Return how many rows share what, named as a store can show it."""
    counts = table[(table[MEASURED] == "") & table[RELATION].isin(RELATIONS[:2])]
    return {
        f"{row[TESTED]} beside {row[AGAINST]} - {row[RELATION]}".replace(",", ""): float(row[N_ROW])
        for row in counts.to_dict("records")
    }


def _write(folder: Path, table: pd.DataFrame, rows: pd.DataFrame) -> None:
    """Write the tables, which DVC keeps, and the figure, which can be drawn again of them."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    table.to_csv(folder / "table.csv", index=False, float_format="%.6g")
    (folder / "table.md").write_text(to_markdown(overlap_table(table)))
    text = rows.to_csv(index=False, float_format="%.4g")
    write_whole(folder / "rows.csv.gz", gzip.compress(text.encode(), mtime=0))
    save_figure(shares_and_errors(table), folder / "figures" / "shares_and_errors")
