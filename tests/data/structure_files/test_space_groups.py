"""Settings by symbol, Hall symbol, number and operations."""

import re

import gemmi
import pytest

from paraisite.data.structure_files.space_groups import (
    build_setting,
    find_number_of_type,
    find_setting_of_hall,
    find_settings,
    find_settings_of_number,
)
from paraisite.errors import StructureError


def test_every_symbol_of_the_tables_is_its_own_setting():
    for group in gemmi.spacegroup_table():
        same = find_setting_of_hall(group.hall)
        assert same is not None
        assert same.number == group.number
        assert same.key in [setting.key for setting in find_settings(group.xhm())], group.xhm()


@pytest.mark.parametrize(
    ("symbol", "names"),
    [
        ("F d -3 m", ["F d -3 m:1", "F d -3 m:2"]),
        ("P 4/n m m Z", ["P 4/n m m:2"]),
        ("P4/nmmS", ["P 4/n m m:1"]),
        ("I 41/a 2/m 2/d", ["I 41/a m d:1", "I 41/a m d:2"]),
        ("P 63/m 2/m 2/c", ["P 63/m m c"]),
        ("P 21/n 21/m 21/a", ["P n m a"]),
        ("P b n m", ["P b n m"]),
        ("C m c e", ["C m c a"]),
        ("A e m 2", ["A b m 2"]),
        ("B b", ["B 1 1 b"]),
        ("R 3 2 :R", ["R 3 2:R"]),
        ("P 1 2 1", ["P 1 2 1"]),
        ("P 3 1 2", ["P 3 1 2"]),
        ("P 4 2 2", ["P 4 2 2"]),
        ("P2\u2081/c", ["P 1 21/c 1"]),
        ("P 1 c 1 (7)", ["P 1 c 1"]),
        ("P 6(3)", ["P 63"]),
        ("P2(1)2(1)2(1)", ["P 21 21 21"]),
        ("P n a 2(1)", ["P n a 21"]),
        ("P 3(2)", ["P 32"]),
        ("P4(2)/nmc(1)", ["P 42/n m c:1"]),
        ("F d -3(2)", ["F d -3:2"]),
        ("F d -3 m (1)", ["F d -3 m:1"]),
        ("P 4 (1)", []),
        ("P 2 2 2 (1)", []),
        ("P2_{1}/c", ["P 1 21/c 1"]),
        ("P n \\bar{3} m :1", ["P n -3 m:1"]),
        ("F m -3 m (No. 216)", []),
        ("nothing", []),
        ("F" * 500, []),
        ("", []),
    ],
)
def test_a_symbol_means_the_settings_that_it_leaves_open(symbol: str, names: list[str]):
    assert [setting.name for setting in find_settings(symbol)] == names


def test_a_screw_axis_may_be_in_brackets():
    """P 2(1) 2(1) 2(1) was read as P 21 21 2, with an origin that it does not have."""
    for group in gemmi.spacegroup_table():
        symbol = re.sub(r"([2346])([1-5])", r"\1(\2)", group.xhm())
        if symbol != group.xhm():
            for written in (symbol, symbol.replace(" ", "")):
                assert find_setting_of_hall(group.hall).key in [one.key for one in find_settings(written)], written


def test_a_type_is_known_by_schoenflies_too():
    assert find_number_of_type("D4h^19") == 141
    assert find_number_of_type("I 41/a m d") == 141
    assert find_number_of_type("nothing") is None
    assert len(find_settings_of_number(14)) == 9
    assert [setting.name for setting in find_settings_of_number(166, "r")] == ["R -3 m:R"]


def test_listed_operations_are_known_again_in_any_order():
    for name in ("F d -3 m:2", "R -3 m:R", "P 1 21/n 1", "P 1"):
        group = gemmi.find_spacegroup_by_name(name)
        triplets = tuple(operation.triplet() for operation in group.operations())
        setting = build_setting(triplets[::-1])
        assert (setting.name, setting.number) == (name, group.number)
        assert setting.key == find_setting_of_hall(group.hall).key


def test_one_wrong_operation_of_many_is_noticed():
    triplets = [operation.triplet() for operation in gemmi.find_spacegroup_by_name("F m -3 m").operations()]
    for place in (7, 100, 191):
        changed = [*triplets[:place], triplets[place].replace("z", "z+1/4"), *triplets[place + 1 :]]
        with pytest.raises(StructureError, match="the 192 symmetry operations are no group"):
            build_setting(tuple(changed))


def test_a_group_that_the_tables_do_not_list_is_a_group():
    doubled = build_setting(("x,y,z", "x+1/2,y,z", "-x,-y,-z", "-x+1/2,-y,-z"))
    assert (doubled.name, doubled.number, len(doubled.rotations)) == ("", 2, 4)
    with pytest.raises(StructureError, match="the 2 symmetry operations are no group"):
        build_setting(("x,y,z", "x+1/3,y,z"))
    with pytest.raises(StructureError, match="does not keep volumes"):
        build_setting(("x,y,z", "x,x,z"))


@pytest.mark.parametrize("hall", ["nothing", "-F 9 2 3", "", "x" * 5000])
def test_what_is_no_hall_symbol_is_none(hall: str):
    assert find_setting_of_hall(hall) is None
