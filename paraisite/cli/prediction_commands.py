"""Verbs that use what was trained: for a few crystals, and for millions."""

import os
from pathlib import Path
from typing import Annotated, Final

import typer

from paraisite import DEFAULT_MODEL
from paraisite.cli.options import ALL


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
    from paraisite.workflows.predict import predict_files

    if not predict_files(files or [], model, as_json=as_json):
        raise typer.Exit(1)


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
        typer.Option(
            metavar="MODEL",
            help="As `predict` takes it: a recipe, NAME@ALIAS of the registry, or a file; `all` takes every final "
            "model of the lineage, into one small table.",
        ),
    ] = DEFAULT_MODEL,
    output: Annotated[
        Path | None, typer.Option(metavar="PATH", help="Where the rows go. [default: build/screen/SOURCE-MODEL]")
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
    from paraisite.workflows import screen

    if model == ALL:
        if scheduler:
            raise typer.BadParameter("--scheduler goes with one model")
        screen.screen_with_all_models(source, output=output, n_process=processes, chunk_size=chunk_size)
        return
    screen.screen_source(source, model, output=output, n_process=processes, chunk_size=chunk_size, scheduler=scheduler)


VERBS: Final = (predict, screen)
