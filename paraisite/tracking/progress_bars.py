"""MLflow's own progress bars, kept off the terminal."""

from collections.abc import Iterator
from contextlib import contextmanager

from mlflow.environment_variables import MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR


@contextmanager
def no_progress_bar() -> Iterator[None]:
    """Keep MLflow's bars for single files off the terminal."""
    shown = MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR.get()
    MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR.set(False)
    try:
        yield
    finally:
        MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR.set(shown)
