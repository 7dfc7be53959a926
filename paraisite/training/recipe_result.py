"""What training one recipe leaves behind: the tables that tracking and reports read, and the trained members."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from paraisite import schema
from paraisite.core.damaged_files import refuse_damaged
from paraisite.data.datasets.splits import Split, compute_splits_digest, tabulate_split
from paraisite.data.datasets.table import Dataset
from paraisite.errors import ConfigError, DataError
from paraisite.models.ensemble import Ensemble
from paraisite.training.recipes import Recipe, find_recipe

_TABLES: Final = ("curves", "predictions", "metrics")
_BEST_EPOCH: Final = "best_epoch"
_DIVERGED: Final = "diverged"


@dataclass(frozen=True)
class RecipeResult:
    """One trained recipe, without the weights.

    Attributes:
        recipe: What was trained.
        dataset: What it was trained on, in the order that ``splits`` index.
        splits: One split per member.
        curves: Columns split_seed, epoch (from 1), train_mape, validation_mape, learning_rate, gradient_norm; one row
            per split and epoch. A diverged member's later rows are NaN.
        predictions: Columns split_seed, material_id, formula, part (train/validation), kappa_w_per_m_k,
            kappa_best_epoch_w_per_m_k, kappa_last_epoch_w_per_m_k; one row per split and material.
        metrics: One row per split (index split_seed), the columns of ``schema.METRIC_NAMES``.
        best_epoch: Best epoch of each split, from 1 (index split_seed).
        diverged: Whether a member met a non-finite gradient or loss (index split_seed).
        started_from: Where the initial weights came from, for people: "random weights, seed 42",
            "formation_energy.hdf5 (sha256 …)", "shipped FEAF (sha256 …)", "registry FEAF version 3".
        parent_version: Registry version of the starting model, or None.
        parameters: Flat settings for the run page, e.g. {"epochs": 300, "batch_size": 8}.
        seconds: Wall time of the training.
    """

    recipe: Recipe
    dataset: Dataset
    splits: tuple[Split, ...]
    curves: pd.DataFrame
    predictions: pd.DataFrame
    metrics: pd.DataFrame
    best_epoch: pd.Series
    diverged: pd.Series
    started_from: str
    parent_version: str | None
    parameters: dict[str, object]
    seconds: float

    def tabulate_splits(self) -> pd.DataFrame:
        """Return columns split_seed, part, row (of the data set), material_id, formula, in permutation order."""
        return pd.concat([tabulate_split(self.dataset, split) for split in self.splits], ignore_index=True)

    @property
    def splits_digest(self) -> str:
        """SHA-256 (hex) over every split's seed, training rows and validation rows."""
        return compute_splits_digest(self.splits)

    def save(self, folder: Path) -> None:
        """Write everything below ``folder``: parquet tables, the data set, ``result.json``."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "result.json").unlink(missing_ok=True)
        self.dataset.save(folder / "dataset")
        self.tabulate_splits().to_parquet(folder / "splits.parquet")
        for name in _TABLES:
            getattr(self, name).to_parquet(folder / f"{name}.parquet")
        members = pd.DataFrame({_BEST_EPOCH: self.best_epoch, _DIVERGED: self.diverged})
        members.to_parquet(folder / "members.parquet")
        facts = {
            "recipe": self.recipe.name,
            "started_from": self.started_from,
            "parent_version": self.parent_version,
            "parameters": self.parameters,
            "seconds": self.seconds,
        }
        # Removed first and written last: a folder with this file is complete.
        (folder / "result.json").write_text(json.dumps(facts, indent=2, default=str) + "\n")

    @classmethod
    def load(cls, folder: Path) -> "RecipeResult":
        """Read a folder that :meth:`save` wrote.

        Raises:
            DataError: The folder is incomplete, or its recipe is unknown.
        """
        try:
            with refuse_damaged(folder, remedy="train it anew"):
                facts = json.loads((folder / "result.json").read_text())
                tables = {name: pd.read_parquet(folder / f"{name}.parquet") for name in (*_TABLES, "members", "splits")}
                members = tables["members"]
                return cls(
                    recipe=find_recipe(facts.pop("recipe")),
                    dataset=Dataset.load(folder / "dataset"),
                    splits=_splits_from_table(tables["splits"]),
                    curves=tables["curves"],
                    predictions=tables["predictions"],
                    metrics=tables["metrics"],
                    best_epoch=members[_BEST_EPOCH],
                    diverged=members[_DIVERGED],
                    **facts,
                )
        except FileNotFoundError as error:
            raise DataError(f"{folder} holds no complete result: {error}") from error
        except ConfigError as error:
            raise DataError(f"{folder}: {error}") from error


@dataclass(frozen=True)
class TrainedRecipe:
    """A training's result and its members.

    Attributes:
        result: Tables and facts.
        best: Members at their best epoch.
        last: Members after the last epoch.
    """

    result: RecipeResult
    best: Ensemble
    last: Ensemble

    def save_members(self, folder: Path) -> None:
        """Write both ensembles below ``folder``."""
        self.best.save(folder / "best.safetensors")
        self.last.save(folder / "last.safetensors")


def _splits_from_table(table: pd.DataFrame) -> tuple[Split, ...]:
    splits = []
    for seed, rows in table.groupby(schema.SPLIT_SEED, sort=False):
        train, validation = (
            rows.loc[rows[schema.PART] == part, schema.ROW].to_numpy(dtype=np.int64)
            for part in (schema.TRAIN, schema.VALIDATION)
        )
        splits.append(Split(seed=int(str(seed)), train=train, validation=validation))
    return tuple(splits)
