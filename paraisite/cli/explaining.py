"""Verbs that show what a prediction rests on: for a terminal, and as a web page."""

import json
from pathlib import Path
from typing import Annotated

import typer

from paraisite import DEFAULT_MODEL

Model = Annotated[
    str,
    typer.Option(metavar="MODEL", help="As `predict` takes it: a recipe, NAME@ALIAS of the registry, or a file."),
]


def explain(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE...", help="Crystals as `predict` takes them; - is the standard input."),
    ],
    model: Model = DEFAULT_MODEL,
    output: Annotated[Path, typer.Option(metavar="FOLDER", help="Where the figures go, one for each crystal.")] = Path(
        "build/explain"
    ),
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object per line, with all members.")] = False,
) -> None:
    """Say what predictions rest on: atoms, bonds, members and known materials, as text and as a figure.

    The exit code is 1 if there is no prediction for any crystal.
    """
    from paraisite.explanation.explainers import Explainer
    from paraisite.explanation.explainers import as_json as to_json
    from paraisite.explanation.explainers import explain as explain_all
    from paraisite.prediction.crystals import read_crystals
    from paraisite.predictors import find_predictor
    from paraisite.reports.explanation import save_explanation_figures

    explanations = explain_all(Explainer(find_predictor(model)), read_crystals(files))
    figures = save_explanation_figures(explanations, output)
    if as_json:
        for explanation in explanations:
            typer.echo(json.dumps(to_json(explanation), ensure_ascii=False, allow_nan=False))
    else:
        from rich.console import Console

        from paraisite.explanation.words import as_text

        console = Console(soft_wrap=True)
        for explanation in explanations:
            console.print(*as_text(explanation), sep="\n")
        for figure in figures:
            console.print(f"figure: {figure}", highlight=False)
    if not figures:
        raise typer.Exit(1)


def app(
    port: Annotated[int, typer.Option(min=1, max=65535, metavar="N", help="Where the page is served.")] = 8501,
    model: Model = DEFAULT_MODEL,
    browser: Annotated[bool, typer.Option(" /--no-browser", help="Do not open the page in a browser.")] = True,
) -> None:
    """Serve a page on this machine: drop a crystal, see it, its prediction and what that rests on."""
    from paraisite.app.serving import serve

    serve(model, port=port, open_browser=browser)
