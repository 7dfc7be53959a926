"""Explain predictions for a few crystals, as text and figures, as JSON lines or as CSV."""

from collections.abc import Sequence
from pathlib import Path

from paraisite.artifacts.predictors import find_predictor
from paraisite.core.console import open_console
from paraisite.core.progress import CountProgress, show_work
from paraisite.core.row_format import RowFormat, print_records
from paraisite.core.shown_text import escape_controls
from paraisite.explain.explainers import Explainer, build_json, list_parts
from paraisite.explain.explainers import explain as explain_all
from paraisite.explain.text import format_explanation
from paraisite.inference.crystals import read_crystals
from paraisite.reports.explanation import save_explanation_figures


def explain_files(files: Sequence[Path], model: str, *, output: Path, row_format: RowFormat = RowFormat.TABLE) -> bool:
    """Print and draw the explanation of the prediction for every crystal in some files.

    Args:
        files: Structure files and folders of them.
        model: Model, as for ``artifacts.predictors.find_predictor``.
        output: Folder of the figures.
        row_format: Text; JSON, an object for each crystal; or CSV, a row for each part of it.

    Returns:
        Whether any crystal has a prediction.

    Raises:
        ParaisiteError: Model or file are absent or unusable.
    """
    crystals = read_crystals(list(files))
    with CountProgress("explain", unit="crystals") as bar:
        bar.update(n_done=0, n_total=len(crystals), sets_pace=False)
        explanations = explain_all(
            Explainer(find_predictor(model)), crystals, on_crystal=lambda n, n_all: bar.update(n_done=n, n_total=n_all)
        )
    if row_format is RowFormat.JSON:
        print_records([build_json(explanation) for explanation in explanations], row_format)
    elif row_format is RowFormat.CSV:
        print_records([part for explanation in explanations for part in list_parts(explanation)], row_format)
    else:
        console = open_console()
        for explanation in explanations:
            console.print(*format_explanation(explanation), sep="\n", soft_wrap=not console.is_terminal)
    # Last, so that a folder that cannot be written to costs the figures alone.
    with show_work("Drawing the figures"):
        figures = save_explanation_figures(explanations, output)
    if row_format is RowFormat.TABLE:
        for figure in figures:
            open_console().print(escape_controls(f"figure: {figure}"), highlight=False, markup=False, soft_wrap=True)
    return bool(figures)
