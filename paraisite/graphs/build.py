"""From crystal structures to a collection of graphs; what cannot become one is listed with the reason."""

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from pymatgen.core.structure import Structure

from paraisite.arrays import offsets
from paraisite.data.crystal_arrays import CrystalArrays
from paraisite.data.validation import MIN_DISTANCE_ANGSTROM, find_overlaps, find_unusable
from paraisite.errors import ConfigError
from paraisite.graphs.crystal_graph import GraphCollection
from paraisite.graphs.nearest_shells import ExtendedBonds, add_nearest_shells
from paraisite.graphs.neighbours import Bonds, find_bonds
from paraisite.graphs.quotient import full_graphs, quotient_graphs


class GraphSettings(NamedTuple):
    """How crystals became the graphs that a model was trained on, as its file holds it.

    Not ``config.GraphConfig``, whose limits are those of trainings: a model from elsewhere may see longer bonds.

    Attributes:
        cutoff_angstrom: Bonds join atoms no farther apart than this, Å.
        distance_tolerance_angstrom: Distances within this count as equal in the quotient, Å.
    """

    cutoff_angstrom: float
    distance_tolerance_angstrom: float


Progress = Callable[[int, int], None]
"""Called with the number of crystals done and the total."""

_ATOMS_PER_CHUNK: Final = 2048


@dataclass(frozen=True)
class RejectedRow:
    """A crystal that has no graph.

    Attributes:
        row: Its index in the input.
        material_id: Its id.
        reason: A sentence naming what was found and what was expected.
    """

    row: int
    material_id: str
    reason: str


def build_graphs(
    structures: Sequence[Structure],
    material_ids: Sequence[str],
    *,
    cutoff_angstrom: float,
    distance_tolerance_angstrom: float,
    quotient: bool = True,
    on_progress: Progress | None = None,
) -> tuple[GraphCollection, list[RejectedRow]]:
    """Build the graphs of all structures that have one, in the order given.

    Args:
        structures: The crystals.
        material_ids: Their ids.
        cutoff_angstrom: Bonds join atoms no farther apart than this, Å.
        distance_tolerance_angstrom: Distances within this count as equal in the quotient, Å.
        quotient: Whether to reduce each graph to its quotient.
        on_progress: Called after each chunk.

    Returns:
        The graphs of all rows but the rejected, and the rejected rows, both in the order given.

    Raises:
        ConfigError: Cutoff or tolerance is out of range, or there is not one id for each structure.
    """
    if len(structures) != len(material_ids):
        raise ConfigError(f"{len(structures)} structures but {len(material_ids)} material ids")
    n_atom = np.fromiter(map(len, structures), np.int64, len(structures))
    graphs, reasons = _build_chunks(
        (CrystalArrays.from_structures(structures[chunk.start : chunk.stop]) for chunk in _chunks(n_atom)),
        n_crystal=len(structures),
        cutoff_angstrom=cutoff_angstrom,
        distance_tolerance_angstrom=distance_tolerance_angstrom,
        quotient=quotient,
        on_progress=on_progress,
    )
    return graphs, [RejectedRow(row, material_ids[row], reason) for row, reason in reasons.items()]


def build_graphs_from_arrays(
    crystals: CrystalArrays,
    *,
    cutoff_angstrom: float,
    distance_tolerance_angstrom: float,
    quotient: bool = True,
    on_progress: Progress | None = None,
) -> tuple[GraphCollection, dict[int, str]]:
    """Do what `build_graphs` does, without pymatgen's objects and without ids.

    Returns:
        The graphs of all rows but the rejected, and the reason for each rejected row, both in the order given.

    Raises:
        ConfigError: Cutoff or tolerance is out of range.
    """
    return _build_chunks(
        (crystals.take(np.arange(chunk.start, chunk.stop)) for chunk in _chunks(crystals.n_atom)),
        n_crystal=len(crystals),
        cutoff_angstrom=cutoff_angstrom,
        distance_tolerance_angstrom=distance_tolerance_angstrom,
        quotient=quotient,
        on_progress=on_progress,
    )


def _chunks(n_atom: npt.NDArray[np.int64]) -> list[range]:
    """Cut the rows into runs of about `_ATOMS_PER_CHUNK` atoms: these fit the processor's cache, and the memory."""
    chunk = offsets(n_atom)[:-1] // _ATOMS_PER_CHUNK
    border = [*np.flatnonzero(np.diff(chunk, prepend=-1)).tolist(), len(n_atom)]
    return [range(first, end) for first, end in itertools.pairwise(border)]


def _build_chunks(
    chunks: Iterable[CrystalArrays],
    *,
    n_crystal: int,
    cutoff_angstrom: float,
    distance_tolerance_angstrom: float,
    quotient: bool,
    on_progress: Progress | None,
) -> tuple[GraphCollection, dict[int, str]]:
    """Build chunk by chunk and join the results."""
    if not MIN_DISTANCE_ANGSTROM <= cutoff_angstrom < np.inf:  # overlaps are looked for among the bonds
        raise ConfigError(f"cutoff_angstrom is {cutoff_angstrom}, expected {MIN_DISTANCE_ANGSTROM:g} Å or more")
    if not 0 <= distance_tolerance_angstrom < np.inf:
        raise ConfigError(f"distance_tolerance_angstrom is {distance_tolerance_angstrom}, expected 0 or more")
    parts: list[GraphCollection] = []
    reasons: dict[int, str] = {}
    n_done = 0
    for chunk in chunks:
        graphs, chunk_reasons = _build_chunk(
            chunk,
            cutoff_angstrom=cutoff_angstrom,
            distance_tolerance_angstrom=distance_tolerance_angstrom if quotient else None,
        )
        parts.append(graphs)
        reasons |= {n_done + row: reason for row, reason in chunk_reasons.items()}
        n_done += len(chunk)
        if on_progress is not None:
            on_progress(n_done, n_crystal)
    return GraphCollection.concatenate(parts), reasons


def _build_chunk(
    crystals: CrystalArrays, *, cutoff_angstrom: float, distance_tolerance_angstrom: float | None
) -> tuple[GraphCollection, dict[int, str]]:
    """Return the graphs of a few crystals, full ones where there is no tolerance, and the reasons of the rejected."""
    usable, extended, reasons = _bond(crystals, cutoff_angstrom=cutoff_angstrom)

    def build(some: CrystalArrays, bonds: Bonds) -> GraphCollection:
        if distance_tolerance_angstrom is None:
            return full_graphs(some, bonds)
        return quotient_graphs(some, bonds, distance_tolerance_angstrom=distance_tolerance_angstrom)

    if not extended.is_extended.any():
        return build(usable, extended.bonds), reasons
    # In a quotient the order of atoms depends on which other crystals are reduced with it. Apart, those with longer
    # bonds leave the graphs of all others as they are without them, to the last bit.
    groups = [np.flatnonzero(~extended.is_extended), np.flatnonzero(extended.is_extended)]
    parts = [build(usable.take(rows), extended.bonds.take_crystals(usable, rows)) for rows in groups]
    return GraphCollection.concatenate(parts).take(np.argsort(np.concatenate(groups))), reasons


def _bond(crystals: CrystalArrays, *, cutoff_angstrom: float) -> tuple[CrystalArrays, ExtendedBonds, dict[int, str]]:
    """Return the crystals that can be used, their bonds, and the reasons why the others cannot."""
    reasons = find_unusable(crystals)
    rows = _all_but(reasons, len(crystals))
    usable = crystals.take(rows)
    bonds = find_bonds(usable, cutoff_angstrom=cutoff_angstrom)
    overlaps = find_overlaps(usable, bonds.centre, bonds.neighbour, bonds.distance_angstrom)
    extended = add_nearest_shells(usable, bonds, cutoff_angstrom=cutoff_angstrom)
    if misplaced := extended.isolated | overlaps:
        kept = _all_but(misplaced, len(usable))
        reasons |= {int(rows[row]): reason for row, reason in misplaced.items()}
        bonds = extended.bonds.take_crystals(usable, kept)
        usable, extended = usable.take(kept), ExtendedBonds(bonds, extended.is_extended[kept], {})
    return usable, extended, dict(sorted(reasons.items()))


def _all_but(reasons: dict[int, str], n_crystal: int) -> npt.NDArray[np.int64]:
    return np.setdiff1d(np.arange(n_crystal), np.fromiter(reasons, np.int64, len(reasons)))
