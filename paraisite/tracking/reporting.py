"""Runs of what is found out after trainings: tables, figures and documents as artifacts of a run."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from paraisite.tracking.store import open_store, provenance_tags
from paraisite.tracking.writing import log_values


def log_folder(folder: Path, *, metrics: Mapping[str, float], run_id: str) -> None:
    """Log a folder's files into an open run.

    Args:
        folder: Logged with its subfolders.
        metrics: Numbers by names that a store can show; those that are not finite are left out.
        run_id: The run.
    """
    client = open_store()
    finite = {name: value for name, value in metrics.items() if np.isfinite(value)}
    log_values(client, run_id, metrics=finite, tags=provenance_tags())
    client.log_artifacts(run_id, str(folder))
