"""Lists without repetitions."""

import pandas as pd
import pytest

from paraisite.active_learning.diversity import (
    DUPLICATE,
    KNOWN,
    OF_FORMULA,
    OF_NEAREST,
    SPACE_GROUP,
    TOO_NEAR,
    Diversity,
    select_diverse_rows,
)
from paraisite.schema import FORMULA, NEAREST_MATERIAL, ROW
from tests.graphs.crystals import diamond, rocksalt, wurtzite

CRYSTALS = dict(
    enumerate(
        [
            rocksalt(5.69),
            rocksalt(5.70),
            diamond(5.9, ("Na", "Cl")),
            rocksalt(5.6, ("Na", "Br")),
            wurtzite(),
            diamond(5.43),
        ]
    )
)
RANKED = pd.DataFrame(
    {
        ROW: range(6),
        FORMULA: [crystal.reduced_formula for crystal in CRYSTALS.values()],
        NEAREST_MATERIAL: ["a", "a", "a", "b", "b", "c"],
    }
)
EVERYTHING = Diversity(per_formula=9, per_nearest=None, min_distance=0.0)


def listed(rules: Diversity, n_row: int = 9, **options: object) -> tuple[list[int], dict[str, int]]:
    found = select_diverse_rows(RANKED, CRYSTALS, rules, n_row=n_row, **options)  # type: ignore[arg-type]
    return list(found.rows[ROW]), found.left_out


def test_the_same_formula_in_the_same_space_group_is_listed_once() -> None:
    assert listed(EVERYTHING) == ([0, 2, 3, 4, 5], {DUPLICATE: 1})


def test_polymorphs_of_a_formula_are_limited() -> None:
    assert listed(Diversity(1, None, 0.0)) == ([0, 3, 4, 5], {DUPLICATE: 1, OF_FORMULA: 1})


def test_so_are_neighbours_of_one_known_material() -> None:
    assert listed(Diversity(9, 1, 0.0)) == ([0, 3, 5], {DUPLICATE: 1, OF_NEAREST: 2})


def test_what_is_near_in_descriptors_is_left_out() -> None:
    rows, left_out = listed(Diversity(9, None, 0.8))
    assert rows[0] == 0
    assert {4, 5} <= set(rows)
    assert left_out[TOO_NEAR] >= 1


def test_the_walk_ends_with_the_last_row_that_is_wanted() -> None:
    assert listed(EVERYTHING, n_row=1) == ([0], {})


def test_what_is_known_is_not_listed() -> None:
    assert listed(EVERYTHING, known={("NaCl", 225)}) == ([2, 3, 4, 5], {KNOWN: 2})


@pytest.mark.parametrize(("row", "group"), [(0, 225), (2, 216), (4, 186), (5, 227)])
def test_space_groups_stand_beside(row: int, group: int) -> None:
    found = select_diverse_rows(RANKED.iloc[[row]], CRYSTALS, EVERYTHING, n_row=1)
    assert found.identities == [(RANKED[FORMULA][row], group)]
    assert list(found.rows[SPACE_GROUP]) == [group]
