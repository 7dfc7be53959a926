"""The verbs of ``data``."""

from pathlib import Path
from typing import Annotated

import typer

from paraisite.cli.options import FETCHED, UNITS, ListedDataset, one_of

data = typer.Typer(
    help="What data sets there are; fetch, import, check and describe them.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@data.command("list")
def list_data() -> None:
    """List all data sets: how many materials, which version, from where."""
    from paraisite.workflows import describe_data

    describe_data.list_datasets()


@data.command()
def fetch(
    name: Annotated[str, typer.Argument(parser=one_of(FETCHED), metavar="|".join(FETCHED), help="From which server.")],
    file: Annotated[
        Path | None, typer.Option("--from", metavar="FILE", help="Take a saved reply of AFLUX instead of asking.")
    ] = None,
    server: Annotated[str | None, typer.Option(metavar="URL", help="Another server with the same interface.")] = None,
    gnome: Annotated[
        bool, typer.Option(help="With GNoME's materials, not for commercial use (Materials Project only).")
    ] = False,
) -> None:
    """Fetch a data set into external/; an interrupted fetch goes on where it stopped."""
    from paraisite.workflows import fetch_data

    fetch_data.fetch_dataset(name, file=file, server=server, include_gnome=gnome)


@data.command("import")
def import_own(
    name: Annotated[str, typer.Argument(help="What the data set is to be called.")],
    path: Annotated[
        Path,
        typer.Argument(
            help="A folder of CIF, POSCAR or extended XYZ files with a CSV table of values; a folder of phono3py's "
            "results; a parquet table; or an extended XYZ file."
        ),
    ],
    values: Annotated[
        Path | None, typer.Option(metavar="CSV", help="Table of values. [default: the only one in the folder]")
    ] = None,
    column: Annotated[str, typer.Option(help="Column with the conductivities.")] = "kappa_w_per_m_k",
    unit: Annotated[str, typer.Option(parser=one_of(UNITS), metavar="|".join(UNITS), help="Their unit.")] = "W/m/K",
    temperature: Annotated[float, typer.Option(metavar="KELVIN", help="Which of phono3py's temperatures.")] = 300.0,
    source: Annotated[str | None, typer.Option(help="Where the data come from. [default: the path]")] = None,
    replace: Annotated[bool, typer.Option(help="Take the place of a data set of this name.")] = False,
) -> None:
    """Make a data set of your own files; recipes, stages and runs know it by its name from then on."""
    from paraisite.data.sources.own_data import ImportOptions
    from paraisite.workflows import import_data

    options = ImportOptions(source or f"imported from {path}", values, column, unit, temperature)
    import_data.import_dataset(name, path, options, replace=replace)


@data.command("check")
def check_data(name: ListedDataset) -> None:
    """Read a data set whole: how many rows are usable, and why others are not."""
    from paraisite.workflows import describe_data

    describe_data.check_dataset(name)


@data.command()
def describe(name: ListedDataset) -> None:
    """Say what a data set is and draw what it holds: conductivities and elements."""
    from paraisite.workflows import describe_data

    describe_data.describe_dataset(name)
