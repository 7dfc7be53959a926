"""An ensemble file as MLflow's logged model: the file, the code that serves it, its environment."""

import importlib.metadata
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import mlflow
from mlflow import MlflowClient
from mlflow.environment_variables import MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR
from mlflow.models import Model, ModelSignature
from mlflow.types.schema import ColSpec, DataType, Schema

_SERVED_MODEL: Final = Path(__file__).with_name("served_model.py")
_REQUIREMENTS: Final = ("mlflow", "numpy", "pandas", "pymatgen", "safetensors", "tensorflow")
_SIGNATURE: Final = ModelSignature(
    inputs=Schema([ColSpec(DataType.string, "structure")]),
    outputs=Schema(
        [
            ColSpec(DataType.double, "value"),
            ColSpec(DataType.double, "std"),
            ColSpec(DataType.string, "unit"),
            ColSpec(DataType.string, "reason"),
        ]
    ),
)


def log_model(client: MlflowClient, name: str, path: Path, *, run_id: str) -> str:
    """Store the ensemble file with the code that serves it; return the logged model's id."""
    # Made here, because MLflow would put it into the active experiment and not into the run's.
    experiment_id = client.get_run(run_id).info.experiment_id
    model = client.create_logged_model(experiment_id, name=name, source_run_id=run_id)
    with _quiet_logging_of_models():
        Model.log(
            artifact_path=None,
            flavor=mlflow.pyfunc,
            run_id=run_id,
            model_id=model.model_id,
            python_model=str(_SERVED_MODEL),
            artifacts={"ensemble": str(path)},
            signature=_SIGNATURE,
            conda_env=_environment(),
        )
    return str(model.model_id)


def _environment() -> dict[str, object]:
    """Return the environment that a server of the model needs, beside this package."""
    pinned = [f"{package}=={importlib.metadata.version(package)}" for package in _REQUIREMENTS]
    return {
        "name": "paraisite-model",
        "channels": ["conda-forge"],
        "dependencies": ["python=3.11", "pip", {"pip": pinned}],
    }


@contextmanager
def _quiet_logging_of_models() -> Iterator[None]:
    """Silence advice that does not apply: no input example, because trying one would start TensorFlow."""
    with no_progress_bar(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="(?s).*An input example was not provided", category=UserWarning)
        yield


@contextmanager
def no_progress_bar() -> Iterator[None]:
    """Keep MLflow's bars for single files off the terminal."""
    shown = MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR.get()
    MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR.set(False)
    try:
        yield
    finally:
        MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR.set(shown)
