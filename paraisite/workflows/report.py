"""The report: the results of all other stages on one HTML page."""

import dataclasses
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from paraisite.analysis.statistics_tables import StatisticsTables
from paraisite.artifacts.result_tables import load_cross_validation, load_evaluation, load_overlap, load_protocol_table
from paraisite.artifacts.stage_folders import (
    REPORT,
    backbones_folder,
    prepared_folder,
    result_folder,
    statistics_folder,
)
from paraisite.config import Config, load_config
from paraisite.core.folders import check_writable
from paraisite.core.paths import CANDIDATES
from paraisite.core.progress import show_work
from paraisite.data.datasets.table import Dataset
from paraisite.errors import DataError, MissingInputError
from paraisite.evaluation.evaluation_tables import EvaluationTables
from paraisite.reports.document import Section, write_page
from paraisite.reports.sections_of_candidates import candidates_section, read_candidates
from paraisite.reports.sections_of_data import ABOUT, data_section, making_section
from paraisite.reports.sections_of_findings import statistics_section
from paraisite.reports.sections_of_models import backbones_section, errors_section, overlap_section, training_section
from paraisite.reports.sections_of_summary import summary_section
from paraisite.reports.terminal import print_line
from paraisite.tracking.analysis_runs import log_numbers, logged_folder
from paraisite.tracking.runs import recipe_run
from paraisite.tracking.store import provenance_tags
from paraisite.training.recipe_result import RecipeResult
from paraisite.training.recipes import (
    HH143,
    PHONIX,
    TOGO15,
    Recipe,
    list_lineage_models,
    list_training_sets,
    read_lineage,
)

logger = logging.getLogger(__name__)

_TITLE: Final = "ParAIsite: predicting the thermal conductivity of crystals"
_LEAD: Final = "Training sets, errors and predictions of all models, for readers who have not seen the code."

Make = Callable[[Config], Section]


def write_report(output: Path | None = None) -> None:
    """Write the report and its figures, and log both.

    A section whose inputs are absent names the command that computes them.

    Args:
        output: File of the page; None for ``build/report/report.html``.
    """
    path, config = output or REPORT, load_config()
    check_writable(path.parent)
    with recipe_run("report") as run_id:
        with show_work("Drawing the sections"):
            sections = list(_sections(config))
        with logged_folder(path.parent, run_id=run_id) as folder, show_work("Writing the page"):
            write_page(sections, title=_TITLE, lead=_LEAD, path=folder / path.name)
        n_missing = sum(bool(section.missing) for section in sections)
        counts = {"sections": float(len(sections)), "sections without inputs": float(n_missing)}
        log_numbers(counts, run_id=run_id)
    print_line(f"{path}: {len(sections)} sections, {n_missing} without results")


def _sections(config: Config) -> Iterator[Section]:
    yield _or_missing(_summary, config, "In short", "dvc pull", "python -m paraisite cross-validate")
    yield ABOUT
    yield _or_missing(_data, config, "The data sets", "dvc pull", "python -m paraisite prepare togo15")
    yield _or_missing(_training, config, "How the models were trained", "dvc pull", "python -m paraisite train RWTG15")
    yield _or_missing(_errors, config, "Errors on held-out rows", "python -m paraisite compare")
    yield _or_missing(_backbones, config, "Initial weights", "python -m paraisite backbones")
    yield _or_missing(_overlap, config, "Overlap of the data sets", "python -m paraisite overlap")
    yield _or_missing(_statistics, config, "Statistics of the predictions", "python -m paraisite statistics")
    yield _or_missing(_candidates, config, "Candidates", "dvc pull", "python -m paraisite select")
    yield making_section(provenance_tags(), _settings(config))


def _or_missing(make: Make, config: Config, title: str, *commands: str) -> Section:
    """Return a section, or in its place the commands that compute its results."""
    try:
        return make(config)
    except (FileNotFoundError, MissingInputError) as error:
        logger.warning("section %r is empty: %s", title, _without_number(error))
        return Section(title, missing=commands)
    except DataError as error:
        reason = _without_number(error)
        logger.warning("section %r is left out: its inputs cannot be read: %s", title, reason)
        return Section(title, words=(f"The results of this section cannot be read: {reason}",), missing=commands)


def _without_number(error: Exception) -> str:
    """Return what an error says, without the system's number for a file that is not there."""
    return str(error).replace("[Errno 2] ", "")


def _summary(_config: Config) -> Section:
    found = load_cross_validation()
    return summary_section(found.summary, found.predictions, found.kinds, read_candidates(CANDIDATES))


def _data(config: Config) -> Section:
    """Return the section on the training sets of the default model and of the lineage that were prepared here."""
    of_lineage = (name for model in _models(config) for name in list_training_sets(model))
    names = dict.fromkeys((TOGO15, HH143, PHONIX, *of_lineage))
    folders = [prepared_folder(name) for name in names]
    datasets = [Dataset.load(folder) for folder in folders if folder.is_dir()]
    if not datasets:
        raise MissingInputError("no data set was prepared here")
    return data_section(datasets)


def _training(config: Config) -> Section:
    folders = [result_folder(model.name) for model in _models(config)]
    results = [RecipeResult.load(folder) for folder in folders if folder.is_dir()]
    if not results:
        raise MissingInputError("no model of the lineage was trained here")
    return training_section(results)


def _errors(_config: Config) -> Section:
    return errors_section(load_protocol_table(), load_evaluation("honest", TOGO15))


def _backbones(_config: Config) -> Section:
    return backbones_section(EvaluationTables.load(backbones_folder(TOGO15)))


def _overlap(_config: Config) -> Section:
    return overlap_section(load_overlap())


def _statistics(_config: Config) -> Section:
    return statistics_section(StatisticsTables.load(statistics_folder()), "tier slack of the project's own data")


def _candidates(_config: Config) -> Section:
    if not CANDIDATES.is_dir():
        raise MissingInputError(f"{CANDIDATES} not found")
    return candidates_section(CANDIDATES)


def _models(config: Config) -> list[Recipe]:
    return list(list_lineage_models(read_lineage(config.lineage)).values())


def _settings(config: Config) -> dict[str, Any]:
    """Return the settings without the paths of files outside the project."""
    sections = dataclasses.asdict(config)
    return {"lineage": config.lineage.name} | {
        name: values for name, values in sections.items() if name not in ("lineages", "lineage", "data")
    }
