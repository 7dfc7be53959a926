"""Crystal graphs as flat arrays: one crystal, and many crystals one after another."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Final, Self

import numpy as np
import numpy.typing as npt
import safetensors
import safetensors.numpy

from paraisite.arrays import offsets, ragged_arange
from paraisite.core.files import content_sha256, write_whole
from paraisite.errors import DataError

FORMAT_VERSION: Final = 1
"""Of the saved file, and of what its numbers mean: raise it when graphs of the same crystals change."""

_VERSION_KEY: Final = "format_version"
_DIGEST_KEY: Final = "sha256"
_METADATA_KEY: Final = "paraisite_graphs"


@dataclass(frozen=True, eq=False)
class CrystalGraph:
    """One crystal's graph, or its quotient.

    Attributes:
        atomic_number: int32 [n_atom].
        atom_multiplicity: float32 [n_atom], atoms of the cell that this one stands for; 1 in a full graph.
        bond_centre: int32 [n_bond], index of the atom that receives the bond; ascending.
        bond_neighbour: int32 [n_bond], index of the atom at the bond's other end.
        bond_distance_angstrom: float32 [n_bond], Å.
        bond_multiplicity: float32 [n_bond], bonds of this class per centre atom; 1 in a full graph.
    """

    atomic_number: npt.NDArray[np.int32]
    atom_multiplicity: npt.NDArray[np.float32]
    bond_centre: npt.NDArray[np.int32]
    bond_neighbour: npt.NDArray[np.int32]
    bond_distance_angstrom: npt.NDArray[np.float32]
    bond_multiplicity: npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class GraphCollection:
    """The graphs of many crystals, concatenated.

    Attributes:
        n_atom: int32 [n_crystal].
        n_bond: int32 [n_crystal].
        atomic_number: int32 [sum of n_atom].
        atom_multiplicity: float32 [sum of n_atom], atoms of the cell that this one stands for; 1 in a full graph.
        bond_centre: int32 [sum of n_bond], index within the crystal; ascending within each crystal.
        bond_neighbour: int32 [sum of n_bond], index within the crystal.
        bond_distance_angstrom: float32 [sum of n_bond], Å.
        bond_multiplicity: float32 [sum of n_bond], bonds of this class per centre atom; 1 in a full graph.
    """

    n_atom: npt.NDArray[np.int32]
    n_bond: npt.NDArray[np.int32]
    atomic_number: npt.NDArray[np.int32]
    atom_multiplicity: npt.NDArray[np.float32]
    bond_centre: npt.NDArray[np.int32]
    bond_neighbour: npt.NDArray[np.int32]
    bond_distance_angstrom: npt.NDArray[np.float32]
    bond_multiplicity: npt.NDArray[np.float32]

    def __len__(self) -> int:
        """Return the number of crystals."""
        return len(self.n_atom)

    def __getitem__(self, row: int) -> CrystalGraph:
        """Return one crystal's graph."""
        row = range(len(self))[row]
        atoms = slice(self.atom_offset[row], self.atom_offset[row + 1])
        bonds = slice(self.bond_offset[row], self.bond_offset[row + 1])
        return CrystalGraph(
            **{field.name: getattr(self, field.name)[atoms] for field in _ATOM_FIELDS},
            **{field.name: getattr(self, field.name)[bonds] for field in _BOND_FIELDS},
        )

    def __iter__(self) -> Iterator[CrystalGraph]:
        """Yield every crystal's graph."""
        return (self[row] for row in range(len(self)))

    @cached_property
    def sizes(self) -> npt.NDArray[np.int64]:
        """Atoms and bonds of each crystal, int64 [n_crystal, 2]."""
        return np.stack([self.n_atom, self.n_bond], axis=1).astype(np.int64)

    @cached_property
    def atom_offset(self) -> npt.NDArray[np.int64]:
        """Where each crystal's atoms start, and the total: int64 [n_crystal + 1]."""
        return offsets(self.n_atom)

    @cached_property
    def bond_offset(self) -> npt.NDArray[np.int64]:
        """Where each crystal's bonds start, and the total: int64 [n_crystal + 1]."""
        return offsets(self.n_bond)

    def take(self, rows: npt.ArrayLike) -> Self:
        """Return the collection of these crystals, in this order; rows may repeat."""
        index = np.atleast_1d(np.asarray(rows))
        chosen = np.arange(len(self))[index if index.size else index.astype(np.int64)]
        n_atom, n_bond = self.n_atom[chosen], self.n_bond[chosen]
        atoms = ragged_arange(self.atom_offset[chosen], n_atom)
        bonds = ragged_arange(self.bond_offset[chosen], n_bond)
        return type(self)(
            n_atom=n_atom,
            n_bond=n_bond,
            **{field.name: getattr(self, field.name)[atoms] for field in _ATOM_FIELDS},
            **{field.name: getattr(self, field.name)[bonds] for field in _BOND_FIELDS},
        )

    @classmethod
    def concatenate(cls, parts: Sequence[Self]) -> Self:
        """Return one collection of all the parts' crystals."""
        if not parts:
            return cls(**{name: np.zeros(0, dtype) for name, dtype in _DTYPES.items()})  # type: ignore[arg-type]
        return cls(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in _DTYPES})

    def save(self, path: Path, *, metadata: Mapping[str, str] | None = None) -> None:
        """Write a safetensors file, with free texts beside the arrays; a reader never sees half of it.

        Raises:
            OSError: The file cannot be written.
        """
        arrays = {name: getattr(self, name) for name in _DTYPES}
        texts = {_VERSION_KEY: str(FORMAT_VERSION), **(metadata or {})}
        # One text only: safetensors writes several in random order, and equal graphs should be equal files.
        sealed = json.dumps({**texts, _DIGEST_KEY: content_sha256(arrays, texts)}, sort_keys=True)
        content = safetensors.numpy.save(arrays, {_METADATA_KEY: sealed})
        write_whole(path, content)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote.

        Raises:
            DataError: The file is damaged, incomplete or of another format version.
            FileNotFoundError: There is no such file.
        """
        return cls.load_with_metadata(path)[0]

    @classmethod
    def load_with_metadata(cls, path: Path) -> tuple[Self, dict[str, str]]:
        """Read what `save` wrote, with the texts; raises as `load` does."""
        try:
            with safetensors.safe_open(path, framework="numpy") as file:
                texts = json.loads((file.metadata() or {})[_METADATA_KEY])
                arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        except FileNotFoundError:
            raise
        except (OSError, safetensors.SafetensorError, KeyError, json.JSONDecodeError) as error:
            raise DataError(f"{path} is not a saved collection of graphs, or is damaged: {error}") from error
        digest, version = texts.pop(_DIGEST_KEY, ""), texts.pop(_VERSION_KEY, "")
        if digest != content_sha256(arrays, {_VERSION_KEY: version, **texts}):
            raise DataError(f"{path} is not a saved collection of graphs, or is damaged: its digest does not match")
        if version != str(FORMAT_VERSION) or set(arrays) != set(_DTYPES):
            raise DataError(f"{path} has format version {version}, expected {FORMAT_VERSION}")
        return cls(**arrays), texts


_ATOM_FIELDS: Final = tuple(field for field in fields(CrystalGraph) if field.name.startswith("atom"))
_BOND_FIELDS: Final = tuple(field for field in fields(CrystalGraph) if field.name.startswith("bond"))
_FLOAT_FIELDS: Final = ("atom_multiplicity", "bond_distance_angstrom", "bond_multiplicity")
_DTYPES: Final = {
    field.name: np.dtype(np.float32 if field.name in _FLOAT_FIELDS else np.int32) for field in fields(GraphCollection)
}
