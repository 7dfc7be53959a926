"""All accurate rows together: nothing is lost, and a material of two sources is two rows of one formula."""

import pandas as pd
from pymatgen.core.lattice import Lattice
from pymatgen.core.structure import Structure

from paraisite import schema
from paraisite.config import load_config
from paraisite.data.datasets.accurate import (
    join_labels,
    join_sources,
    mark_labels,
    mark_rows_that_only_train,
    refuse_noble_gases,
)
from paraisite.data.datasets.loaders import load_dataset
from paraisite.data.datasets.table import build_dataset
from paraisite.data.record import Record
from paraisite.data.sources import phonix, togo15
from paraisite.data.sources.lab_tables import SOURCES
from tests.graphs.crystals import diamond, perovskite, rocksalt, simple_cubic


def record(material_id: str, kappa: float) -> Record:
    return Record(material_id, Structure(Lattice.cubic(4.0), ["Po"], [[0, 0, 0]]), kappa, None, "somewhere")


def test_ids_of_two_sources_get_the_sources_name():
    joined = join_sources({"first": [record("a", 1.0), record("b", 2.0)], "second": [record("a", 3.0)]})
    assert [(item.material_id, item.kappa_w_per_m_k) for item in joined] == [
        ("a (first)", 1.0), ("b", 2.0), ("a (second)", 3.0)
    ]  # fmt: skip


def test_only_crystals_of_one_noble_gas_are_refused():
    places = [[0, 0, 0], [0.5, 0.5, 0.5]]
    crystals = [(["Kr"], places[:1]), (["Xe", "F"], places), (["Si"], places[:1])]
    records = [
        Record(species[0], Structure(Lattice.cubic(4.0), species, coords), 9.0, None, "somewhere")
        for species, coords in crystals
    ]
    kept, refused = refuse_noble_gases(records)
    assert [item.material_id for item in kept] == ["Xe", "Si"]
    assert [item.material_id for item in refused] == ["Kr"]


def test_all_accurate_rows_are_in_it_but_for_krypton():
    config = load_config().data
    parts = [load_dataset(name, config) for name in ("togo15", "hh143", "phonix")]
    found = load_dataset("accurate", config)
    krypton = found.rejected.iloc[-1]
    assert krypton["material_id"] == "mp-612118"
    assert "a crystal of a noble gas" in krypton["reason"]
    values = pd.concat([part.table for part in parts])
    values = values[values[schema.FORMULA] != "Kr"]
    assert len(found) == len(values) == sum(map(len, parts)) - 1
    assert len(found.rejected) == sum(len(part.rejected) for part in parts) + 1
    assert found.table[schema.KAPPA].tolist() == values[schema.KAPPA].tolist()
    assert found.selected_by_label.sum() == parts[2].selected_by_label.sum()


def test_labels_join_behind_but_for_those_of_togo15s_structure_types():
    accurate = build_dataset(
        "accurate",
        [
            Record("NaCl", rocksalt(), 7.0, "rocksalt", togo15.SOURCE),
            Record("1", rocksalt(4.2, ("Mg", "O")), 50.0, "AB_cF8_225_a_b", phonix.SOURCE),
            Record("2", rocksalt(6.9, ("Ba", "Te")), 0.5, None, phonix.SOURCE, selected_by_label=True),
        ],
    )
    labels = build_dataset(
        "kappa",
        [
            Record("rocksalt:Sr-O", rocksalt(5.2, ("Sr", "O")), 9.0, "AB_cF8_225_a_b", SOURCES["kappa"]),
            Record("perovskite:Sr-Ti-O", perovskite(3.9), 8.0, "perovskite", SOURCES["kappa"]),
            Record("diamond:Ge", diamond(), 31.0, "A_cF8_227_a", SOURCES["kappa"]),
            Record("cuprite:Cu-O", simple_cubic(4.3, "Cu"), 5.0, "cuprite", SOURCES["kappa"]),
        ],
    )
    joined = join_labels(accurate, labels)
    assert joined.name == "accurate-with-kappa"
    assert joined.table[schema.MATERIAL_ID].tolist() == ["NaCl", "1", "2", "perovskite:Sr-Ti-O", "cuprite:Cu-O"]
    assert mark_labels(joined).tolist() == [False] * 3 + [True] * 2
    assert mark_rows_that_only_train(joined).tolist() == [False, False, True, True, True]
    # The potential makes crystals larger than accurate rows have them.
    assert 1.01 < simple_cubic(4.3).volume / joined.structures[-1].volume < 1.04
    assert joined.structures[0].volume == accurate.structures[0].volume
    assert not mark_rows_that_only_train(labels).any(), "alone they are measured on like any others"
