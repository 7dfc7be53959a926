"""The command line: one verb for each thing that can be done; ``data`` has verbs of its own.

TensorFlow, pandas and mlflow are imported inside the verbs, so that ``--help`` answers at once.
"""

import functools
import importlib.metadata
import logging
import os
from collections.abc import Callable
from typing import Annotated, Any, Final

import typer

import paraisite
from paraisite.cli import (
    evaluation_commands,
    explanation_commands,
    label_commands,
    prediction_commands,
    report_commands,
    selection_commands,
    training_commands,
)
from paraisite.cli.data_commands import data
from paraisite.cli.groups import GroupedVerbs
from paraisite.cli.row_formats import with_row_formats
from paraisite.core.log import set_up_logging

logger = logging.getLogger(__name__)

app = typer.Typer(
    name="paraisite",
    cls=GroupedVerbs,
    help="Lattice thermal conductivity (300 K, W/m/K) of crystals, predicted from their structures.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    # `mlflow run -P batch_size=4` hands the name on as it stands.
    context_settings={"token_normalize_func": lambda name: name.replace("_", "-")},
)


def _print_version(is_asked: bool) -> None:
    if is_asked:
        typer.echo(f"paraisite {paraisite.__version__}")
        raise typer.Exit


@app.callback()
def _set_up(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    set_up_logging()


@app.command()
def version() -> None:
    """Print the versions of this package and its dependencies."""
    typer.echo(f"paraisite {paraisite.__version__}")
    for package in ("tensorflow", "numpy", "pymatgen", "mlflow", "dvc"):
        try:
            typer.echo(f"{package} {importlib.metadata.version(package)}")
        except importlib.metadata.PackageNotFoundError:
            typer.echo(f"{package} is not installed")


PRINT_TABLES: Final = frozenset(
    {
        "backbones", "check", "compare", "cross_validate", "doctor", "evaluate", "overlap", "recipes", "replay",
        "rwaft", "select", "statistics", "step1", "step2", "step3", "train", "transfer", "tune", "verify",
    }
)  # fmt: skip
"""Names of verbs that print tables, for people or with --json and --csv for programs."""

for commands in (
    training_commands, prediction_commands, evaluation_commands, label_commands,
    explanation_commands, selection_commands, report_commands,
):  # fmt: skip
    for verb in commands.VERBS:
        app.command()(with_row_formats(verb) if verb.__name__ in PRINT_TABLES else verb)


def _name_successor(former_name: str, verb: Callable[..., None]) -> Callable[..., None]:
    """Return the verb under a former name, which first says what it is called now."""

    @functools.wraps(verb)
    def run(*args: Any, **options: Any) -> None:
        logger.warning("%s is called %s now", former_name, verb.__name__.replace("_", "-"))
        verb(*args, **options)

    return run


FORMER_NAMES: Final[dict[str, Callable[..., None]]] = {
    "candidates": selection_commands.select,
    "lab": label_commands.build_labels,
    "ship": training_commands.release,
}
"""Names that verbs had before version 0.2; they still run, and are not listed."""

for former_name, verb in FORMER_NAMES.items():
    app.command(former_name, hidden=True)(_name_successor(former_name, verb))
app.add_typer(data, name="data")
