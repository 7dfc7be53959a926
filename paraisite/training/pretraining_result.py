"""What a pretraining leaves behind: the network, its errors and predictions of the test rows."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pandas as pd

from paraisite.core.csv_tables import write_csv
from paraisite.core.files import file_sha256
from paraisite.data.datasets.splits import SplitWithTest
from paraisite.models.ensemble import CARD_FILE, ENSEMBLE_FILE, Ensemble

ERRORS: Final = "errors_on_the_held_out_tenth"
"""Key of a card's errors, a row per property and predictor."""


@dataclass(frozen=True, eq=False)
class Pretraining:
    """What a pretraining leaves.

    Attributes:
        ensemble: One member at its best epoch; it predicts in the properties' units.
        metrics: One row per property and predictor (index property, predictor: the network, or a constant); columns
            unit, n_test, mae, rmse, r2, spearman, and mape: mean |error|/value of what log10 was taken of, else NaN.
        predictions: The test rows; columns material_id, formula, property, unit, true, predicted.
        curves: Columns epoch, train_error, validation_error (mean |error| of standardised targets), learning_rate,
            gradient_norm.
        split: Who trained, chose the epoch and tested; rows of the table that was given.
        best_epoch: The epoch of the ensemble's weights, from 1.
        seconds: Wall time of the training.
    """

    ensemble: Ensemble
    metrics: pd.DataFrame
    predictions: pd.DataFrame
    curves: pd.DataFrame
    split: SplitWithTest
    best_epoch: int
    seconds: float

    def save(self, folder: Path) -> None:
        """Write the network, its card with the errors, the test rows' predictions and the curves below ``folder``."""
        path = folder / ENSEMBLE_FILE
        self.ensemble.save(path)
        write_csv(self.predictions, folder / "predictions.csv", float_format="%.6g")
        write_csv(self.curves, folder / "curves.csv", float_format="%.6g")
        card = {
            "properties": dict(zip(self.ensemble.targets, self.ensemble.units, strict=True)),
            "sha256": file_sha256(path),
            **self.ensemble.metadata,
            ERRORS: [
                {name: value for name, value in row.items() if pd.notna(value)}  # JSON knows no NaN
                for row in self.metrics.reset_index().to_dict("records")
            ],
        }
        (folder / CARD_FILE).write_text(json.dumps(card, indent=2, allow_nan=False) + "\n")
