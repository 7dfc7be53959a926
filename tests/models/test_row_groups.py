"""Rows that share a group."""

from paraisite.models.row_groups import partition_rows


def test_rows_are_left_out_that_share_either_group():
    formulas = ["MgO", "MgO", "CaO", "ZnS", "ZnS", "KCl"]
    types = ["rock salt", "CsCl", "rock salt", "zinc blende", "zinc blende", "CsCl"]
    found = [(rows.tolist(), shared.tolist()) for rows, shared in partition_rows([formulas, types])]
    expected = [([0], [0, 1, 2]), ([1], [0, 1, 5]), ([2], [0, 2]), ([3, 4], [3, 4]), ([5], [1, 5])]
    assert sorted(found) == expected


def test_by_one_grouping_groups_are_left_out_whole():
    found = {tuple(rows): tuple(shared) for rows, shared in partition_rows([["b", "a", "b", "c"]])}
    assert found == {(0, 2): (0, 2), (1,): (1,), (3,): (3,)}
