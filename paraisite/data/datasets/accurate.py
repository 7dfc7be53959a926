"""ACCURATE: every accurate conductivity of the project, of Togo15, HH143 and Phonix; beside them labels of our own."""

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from paraisite.arrays import Bools
from paraisite.data.crystal_kinds import LABEL_OF_TYPE
from paraisite.data.datasets.table import Dataset
from paraisite.data.record import Record, Rejection
from paraisite.data.sources import half_heusler, lab_tables, phonix, togo15
from paraisite.data.sources.lab_tables import KAPPA_TIER
from paraisite.data.structure_types import ROCKSALT, WURTZITE, ZINCBLENDE
from paraisite.schema import PROTOTYPE, SOURCE

_LEFT_OUT_TYPES: Final = (*(LABEL_OF_TYPE[name] for name in (ROCKSALT, ZINCBLENDE, WURTZITE)), "A_cF8_227_a")
"""Structure types whose labels do not train: Togo15's, and diamond, which is zinc blende of one element. With these
labels predictions of such crystals are worse: of Togo15, and of silicon and germanium."""

NAME_OF_SOURCE: Final = {
    togo15.SOURCE: "togo15",
    half_heusler.SOURCE: "hh143",
    phonix.SOURCE: phonix.NAME,
    lab_tables.SOURCES[KAPPA_TIER]: KAPPA_TIER,
}
"""The data set that a row is of, by what its column ``source`` holds."""

_VOLUME_UNDER_POTENTIAL: Final = 1.0144
"""Of crystals under Nequix-MP-PFT, trained on PBE, in volumes of accurate rows: the median of 327 crystals of Togo15
(alone 1.030), HH143 and Phonix (1.009 each). Labels are corrected to accurate conductivities, and described likewise.
"""


def join_sources(sources: Mapping[str, Sequence[Record]]) -> list[Record]:
    """Return all records, in order; ids of materials that several sources hold get the source's name behind.

    A material that two sources have computed keeps both values: they differ by what differs between the calculations,
    and both rows share their formula, so that no split by formula has one of them on each side.

    Args:
        sources: Records by the source's name; ids of a source are unique.
    """
    n_source = Counter(record.material_id for records in sources.values() for record in records)
    return [
        dataclasses.replace(record, material_id=f"{record.material_id} ({name})")
        if n_source[record.material_id] > 1
        else record
        for name, records in sources.items()
        for record in records
    ]


def refuse_noble_gases(records: Sequence[Record]) -> tuple[list[Record], list[Rejection]]:
    """Return the records that are no crystal of a noble gas, and those that are, with the reason.

    Phonix marks four of them as doubtful and passes over krypton, to which it gives 22 W/m/K: trained on, it made
    16 W/m/K of argon's crystal.
    """
    kept, refused = [], []
    for record in records:
        elements = record.structure.composition.elements
        if len(elements) == 1 and elements[0].is_noble_gas:
            reason = "doubtful value: a crystal of a noble gas, which melts far below 300 K"
            refused.append(Rejection(record.material_id, reason))
        else:
            kept.append(record)
    return kept, refused


def join_labels(accurate: Dataset, labels: Dataset) -> Dataset:
    """Return accurate rows, then labels of our own, of kinds of crystals that accurate rows lack.

    Labels of ``_LEFT_OUT_TYPES`` are left out.

    Args:
        accurate: Accurate rows.
        labels: Of tier ``kappa``: conductivities corrected to PBEsol, crystals as large as under the potential.
    """
    further = labels.take(np.flatnonzero(~labels.table[PROTOTYPE].isin(_LEFT_OUT_TYPES)))
    return accurate.join(further.scale_volumes(1.0 / _VOLUME_UNDER_POTENTIAL))


def mark_labels(dataset: Dataset) -> Bools:
    """Return which rows are labels of our own, [n_row]."""
    return np.asarray(dataset.table[SOURCE] == lab_tables.SOURCES[KAPPA_TIER], np.bool_)


def mark_rows_that_only_train(dataset: Dataset) -> Bools:
    """Return which rows train only, so that no error is measured on them, [n_row].

    They are those that were selected by their label, and labels of our own where there are other rows.
    """
    is_label = mark_labels(dataset)
    return dataset.selected_by_label | (is_label & (not is_label.all()))
