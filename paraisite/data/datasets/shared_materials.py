"""Which materials two data sets share, and what one holds twice: the same formula, and among those the same structure.

Structures are compared by pymatgen's ``StructureMatcher`` with its default tolerances and *with* volume scaling: a
compound at another lattice constant (of another functional, potential or temperature) carries the same information.
The ratio of the volumes stands beside each match. Only materials of one reduced formula are compared, so that thousands
of rows take seconds; structure types without regard to the elements are not compared at all.
"""

from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from pymatgen.analysis.structure_matcher import StructureMatcher
from pymatgen.core.structure import Structure

from paraisite.data.datasets.table import Dataset
from paraisite.schema import FORMULA, KAPPA, MATERIAL_ID, ROW

STRUCTURE: Final = "same structure"
POLYMORPH: Final = "polymorph"
NOTHING: Final = "nothing shared"
RELATIONS: Final = (STRUCTURE, POLYMORPH, NOTHING)
"""What a material can share with others, the closest first."""

# Columns of a table of pairs.
OTHER_ROW: Final = "other_row"
RELATION: Final = "relation"
LOG10_RATIO: Final = "log10_ratio_dex"
VOLUME_RATIO: Final = "volume_ratio"

# Columns of a count.
N_ROW: Final = "n_row"
N_TOTAL: Final = "n_total"
N_PAIR: Final = "n_pair"
MEDIAN_LOG10_RATIO: Final = "median_log10_ratio_dex"
MEDIAN_DISTANCE: Final = "median_abs_log10_ratio_dex"

_MATCHER: Final = StructureMatcher(scale=True)


def find_pairs_between(dataset: Dataset, other: Dataset) -> pd.DataFrame:
    """Return all pairs of a material of one data set and one of the other that have the same reduced formula.

    Returns:
        Columns row (of ``dataset``), other_row (of ``other``), formula, relation (``STRUCTURE`` or ``POLYMORPH``),
        log10_ratio_dex (log10 of kappa over the other's kappa), volume_ratio (of the volumes per atom).
    """
    return _compare_pairs(_number_rows(dataset, ROW).merge(_number_rows(other, OTHER_ROW), on=FORMULA), dataset, other)


def find_pairs_within(dataset: Dataset) -> pd.DataFrame:
    """Return all pairs of different materials of a data set that have the same reduced formula, in either order.

    Returns:
        Columns as ``find_pairs_between`` has them; ``STRUCTURE`` pairs are duplicates.
    """
    pairs = _number_rows(dataset, ROW).merge(_number_rows(dataset, OTHER_ROW), on=FORMULA)
    once = _compare_pairs(pairs[pairs[ROW] < pairs[OTHER_ROW]], dataset, dataset)
    turned = once.rename(columns={ROW: OTHER_ROW, OTHER_ROW: ROW})
    turned[LOG10_RATIO], turned[VOLUME_RATIO] = -turned[LOG10_RATIO], 1.0 / turned[VOLUME_RATIO]
    return pd.concat([once, turned[once.columns]]).sort_values([ROW, OTHER_ROW], ignore_index=True)


def find_closest_relations(pairs: pd.DataFrame, n_row: int) -> npt.NDArray[np.str_]:
    """Return the closest relation of each row of a data set to the other rows of its pairs, [n_row].

    Args:
        pairs: Of the data set's rows; those with some of the other rows, e.g. a split's training rows.
        n_row: Rows of the data set.
    """
    relations = np.full(n_row, NOTHING, dtype=f"U{max(map(len, RELATIONS))}")
    for relation in (POLYMORPH, STRUCTURE):
        relations[pairs.loc[pairs[RELATION] == relation, ROW].to_numpy(np.int64)] = relation
    return relations


def count_relations(pairs: pd.DataFrame, n_row: int) -> pd.DataFrame:
    """Return how many rows of a data set have each relation as their closest, and how far the values are apart.

    Args:
        pairs: Of the data set's rows.
        n_row: Rows of the data set.

    Returns:
        Index relation, in the order of ``RELATIONS``; columns n_row, n_total (of the data set), n_pair, and of the
        pairs the medians of log10_ratio and of its absolute value, dex (NaN without pairs).
    """
    relations = find_closest_relations(pairs, n_row)
    lines = []
    for relation in RELATIONS:
        ratios = pairs.loc[pairs[RELATION] == relation, LOG10_RATIO]
        lines.append(
            {
                RELATION: relation,
                N_ROW: int(np.sum(relations == relation)),
                N_TOTAL: n_row,
                N_PAIR: len(ratios),
                MEDIAN_LOG10_RATIO: ratios.median(),
                MEDIAN_DISTANCE: ratios.abs().median(),
            }
        )
    return pd.DataFrame(lines).set_index(RELATION)


def name_pair_materials(pairs: pd.DataFrame, dataset: Dataset, other: Dataset) -> pd.DataFrame:
    """Return pairs with the names of the data sets and the materials' ids in place of row numbers."""
    named = {
        "dataset": dataset.name,
        MATERIAL_ID: dataset.table[MATERIAL_ID].to_numpy()[pairs[ROW]],
        "other_dataset": other.name,
        f"other_{MATERIAL_ID}": other.table[MATERIAL_ID].to_numpy()[pairs[OTHER_ROW]],
    }
    return pd.DataFrame(named).join(pairs.drop(columns=[ROW, OTHER_ROW]).reset_index(drop=True))


def _number_rows(dataset: Dataset, name: str) -> pd.DataFrame:
    """Return formula and number of each row."""
    return dataset.table[[FORMULA]].assign(**{name: np.arange(len(dataset))})


def _compare_pairs(pairs: pd.DataFrame, dataset: Dataset, other: Dataset) -> pd.DataFrame:
    """Return pairs of one formula with their relation, and with the ratios of their values and volumes."""
    rows, other_rows = (pairs[name].to_numpy(np.int64) for name in (ROW, OTHER_ROW))
    cells, other_cells = _reduced_cells(dataset, rows), _reduced_cells(other, other_rows)
    matched = [_match(cells[row], other_cells[one]) for row, one in zip(rows, other_rows, strict=True)]
    kappa, other_kappa = (each.table[KAPPA].to_numpy(np.float64) for each in (dataset, other))
    volumes, other_volumes = (
        np.array([cells_of[row].volume / len(cells_of[row]) for row in numbers], np.float64)
        for cells_of, numbers in ((cells, rows), (other_cells, other_rows))
    )
    columns = {
        ROW: rows,
        OTHER_ROW: other_rows,
        FORMULA: pairs[FORMULA].to_numpy(),
        RELATION: np.where(np.array(matched, dtype=bool), STRUCTURE, POLYMORPH),
        LOG10_RATIO: np.log10(kappa[rows] / other_kappa[other_rows]),
        VOLUME_RATIO: volumes / other_volumes,
    }
    return pd.DataFrame(columns).sort_values([ROW, OTHER_ROW], ignore_index=True)


def _reduced_cells(dataset: Dataset, rows: npt.NDArray[np.int64]) -> dict[int, Structure]:
    """Return the reduced primitive cell of each of these rows, made once: it costs more than most comparisons."""
    return {
        int(row): dataset.structures[row].get_primitive_structure().get_reduced_structure("niggli")
        for row in np.unique(rows)
    }


def _match(cell: Structure, other: Structure) -> bool:
    """Return whether reduced primitive cells are the same structure, seen from either one."""
    if len(cell) != len(other):
        return False
    return _MATCHER.fit(cell, other, skip_structure_reduction=True) and _MATCHER.fit(
        other, cell, skip_structure_reduction=True
    )
