"""Verbs that show what a prediction rests on: for a terminal, and as a web page."""

from pathlib import Path
from typing import Annotated, Final

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
    from paraisite.workflows.explain import explain_files

    if not explain_files(files, model, output=output, as_json=as_json):
        raise typer.Exit(1)


def app(
    port: Annotated[int, typer.Option(min=1, max=65535, metavar="N", help="Where the page is served.")] = 8501,
    model: Model = DEFAULT_MODEL,
    browser: Annotated[bool, typer.Option(" /--no-browser", help="Do not open the page in a browser.")] = True,
) -> None:
    """Serve a page on this machine: drop a crystal, see it, its prediction and what that rests on."""
    from paraisite.app.serving import serve

    serve(model, port=port, open_browser=browser)


VERBS: Final = (explain, app)
