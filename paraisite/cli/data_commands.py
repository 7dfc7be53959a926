"""The verbs of ``data``."""

from pathlib import Path
from typing import Annotated

import typer

from paraisite.cli.options import FETCHED, UNITS, ListedDataset, list_choices, one_of, renamed_column
from paraisite.cli.row_formats import with_row_formats
from paraisite.core.progress import show_work

data = typer.Typer(
    help="List, fetch, import, check and describe data sets.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@data.command("list")
@with_row_formats
def list_data() -> None:
    """List all data sets with size, version and origin."""
    with show_work("Loading"):
        from paraisite.workflows import describe_data

    describe_data.list_datasets()


@data.command()
def fetch(
    name: Annotated[str, typer.Argument(parser=one_of(FETCHED), metavar="DATASET", help=f"{list_choices(FETCHED)}.")],
    file: Annotated[
        Path | None,
        typer.Option(
            "--from", metavar="FILE", help="Read a saved reply of AFLUX, or a table of Phonix, instead of the server."
        ),
    ] = None,
    server: Annotated[str | None, typer.Option(metavar="URL", help="Another server with the same interface.")] = None,
    gnome: Annotated[
        bool, typer.Option(help="Include GNoME's materials, which are not for commercial use (Materials Project only).")
    ] = False,
    revision: Annotated[
        str, typer.Option(metavar="NAME", help="Branch, tag or commit of the Hub (Phonix only).")
    ] = "main",
    column: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FIELD=COLUMN",
            help="Column that holds a field: id, kappa, structure or space_group (Phonix only); may be repeated.",
        ),
    ] = None,
) -> None:
    """Download a data set into external/.

    phonix brings the full Phonix database, as data set phonix-full. An interrupted download resumes.
    """
    with show_work("Loading"):
        from paraisite.workflows import fetch_data

    options = fetch_data.FetchOptions(file, server, gnome, revision, dict(map(renamed_column, column or ())))
    fetch_data.fetch_dataset(name, options)


@data.command("import")
def import_own(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the new data set.")],
    path: Annotated[
        Path,
        typer.Argument(
            metavar="PATH",
            help="A folder of structure files (CIF, POSCAR, ...) with a CSV table of values; a folder of phono3py's "
            "results; a parquet table; or an extended XYZ file.",
        ),
    ],
    values: Annotated[
        Path | None,
        typer.Option(metavar="CSV", help="Table of conductivities. [default: the only CSV file in the folder]"),
    ] = None,
    column: Annotated[str, typer.Option(metavar="COLUMN", help="Column of the conductivities.")] = "kappa_w_per_m_k",
    unit: Annotated[
        str, typer.Option(parser=one_of(UNITS), metavar="|".join(UNITS), help="Unit of the conductivities.")
    ] = "W/m/K",
    temperature: Annotated[
        float, typer.Option(metavar="KELVIN", help="Temperature at which phono3py's conductivities are read.")
    ] = 300.0,
    source: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Source of the data, for its card. [default: the path]")
    ] = None,
    replace: Annotated[bool, typer.Option(help="Replace an existing data set of this name.")] = False,
) -> None:
    """Import your own crystals and conductivities.

    The result is a data set in external/NAME/, which all verbs then take by its name.
    """
    from paraisite.data.sources.own_records import ImportOptions

    with show_work("Loading"):
        from paraisite.workflows import import_data

    options = ImportOptions(source or f"imported from {path}", values, column, unit, temperature)
    import_data.import_dataset(name, path, options, replace=replace)


@data.command("check")
@with_row_formats
def check_data(name: ListedDataset) -> None:
    """Validate a data set.

    Prints how many rows are usable, and why the others were rejected.
    """
    with show_work("Loading"):
        from paraisite.workflows import describe_data

    describe_data.check_dataset(name)


@data.command()
@with_row_formats
def describe(name: ListedDataset) -> None:
    """Describe a data set, with figures.

    Prints origin, version and size, and draws its conductivities and elements.
    """
    with show_work("Loading"):
        from paraisite.workflows import describe_data

    describe_data.describe_dataset(name)
