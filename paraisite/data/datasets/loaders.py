"""Data sets by name: those of the project from their sources, others as they were imported."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Final

from paraisite.config import DataConfig
from paraisite.core.paths import EXTERNAL
from paraisite.data.datasets.accurate import join_sources, refuse_noble_gases
from paraisite.data.datasets.mix import mix_records
from paraisite.data.datasets.table import CARD_FILE, Dataset, build_dataset
from paraisite.data.record import Record, Rejection
from paraisite.data.sources import half_heusler, phonix, togo15
from paraisite.data.sources.aflow import load_aflow
from paraisite.data.sources.lab_tables import load_tier
from paraisite.errors import DataError

logger = logging.getLogger(__name__)


def load_dataset(name: str, config: DataConfig, data_folder: Path = Path("data")) -> Dataset:
    """Return the data set of this name from its sources, or as it was imported.

    Args:
        name: One of ``DATASET_NAMES``, or a data set below ``external/``.
        config: Where the inputs lie that are not in ``data_folder``.
        data_folder: Folder of the project's own fact tables.

    Raises:
        MissingInputError: An input is absent; the message says how to get it.
        DataError: The name is unknown or an input is unusable.
    """
    if name not in _LOADERS:
        if (EXTERNAL / name / CARD_FILE).exists():
            return Dataset.load(EXTERNAL / name)
        raise DataError(
            f"unknown data set {name!r}; known ones are {', '.join(_LOADERS)}, and those of `paraisite data import`"
        )
    records, rejections = _LOADERS[name](config, data_folder)
    dataset = build_dataset(name, records, rejections)
    for rejection in rejections:
        logger.debug("%s: %s rejected: %s", name, rejection.material_id, rejection.reason)
    if rejections:
        logger.warning("%s: %d of %d rows rejected", name, len(rejections), len(rejections) + len(records))
    return dataset


Loaded = tuple[list[Record], list[Rejection]]


def _load_togo15(_config: DataConfig, data_folder: Path) -> Loaded:
    return togo15.load_togo15(data_folder / togo15.FILE_NAME), []


def _load_half_heusler(_config: DataConfig, data_folder: Path) -> Loaded:
    return half_heusler.load_half_heusler(data_folder / half_heusler.FILE_NAME), []


def _load_mix(config: DataConfig, data_folder: Path) -> Loaded:
    return mix_records(_load_togo15(config, data_folder)[0], _load_half_heusler(config, data_folder)[0]), []


def _load_accurate(config: DataConfig, data_folder: Path) -> Loaded:
    sources = {name: _LOADERS[name](config, data_folder) for name in ("togo15", "hh143", "phonix")}
    records, refused = refuse_noble_gases(join_sources({name: loaded for name, (loaded, _) in sources.items()}))
    return records, [*(rejection for _, rejections in sources.values() for rejection in rejections), *refused]


def _load_aflow(config: DataConfig, _data_folder: Path) -> Loaded:
    return load_aflow(config.aflow_table)


def _load_phonix(_config: DataConfig, data_folder: Path) -> Loaded:
    return phonix.load_phonix(data_folder / phonix.FILE_NAME)


def _load_slack(config: DataConfig, _data_folder: Path) -> Loaded:
    return load_tier(config.lab, "slack")


def _load_kappa(config: DataConfig, _data_folder: Path) -> Loaded:
    return load_tier(config.kappa, "kappa")


_LOADERS: Final[dict[str, Callable[[DataConfig, Path], Loaded]]] = {
    "togo15": _load_togo15,
    "hh143": _load_half_heusler,
    "mix": _load_mix,
    "phonix": _load_phonix,
    "accurate": _load_accurate,
    "aflow": _load_aflow,
    "slack": _load_slack,
    "kappa": _load_kappa,
}


DATASET_NAMES: Final = tuple(_LOADERS)
"""Names that ``load_dataset`` knows."""
