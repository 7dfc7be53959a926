"""The report: everything that was found, of the files that the other steps wrote, as one page."""

import dataclasses
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pandas as pd
from rich.console import Console

from paraisite.analysis.statistics_tables import StatisticsTables
from paraisite.artifacts.inputs import evaluation_folder
from paraisite.config import Config, load_config
from paraisite.core.paths import BUILD, built
from paraisite.data.datasets.table import Dataset
from paraisite.errors import DataError, MissingInputError
from paraisite.evaluation.evaluation_tables import TABLES_FOLDER, EvaluationTables
from paraisite.reports.document import Section, write_page
from paraisite.reports.overlap import MEASURED
from paraisite.reports.sections_of_candidates import candidates_section
from paraisite.reports.sections_of_data import ABOUT, data_section, making_section
from paraisite.reports.sections_of_findings import statistics_section
from paraisite.reports.sections_of_models import backbones_section, errors_section, overlap_section, training_section
from paraisite.tracking.analysis_runs import log_numbers, logged_folder
from paraisite.tracking.runs import recipe_run
from paraisite.tracking.store import provenance_tags
from paraisite.training.recipe_result import RecipeResult
from paraisite.training.recipes import HH143, TOGO15, Recipe, data_behind, models_of, read_lineage
from paraisite.workflows.statistics import STATISTICS

logger = logging.getLogger(__name__)

REPORT: Final = BUILD / "report" / "report.html"

_TITLE: Final = "ParAIsite: predicting how crystals conduct heat"
_LEAD: Final = (
    "What the models learnt from, how far they are off, and what they say of thousands of crystals: one page, for "
    "readers who have not seen the code."
)

Make = Callable[[Config], Section]


def write_report(output: Path | None = None) -> None:
    """Write the report, its figures beside it, and log both.

    A section whose inputs are absent says which command makes them.

    Args:
        output: File of the page; None for ``build/report/report.html``.
    """
    path, config = output or REPORT, load_config()
    with recipe_run("report") as run_id:
        sections = list(_sections(config))
        with logged_folder(path.parent, run_id=run_id) as folder:
            write_page(sections, title=_TITLE, lead=_LEAD, path=folder / path.name)
        n_missing = sum(bool(section.missing) for section in sections)
        counts = {"sections": float(len(sections)), "sections without inputs": float(n_missing)}
        log_numbers(counts, run_id=run_id)
    Console().print(f"{path}: {len(sections)} sections, {n_missing} without inputs", soft_wrap=True, highlight=False)


def _sections(config: Config) -> Iterator[Section]:
    yield ABOUT
    yield _or_missing(_data, config, "The data sets", "dvc pull", "python -m paraisite prepare togo15")
    yield _or_missing(_training, config, "How the models were trained", "dvc pull", "python -m paraisite train RWTG15")
    yield _or_missing(_errors, config, "Errors on rows that chose nothing", "python -m paraisite compare")
    yield _or_missing(_backbones, config, "Which network to start from", "python -m paraisite backbones")
    yield _or_missing(_overlap, config, "What the data sets share", "python -m paraisite overlap")
    yield _or_missing(
        _statistics, config, "What goes with a high conductivity, and with doubt", "python -m paraisite statistics"
    )
    yield _or_missing(_candidates, config, "Candidates", "python -m paraisite select")
    yield making_section(provenance_tags(), _settings(config))


def _or_missing(make: Make, config: Config, title: str, *commands: str) -> Section:
    """Return a section, or in its place the commands that make what it shows."""
    try:
        return make(config)
    except (FileNotFoundError, MissingInputError) as error:
        logger.warning("section %r is empty: %s", title, error)
        return Section(title, missing=commands)
    except DataError as error:
        logger.warning("section %r is left out, its inputs are damaged: %s", title, error)
        return Section(title, words=(f"What this section shows is damaged: {error}",), missing=commands)


def _data(config: Config) -> Section:
    """Return the section on the data sets of the lineage that were prepared here."""
    names = dict.fromkeys((TOGO15, HH143, *(name for model in _models(config) for name in data_behind(model))))
    folders = [BUILD / "prepare" / name for name in names]
    datasets = [Dataset.load(folder) for folder in folders if folder.is_dir()]
    if not datasets:
        raise MissingInputError(f"no data set in {BUILD / 'prepare'}")
    return data_section(datasets)


def _training(config: Config) -> Section:
    folders = [built(model.name) / "result" for model in _models(config)]
    results = [RecipeResult.load(folder) for folder in folders if folder.is_dir()]
    if not results:
        raise MissingInputError(f"no model of the lineage was trained into {BUILD}")
    return training_section(results)


def _errors(_config: Config) -> Section:
    honest = evaluation_folder("honest", TOGO15)
    outcome = EvaluationTables.load(honest) if (honest / TABLES_FOLDER).is_dir() else None
    return errors_section(pd.read_csv(BUILD / "compare" / "table.csv"), outcome)


def _backbones(_config: Config) -> Section:
    return backbones_section(EvaluationTables.load(BUILD / "backbones"))


def _overlap(_config: Config) -> Section:
    return overlap_section(pd.read_csv(BUILD / "overlap" / "table.csv").fillna({MEASURED: ""}))


def _statistics(_config: Config) -> Section:
    return statistics_section(StatisticsTables.load(STATISTICS), "the lab's data set slack")


def _candidates(_config: Config) -> Section:
    folder = BUILD / "candidates"
    if not folder.is_dir():
        raise MissingInputError(f"{folder} not found")
    return candidates_section(folder)


def _models(config: Config) -> list[Recipe]:
    return list(models_of(read_lineage(config.lineage)).values())


def _settings(config: Config) -> dict[str, Any]:
    """Return the settings; where files lie outside the project is nobody's business."""
    sections = dataclasses.asdict(config)
    return {"lineage": config.lineage.name} | {
        name: values for name, values in sections.items() if name not in ("lineages", "lineage", "data")
    }
