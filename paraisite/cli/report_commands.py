"""Verbs that summarise results: statistics of predictions, and the report."""

from pathlib import Path
from typing import Annotated, Final

import typer

from paraisite.cli.options import DRAWN, N_CORE, ChunkSize, FinalDataset, Processes, one_of
from paraisite.core.progress import show_work
from paraisite.core.row_format import RowFormat, chosen_format, print_records


def figure(
    name: Annotated[str, typer.Argument(parser=one_of(DRAWN), metavar="NAME", help="One of those above.")],
    model: Annotated[
        list[str] | None,
        typer.Option(
            metavar="RECIPE",
            help="Trained recipe, for learning-curves, mape (repeatable) and parity.  [default: the default model's "
            "held-out rows]",
            show_default=False,
        ),
    ] = None,
    dataset: FinalDataset = "accurate",
    output: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="File ending on .svg, .pdf or .png. [default: all three in build/figures/]"),
    ] = None,
    width: Annotated[
        float | None,
        typer.Option(
            min=4, max=40, metavar="CM", help="Width, to which all is scaled. A column is 8.5 cm wide, a page 17."
        ),
    ] = None,
) -> None:
    """Draw one figure for a paper.

    parity, interval-coverage and element-map: the default model on held-out rows; learning-curves and mape: recipes
    that were trained here; periodic-table and distribution: elements and conductivities of a data set; transfer and
    backbones: what those verbs measured; correlations, variance-by-stage and clusters: statistics of a screening.
    """
    with show_work("Loading"):
        from paraisite.workflows.figure import draw_figure

    draw_figure(name, model or [], dataset=dataset, output=output, width_cm=width)


def statistics(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="Structures, as for `screen`.")] = "slack",
    table: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="Instead of SOURCE, a CSV or parquet table with columns of predictions and of descriptors; may be "
            "repeated, one table per model. Models are named by a column `model`, by columns such as "
            "RWTG15:mTC_w_per_m_k, or by the file.",
        ),
    ] = None,
    quantity: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN",
            help="Column of --table that holds predictions; may be repeated.  [default: those of a screening: "
            "mTC_w_per_m_k, var_pTC_w2_per_m2_k2, log10_std_pTC_dex]",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Folder of the results. [default: build/statistics, for another source with its name]",
        ),
    ] = None,
    processes: Processes = N_CORE,
    chunk_size: ChunkSize = 1024,
) -> None:
    """Correlate predictions with descriptors of crystals.

    Pearson and Spearman correlations of the mean (mTC) and the variance (var(pTC)) over the members of each model, with
    p-values; heat maps, variance by stage of transfer, clusters; into build/statistics/.
    """
    with show_work("Loading"):
        from paraisite.workflows import statistics

    if table:
        statistics.correlate_tables(table, quantities=quantity or (), output=output)
    elif quantity:
        raise typer.BadParameter("--quantity names columns of a --table, but no --table is given")
    else:
        statistics.correlate_source(source, n_process=processes, chunk_size=chunk_size, output=output)


def report(
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="File of the page. [default: build/report/report.html]")
    ] = None,
) -> None:
    """Write all results as one HTML page.

    The page needs no network; figures and their numbers are beside it. A section whose results are absent names the
    command that computes them.
    """
    with show_work("Loading"):
        from paraisite.workflows import report

    report.write_report(output)


def doctor(
    offline: Annotated[bool, typer.Option("--offline", help="Ask no server whether it answers.")] = False,
) -> None:
    """Say what this installation has and lacks.

    Versions, weights and their digests, stores, servers, GPU, which secrets are set (never what they are), rights to
    write. Exit code 1 if the default model cannot predict here.
    """
    from paraisite.core.usable_packages import find_unusable_packages

    if unusable := find_unusable_packages():  # the report needs them itself
        if chosen_format() is RowFormat.JSON:
            print_records(unusable, RowFormat.JSON)
        else:
            typer.echo("\n".join("  ".join(row.values()) for row in unusable))
        raise typer.Exit(1)
    with show_work("Loading"):
        from paraisite.workflows.doctor import diagnose

    if not diagnose(offline=offline):
        raise typer.Exit(1)


VERBS: Final = (figure, statistics, report, doctor)
