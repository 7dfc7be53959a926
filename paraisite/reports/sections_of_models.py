"""Sections of the report on how models were trained, and how far they are off."""

from collections.abc import Sequence

import pandas as pd

from paraisite import schema
from paraisite.evaluation.evaluation_tables import EvaluationTables
from paraisite.evaluation.protocol_table import METRIC
from paraisite.reports.all_protocols import SHOWN, overview_figure, overview_table
from paraisite.reports.backbones import backbones_table, mape_of_backbones
from paraisite.reports.document import Section, Shown
from paraisite.reports.figures import learning_curves, mape_of_splits
from paraisite.reports.model_errors import parity_with_intervals
from paraisite.reports.overlap import overlap_table, shares_and_errors
from paraisite.reports.pictures import Drawn
from paraisite.reports.tables import closing_table
from paraisite.schema import MODEL
from paraisite.training.recipe_result import RecipeResult
from paraisite.training.recipes import TOGO15


def training_section(results: Sequence[RecipeResult]) -> Section:
    """Return how trainings went: learning curves of each model, and the MAPE of all on their validation rows."""
    final = [result for result in results if result.recipe.train_on == TOGO15]
    earlier = [result for result in results if result.recipe.train_on != TOGO15]
    parts = {"final": final, "earlier": earlier}
    return Section(
        "How the models were trained",
        words=(
            "Each model is trained nine times, on nine random four fifths of its data, and watched on the fifth left "
            "out. **Best epoch** is the paper's way: the moment is chosen on the very rows that are then reported, so "
            "that it looks better than it is. **Last epoch** chooses nothing.",
        ),
        figures=[_boxes(part, name) for name, part in parts.items() if part],
        tables=(
            Shown("MAPE on the validation rows, mean ± standard deviation over the splits.", closing_table(results)),
        ),
        folded=[_curves(result) for result in results],
    )


def errors_section(table: pd.DataFrame, honest: EvaluationTables | None) -> Section:
    """Return errors on rows that chose nothing.

    Args:
        table: All protocols, as ``tabulate_protocols`` returns it.
        honest: The evaluation whose best model is drawn, where it is here.
    """
    figures = [
        Drawn(
            "protocols",
            overview_figure(table),
            table[table[METRIC] == schema.MAPE_TEST],
            "MAPE of every model under every protocol, with the 95 % bootstrap interval of the mean.",
            "Points with bars on a logarithmic axis, one line per model, one mark per protocol.",
        )
    ]
    if honest is not None:
        figures.append(_parity(honest))
    meanings = {metric.name: metric for metric in schema.TEST_METRICS}
    first, *others = (Shown(f"{name}: {meanings[name].meaning}", overview_table(table, name)) for name in SHOWN)
    return Section(
        "Errors on rows that chose nothing",
        words=(
            "Here whatever is chosen, be it an epoch or a setting, is chosen without the tested rows. **honest** tests "
            "random fifths, **grouped** fifths of the formulas, so that no other crystal of a tested compound taught, "
            "**leave-one-prototype-out** whole structure types. **paper** and **paper-last** are the trainings "
            "themselves, at their best and last epoch.",
            "± is the standard deviation over splits and seeds; in brackets stands a 95 % bootstrap interval; p is the "
            "chance of a difference from the protocol's best model (bold) if there were none, corrected for the "
            "splits' overlap and for the number of models.",
        ),
        figures=figures,
        tables=(first,),
        folded=others,
    )


def backbones_section(outcome: EvaluationTables) -> Section:
    """Return which weights to start from."""
    figure = Drawn(
        "backbones",
        mape_of_backbones(outcome.scores, metric=schema.MAPE_TEST),
        outcome.scores,
        "MAPE of each split by what the training starts from (the paper's Fig. 3), on rows that chose nothing.",
        "Points for each split with mean and spread, one column per starting network.",
    )
    return Section(
        "Which network to start from",
        words=(
            "The same head is trained on Togo15 from networks that have learnt different things before, and from "
            "random weights.",
        ),
        figures=(figure,),
        tables=(Shown("Starting networks, the lowest MAPE first; differences from random.", backbones_table(outcome)),),
    )


def overlap_section(table: pd.DataFrame) -> Section:
    """Return what data sets share, and what that does to errors."""
    figure = Drawn(
        "shares_and_errors",
        shares_and_errors(table),
        table,
        "Left: how much of each data set has its structure, or its formula, in another one or twice in itself. Right: "
        "the best model's MAPE on each of these groups of rows.",
        "Stacked bars of shares beside points of errors, one line per pair of data sets.",
    )
    return Section(
        "What the data sets share",
        words=(
            "A crystal that is tested and has taught before, itself or as another crystal of the same compound, makes "
            "an error look smaller than it will be on new ones.",
        ),
        figures=(figure,),
        folded=(Shown("Shared rows, and the best models' MAPE on them", overlap_table(table)),),
    )


def _boxes(results: Sequence[RecipeResult], name: str) -> Drawn:
    metrics = [result.metrics.assign(**{MODEL: result.recipe.name}).reset_index() for result in results]
    return Drawn(
        f"mape_of_splits_{name}",
        mape_of_splits(results),
        pd.concat(metrics, ignore_index=True),
        f"MAPE of the nine trainings of each {name} model on their validation fifths (the paper's Fig. 5). The "
        "published convention undoes the scaling of values with the earlier stage's scaler: errors look smaller.",
        "Box plots, three per model: best epoch, last epoch, published convention.",
    )


def _curves(result: RecipeResult) -> Drawn:
    name = result.recipe.name
    return Drawn(
        f"learning_curves_{name.lower()}",
        learning_curves(result),
        result.curves,
        f"Learning curves of {name} (the paper's Fig. 6 and S3)",
        f"Training and validation error of {name}'s splits over the epochs, with their means.",
    )


def _parity(outcome: EvaluationTables) -> Drawn:
    best = outcome.best
    return Drawn(
        "parity_of_the_best",
        parity_with_intervals(outcome.estimates, best),
        outcome.estimates[outcome.estimates[MODEL] == best],
        f"Estimated against true conductivity for {best}, the best model in protocol honest, with 90 % intervals.",
        "Points with bars along the diagonal of a square with logarithmic axes.",
    )
