"""How all runs are written: nested runs, values in few calls, data sets, figures."""

import hashlib
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from mlflow import MlflowClient
from mlflow.data.code_dataset_source import CodeDatasetSource
from mlflow.data.pandas_dataset import from_pandas
from mlflow.entities import Dataset as DatasetEntity
from mlflow.entities import DatasetInput, InputTag, Metric, Param, RunTag
from mlflow.utils.mlflow_tags import (
    MLFLOW_DATASET_CONTEXT,
    MLFLOW_GIT_COMMIT,
    MLFLOW_PARENT_RUN_ID,
    MLFLOW_SOURCE_NAME,
    MLFLOW_SOURCE_TYPE,
    MLFLOW_USER,
)

from paraisite import schema
from paraisite.core.secrets import hide_secrets
from paraisite.data.datasets.table import Dataset
from paraisite.tracking.live_runs import PROCESS_TAG, failures_described

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DIGEST_LENGTH: Final = 36  # the store's limit; still 144 bits
_MAX_METRICS_PER_CALL: Final = 1000
_MAX_PARAMETERS_PER_CALL: Final = 100
_INHERITED_TAGS: Final = (MLFLOW_USER, MLFLOW_SOURCE_NAME, MLFLOW_SOURCE_TYPE, MLFLOW_GIT_COMMIT, PROCESS_TAG)


@contextmanager
def child_run(client: MlflowClient, name: str, *, parent_run_id: str, seconds: float) -> Iterator[str]:
    """Hold a nested run open; all splits were trained together, so each is given the whole training's duration."""
    parent = client.get_run(parent_run_id)
    tags = {key: value for key, value in parent.data.tags.items() if key in _INHERITED_TAGS}
    run = client.create_run(
        parent.info.experiment_id,
        run_name=name,
        start_time=int(1000 * (time.time() - seconds)),
        tags=tags | {MLFLOW_PARENT_RUN_ID: parent_run_id},
    )
    try:
        with failures_described(client, run.info.run_id):
            yield run.info.run_id
    except BaseException:
        client.set_terminated(run.info.run_id, status="FAILED")
        raise
    client.set_terminated(run.info.run_id, status="FINISHED")


def log_values(client: MlflowClient, run_id: str, *, metrics: Mapping[str, float], tags: Mapping[str, str]) -> None:
    """Log metrics that have no steps, and tags."""
    now = int(1000 * time.time())
    client.log_batch(
        run_id,
        metrics=[Metric(name, value, now, 0) for name, value in metrics.items()],
        tags=[RunTag(name, hide_secrets(value)) for name, value in tags.items()],
    )


def log_new_parameters(client: MlflowClient, run_id: str, parameters: Mapping[str, str]) -> None:
    """Log parameters that the run lacks: those of ``mlflow run`` stand as the shell saw them and cannot be changed."""
    present = client.get_run(run_id).data.params
    new = [Param(name, hide_secrets(value)) for name, value in parameters.items() if name not in present]
    for first in range(0, len(new), _MAX_PARAMETERS_PER_CALL):
        client.log_batch(run_id, params=new[first : first + _MAX_PARAMETERS_PER_CALL])


def log_curves(client: MlflowClient, run_id: str, curves: pd.DataFrame) -> None:
    """Log all values of a table (index epoch) in as few calls as the store allows."""
    now = int(1000 * time.time())
    metrics = [
        Metric(str(name), float(value), now, int(str(epoch)))
        for name in curves.columns
        for epoch, value in curves[name].items()
    ]
    for first in range(0, len(metrics), _MAX_METRICS_PER_CALL):
        client.log_batch(run_id, metrics=metrics[first : first + _MAX_METRICS_PER_CALL])


def describe_dataset(dataset: Dataset) -> dict[str, str]:
    """Return name, digest, source, columns and size of a data set as the store keeps them; structures stay out."""
    described = from_pandas(
        dataset.table,
        source=CodeDatasetSource(tags={"source": "; ".join(sorted(dataset.table[schema.SOURCE].unique()))}),
        targets=schema.KAPPA,
        name=dataset.name,
        digest=dataset.digest[:DIGEST_LENGTH],
    )
    return dict(described.to_dict())


def part_of(described: Mapping[str, str], rows: npt.NDArray[np.int64]) -> dict[str, str]:
    """Return the description of some rows of a data set: their digest covers the whole's digest and the numbers."""
    digest = hashlib.sha256(described["digest"].encode() + rows.astype("<i8").tobytes()).hexdigest()
    return dict(described) | {"digest": digest[:DIGEST_LENGTH], "profile": json.dumps({"num_rows": len(rows)})}


def dataset_input(described: Mapping[str, str], context: str) -> DatasetInput:
    """Return a described data set as the input of a run, with what it was used for."""
    return DatasetInput(DatasetEntity(**described), [InputTag(MLFLOW_DATASET_CONTEXT, context)])


def write_figures(figures: "Mapping[str, Figure]", folder: Path) -> None:
    """Write figures by file name without ending into a new folder, as PNG and SVG."""
    folder.mkdir()
    for name, figure in figures.items():
        for ending in ("png", "svg"):
            figure.savefig(folder / f"{name}.{ending}", dpi=150)


def allowed_name(name: str) -> str:
    """Return a metric's name as the store allows it."""
    return name.replace("%", "_percent")


def finite_values(row: Mapping[Any, Any]) -> dict[str, float]:
    """Return the finite values of a row, by names that the store allows."""
    values = {allowed_name(str(name)): float(value) for name, value in row.items()}
    return {name: value for name, value in values.items() if np.isfinite(value)}
