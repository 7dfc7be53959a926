"""Honest errors of the lineage's networks and of the models on descriptors, side by side, under one protocol."""

import shutil
from pathlib import Path

import pandas as pd
from rich.console import Console

from paraisite.config import load_config
from paraisite.contenders import estimates_of_all
from paraisite.errors import ConfigError
from paraisite.evaluation.outcome import TABLES_FOLDER, Outcome
from paraisite.evaluation.protocols import PROTOCOLS
from paraisite.inputs import evaluation_folder, load_data, with_graphs
from paraisite.reports.evaluation import evaluation_figures, evaluation_table, narrow
from paraisite.reports.figures import save_figure
from paraisite.reports.tables import render, to_markdown
from paraisite.tracking.runs import log_evaluation, recipe_run


def evaluate(protocol_name: str, dataset_name: str) -> None:
    """Measure all models under a protocol, into ``build/evaluate_PROTOCOL/``.

    Raises:
        ConfigError: There is no such protocol.
    """
    if protocol_name not in PROTOCOLS:
        raise ConfigError(f"unknown protocol {protocol_name!r}; known ones are {', '.join(PROTOCOLS)}")
    protocol, config = PROTOCOLS[protocol_name], load_config()
    dataset, graphs = with_graphs(load_data(dataset_name, config), config)
    splits = protocol.divide(dataset, config.splits, config.evaluation)
    with recipe_run(f"evaluate {protocol.name} {dataset.name}") as run_id:
        estimates = estimates_of_all(dataset, graphs, splits, config=config, protocol=protocol, run_id=run_id)
        outcome = Outcome.of(estimates, splits)
        folder = evaluation_folder(protocol.name, dataset.name)
        table = evaluation_table(outcome.summary, outcome.comparisons)
        _write(outcome, table, folder)
        log_evaluation(outcome.scores, outcome.summary, dataset, folder=folder, run_id=run_id)
    title = f"{protocol.name} on {dataset.name}: {protocol.meaning}"
    Console().print(render(narrow(table), title=title))


def _write(outcome: Outcome, table: pd.DataFrame, folder: Path) -> None:
    """Write the tables, which DVC keeps, and the figures, which can be drawn again of them."""
    shutil.rmtree(folder, ignore_errors=True)
    outcome.write(folder)
    (folder / TABLES_FOLDER / "table.md").write_text(to_markdown(table) + "\n")
    for name, figure in evaluation_figures(outcome).items():
        save_figure(figure, folder / "figures" / name)
