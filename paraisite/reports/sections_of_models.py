"""Sections of the report on trainings, errors, initial weights and overlap of data sets."""

from collections.abc import Sequence
from typing import Final

import pandas as pd

from paraisite import schema
from paraisite.evaluation.evaluation_tables import EvaluationTables
from paraisite.evaluation.protocol_table import METRIC
from paraisite.reports.all_protocols import SHOWN, overview_figure, overview_table
from paraisite.reports.backbones import backbones_table, mape_of_backbones
from paraisite.reports.document import CaptionedTable, Section
from paraisite.reports.figures import learning_curves, mape_of_splits
from paraisite.reports.model_errors import parity_with_intervals
from paraisite.reports.overlap import overlap_table, shares_and_errors
from paraisite.reports.pictures import Drawn
from paraisite.reports.recipe_tables import closing_table
from paraisite.schema import MODEL
from paraisite.training.recipe_result import RecipeResult
from paraisite.training.recipes import TOGO15

_TITLES: Final = {
    schema.MAPE_TEST: "MAPE",
    schema.LOG10_MAE_TEST: "MAE of log10(kappa)",
    schema.SPEARMAN_TEST: "Spearman correlation",
    schema.format_coverage_metric(0.9): "Coverage of 90 % intervals",
    schema.format_width_metric(0.9): "Width of 90 % intervals",
    schema.OOD_AUROC_TEST: "AUROC of the out-of-domain score",
}
"""What the field calls the errors."""


def training_section(results: Sequence[RecipeResult]) -> Section:
    """Return the trainings: learning curves of each model, and the MAPE of all on their validation rows."""
    final = [result for result in results if result.recipe.train_on == TOGO15]
    earlier = [result for result in results if result.recipe.train_on != TOGO15]
    parts = {"final": final, "earlier": earlier}
    return Section(
        "How the models were trained",
        words=(
            "Each model is trained on nine random splits into four fifths for training and one for validation. **Best "
            "epoch** is the paper's protocol: the epoch is chosen on the same rows that are reported, which is "
            "optimistic. **Last epoch** makes no such choice.",
        ),
        figures=[_boxes(part, name) for name, part in parts.items() if part],
        tables=(
            CaptionedTable(
                "MAPE on the validation rows, mean ± standard deviation over the splits.", closing_table(results)
            ),
        ),
        folded=[_curves(result) for result in results],
    )


def errors_section(table: pd.DataFrame, honest: EvaluationTables | None) -> Section:
    """Return errors on held-out rows.

    Args:
        table: All protocols, as ``protocol_table`` returns it.
        honest: The evaluation whose best model is drawn, where it is here.
    """
    figures = [
        Drawn(
            "protocols",
            overview_figure(table),
            table[table[METRIC] == schema.MAPE_TEST],
            "MAPE of every model under every protocol, with 95 % bootstrap intervals of the mean.",
            "Points with bars on a logarithmic axis, one line per model, one mark per protocol.",
        )
    ]
    if honest is not None:
        figures.append(_parity(honest))
    meanings = {metric.name: metric for metric in schema.TEST_METRICS}
    first, *others = (
        CaptionedTable(f"{_TITLES.get(name, name)}: {meanings[name].meaning}", overview_table(table, name))
        for name in SHOWN
    )
    return Section(
        "Errors on held-out rows",
        words=(
            "Epochs and settings are chosen without the test rows, except in the paper's protocols. **honest** holds "
            "out random fifths, **grouped** fifths of the formulas, so that no polymorph of a test compound is in the "
            "training set, **leave-one-prototype-out** whole structure types. **paper** and **paper-last** are the "
            "trainings themselves, at their best and last epoch.",
            "± is the standard deviation over splits and seeds; brackets hold a 95 % bootstrap interval; p tests the "
            "difference from the protocol's best model (bold), corrected for overlapping splits and for the number of "
            "models.",
        ),
        figures=figures,
        tables=(first,),
        folded=others,
    )


def backbones_section(outcome: EvaluationTables) -> Section:
    """Return the comparison of initial weights."""
    figure = Drawn(
        "backbones",
        mape_of_backbones(outcome.scores, metric=schema.MAPE_TEST),
        outcome.scores,
        "MAPE of each split on held-out rows, by initial weights (the paper's Fig. 3).",
        "Points for each split with mean and standard deviation, one column per network.",
    )
    return Section(
        "Initial weights",
        words=(
            "The same head is trained on Togo15 with networks that were pretrained on different properties, and with "
            "random weights.",
        ),
        figures=(figure,),
        tables=(
            CaptionedTable(
                "Initial weights, the lowest MAPE first; differences from random weights.", backbones_table(outcome)
            ),
        ),
    )


def overlap_section(table: pd.DataFrame) -> Section:
    """Return what data sets share, and its effect on errors."""
    figure = Drawn(
        "shares_and_errors",
        shares_and_errors(table),
        table,
        "Left: share of each data set's rows whose structure or formula is in another data set, or again in the same "
        "one. Right: MAPE of the best model on each of these groups of rows.",
        "Stacked bars of shares beside points of errors, one line per pair of data sets.",
    )
    return Section(
        "Overlap of the data sets",
        words=(
            "A test crystal that is also in a training set, itself or as a polymorph, makes errors look smaller than "
            "they are on new materials.",
        ),
        figures=(figure,),
        folded=(CaptionedTable("Shared rows, and the best models' MAPE on them", overlap_table(table)),),
    )


def _boxes(results: Sequence[RecipeResult], name: str) -> Drawn:
    metrics = [result.metrics.assign(**{MODEL: result.recipe.name}).reset_index() for result in results]
    return Drawn(
        f"mape_of_splits_{name}",
        mape_of_splits(results),
        pd.concat(metrics, ignore_index=True),
        f"MAPE of the nine trainings of each {name} model on their validation fifths (the paper's Fig. 5). The "
        "published convention rescales predictions with the earlier stage's scaler, which makes errors look smaller.",
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
        f"Predicted against known conductivity for {best}, the best model in protocol honest, with 90 % intervals.",
        "Points with bars along the diagonal of a square with logarithmic axes.",
    )
