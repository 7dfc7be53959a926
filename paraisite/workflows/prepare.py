"""Validate a data set and write it as tables with structures, which DVC's stages depend on."""

import logging

from paraisite.artifacts.inputs import load_data
from paraisite.artifacts.stage_folders import prepared_folder
from paraisite.config import load_config
from paraisite.core.folders import check_writable, folder_written_whole

logger = logging.getLogger(__name__)


def prepare_dataset(dataset_name: str) -> None:
    """Read a data set from its source, validate it, and write it with its structures to ``build/prepare/``."""
    folder = prepared_folder(dataset_name)
    check_writable(folder.parent)
    dataset = load_data(dataset_name, load_config())
    with folder_written_whole(folder) as new:
        dataset.save(new)
    logger.info("%s", dataset.describe())
