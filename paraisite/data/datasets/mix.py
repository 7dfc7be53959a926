"""MIX: the union of Togo15 and HH143."""

from collections.abc import Sequence

from paraisite.data.record import Record
from paraisite.errors import DataError


def mix_records(*parts: Sequence[Record]) -> list[Record]:
    """Return the records of all parts, in order.

    A clash of ids is an error even between equal rows: one material twice could be trained on and tested on, and
    choosing between two values is not for the program.

    Raises:
        DataError: Two records have the same id.
    """
    records: dict[str, Record] = {}
    for record in (record for part in parts for record in part):
        if (other := records.get(record.material_id)) is not None:
            raise DataError(
                f"{record.material_id} occurs twice: {other.kappa_w_per_m_k} W/m/K from {other.source} and "
                f"{record.kappa_w_per_m_k} W/m/K from {record.source}; expected unique ids"
            )
        records[record.material_id] = record
    return list(records.values())
