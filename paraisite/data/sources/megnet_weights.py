"""MEGNet's published weights, downloaded once, checked against pinned hashes and kept.

The pinned hashes are those of the files that the megnet repository publishes. The download has been exercised against
a local server only, never against the real address.

Source: Chen et al., Chem. Mater. 2019, 10.1021/acs.chemmater.9b01294; https://github.com/materialsvirtuallab/megnet.
"""

import logging
from pathlib import Path
from typing import Final

from paraisite.config import FORMATION_ENERGY_WEIGHTS_VARIABLE, DataConfig
from paraisite.core.files import cache_folder
from paraisite.core.progress import ignore_progress
from paraisite.data.sources.resumable_download import (
    Progress,
    PublishedFile,
    fetch_sidecar,
    fetch_weights,
    is_sidecar,
    is_weights,
)
from paraisite.data.sources.weights_download import download_weights
from paraisite.errors import ConfigError

_logger = logging.getLogger(__name__)

DEFAULT_BASE_URL: Final = (
    "https://github.com/materialsvirtuallab/megnet/raw/14abb2a576589107fb6a766534fadee08393775e/mvl_models"
)
"""One commit of the repository: a file there never changes."""

FORMATION_ENERGY: Final = "formation_energy"


PUBLISHED_FILES: Final[dict[str, PublishedFile]] = {
    FORMATION_ENERGY: PublishedFile(
        folder="mp-2018.6.1",
        n_byte=820992,
        sha256="82363f6ef74747f67bccd75fa0237dfaab5f0da519bf5f9cf8f4bcc11c53712b",
        sidecar_sha256="1d05e566d059eebed2ac8176698326905166648a8ac276b5dbb5653e4c01efaf",
    ),
    "band_gap_regression": PublishedFile(
        folder="mp-2018.6.1",
        n_byte=820992,
        sha256="e149197440863b06e819c3cc11550f7c78eee329b916112dab84d884d21306de",
        sidecar_sha256="6c2ef164aeea4fde9d3ea0da604899c97ae493c06e60a601fba3856577c919c0",
    ),
    "log10K": PublishedFile(
        folder="mp-2018.6.1",
        n_byte=822256,
        sha256="283e249977d9ac718c92a28590f35bf6ba53f49642469b98e11627a03e24dd05",
        sidecar_sha256="adc4277974af39bc51b158dc2eda05793bfb33afc3aaf3c8177a539dc212d2e3",
    ),
    "log10G": PublishedFile(
        folder="mp-2018.6.1",
        n_byte=822256,
        sha256="f62c31daa7a8d984c7f094ea7e70e4940c14417e4368d7297b567a907430dea2",
        sidecar_sha256="b7f3e02e93fdf150757d04bfc6d6f9cc232ff69919486b9c4828ec4f9407d429",
    ),
}


def find_published_weights(name: str, config: DataConfig) -> Path | None:
    """Return a published model that is on this machine: the configured path if it exists, else the cache's file.

    Args:
        name: A key of ``PUBLISHED_FILES``.
        config: Where inputs lie.
    """
    path = _configured_path(name, config)
    if path.is_file():
        return path
    published = PUBLISHED_FILES[name]
    path = cache_folder("weights") / published.folder / f"{name}.hdf5"
    return path if is_weights(path, published) and is_sidecar(_sidecar(path), published) else None


def resolve_published_weights(name: str, config: DataConfig) -> Path:
    """Return a published model: the configured path if it exists, else the cache, else a download.

    The path of the formation-energy model is configured; the others are looked for in its folder.

    Args:
        name: A key of ``PUBLISHED_FILES``.
        config: Where inputs lie.

    Raises:
        ConfigError: There is no such published model.
        MissingInputError: There is no such file, and none could be downloaded.
        WeightsError: What was downloaded is not the published file.
    """
    path = _configured_path(name, config)
    if path.is_file():
        return path
    _logger.info("%s is absent: looking for MEGNet's weights in the cache", path)
    return fetch_published_weights(name)


def fetch_published_weights(
    name: str,
    *,
    folder: Path | None = None,
    base_url: str = DEFAULT_BASE_URL,
    progress: Progress | None = None,
    timeout_seconds: float = 30.0,
    n_attempt: int = 4,
    pause_seconds: float = 1.0,
) -> Path:
    """Return a published model's HDF5 file, with its .json beside it; download what the cache lacks.

    An interrupted download leaves ``NAME.hdf5.part`` and is taken up from there. Never run against the real address.

    Args:
        name: A key of ``PUBLISHED_FILES``.
        folder: Where files are kept; by default ``weights`` in the user's cache.
        base_url: Where the repository's ``mvl_models`` lies.
        progress: Called while the HDF5 file arrives.
        timeout_seconds: Longest silence of the server.
        n_attempt: Attempts per file.
        pause_seconds: Pause before the second attempt, see ``retries.repeat``.

    Raises:
        ConfigError: There is no such published model.
        MissingInputError: Nothing could be downloaded; the message says how to get the file by hand.
        WeightsError: The server has another file than the pinned one.
    """
    if name not in PUBLISHED_FILES:
        raise ConfigError(f"no published model is called {name!r}; known are {', '.join(PUBLISHED_FILES)}")
    published = PUBLISHED_FILES[name]
    folder = folder or cache_folder("weights")
    path = folder / published.folder / f"{name}.hdf5"
    sidecar = _sidecar(path)
    url = f"{base_url.rstrip('/')}/{published.folder}/{path.name}"

    def attempt_sidecar() -> None:
        fetch_sidecar(url + ".json", sidecar, published, timeout_seconds)

    def attempt_weights() -> None:
        fetch_weights(url, path, published, timeout_seconds, progress or ignore_progress)

    # The .json first: an .hdf5 file in the cache then always has it.
    attempts = [] if is_sidecar(sidecar, published) else [attempt_sidecar]
    attempts += [] if is_weights(path, published) else [attempt_weights]
    if attempts:
        by_hand = _by_hand(name, published)
        download_weights(attempts, path, url=url, by_hand=by_hand, n_attempt=n_attempt, pause_seconds=pause_seconds)
    return path


def _configured_path(name: str, config: DataConfig) -> Path:
    path = config.formation_energy_weights
    return path if name == FORMATION_ENERGY else path.with_name(f"{name}.hdf5")


def _sidecar(path: Path) -> Path:
    return path.with_name(path.name + ".json")


def _by_hand(name: str, published: PublishedFile) -> str:
    where = f"https://github.com/materialsvirtuallab/megnet/tree/master/mvl_models/{published.folder}"
    setting = f"data.formation_energy_weights (params.yaml) or {FORMATION_ENERGY_WEIGHTS_VARIABLE}"
    use = f"name its path in {setting}"
    if name != FORMATION_ENERGY:
        use = f"put them into the folder of the file that {setting} names"
    return f"get {name}.hdf5 and {name}.hdf5.json from {where} and {use}"
