"""Verbs that explain predictions: in a terminal, and on a web page."""

from pathlib import Path
from typing import Annotated, Final

import typer

from paraisite import DEFAULT_MODEL
from paraisite.cli.row_formats import AsCsv, AsJson, read_row_format
from paraisite.core.progress import show_work

Model = Annotated[
    str,
    typer.Option(metavar="MODEL", help="Model, as for `predict`: a recipe, NAME@ALIAS of the registry, or a file."),
]


def explain(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE...", help="Structure files as for `predict`; - is the standard input."),
    ],
    model: Model = DEFAULT_MODEL,
    output: Annotated[Path, typer.Option(metavar="FOLDER", help="Folder of the figures, one per crystal.")] = Path(
        "build/explain"
    ),
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Explain predictions, in text and figures.

    Shows what distances, masses, bonds and the like (of networks: atoms and bonds) do to the prediction, how far the
    members agree, and the nearest training materials. JSON holds an object for each crystal, CSV a row for each part.
    Exit code 1 if no crystal has a prediction.
    """
    with show_work("Loading"):
        from paraisite.workflows.explain import explain_files

    if not explain_files(files, model, output=output, row_format=read_row_format(as_json=as_json, as_csv=as_csv)):
        raise typer.Exit(1)


def app(
    port: Annotated[int, typer.Option(min=1, max=65535, metavar="N", help="Port of the page.")] = 8501,
    model: Model = DEFAULT_MODEL,
    browser: Annotated[bool, typer.Option(help="Open a browser.")] = True,
) -> None:
    """Serve a web page that predicts and explains.

    The page is served on this machine alone.
    """
    from paraisite.app.serving import serve

    serve(model, port=port, open_browser=browser)


VERBS: Final = (explain, app)
