"""Shared formulas and structures: what is found whatever the cell, and what is not the same."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymatgen.core.structure import Structure

from paraisite.config import load_config
from paraisite.data.datasets.loaders import load_dataset
from paraisite.data.datasets.shared_materials import (
    NOTHING,
    POLYMORPH,
    STRUCTURE,
    count_relations,
    find_closest_relations,
    find_pairs_between,
    find_pairs_within,
    name_pair_materials,
)
from paraisite.data.datasets.table import Dataset, build_dataset
from paraisite.data.record import Record
from paraisite.data.structure_types import half_heusler, rocksalt, wurtzite, zincblende
from tests.pipeline import ROOT

CRYSTALS = {
    "rocksalt": rocksalt("Na", "Cl", a_angstrom=5.64),
    "zincblende": zincblende("Ga", "As", a_angstrom=5.65),
    "wurtzite": wurtzite("Zn", "O", a_angstrom=3.25, c_angstrom=5.2, u=0.382),
    "half-Heusler": half_heusler("Li", "Mg", "N", a_angstrom=5.0),
}
ZINC_SULPHIDE = (
    zincblende("Zn", "S", a_angstrom=5.41),
    wurtzite("Zn", "S", a_angstrom=3.82, c_angstrom=6.26, u=0.375),
    rocksalt("Zn", "S", a_angstrom=5.06),
)


def dataset(name: str, structures: Sequence[Structure], kappas: Sequence[float] | None = None) -> Dataset:
    values = kappas or [10.0] * len(structures)
    return build_dataset(
        name,
        [
            Record(
                material_id=f"{name}-{number}",
                structure=structure,
                kappa_w_per_m_k=kappa,
                prototype="made up",
                source="made up",
            )
            for number, (structure, kappa) in enumerate(zip(structures, values, strict=True))
        ],
    )


def as_it_is(crystal: Structure, _rng: np.random.Generator) -> Structure:
    return crystal.copy()


def supercell(crystal: Structure, rng: np.random.Generator) -> Structure:
    return crystal * rng.permutation([2, 1, 1])


def permuted(crystal: Structure, rng: np.random.Generator) -> Structure:
    """Return it with axes and atoms in another order, moved by a vector."""
    axes, atoms = np.roll(np.arange(3), rng.integers(3)), rng.permutation(len(crystal))
    coords = crystal.frac_coords[:, axes] + rng.random(3)
    return Structure(crystal.lattice.matrix[axes], [crystal.species[i] for i in atoms], coords[atoms])


def scaled(crystal: Structure, rng: np.random.Generator) -> Structure:
    turned = crystal.copy()
    turned.scale_lattice(crystal.volume * rng.uniform(0.5, 2.0))
    return turned


@pytest.mark.parametrize("change", [as_it_is, supercell, permuted, scaled])
@settings(deadline=None, max_examples=8)
@given(name=st.sampled_from(sorted(CRYSTALS)), seed=st.integers(0, 2**32 - 1))
def test_a_crystal_is_found_in_whatever_cell(
    change: Callable[[Structure, np.random.Generator], Structure], name: str, seed: int
) -> None:
    crystal = CRYSTALS[name]
    changed = change(crystal, np.random.default_rng(seed))
    first, second = dataset("first", [crystal], [20.0]), dataset("second", [changed], [2.0])
    (pair,) = find_pairs_between(first, second).to_dict("records")
    assert pair["relation"] == STRUCTURE
    assert pair["log10_ratio_dex"] == pytest.approx(1.0)
    volume_per_atom = changed.volume / len(changed)
    assert pair["volume_ratio"] == pytest.approx(crystal.volume / len(crystal) / volume_per_atom)


@settings(deadline=None, max_examples=8)
@given(places=st.permutations(range(3)), seed=st.integers(0, 2**32 - 1))
def test_a_polymorph_is_not_the_same_structure(places: list[int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    kept, other = (ZINC_SULPHIDE[place] for place in places[:2])
    (pair,) = find_pairs_between(dataset("a", [kept]), dataset("b", [scaled(other, rng)])).to_dict("records")
    assert pair["relation"] == POLYMORPH


@settings(deadline=None, max_examples=5)
@given(
    first=st.lists(st.sampled_from(range(3)), min_size=1, max_size=3),
    second=st.lists(st.sampled_from(range(3)), min_size=1, max_size=3),
)
def test_either_data_set_sees_the_same_pairs(first: list[int], second: list[int]) -> None:
    a = dataset("a", [ZINC_SULPHIDE[place] for place in first], [1.0 + place for place in first])
    b = dataset("b", [ZINC_SULPHIDE[place] * (2, 1, 1) for place in second], [5.0 + place for place in second])
    there, back = find_pairs_between(a, b), find_pairs_between(b, a)
    turned = back.rename(columns={"row": "other_row", "other_row": "row"})
    turned["log10_ratio_dex"], turned["volume_ratio"] = -turned["log10_ratio_dex"], 1 / turned["volume_ratio"]
    turned = turned[there.columns].sort_values(["row", "other_row"], ignore_index=True)
    pd.testing.assert_frame_equal(there, turned)
    assert (there["relation"] == STRUCTURE).sum() == sum(first.count(place) * second.count(place) for place in range(3))


def test_other_elements_or_another_formula_share_nothing() -> None:
    first = dataset("first", [rocksalt("Na", "Cl", a_angstrom=5.64)])
    second = dataset("second", [rocksalt("K", "Cl", a_angstrom=5.64), rocksalt("Na", "Br", a_angstrom=5.64)])
    pairs = find_pairs_between(first, second)
    assert pairs.empty
    assert count_relations(pairs, 1)["n_row"].to_dict() == {STRUCTURE: 0, POLYMORPH: 0, NOTHING: 1}


def test_duplicates_and_polymorphs_inside_are_counted_once_per_row() -> None:
    zincblende_zns, wurtzite_zns, _ = ZINC_SULPHIDE
    inside = dataset(
        "inside", [zincblende_zns, wurtzite_zns, zincblende_zns * (1, 1, 2), CRYSTALS["rocksalt"]], [10.0, 1.0, 20.0, 5]
    )
    pairs = find_pairs_within(inside)
    assert pairs[["row", "other_row"]].to_numpy().tolist() == [[0, 1], [0, 2], [1, 0], [1, 2], [2, 0], [2, 1]]
    assert find_closest_relations(pairs, 4).tolist() == [STRUCTURE, POLYMORPH, STRUCTURE, NOTHING]
    counts = count_relations(pairs, 4)
    assert counts["n_row"].to_dict() == {STRUCTURE: 2, POLYMORPH: 1, NOTHING: 1}
    assert counts.loc[STRUCTURE, "median_abs_log10_ratio_dex"] == pytest.approx(np.log10(2))
    assert counts.loc[STRUCTURE, "median_log10_ratio_dex"] == pytest.approx(0, abs=1e-12)
    # Of the other rows only those that a pair may name count: without the last duplicate none is left.
    without = pairs[pairs["other_row"] != 2]
    assert find_closest_relations(without, 4).tolist() == [POLYMORPH, POLYMORPH, STRUCTURE, NOTHING]


def test_pairs_are_named_by_data_set_and_id() -> None:
    first, second = dataset("first", ZINC_SULPHIDE[:2]), dataset("second", [ZINC_SULPHIDE[1]])
    named = name_pair_materials(find_pairs_between(first, second), first, second)
    assert named[["dataset", "material_id", "other_dataset", "other_material_id", "relation"]].to_numpy().tolist() == [
        ["first", "first-0", "second", "second-0", POLYMORPH],
        ["first", "first-1", "second", "second-0", STRUCTURE],
    ]


def test_togo15_holds_nothing_twice_but_polymorphs_of_26_compounds(bundled_data: Path) -> None:
    togo15 = load_dataset("togo15", load_config(ROOT / "params.yaml").data, bundled_data)
    counts = count_relations(find_pairs_within(togo15), len(togo15))
    assert counts["n_row"].to_dict() == {STRUCTURE: 0, POLYMORPH: 52, NOTHING: 43}


def test_aflows_table_shares_no_formula_with_togo15_and_six_with_the_half_heuslers(
    bundled_data: Path, shared_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARAISITE_AFLOW_TABLE", str(shared_data / "aflow_agl.jsonl.gz"))
    config = load_config(ROOT / "params.yaml").data
    aflow, *others = (load_dataset(name, config, bundled_data) for name in ("aflow", "togo15", "hh143"))
    of_togo15, of_hh143 = (find_pairs_between(other, aflow) for other in others)
    assert of_togo15.empty
    assert of_hh143["formula"].nunique() == 6
