"""The command line: one verb for each thing that can be done; ``data`` has verbs of its own.

TensorFlow, pandas and mlflow are imported inside the verbs, so that ``--help`` answers at once.
"""

import importlib.metadata
import logging
import os

import typer

import paraisite
from paraisite.cli import choosing, explaining, labels, measuring, reporting, training, using
from paraisite.cli.data import data

app = typer.Typer(
    name="paraisite",
    help="Lattice thermal conductivity (300 K, W/m/K) of crystals by two-stage transfer learning.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def _set_up() -> None:
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    # The first run in a folder creates the store's tables; that is no news to a user.
    logging.getLogger("mlflow.store.db.utils").setLevel(logging.WARNING)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s")
    logging.getLogger("paraisite").setLevel(logging.INFO)


@app.command()
def version() -> None:
    """Print this version and those of the packages that results depend on."""
    typer.echo(f"paraisite {paraisite.__version__}")
    for package in ("tensorflow", "numpy", "pymatgen", "mlflow", "dvc"):
        try:
            typer.echo(f"{package} {importlib.metadata.version(package)}")
        except importlib.metadata.PackageNotFoundError:
            typer.echo(f"{package} is not installed")


for verb in (
    training.step1, training.step2, training.step3, training.rwaft, training.train, training.pretrain,
    training.recipes, training.fit, training.ship,
    using.predict, using.screen,
    measuring.prepare, measuring.evaluate, measuring.compare, measuring.overlap, measuring.backbones, measuring.tune,
    measuring.check,
    labels.label, labels.lab,
    explaining.explain, explaining.app,
    choosing.candidates, choosing.replay, choosing.verify,
    reporting.statistics, reporting.report,
):  # fmt: skip
    app.command()(verb)
app.add_typer(data, name="data")
