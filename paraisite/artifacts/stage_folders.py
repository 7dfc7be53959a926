"""Folders that the stages write below ``build/``, and what lies in them under which name."""

import shutil
from pathlib import Path
from typing import Final

from paraisite.core.paths import BUILD, PREDICTOR, built
from paraisite.training.recipes import TOGO15

COMPARISON: Final = BUILD / "compare"
CROSS_VALIDATION: Final = BUILD / "cross_validate"
REPORT: Final = BUILD / "report" / "report.html"
FIGURES: Final = "figures"
"""Name of the folder of figures within a stage's folder."""

_RESULT: Final = "result"
_STATISTICS: Final = BUILD / "statistics"


def empty_folder(folder: Path) -> Path:
    """Return a new, empty folder in the place of whatever an earlier run left there."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def checkpoint_folder(name: str) -> Path:
    """Return where a training that is under way keeps its checkpoints."""
    return BUILD / "checkpoints" / name


def prepared_folder(dataset_name: str) -> Path:
    """Return the folder of a prepared data set."""
    return BUILD / "prepare" / dataset_name


def description_folder(dataset_name: str) -> Path:
    """Return the folder of a data set's rejected rows and figures."""
    return BUILD / "data" / dataset_name


def result_folder(recipe_name: str) -> Path:
    """Return the folder of the tables of a recipe's training."""
    return built(recipe_name) / _RESULT


def weights_folder(recipe_name: str) -> Path:
    """Return the folder of a recipe's members, for other recipes to start from."""
    return built(recipe_name) / "weights"


def predictor_folder(recipe_name: str) -> Path:
    """Return the folder of a recipe's predictor."""
    return built(recipe_name) / PREDICTOR


def recipes_on_own_data() -> list[str]:
    """Return the names of recipes that were trained here on imported data sets, in lower case."""
    return [folder.parent.name for folder in sorted(BUILD.glob(f"*_*/{_RESULT}"))]


def evaluation_folder(protocol_name: str, dataset_name: str) -> Path:
    """Return the folder of an evaluation; those on Togo15, the pipeline's, are named by their protocol alone."""
    return _named_by_dataset(f"evaluate_{protocol_name}", dataset_name)


def backbones_folder(dataset_name: str) -> Path:
    """Return the folder of a comparison of backbones."""
    return _named_by_dataset("backbones", dataset_name)


def transfer_folder(dataset_name: str) -> Path:
    """Return the folder of what earlier stages are worth on a data set."""
    return BUILD / f"transfer_{dataset_name}"


def overlap_folder(training: str | None = None, test: str = TOGO15) -> Path:
    """Return the folder of an overlap report; that of the lineage's training sets and Togo15 has a name of its own."""
    if training is None and test == TOGO15:
        return BUILD / "overlap"
    return BUILD / "_".join(filter(None, ("overlap", training, test)))


def statistics_folder(name: str | None = None) -> Path:
    """Return the folder of the statistics of a source or table, by its name; None for tier slack, the pipeline's."""
    return _STATISTICS if name is None else _STATISTICS.with_name(f"{_STATISTICS.name}_{name}".lower())


def _named_by_dataset(name: str, dataset_name: str) -> Path:
    return BUILD / (name if dataset_name == TOGO15 else f"{name}_{dataset_name}")
