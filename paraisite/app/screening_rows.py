"""The rows of a finished screening for the page: read, filtered, and a crystal of them."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds

from paraisite.active_learning.screened_rows import ScreenedRows
from paraisite.artifacts.screenings import source_of_screening
from paraisite.artifacts.structure_sources import find_source
from paraisite.core.csv_tables import format_csv
from paraisite.errors import DataError
from paraisite.schema import (
    FORMER_SCREENING_COLUMNS,
    FORMULA,
    KAPPA_LOG10_STD,
    KAPPA_MEAN,
    MATERIAL_ID,
    OUT_OF_DOMAIN_FLAG,
    PREDICTED_KAPPA,
    REASON,
    ROW,
    interval_columns,
    present_names,
)
from paraisite.screening.output import ScreeningFolder

MAX_ROWS: Final = 500_000
"""What is read at most, from the first row on; ``paraisite select`` takes all."""

FACTOR: Final = "interval_factor"
"""Column: half the width of the 80 % interval as a factor; where there are no intervals, of one standard deviation."""

ELEMENTS: Final = "elements"
_KEPT: Final = (
    ROW, MATERIAL_ID, FORMULA, PREDICTED_KAPPA, KAPPA_MEAN, KAPPA_LOG10_STD, *interval_columns(0.8),
    *interval_columns(0.9), OUT_OF_DOMAIN_FLAG, REASON,
)  # fmt: skip
_SYMBOL: Final = re.compile(r"[A-Z][a-z]?")


@dataclass(frozen=True)
class RowFilter:
    """What rows have to meet.

    Attributes:
        kappa: Lowest and highest prediction, W/m/K.
        factor: Widest interval, as ``FACTOR`` says.
        with_elements: Elements of which a crystal has all.
        without_elements: Elements of which it has none.
        in_domain: Whether it has to be in the applicability domain.
    """

    kappa: tuple[float, float]
    factor: float
    with_elements: Collection[str] = ()
    without_elements: Collection[str] = ()
    in_domain: bool = False

    def apply(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Return the rows that meet it, in their order."""
        kappa = rows[PREDICTED_KAPPA]
        # Ends of a slider are rounded: what lies on one is inside.
        kept = (kappa >= 0.999 * self.kappa[0]) & (kappa <= 1.001 * self.kappa[1])
        kept &= rows[FACTOR].isna() | (rows[FACTOR] <= 1.001 * self.factor)
        wanted, unwanted = set(self.with_elements), set(self.without_elements)
        if wanted or unwanted:
            held = [wanted <= elements and not unwanted & elements for elements in rows[ELEMENTS]]
            kept &= np.array(held, np.bool_)
        if self.in_domain and OUT_OF_DOMAIN_FLAG in rows:
            kept &= ~rows[OUT_OF_DOMAIN_FLAG].astype(bool)
        return rows[kept]


@dataclass(frozen=True, eq=False)
class ScreeningResult:
    """A finished screening.

    Attributes:
        rows: Those with a prediction, at most ``MAX_ROWS``, with ``FACTOR`` and ``ELEMENTS``.
        n_row: All rows.
        n_without: Rows without a prediction among those that were read.
    """

    rows: pd.DataFrame
    n_row: int
    n_without: int

    @property
    def elements(self) -> list[str]:
        """Elements of the rows, by their symbols."""
        return sorted(set().union(*self.rows[ELEMENTS]))


def read_screening(folder: Path) -> ScreeningResult:
    """Read a finished screening.

    Raises:
        MissingInputError: There is none.
        DataError: It is damaged, or no screening of conductivities.
    """
    ScreeningFolder(folder).require_complete()
    try:
        data = ds.dataset([str(file) for file in ScreeningFolder(folder).list_parts()])
        renamed = present_names(data.schema.names, FORMER_SCREENING_COLUMNS)
        names = [name for name in data.schema.names if renamed.get(name, name) in _KEPT]
        n_row = data.count_rows()
        table = data.head(MAX_ROWS, columns=names).to_pandas().rename(columns=renamed)
    except (OSError, ValueError, pa.ArrowException) as error:
        raise DataError(f"{folder} is damaged ({error}): start the screening again") from error
    if not {ROW, FORMULA, MATERIAL_ID, PREDICTED_KAPPA, REASON} <= set(table):
        raise DataError(f"{folder} is no screening of conductivities: it has the columns {', '.join(table)}")
    rows = table[table[REASON].isna()].drop(columns=REASON).reset_index(drop=True)
    return ScreeningResult(_describe(rows), n_row, len(table) - len(rows))


def open_screened_rows(folder: Path) -> ScreenedRows:
    """Return a screening with what was screened, from which its crystals are read.

    Raises:
        ParaisiteError: What was screened is not here, or has changed since.
    """
    return ScreenedRows.open(folder, find_source(source_of_screening(folder)))


def _describe(rows: pd.DataFrame) -> pd.DataFrame:
    low, high = interval_columns(0.8)
    if {low, high} <= set(rows):
        factor = np.sqrt(rows[high].to_numpy() / rows[low].to_numpy())
    elif KAPPA_LOG10_STD in rows:
        factor = np.power(10.0, rows[KAPPA_LOG10_STD].to_numpy())
    else:
        factor = np.full(len(rows), np.nan)
    sets = {formula: frozenset(_SYMBOL.findall(formula)) for formula in rows[FORMULA].unique()}
    rows[FACTOR] = factor
    rows[ELEMENTS] = rows[FORMULA].map(sets)
    return rows


def format_candidates(rows: pd.DataFrame) -> str:
    """Return rows as CSV, the lowest prediction first."""
    ordered = rows.drop(columns=[ELEMENTS]).sort_values(PREDICTED_KAPPA, kind="stable")
    return format_csv(ordered, float_format="%.6g")
