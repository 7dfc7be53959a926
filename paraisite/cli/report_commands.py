"""Verbs that tell what was found: statistics of what models say, and the report."""

import os
from pathlib import Path
from typing import Annotated, Final

import typer


def statistics(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="What is screened, as `screen` takes it.")] = "slack",
    table: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="Instead of a source, a CSV or parquet table with columns of model statistics and descriptors of your "
            "own; may be given several times, for a model each. Models are named by a column `model`, by columns such "
            "as RWTG15:mTC_w_per_m_k, or by the file.",
        ),
    ] = None,
    quantity: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN",
            help="A column of the table that a model filled; may be given several times.  [default: those of a "
            "screening: mTC_w_per_m_k, var_pTC_w2_per_m2_k2, log10_std_pTC_dex]",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="[default: build/statistics, for another source with its name]"),
    ] = None,
    processes: Annotated[
        int, typer.Option(min=1, metavar="N", help="Processes side by side, one thread each. [default: all cores]")
    ] = os.cpu_count() or 1,
    chunk_size: Annotated[int, typer.Option(min=1, metavar="N", help="Rows that a process gets at once.")] = 1024,
) -> None:
    """Correlate what all final models say of crystals, and how far their members disagree, with what the crystals are.

    Pearson and Spearman with p-values, heat maps, spread by step of transfer, and clusters, into build/statistics/.
    """
    from paraisite.workflows import statistics

    if table:
        statistics.correlate_tables(table, quantities=quantity or (), output=output)
    elif quantity:
        raise typer.BadParameter("--quantity names columns of a --table, which is missing")
    else:
        statistics.correlate_source(source, n_process=processes, chunk_size=chunk_size, output=output)


def report(
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Of the page. [default: build/report/report.html]")
    ] = None,
) -> None:
    """Put everything that was found into one HTML page that needs no network, its figures and their numbers beside it.

    It shows what is there, and says which command makes what is not.
    """
    from paraisite.workflows import report

    report.write_report(output)


VERBS: Final = (statistics, report)
