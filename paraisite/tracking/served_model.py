"""The code of a registered model, run by MLflow when it loads one ("models from code": nothing is pickled).

Only MLflow executes this file. It needs the paraisite package to be importable.
"""

from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any, Final

import mlflow
import pandas as pd
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE
from pymatgen.core.structure import Structure

from paraisite.core.paths import PREDICTOR
from paraisite.data.structure_files.json_documents import is_cif_key
from paraisite.data.structure_files.json_values import name_of
from paraisite.data.structure_files.reading import (
    compare_with_row,
    only_crystal,
    parse_content,
    read_row,
    to_structure,
)
from paraisite.data.structure_files.stated_facts import compared_columns
from paraisite.errors import CheckpointError
from paraisite.inference import rows

MAX_ROWS: Final = 10_000
MAX_CHARACTERS: Final = 100_000_000
"""What one request may ask for; the server holds all of it in memory, and answers no one else meanwhile."""


class PredictorModel(mlflow.pyfunc.PythonModel):  # type: ignore[misc,name-defined,unused-ignore]
    """Predicts from crystal structures, with intervals where the model was registered with a calibration set."""

    def load_context(self, context: Any) -> None:
        """Read the predictor's folder, or the ensemble's file where there is none."""
        # Here, because registering a model runs this file and should not wait for TensorFlow.
        from paraisite.inference.predictor import Predictor

        path = context.artifacts.get(PREDICTOR) or context.artifacts["ensemble"]
        self._predictor = Predictor.load(Path(path))
        targets = self._predictor.model.targets
        if len(targets) != 1:
            raise CheckpointError(f"a served model has one output, found {', '.join(targets)}")

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """Predict for each row of the column ``structure``: CIF, POSCAR, extended XYZ or JSON as text.

        JSON may also stand there as it is, not as text. Where a formula and the like, or a CIF, stand in further
        columns, the crystal is compared with them, as in tables.

        Returns:
            The columns of ``inference.rows.list_column_types``, in the order given; ``reason`` says why a row has no
            value.

        Raises:
            MlflowException: There are more rows or characters than one request may have, or a column twice.
        """
        if not model_input.columns.is_unique:
            raise MlflowException("a column stands there twice, expected once", error_code=INVALID_PARAMETER_VALUE)
        texts = model_input[rows.STRUCTURE]
        n_character = sum(len(cell) for name in model_input for cell in model_input[name] if isinstance(cell, str))
        if len(texts) > MAX_ROWS or n_character > MAX_CHARACTERS:
            raise MlflowException(
                f"{len(texts)} rows of {n_character} characters in one request, expected at most {MAX_ROWS} rows and "
                f"{MAX_CHARACTERS} characters",
                error_code=INVALID_PARAMETER_VALUE,
            )
        names = [name for name in model_input if isinstance(name, str)]
        compared = [*compared_columns(names), *filter(is_cif_key, names)]
        beside = model_input[compared].to_dict("records")
        structures = [_read_row(cell, others) for cell, others in zip(texts, beside, strict=True)]
        return rows.build_frame(self._predictor.predict(structures, compiled=True))


def _read_row(cell: object, beside: Mapping[Hashable, object]) -> Structure | str:
    """Return a row's crystal, or the reason why there is none: whatever one holds, the others are answered."""
    if isinstance(cell, dict):
        crystal = read_row(cell)
    elif isinstance(cell, str):
        crystal = only_crystal(parse_content(cell))
    else:
        return f"the row holds {name_of(cell)}, expected a structure as text"
    return to_structure(compare_with_row(crystal, {str(name): value for name, value in beside.items()}))


mlflow.models.set_model(PredictorModel())
