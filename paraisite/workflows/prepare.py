"""A data set from its source, checked, as tables with structures: the stage that all trainings read."""

import logging
import shutil

from paraisite.artifacts.inputs import load_data
from paraisite.config import load_config
from paraisite.core.paths import BUILD

logger = logging.getLogger(__name__)


def prepare_dataset(dataset_name: str) -> None:
    """Read a data set from its source, check it, and write it with its structures."""
    dataset = load_data(dataset_name, load_config())
    folder = BUILD / "prepare" / dataset_name
    shutil.rmtree(folder, ignore_errors=True)
    dataset.save(folder)
    logger.info("%s", dataset.describe())
