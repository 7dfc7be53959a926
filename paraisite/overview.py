"""One table of everything: models, baselines included, under all protocols, with intervals and p-values."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pandas as pd

from paraisite import schema
from paraisite.config import Config
from paraisite.errors import MissingInputError
from paraisite.evaluation.protocol_table import ProtocolTables, protocol_table
from paraisite.evaluation.protocols import PROTOCOLS
from paraisite.inputs import evaluation_folder, load_data
from paraisite.reports.figures import save_figure
from paraisite.reports.overview import overview_figure, overview_text
from paraisite.training.recipes import LINEAGES, TOGO15

logger = logging.getLogger(__name__)

_P_MEANS: Final = (
    "± is the standard deviation over splits and seeds, in brackets a 95 % bootstrap interval over materials. p: the "
    "chance of a difference from the protocol's best model as large as this if there were none, by the corrected "
    "resampled t-test over splits, with Holm's correction for the number of models. Bold: the best mean."
)
_PUBLISHED_MEANS: Final = (
    "paper and paper-last are of trainings on all training rows. Models that know no epoch stand there with their "
    "values of honest, whose test rows are the same."
)


def write_overview(folder: Path, config: Config) -> None:
    """Write ``table.csv``, ``table.md`` and a figure of the evaluations of Togo15 that there are.

    Args:
        folder: Where to.
        config: Settings.
    """
    evaluations = dict(_evaluations())
    if not evaluations:
        logger.warning("no evaluation yet, so no table of protocols: `python -m paraisite evaluate` makes one")
        return
    table = protocol_table(evaluations)
    folder.mkdir(parents=True, exist_ok=True)
    table.to_csv(folder / "table.csv", index=False, float_format="%.6g")
    (folder / "table.md").write_text(overview_text(table, [_P_MEANS, _PUBLISHED_MEANS, *_clean_notes(config)]))
    save_figure(overview_figure(table), folder / "figures" / "protocols")


def _evaluations() -> Iterator[tuple[str, ProtocolTables]]:
    for name in PROTOCOLS:
        folder = evaluation_folder(name, TOGO15)
        if not folder.is_dir():
            continue
        try:
            yield name, ProtocolTables.load(folder)
        except MissingInputError as error:
            logger.warning("protocol %s is left out: %s; `python -m paraisite evaluate %s`", name, error, name)


def _clean_notes(config: Config) -> list[str]:
    """Return for each earlier stage's data how many of its rows share a formula with Togo15."""
    lineage = LINEAGES[config.lineage]
    formulas = set(load_data(TOGO15, config).table[schema.FORMULA])
    stages = (stage for stage in (lineage.middle_from_random, lineage.middle, lineage.third) if stage is not None)
    shared = {name: _n_shared(load_data(name, config).table, formulas) for name in {stage.train_on for stage in stages}}
    if not any(shared.values()):
        names = " and ".join(sorted(shared))
        return [f"No row of {names} shares a formula with Togo15: honest is honest-clean, grouped is grouped-clean."]
    return [f"{n} rows of {name} share a formula with Togo15." for name, n in sorted(shared.items())]


def _n_shared(table: pd.DataFrame, formulas: set[str]) -> int:
    return int(table[schema.FORMULA].isin(formulas).sum())
