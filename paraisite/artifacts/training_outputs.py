"""Outputs of a recipe's training in ``build/``: its tables, its members and its predictor, with their cards."""

import json
import logging
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pandas as pd

from paraisite.artifacts.stage_folders import predictor_folder
from paraisite.core.files import file_sha256
from paraisite.core.folders import folder_written_whole
from paraisite.core.paths import PREDICTOR
from paraisite.data.datasets.table import Dataset
from paraisite.errors import DataError
from paraisite.graphs.crystal_graph import GraphCollection
from paraisite.inference.build_predictor import make_predictor
from paraisite.inference.calibration_set import CALIBRATION_SET_FILE
from paraisite.inference.predictor import CALIBRATION, Predictor
from paraisite.metrics.kappa_errors import summarise_metrics
from paraisite.models.ensemble import CARD_FILE, ENSEMBLE_FILE, Ensemble
from paraisite.tracking.promotion import Evidence, evidence_tags
from paraisite.training.recipe_result import RecipeResult, TrainedRecipe
from paraisite.training.recipes import starts_another_recipe

logger = logging.getLogger(__name__)

METRICS: Final = "metrics_on_validation_rows"
"""Key of a card's metrics, each with mean and deviation over the splits."""

EVIDENCE: Final = "registry_evidence"
"""Key of a card's values per split, with which a later version is compared."""

REFERENCE_SHA256: Final = "reference_sha256"


@dataclass(frozen=True, eq=False)
class TrainingOutput:
    """Outputs of a recipe's training.

    Attributes:
        trained: Tables and members.
        predictor: Predictor of the members; None where one has diverged.
    """

    trained: TrainedRecipe
    predictor: Predictor | None

    @classmethod
    def of(cls, trained: TrainedRecipe, graphs: GraphCollection) -> "TrainingOutput":
        """Return a training's output; ``graphs`` are those of its data set."""
        try:
            return cls(trained, make_predictor(trained, graphs))
        except DataError as error:
            logger.warning("%s has no predictor: %s", trained.result.recipe.name, error)
            return cls(trained, None)

    def write(self, folder: Path) -> None:
        """Write the outputs of the recipe's DVC stage; beside them the members in full precision, and the predictor.

        Args:
            folder: The recipe's folder.
        """
        result = self.trained.result
        result.save(folder / "result")
        self.trained.save_members(folder / "members")
        (folder / "metrics.json").write_text(json.dumps(tabulate_means(result.metrics), indent=2) + "\n")
        self.write_predictor(folder)
        if starts_another_recipe(result.recipe):
            further = {
                "members": "one per split, each at the epoch that was best on its own validation rows",
                "best_epoch": {str(seed): int(epoch) for seed, epoch in result.best_epoch.items()},
                EVIDENCE: evidence_tags(Evidence.from_result(result)),
            }
            with folder_written_whole(folder / "weights") as weights:
                self.trained.best.save(weights / ENSEMBLE_FILE, half_precision=True)
                _write_card(result, weights / ENSEMBLE_FILE, self.trained.best, further=further)

    def write_predictor(self, folder: Path) -> None:
        """Write the predictor alone, in place of the one that was there.

        Args:
            folder: The recipe's folder.
        """
        if self.predictor is None:
            shutil.rmtree(folder / PREDICTOR, ignore_errors=True)
            return
        calibration = self.predictor.calibration
        with folder_written_whole(folder / PREDICTOR) as new:
            self.predictor.write(new)
            further = {
                "members": "one per split, after the last epoch, so that nothing was chosen on its validation rows",
                REFERENCE_SHA256: file_sha256(new / CALIBRATION_SET_FILE),
                CALIBRATION: None if calibration is None else calibration.describe(),
            }
            _write_card(self.trained.result, new / ENSEMBLE_FILE, self.trained.last, further=further)


def tabulate_means(of_splits: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Return each metric's mean and deviation over the splits, whose metrics are the rows."""
    summary = summarise_metrics(of_splits)
    return {str(name): {"mean": float(row["mean"]), "std": float(row["std"])} for name, row in summary.iterrows()}


def _write_card(result: RecipeResult, path: Path, ensemble: Ensemble, *, further: dict[str, Any]) -> None:
    """Write the card of an ensemble beside its file."""
    card = {
        "model": result.recipe.name,
        "target": "log10(1 + kappa), kappa in W/m/K at 300 K, standardised per member",
        "sha256": file_sha256(path),
        METRICS: tabulate_means(result.metrics),
        **further,
        **ensemble.metadata,
    }
    path.with_name(CARD_FILE).write_text(json.dumps(card, indent=2) + "\n")


def write_process_predictor(
    name: str, predictor: Predictor, errors: pd.DataFrame, dataset: Dataset, *, members: str
) -> None:
    """Write the predictor of Gaussian processes with its card.

    Args:
        name: Of the model.
        predictor: The processes with their calibration set.
        errors: Metrics on each split's held-out rows.
        dataset: What they were fitted on.
        members: What the members are, a sentence.
    """
    calibration = predictor.calibration
    card = {
        "model": name,
        "target": "log10(kappa), kappa in W/m/K at 300 K",
        "members": members,
        "dataset": dataset.name,
        "dataset_digest": dataset.digest,
        METRICS: tabulate_means(errors),
        CALIBRATION: None if calibration is None else calibration.describe(),
    }
    with folder_written_whole(predictor_folder(name)) as new:
        predictor.write(new)
        (new / CARD_FILE).write_text(json.dumps(card, indent=2) + "\n")
