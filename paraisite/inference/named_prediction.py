"""Predictions by name, one object for each crystal: what scripts work with."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, SupportsIndex, overload

from pymatgen.core.structure import IStructure, SiteCollection, Structure

from paraisite.data.crystal_arrays import CrystalArrays
from paraisite.data.structure_files.extended_xyz import read_atoms
from paraisite.data.structure_files.pymatgen_documents import check_isotopes
from paraisite.data.structure_files.reading import to_structure
from paraisite.data.validation import NOT_PERIODIC
from paraisite.errors import StructureError
from paraisite.inference.crystals import Crystal
from paraisite.inference.predictions import Predictions
from paraisite.inference.rows import MEMBERS, NEAREST, UNSEEN, build_named_rows

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Prediction:
    """The prediction for one crystal; values that a model does not give are None.

    Attributes:
        formula: Reduced formula; None where there is no structure.
        value: The prediction, in ``unit``.
        lower_50: Lower end of the interval that holds 50 % of new crystals; the others likewise.
        out_of_domain: Share of held-out training crystals that the model is surer of than of this one, 0 to 1.
        out_of_domain_flag: Whether the crystal lies outside the applicability domain.
        unseen_elements: Its elements that are in no training crystal.
        nearest: The nearest training crystals, each with formula, known kappa and distance.
        members: Each member's prediction.
        reason: Why there is no prediction; None where there is one.
    """

    formula: str | None
    value: float | None
    unit: str
    lower_50: float | None
    upper_50: float | None
    lower_80: float | None
    upper_80: float | None
    lower_90: float | None
    upper_90: float | None
    out_of_domain: float | None
    out_of_domain_flag: bool | None
    unseen_elements: tuple[str, ...]
    nearest: tuple[dict[str, Any], ...]
    members: tuple[float, ...]
    reason: str | None

    def to_dict(self) -> dict[str, Any]:
        """Return the fields by name, of types that JSON has."""
        of_fields = dataclasses.asdict(self)
        return {name: list(value) if isinstance(value, tuple) else value for name, value in of_fields.items()}

    def to_dataframe(self) -> "pd.DataFrame":
        """Return a table of one row, see ``PredictionList.to_dataframe``."""
        return PredictionList([self]).to_dataframe()


class PredictionList(list[Prediction]):
    """Predictions of several crystals, in their order.

    Attributes:
        row_index: Of the column of a pandas table that the crystals stood in; None where they stood in none.
    """

    def __init__(self, predictions: Iterable[Prediction] = (), *, row_index: "pd.Index | None" = None) -> None:
        """Keep the predictions, and the rows of a table that they belong to."""
        super().__init__(predictions)
        self.row_index = row_index

    @overload
    def __getitem__(self, place: SupportsIndex) -> Prediction: ...
    @overload
    def __getitem__(self, place: slice) -> "PredictionList": ...
    def __getitem__(self, place: SupportsIndex | slice) -> "Prediction | PredictionList":
        """Return a prediction, or a list of some."""
        if not isinstance(place, slice):
            return super().__getitem__(place)
        of_rows = None if self.row_index is None else self.row_index[place]
        return PredictionList(super().__getitem__(place), row_index=of_rows)

    def to_dict(self) -> list[dict[str, Any]]:
        """Return each prediction's fields by name."""
        return [one.to_dict() for one in self]

    def to_dataframe(self) -> "pd.DataFrame":
        """Return one row per crystal, the fields as columns; of a column of a table, with the index of that table.

        Numbers that a model does not give are NaN; texts, as the reason of a crystal that has a prediction, None.
        """
        import pandas as pd

        names = [field.name for field in dataclasses.fields(Prediction)]
        table = pd.DataFrame(self.to_dict(), index=self.row_index, columns=names)
        numbers = [field.name for field in dataclasses.fields(Prediction) if field.type == float | None]
        texts = {name: table[name].astype(object).where(table[name].notna(), None) for name in ("formula", "reason")}
        return table.astype(dict.fromkeys(numbers, "float64")).assign(**texts)


def is_one_crystal(crystals: object) -> bool:
    """Return whether this is one crystal, not several, or in the place of one what can be no list of crystals.

    A structure of pymatgen and ASE's atoms have a length; so have the name of a file, a dictionary and a table, whose
    items say nothing of what is wrong.
    """
    alone = (SiteCollection, str, bytes, Mapping)
    return (
        isinstance(crystals, alone)
        or _is_of(crystals, package="ase", name="Atoms")
        or _is_of(crystals, package="pandas", name="DataFrame")
        or not isinstance(crystals, Iterable)
    )


def find_row_index(crystals: object) -> "pd.Index | None":
    """Return the index of a column of a pandas table; None for what is none."""
    return getattr(crystals, "index", None) if _is_of(crystals, package="pandas", name="Series") else None


def list_structures(crystals: Iterable[object]) -> list[Structure | str]:
    """Return crystals as pymatgen knows them; of what is none, the reason.

    Args:
        crystals: pymatgen's structures and ASE's atoms.
    """
    return [to_structure_or_reason(crystal) for crystal in crystals]


def name_predictions(
    structures: Sequence[Structure | str], predictions: Predictions, *, row_index: "pd.Index | None" = None
) -> PredictionList:
    """Return the predictions of structures, or of reasons why there is none, by name; see ``find_row_index``."""
    rows = build_named_rows([Crystal("", structure) for structure in structures], predictions)
    names = [field.name for field in dataclasses.fields(Prediction)]
    return PredictionList((_name_row({name: row[name] for name in names}) for row in rows), row_index=row_index)


def _name_row(values: dict[str, Any]) -> Prediction:
    tuples = {name: tuple(values[name] or ()) for name in (UNSEEN, NEAREST, MEMBERS)}
    return Prediction(**(values | tuples))


def to_structure_or_reason(crystal: object) -> Structure | str:
    """Return a crystal as pymatgen knows it; of what is none, the reason."""
    if isinstance(crystal, IStructure):
        return _check_sites(crystal if isinstance(crystal, Structure) else Structure.from_sites(crystal.sites))
    if _is_of(crystal, package="ase", name="Atoms"):
        return to_structure(read_atoms(crystal))
    found = f"not a crystal: found {type(crystal).__name__}, expected pymatgen's Structure or ASE's Atoms"
    if isinstance(crystal, str | PurePath):
        return f"{found}; Structure.from_file reads a file"
    if _is_of(crystal, package="pandas", name="DataFrame"):
        return f"{found}; its column of these can be given"
    return found


def _check_sites(structure: Structure) -> Structure | str:
    """Return a structure if it is periodic and its sites' properties make no isotopes of its atoms, else the reason."""
    if not all(structure.lattice.pbc):
        return NOT_PERIODIC
    properties = [site.properties for site in structure]
    try:
        if any(properties):
            check_isotopes(CrystalArrays.from_structures([structure]).atomic_number, properties)
    except StructureError as error:
        return str(error)
    return structure


def _is_of(crystal: object, *, package: str, name: str) -> bool:
    """Return whether this is of a class of a package, without importing that, which whoever has one has done."""
    return any(cls.__module__.partition(".")[0] == package and cls.__name__ == name for cls in type(crystal).__mro__)
