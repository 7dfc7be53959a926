"""Explain predictions for a few crystals, as text and figures or as JSON lines."""

import json
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from paraisite.artifacts.predictors import find_predictor
from paraisite.core.shown_text import escape_controls
from paraisite.explain.explainers import Explainer, build_json
from paraisite.explain.explainers import explain as explain_all
from paraisite.explain.text import format_explanation
from paraisite.inference.crystals import read_crystals
from paraisite.reports.explanation import save_explanation_figures


def explain_files(files: Sequence[Path], model: str, *, output: Path, as_json: bool) -> bool:
    """Print and draw the explanation of the prediction for every crystal in some files.

    Args:
        files: Structure files and folders of them.
        model: Model, as for ``artifacts.predictors.find_predictor``.
        output: Folder of the figures.
        as_json: Print one JSON object per line, with all members, instead of text.

    Returns:
        Whether any crystal has a prediction.

    Raises:
        ParaisiteError: Model or file are absent or unusable.
    """
    explanations = explain_all(Explainer(find_predictor(model)), read_crystals(list(files)))
    figures = save_explanation_figures(explanations, output)
    console = Console(soft_wrap=True)
    if as_json:
        for explanation in explanations:
            print(json.dumps(build_json(explanation), ensure_ascii=False, allow_nan=False))  # noqa: T201
    else:
        for explanation in explanations:
            console.print(*format_explanation(explanation), sep="\n")
        for figure in figures:
            console.print(escape_controls(f"figure: {figure}"), highlight=False, markup=False)
    return bool(figures)
