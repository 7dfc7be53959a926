"""Take the run that ``mlflow run . -e test`` has made out of the list of runs: tests and lint are no experiments.

``python -m tests.unrecorded_run`` is called before them, so that nothing is left however they end. MLflow looks at the
run again at the end: one that has ended already is left as it is.
"""

import os
import sys

from mlflow import MlflowClient
from mlflow.exceptions import MlflowException


def remove_run() -> None:
    """End and delete the run that the environment names, if there is one."""
    if run_id := os.environ.get("MLFLOW_RUN_ID"):
        client = MlflowClient()
        try:
            client.set_terminated(run_id)
            client.delete_run(run_id)
        except MlflowException as error:
            sys.stderr.write(f"run {run_id} stays in the list of runs: {error}\n")


if __name__ == "__main__":
    remove_run()
