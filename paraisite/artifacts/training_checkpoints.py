"""Where a recipe's training keeps its checkpoints, apart from those of trainings with other settings."""

import hashlib
from pathlib import Path

from paraisite.artifacts.stage_folders import checkpoint_folder
from paraisite.config import Config
from paraisite.data.datasets.table import Dataset
from paraisite.training.recipe_training import StartingWeights, list_effective_parameters


def choose_checkpoint_folder(name: str, *, config: Config, dataset: Dataset, start: StartingWeights) -> Path:
    """Return the folder, which goes once the training's results are kept; others may be interrupted or under way.

    Args:
        name: What is trained.
        config: Settings of the training; how often checkpoints are written is none that its numbers depend on.
        dataset: What it is trained on.
        start: What it starts from, which counts by its weights: it may be a file first and in the registry later.
    """
    settings = list_effective_parameters(config) | {"training.checkpoint_every_epochs": None}
    depends_on = repr((settings, dataset.digest, start.digest))
    return checkpoint_folder(f"{name}-{hashlib.sha256(depends_on.encode()).hexdigest()[:12]}")
