"""The verb ``screen``."""

import os
from pathlib import Path
from typing import Annotated

import typer

from paraisite import DEFAULT_MODEL


def screen(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE",
            help="A data set's name (see `data list`); a folder of CIF, POSCAR or extended XYZ files; a parquet table; "
            "JSON lines (.jsonl) or extended XYZ, one crystal a line or frame, also with .gz behind.",
        ),
    ],
    model: Annotated[
        str,
        typer.Option(metavar="MODEL", help="As `predict` takes it: a recipe, NAME@ALIAS of the registry, or a file."),
    ] = DEFAULT_MODEL,
    output: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Where the rows go. [default: build/screen/SOURCE-MODEL]")
    ] = None,
    processes: Annotated[
        int, typer.Option(min=1, metavar="N", help="Processes side by side, one thread each. [default: all cores]")
    ] = os.cpu_count() or 1,
    chunk_size: Annotated[int, typer.Option(min=1, metavar="N", help="Rows of a part.")] = 1024,
    scheduler: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Of a Dask cluster whose workers do it instead.")
    ] = None,
) -> None:
    """Predict the conductivity of millions of structures: one row for each, in their order, as parquet.

    A row that has no prediction says why. A run that is killed goes on when it is started again.
    """
    from paraisite import survey

    survey.screen_candidates(
        source, model, output=output, n_process=processes, chunk_size=chunk_size, scheduler=scheduler
    )
