"""A user's values of elements, as prices or toxicities, and a crystal's values from them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import numpy as np
import pandas as pd
from pymatgen.core.composition import Composition

from paraisite.data.validation import ELEMENTS
from paraisite.errors import DataError, MissingInputError

ELEMENT: Final = "element"
HIGHEST: Final = "highest"
BY_MASS: Final = "by_mass"
"""Endings of a crystal's columns: the highest value of its elements, and their mean weighted by mass."""


@dataclass(frozen=True, eq=False)
class ElementValues:
    """Numbers that are known of elements.

    Attributes:
        of_column: By the name of a column, each element's value.
    """

    of_column: Mapping[str, Mapping[str, float]]

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a CSV table with a column ``element`` and others that hold numbers; an empty cell is not known.

        Raises:
            MissingInputError: There is no such file.
            DataError: It is no such table, names an element twice, or something that is none.
        """
        if not path.is_file():
            raise MissingInputError(f"{path} not found: expected a CSV table with a column {ELEMENT!r} and numbers")
        try:
            table = pd.read_csv(path, keep_default_na=False, na_values=[""], dtype={ELEMENT: str})  # "NA" is no gap
            elements = table[ELEMENT].str.strip()
            numbers = table.drop(columns=ELEMENT).apply(pd.to_numeric)
        except (KeyError, ValueError, TypeError) as error:
            raise DataError(f"{path}: expected a column {ELEMENT!r} and columns of numbers ({error})") from error
        if unknown := sorted(set(elements.dropna()) - ELEMENTS):
            raise DataError(f"{path}: {unknown[0]!r} is no element")
        if elements.isna().any() or elements.duplicated().any():
            raise DataError(f"{path}: expected each element once, found {elements[elements.duplicated()].tolist()}")
        by_element = numbers.set_index(elements)
        return cls({str(name): column.dropna().astype(float).to_dict() for name, column in by_element.items()})

    @property
    def names(self) -> tuple[str, ...]:
        """Columns that a crystal gets: NAME_highest and NAME_by_mass for each column of the file."""
        return tuple(f"{name}_{ending}" for name in self.of_column for ending in (HIGHEST, BY_MASS))

    def compute_columns(self, formula: str) -> dict[str, float]:
        """Return a crystal's columns; NaN where the value of one of its elements is not known."""
        composition = Composition(formula)
        symbols = [element.symbol for element in composition.elements]
        weight = np.array([composition.get_wt_fraction(symbol) for symbol in symbols])
        columns: dict[str, float] = {}
        for name, known in self.of_column.items():
            values = np.array([known.get(symbol, np.nan) for symbol in symbols])
            columns |= {f"{name}_{HIGHEST}": float(values.max()), f"{name}_{BY_MASS}": float(weight @ values)}
        return columns
