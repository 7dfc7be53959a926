"""Verbs that predict: for a few crystals, and for millions."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from paraisite import DEFAULT_MODEL
from paraisite.cli.options import ALL, N_CORE, ChunkSize, MaxMinutes, Processes, Yes
from paraisite.cli.row_formats import AsCsv, AsJson, read_row_format
from paraisite.core.progress import show_work

if TYPE_CHECKING:
    from paraisite.inference.refiner import RefiningOptions


def predict(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[FILE]...",
            help="CIF, POSCAR, XDATCAR, extended XYZ, JSON (each crystal of a file is a row), or folders of them; - is "
            "the standard input.  [default: -]",
            show_default=False,
        ),
    ] = None,
    model: Annotated[
        str,
        typer.Option(
            metavar="MODEL",
            help="Name of a recipe: the registry's champion, else the model trained here, else the one shipped; "
            "NAME@ALIAS of the registry; an ensemble (.safetensors, or its folder); a published MEGNet crystal model "
            "(.hdf5).",
        ),
    ] = DEFAULT_MODEL,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    refine: Annotated[
        bool,
        typer.Option(
            "--refine",
            help="Also compute phonons and kappa with a machine-learned potential, and give a second value from both; "
            "takes minutes to hours, shown before.",
        ),
    ] = False,
    max_minutes: MaxMinutes = None,
    yes: Yes = False,
) -> None:
    """Predict kappa at 300 K with prediction intervals.

    JSON holds the predictions of all members. Exit code 1 if no crystal has a prediction.
    """
    with show_work("Loading"):
        from paraisite.workflows.predict import predict_files

    refining = _read_refining(refine, max_minutes=max_minutes, yes=yes)
    row_format = read_row_format(as_json=as_json, as_csv=as_csv)
    if not predict_files(files or [], model, row_format=row_format, refining=refining):
        raise typer.Exit(1)


def screen(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE",
            help="A data set's name (see `data list`); a folder of structure files, or one (CIF, POSCAR, ...); a "
            "parquet table; JSON lines (.jsonl) or extended XYZ, one crystal per line or frame, also gzipped (.gz).",
        ),
    ],
    model: Annotated[
        str,
        typer.Option(
            metavar="MODEL",
            help="Model, as for `predict`: a recipe, NAME@ALIAS of the registry, or a file; `all`: every final model "
            "of the lineage, side by side in one table.",
        ),
    ] = DEFAULT_MODEL,
    output: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH",
            help="Folder of the rows; for `all`, file of the table. [default: build/screen/SOURCE-MODEL]",
        ),
    ] = None,
    processes: Processes = N_CORE,
    chunk_size: ChunkSize = 1024,
    scheduler: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Address of a Dask scheduler whose workers predict instead.")
    ] = None,
    where: Annotated[
        str | None,
        typer.Option(
            metavar="CONDITION",
            help="Write the rows that meet it once more, into _selected.csv in the screening's folder: comparisons of "
            "columns joined by and, or, not, e.g. 'upper_90 < 2 and n_unseen_element == 0'.",
        ),
    ] = None,
    refine: Annotated[
        int,
        typer.Option(
            min=0,
            metavar="N",
            help="Then refine the N best candidates, as `select` lists them (of all rows, whatever --where says), with "
            "a machine-learned potential: minutes to hours each, shown before; into _refined.csv in the screening's "
            "folder.",
        ),
    ] = 0,
    max_minutes: MaxMinutes = None,
    yes: Yes = False,
) -> None:
    """Predict kappa of many structures, up to millions.

    Writes one row per structure, in their order, as parquet. A row without a prediction states the reason. A killed run
    resumes when it is started again. Exit code 1 if no structure has a prediction.
    """
    with show_work("Loading"):
        from paraisite.screening.side_by_side import has_predictions
        from paraisite.workflows import screen

    refining = _read_refining(refine > 0, max_minutes=max_minutes, yes=yes)
    if model == ALL:
        if scheduler or refine or where:
            raise typer.BadParameter("--scheduler, --where and --refine go with one model, not with all")
        table = screen.screen_with_all_models(source, output=output, n_process=processes, chunk_size=chunk_size)
        any_is_predicted = has_predictions(table)
    else:
        any_is_predicted = screen.screen_source(
            source,
            model,
            output=output,
            n_process=processes,
            chunk_size=chunk_size,
            scheduler=scheduler,
            where=where,
            n_refined=refine,
            refining=refining,
        )
    if not any_is_predicted:
        raise typer.Exit(1)


def _read_refining(refine: bool, *, max_minutes: float | None, yes: bool) -> "RefiningOptions | None":
    """Return what may be spent on refining; None where nothing is refined."""
    if not refine:
        if yes or max_minutes is not None:
            raise typer.BadParameter("--yes and --max-minutes go with --refine")
        return None
    from paraisite.inference.refiner import RefiningOptions  # with scikit-learn

    ask = (lambda question: typer.confirm(question, err=True)) if sys.stdin.isatty() else None
    return RefiningOptions(max_minutes=max_minutes, is_confirmed=yes, ask=ask)


VERBS: Final = (predict, screen)
