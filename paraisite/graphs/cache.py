"""Graphs kept on disk under a key that is made of their whole content: a hit is never stale."""

import hashlib
import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from pymatgen.core.structure import Structure

from paraisite.core.damaged_files import refuse_damaged
from paraisite.core.files import cache_folder
from paraisite.data.crystal_arrays import CrystalArrays
from paraisite.data.validation import LIMITS
from paraisite.errors import DataError
from paraisite.graphs.build import Progress, RejectedRow, build_graphs
from paraisite.graphs.crystal_graph import FORMAT_VERSION, GraphCollection
from paraisite.graphs.nearest_shells import MAX_NEAREST_ANGSTROM, SHELL_RATIO

_REJECTED_KEY: Final = "rejected"
_LOG = logging.getLogger(__name__)


def load_or_build(
    structures: Sequence[Structure],
    material_ids: Sequence[str],
    *,
    cutoff_angstrom: float,
    distance_tolerance_angstrom: float,
    quotient: bool = True,
    folder: Path | None = None,
    on_progress: Progress | None = None,
) -> tuple[GraphCollection, list[RejectedRow]]:
    """Return what `build_graphs` returns, from the cache if it holds the same crystals and settings.

    A damaged file is built again; a folder that cannot be written costs no more than a warning.

    Args:
        structures: The crystals.
        material_ids: Their ids; not part of the key.
        cutoff_angstrom: Bonds join atoms no farther apart than this, Å.
        distance_tolerance_angstrom: Distances within this count as equal in the quotient, Å.
        quotient: Whether to reduce each graph to its quotient.
        folder: The cache; by default ``graphs`` in the user's cache.
        on_progress: Called after each chunk, and once after a hit.
    """
    # The limits, because the rejected rows are kept, too.
    limits = (*LIMITS, SHELL_RATIO, MAX_NEAREST_ANGSTROM)
    settings = f"{cutoff_angstrom!r} {distance_tolerance_angstrom!r} {quotient!r} {limits!r}"
    key = _content_key(CrystalArrays.from_structures(structures), settings=settings)
    path = (folder or cache_folder("graphs")) / f"{key}.safetensors"
    if (cached := _load(path, material_ids)) is not None:
        if on_progress is not None:
            on_progress(len(structures), len(structures))
        return cached
    graphs, rejected = build_graphs(
        structures,
        material_ids,
        cutoff_angstrom=cutoff_angstrom,
        distance_tolerance_angstrom=distance_tolerance_angstrom,
        quotient=quotient,
        on_progress=on_progress,
    )
    try:
        graphs.save(path, metadata={_REJECTED_KEY: json.dumps([(item.row, item.reason) for item in rejected])})
    except OSError as error:
        _LOG.warning("graphs are not cached: %s", error)
    return graphs, rejected


def _content_key(crystals: CrystalArrays, *, settings: str) -> str:
    """Return the SHA-256 over all cells, positions, elements, settings and the format version."""
    content = hashlib.sha256(f"{FORMAT_VERSION} {settings} ".encode())
    for array in (crystals.n_atom, crystals.atomic_number, crystals.lattice_angstrom, crystals.frac_coords):
        content.update(np.ascontiguousarray(array, array.dtype.newbyteorder("<")).data)
    return content.hexdigest()


def _load(path: Path, material_ids: Sequence[str]) -> tuple[GraphCollection, list[RejectedRow]] | None:
    """Return what the file holds; None if there is none that can be read."""
    try:
        with refuse_damaged(path, remedy="nothing has to be done"):
            graphs, texts = GraphCollection.load_with_metadata(path)
            rejected = [RejectedRow(row, material_ids[row], reason) for row, reason in json.loads(texts[_REJECTED_KEY])]
    except FileNotFoundError:
        return None
    except DataError as error:
        _LOG.warning("the cached graphs are built again: %s", error)
        return None
    return graphs, rejected
