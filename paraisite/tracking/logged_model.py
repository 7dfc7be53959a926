"""An ensemble or a predictor as MLflow's logged model: its files, the code that serves it, its environment."""

import importlib.metadata
from pathlib import Path
from typing import Final

import mlflow
import pandas as pd
from mlflow import MlflowClient
from mlflow.models import Model, ModelSignature
from mlflow.types.schema import AnyType, ColSpec, Schema

from paraisite.core.paths import PREDICTOR
from paraisite.data.structure_files.json_documents import CIF_KEY
from paraisite.data.structure_files.stated_facts import COMPARED_KEYS
from paraisite.data.structure_types import rocksalt
from paraisite.inference import rows
from paraisite.tracking.progress_bars import no_progress_bar

_SERVED_MODEL: Final = Path(__file__).with_name("served_model.py")
_REQUIREMENTS: Final = ("mlflow", "numpy", "pandas", "pymatgen", "safetensors", "scikit-learn", "tensorflow")
_SIGNATURE: Final = ModelSignature(
    inputs=Schema(
        [
            ColSpec("string", rows.STRUCTURE),
            *(
                ColSpec(AnyType(), name, required=False) for name in (*COMPARED_KEYS, CIF_KEY)
            ),  # else MLflow takes them away
        ]
    ),
    outputs=Schema([ColSpec(kind, name) for name, kind in rows.list_column_types().items()]),
)


def log_model(client: MlflowClient, name: str, path: Path, *, run_id: str) -> str:
    """Store an ensemble or a predictor with the code that serves it; return the logged model's id.

    Args:
        client: Of the store.
        name: Of the logged model.
        path: A predictor's folder, named ``PREDICTOR``; or an ensemble file, what lies in ``PREDICTOR`` beside which is
            served in its place.
        run_id: The run that made it.
    """
    # Made here, because MLflow would put it into the active experiment and not into the run's.
    experiment_id = client.get_run(run_id).info.experiment_id
    model = client.create_logged_model(experiment_id, name=name, source_run_id=run_id)
    predictor = path if path.is_dir() else path.with_name(PREDICTOR)
    files = {} if path.is_dir() else {"ensemble": str(path)}
    with no_progress_bar():
        Model.log(
            artifact_path=None,
            flavor=mlflow.pyfunc,
            run_id=run_id,
            model_id=model.model_id,
            python_model=str(_SERVED_MODEL),
            artifacts=files | ({PREDICTOR: str(predictor)} if predictor.is_dir() else {}),
            signature=_SIGNATURE,
            input_example=_example(),
            conda_env=_environment(),
        )
    return str(model.model_id)


def _example() -> pd.DataFrame:
    """Return what a server can be asked: rock salt as CIF."""
    return pd.DataFrame({rows.STRUCTURE: [rocksalt("Na", "Cl", a_angstrom=5.69).to(fmt="cif")]})


def _environment() -> dict[str, object]:
    """Return the environment that a server of the model needs, beside this package."""
    pinned = [f"{package}=={importlib.metadata.version(package)}" for package in _REQUIREMENTS]
    return {
        "name": "paraisite-model",
        "channels": ["conda-forge"],
        "dependencies": ["python=3.11", "pip", {"pip": pinned}],
    }
