"""The verb that predicts."""

import json
from pathlib import Path
from typing import Annotated

import typer

from paraisite import DEFAULT_MODEL


def predict(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[FILE]...",
            help="CIF, POSCAR, extended XYZ (each frame is a crystal), pymatgen's JSON, or folders of them; - is the "
            "standard input.  [default: -]",
            show_default=False,
        ),
    ] = None,
    model: Annotated[
        str,
        typer.Option(
            metavar="MODEL",
            help="A recipe's name: the registry's champion, else as trained here, else as shipped; NAME@ALIAS of the "
            "registry; an ensemble (.safetensors, or its folder); a published MEGNet crystal model (.hdf5).",
        ),
    ] = DEFAULT_MODEL,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object per line, with all members.")] = False,
) -> None:
    """Predict kappa at 300 K with its interval; exit code 1 if there is no prediction for any crystal."""
    from paraisite.prediction.crystals import STANDARD_INPUT, read_crystals
    from paraisite.predictors import predict_rows

    rows = predict_rows(model, read_crystals(files or [STANDARD_INPUT]))
    if as_json:
        for row in rows:
            typer.echo(json.dumps(row, ensure_ascii=False, allow_nan=False))
    else:
        from rich.console import Console

        from paraisite.prediction.rows import as_table

        Console().print(as_table(rows))
    if not any(row["reason"] is None for row in rows):
        raise typer.Exit(1)
