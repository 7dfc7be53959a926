"""The code of a registered model, run by MLflow when it loads one ("models from code": nothing is pickled).

Only MLflow executes this file. It needs the paraisite package to be importable.
"""

import json
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
from pymatgen.core.structure import Structure

from paraisite.config import GraphConfig
from paraisite.errors import CheckpointError
from paraisite.models.ensemble import Ensemble

STRUCTURE_COLUMN = "structure"


class EnsembleModel(mlflow.pyfunc.PythonModel):  # type: ignore[misc,name-defined,unused-ignore]
    """Predicts from crystal structures: the mean over the members and their spread."""

    def load_context(self, context: Any) -> None:
        """Read the ensemble's file."""
        self._ensemble = Ensemble.load(Path(context.artifacts["ensemble"]))
        if self._ensemble.config.n_output != 1:
            raise CheckpointError(f"a served model has one output, found {', '.join(self._ensemble.targets)}")

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """Predict for each row of the column ``structure``: CIF text, or pymatgen's JSON.

        Returns:
            Columns ``value`` (mean over members), ``std`` (sample deviation; NaN for one member), ``unit`` and
            ``reason`` (why a row has no value, else empty), in the order given.
        """
        # Here, because registering a model runs this file and should not wait for TensorFlow.
        from paraisite.evaluation.predict import predict
        from paraisite.graphs.build import build_graphs

        structures = [_parse(text) for text in model_input[STRUCTURE_COLUMN]]
        graphs, rejected = build_graphs(
            structures,
            [str(row) for row in range(len(structures))],
            cutoff_angstrom=self._ensemble.config.cutoff_angstrom,
            distance_tolerance_angstrom=GraphConfig().distance_tolerance_angstrom,
        )
        reasons = {row.row: row.reason for row in rejected}
        usable = [row for row in range(len(structures)) if row not in reasons]
        values = np.full((self._ensemble.n_member, len(structures)), np.nan)
        if usable:
            values[:, usable] = predict(self._ensemble, graphs)
        one_member = self._ensemble.n_member == 1
        return pd.DataFrame(
            {
                "value": values.mean(axis=0),
                "std": np.nan if one_member else values.std(axis=0, ddof=1),
                "unit": self._ensemble.unit,
                "reason": [reasons.get(row, "") for row in range(len(structures))],
            }
        )


def _parse(text: str) -> Structure:
    if text.lstrip().startswith("{"):
        return Structure.from_dict(json.loads(text))
    return Structure.from_str(text, fmt="cif", primitive=True)


mlflow.models.set_model(EnsembleModel())
