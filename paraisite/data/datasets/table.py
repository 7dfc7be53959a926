"""The validated data set: one row and one structure per material, and the rows that were refused."""

import dataclasses
import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pymatgen.core.structure import Structure

from paraisite.arrays import Floats
from paraisite.core.parquet_files import COMPACT
from paraisite.data.crystal_arrays import CrystalArrays
from paraisite.data.datasets.label_selection import compute_sample_weights
from paraisite.data.datasets.mix import mix_records
from paraisite.data.record import Record, Rejection, check_kappa
from paraisite.data.reduced_formulas import reduce_formulas
from paraisite.data.snapshot import MATERIALS_FILE, REJECTED_FILE
from paraisite.data.structure_columns import append_structure_columns, element_symbols, read_structure_columns
from paraisite.data.validation import find_unusable
from paraisite.errors import DataError, MissingInputError
from paraisite.schema import (
    BENCHMARK_SPLIT,
    FORMULA,
    KAPPA,
    MATERIAL_ID,
    PROTOTYPE,
    REASON,
    SELECTED_BY_LABEL,
    SOURCE,
    SPACE_GROUP,
)

COLUMN_TYPES: Final = {MATERIAL_ID: "str", FORMULA: "str", PROTOTYPE: "str", KAPPA: "float64", SOURCE: "str"}
OPTIONAL_TYPES: Final = {SPACE_GROUP: "int64", BENCHMARK_SPLIT: "str", SELECTED_BY_LABEL: "bool"}
"""Columns that a table has only where some material has a value."""

REJECTED_TYPES: Final = {MATERIAL_ID: "str", REASON: "str"}

CARD_FILE: Final = "dataset.json"

JOINED: Final = "-with-"
"""Between the names of data sets that were joined."""

# Steps of the digest: far finer than any published figure, far coarser than a platform's last bit of sine and cosine.
DIGEST_STEPS_PER_UNIT: Final = 1e8


@dataclass(frozen=True, eq=False)
class Dataset:
    """Materials with their targets.

    Attributes:
        name: Short name, e.g. "togo15".
        table: One row per material: material_id, formula (reduced), prototype (missing where unknown),
            kappa_w_per_m_k, source; those of ``OPTIONAL_TYPES`` where the source tells them.
        structures: Structure of each row, same order.
        rejected: Rows that were refused: material_id, reason.
        digest: SHA-256, hexadecimal, over ids, structures and values in this order; not over name and rejections.
    """

    name: str
    table: pd.DataFrame
    structures: tuple[Structure, ...]
    rejected: pd.DataFrame
    digest: str

    def __len__(self) -> int:
        """Return the number of materials."""
        return len(self.structures)

    @property
    def structures_digest(self) -> str:
        """SHA-256, hexadecimal, over ids and structures: what describes the materials, whatever their values."""
        return _digest(self.table.assign(**{KAPPA: 1.0}), self.structures)

    @property
    def selected_by_label(self) -> npt.NDArray[np.bool_]:
        """Which materials are there because of their label, bool [n_row]: see ``label_selection``."""
        if SELECTED_BY_LABEL not in self.table:
            return np.zeros(len(self), np.bool_)
        return self.table[SELECTED_BY_LABEL].to_numpy(np.bool_)

    @property
    def selected_or_none(self) -> npt.NDArray[np.bool_] | None:
        """The same, or None where none is."""
        return self.selected_by_label if self.selected_by_label.any() else None

    @property
    def sample_weights(self) -> Floats:
        """Weights with which labels are distributed as without a selection by label, [n_row]; 1 where there is none.

        They are those of a fit to all rows; a fit to some of them has its own (``compute_sample_weights``).
        """
        return compute_sample_weights(self.table[KAPPA].to_numpy(np.float64), self.selected_by_label)

    def take(self, rows: Sequence[int] | npt.NDArray[Any]) -> Self:
        """Return the data set of these rows (numbers or a mask), in this order; the rejections stay as they are.

        Raises:
            DataError: A row is named twice or no row is named.
        """
        numbers = np.arange(len(self))[np.asarray(rows)]
        if len(np.unique(numbers)) != len(numbers) or len(numbers) == 0:
            raise DataError(f"{self.name}: expected at least one row and none twice, found {len(numbers)} row numbers")
        table = self.table.iloc[numbers].reset_index(drop=True)
        structures = tuple(self.structures[row] for row in numbers)
        return type(self)(self.name, table, structures, self.rejected, _digest(table, structures))

    def without(self, reasons: Mapping[int, str]) -> Self:
        """Return the data set without some rows, which join the rejected ones.

        Args:
            reasons: Why a row is left out, by its number.
        """
        rows = sorted(reasons)
        rejected = pd.DataFrame(
            {MATERIAL_ID: self.table[MATERIAL_ID].iloc[rows].to_list(), REASON: [reasons[row] for row in rows]}
        ).astype(REJECTED_TYPES)
        kept = self.take(np.setdiff1d(np.arange(len(self)), rows))
        return dataclasses.replace(kept, rejected=pd.concat([self.rejected, rejected], ignore_index=True))

    def join(self, other: "Dataset") -> Self:
        """Return the data set of this one's rows and then another's; ids that both have get the other's name behind.

        A material that both hold stays twice, as in ``accurate``: both rows share their formula.

        Args:
            other: The further rows.
        """
        shared = set(self.table[MATERIAL_ID])
        further = other.table.assign(
            **{MATERIAL_ID: [f"{row} ({other.name})" if row in shared else row for row in other.table[MATERIAL_ID]]}
        )
        table = pd.concat([self.table, further], ignore_index=True)
        absent = {SPACE_GROUP: 0, SELECTED_BY_LABEL: False}
        table = table.fillna({column: value for column, value in absent.items() if column in table})
        told = {column: kind for column, kind in OPTIONAL_TYPES.items() if column in table}
        table, structures = table.astype(COLUMN_TYPES | told), self.structures + other.structures
        rejected = pd.concat([self.rejected, other.rejected], ignore_index=True)
        name = f"{self.name}{JOINED}{other.name}"
        return type(self)(name, table, structures, rejected, _digest(table, structures))

    def replace_kappa(self, rows: npt.NDArray[np.bool_], kappa_w_per_m_k: Floats) -> Self:
        """Return the data set with other values in some rows.

        Args:
            rows: Which, [n_row].
            kappa_w_per_m_k: Their values, positive, W/m/K, in order.
        """
        table = self.table.copy()
        table.loc[rows, KAPPA] = kappa_w_per_m_k
        return dataclasses.replace(self, table=table, digest=_digest(table, self.structures))

    def scale_volumes(self, factor: float) -> Self:
        """Return the data set with all crystals larger or smaller, their shapes and values as they are.

        Args:
            factor: New volumes over old ones.
        """
        structures = tuple(structure.copy().scale_lattice(factor * structure.volume) for structure in self.structures)
        return dataclasses.replace(self, structures=structures, digest=_digest(self.table, structures))

    def describe(self) -> str:
        """Return one line for people: size, range of the target, its log statistics (population std), digest."""
        kappa = self.table[KAPPA].to_numpy()
        log10_kappa = np.log10(1.0 + kappa)
        return (
            f"{self.name}: {len(self)} materials, kappa {kappa.min():.3g} to {kappa.max():.4g} W/m/K "
            f"(median {np.median(kappa):.3g}), log10(1 + kappa) mean {log10_kappa.mean():.3f} "
            f"std {log10_kappa.std():.3f}, {len(self.rejected)} rows rejected, digest {self.digest[:12]}"
        )

    def save(self, folder: Path) -> None:
        """Write the data set into ``folder`` (created): two parquet tables and a small JSON card."""
        folder.mkdir(parents=True, exist_ok=True)
        materials = append_structure_columns(pa.Table.from_pandas(self.table, preserve_index=False), self.structures)
        rejected = pa.Table.from_pandas(self.rejected, preserve_index=False)
        pq.write_table(materials, folder / MATERIALS_FILE, **COMPACT)
        pq.write_table(rejected, folder / REJECTED_FILE, **COMPACT)
        card = {"name": self.name, "n_material": len(self), "digest": self.digest}
        (folder / CARD_FILE).write_text(json.dumps(card, indent=2) + "\n")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what ``save`` wrote.

        Raises:
            MissingInputError: A file is absent.
            DataError: A file is damaged, or the content does not have the digest that the card names.
        """
        try:
            card = json.loads((folder / CARD_FILE).read_text())
            materials = pq.read_table(folder / MATERIALS_FILE)
            rejected = pq.read_table(folder / REJECTED_FILE).to_pandas().astype(REJECTED_TYPES)
            present = set(materials.schema.names)
            types = COLUMN_TYPES | {name: kind for name, kind in OPTIONAL_TYPES.items() if name in present}
            table = materials.select(list(types)).to_pandas().astype(types)
            structures = read_structure_columns(materials)
            name, expected = card["name"], card["digest"]
        except FileNotFoundError as error:
            raise MissingInputError(
                f"{error.filename or folder} not found: make it with `dvc repro prepare@NAME`"
            ) from error
        except (OSError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
            raise DataError(f"{folder} holds no readable data set ({error}): make it anew") from error
        digest = _digest(table, structures)
        if digest != expected:
            raise DataError(f"{folder}: content has digest {digest}, {CARD_FILE} names {expected}: make it anew")
        return cls(name, table, structures, rejected, digest)


def build_dataset(name: str, records: Sequence[Record], rejections: Sequence[Rejection] = ()) -> Dataset:
    """Return the data set of these records, in their order.

    Raises:
        DataError: No record at all, an id twice, a crystal that cannot be used, or a target that is not positive.
    """
    if not records:
        reasons = Counter(rejection.reason for rejection in rejections).most_common(1)
        why = f": {len(rejections)} rows were rejected, most often: {reasons[0][0]}" if reasons else ""
        raise DataError(f"{name}: no usable material{why}")
    for row, reason in find_unusable(CrystalArrays.from_structures([record.structure for record in records])).items():
        raise DataError(f"{name}: {records[row].material_id}: {reason}")
    for record in mix_records(records):
        try:
            check_kappa(record.kappa_w_per_m_k)
        except DataError as error:
            raise DataError(f"{name}: {record.material_id}: {error}") from error
    table = _table(records)
    structures = tuple(record.structure for record in records)
    rejected = pd.DataFrame(
        {
            MATERIAL_ID: [rejection.material_id for rejection in rejections],
            REASON: [rejection.reason for rejection in rejections],
        }
    ).astype(REJECTED_TYPES)
    return Dataset(name, table, structures, rejected, _digest(table, structures))


def _table(records: Sequence[Record]) -> pd.DataFrame:
    columns = {
        MATERIAL_ID: [record.material_id for record in records],
        FORMULA: reduce_formulas(record.structure.composition for record in records),
        PROTOTYPE: [record.prototype for record in records],
        KAPPA: [record.kappa_w_per_m_k for record in records],
        SOURCE: [record.source for record in records],
    }
    optional: dict[str, list[Any]] = {
        SPACE_GROUP: [record.space_group or 0 for record in records],
        BENCHMARK_SPLIT: [record.benchmark_split for record in records],
        SELECTED_BY_LABEL: [record.selected_by_label for record in records],
    }
    told = {name: values for name, values in optional.items() if any(values)}
    return pd.DataFrame(columns | told).astype(COLUMN_TYPES | {name: OPTIONAL_TYPES[name] for name in told})


def _digest(table: pd.DataFrame, structures: Sequence[Structure]) -> str:
    """Return the SHA-256 over ids, structures and targets, the same on every platform."""
    sha256 = hashlib.sha256()
    for material_id, kappa, structure in zip(table[MATERIAL_ID], table[KAPPA], structures, strict=True):
        numbers = np.concatenate([structure.lattice.matrix.ravel(), structure.frac_coords.ravel()])
        # Every text is followed by a zero byte, so that no two data sets share one byte stream.
        sha256.update("\0".join([material_id, *element_symbols(structure), ""]).encode())
        sha256.update(np.rint(numbers * DIGEST_STEPS_PER_UNIT).astype("<i8").tobytes())
        sha256.update(np.float64(kappa).astype("<f8").tobytes())
    return sha256.hexdigest()
