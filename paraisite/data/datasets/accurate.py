"""ACCURATE: every accurate conductivity of the project, of Togo15, HH143 and Phonix."""

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from paraisite.data.record import Record
from paraisite.data.sources import half_heusler, phonix, togo15

NAME_OF_SOURCE: Final = {togo15.SOURCE: "togo15", half_heusler.SOURCE: "hh143", phonix.SOURCE: phonix.NAME}
"""The data set that a row is of, by what its column ``source`` holds."""


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
