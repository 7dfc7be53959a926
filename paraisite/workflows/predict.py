"""Predict the conductivity of a few crystals, as a table or as JSON lines; refined with a potential if asked."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from paraisite.artifacts.predictors import find_predictor, predict_rows, predict_rows_with
from paraisite.core.console import limited_width, open_console
from paraisite.core.row_format import RowFormat, print_records
from paraisite.errors import MissingInputError, ParaisiteError, WeightsError
from paraisite.inference.crystals import STANDARD_INPUT, Crystal, read_crystals
from paraisite.inference.rows import Row, build_flat_rows, build_table
from paraisite.schema import REASON
from paraisite.training.recipes import describe_scale

if TYPE_CHECKING:
    from paraisite.inference.refiner import RefinementPlan, Refiner, RefiningOptions

logger = logging.getLogger(__name__)


def predict_files(
    files: Sequence[Path],
    model: str,
    *,
    row_format: RowFormat = RowFormat.TABLE,
    refining: "RefiningOptions | None" = None,
) -> bool:
    """Print the prediction of every crystal in some files.

    Args:
        files: Structure files and folders of them; none for the standard input.
        model: Model, as for ``artifacts.predictors.find_predictor``.
        row_format: JSON holds all members.
        refining: Refine the predictions, and how much may be spent on that.

    Returns:
        Whether any crystal has a prediction.

    Raises:
        ParaisiteError: Model or file are absent or unusable, nobody has agreed to what refining costs, or, after the
            predictions are printed, what refining needs is not installed.
    """
    crystals = read_crystals(list(files) or [STANDARD_INPUT])
    rows, failure = (predict_rows(model, crystals), None) if refining is None else _refine(crystals, model, refining)
    if row_format is RowFormat.JSON:
        print_records(rows, row_format)
    elif row_format is RowFormat.CSV:
        print_records(build_flat_rows(rows), row_format)
    else:
        console = open_console()
        console.print(build_table(rows, width=limited_width(console)))
        if refining is not None:
            from paraisite.reports.refined_rows import refined_table

            if refined := refined_table(rows):
                console.print(refined)
    if (scale := describe_scale(model)) is not None:
        logger.warning("%s", scale)
    if failure is not None:  # the predictions are there all the same
        raise failure
    return any(row[REASON] is None for row in rows)


def _refine(
    crystals: Sequence[Crystal], model: str, refining: "RefiningOptions"
) -> tuple[list[Row], ParaisiteError | None]:
    """Return the rows with refined values, after it was said what they cost, and what is missing to compute some.

    Raises:
        ConfigError: Nobody can be asked.
    """
    from paraisite.artifacts.refiners import build_refiner
    from paraisite.inference.refiner import RefinementPlan
    from paraisite.reports.refined_rows import may_spend

    predictor = find_predictor(model)
    refiner = build_refiner(predictor, name=model)
    rows = predict_rows_with(predictor, crystals)
    failure: ParaisiteError | None = None
    plans: list[RefinementPlan] = []
    for row, crystal in zip(rows, crystals, strict=True):
        try:
            plans.append(refiner.plan(row, crystal.found, max_minutes=refining.max_minutes))
        except MissingInputError as error:
            failure = error
            plans.append(RefinementPlan(refusal=str(error)))
    named = [(crystal.name, plan) for crystal, plan in zip(crystals, plans, strict=True)]
    try:
        refusal = None if may_spend(refiner, named, refining) else "not wanted"
    except (MissingInputError, WeightsError) as error:
        failure, refusal = error, str(error)
    if refusal is not None:  # what is kept costs nothing
        plans = [replace(plan, refusal=plan.refusal or refusal) if plan.cost else plan for plan in plans]
    refined = [
        _refine_one(refiner, row, crystal, plan) for row, crystal, plan in zip(rows, crystals, plans, strict=True)
    ]
    return refined, failure


def _refine_one(refiner: "Refiner", row: Row, crystal: Crystal, plan: "RefinementPlan") -> Row:
    """Return a row with refined values, with a bar of progress where something is computed."""
    if plan.cost is None or plan.refusal is not None:
        return refiner.refine_row(row, crystal.found, plan)
    from paraisite.labels.phonon_progress import PhononProgress

    with PhononProgress(crystal.name, n_force_call=plan.cost.n_force_call) as progress:
        return refiner.refine_row(row, crystal.found, plan, on_step=progress)
