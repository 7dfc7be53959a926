"""All accurate rows together: nothing is lost, and a material of two sources is two rows of one formula."""

import pandas as pd
from pymatgen.core.lattice import Lattice
from pymatgen.core.structure import Structure

from paraisite import schema
from paraisite.config import load_config
from paraisite.data.datasets.accurate import join_sources
from paraisite.data.datasets.loaders import load_dataset
from paraisite.data.record import Record


def record(material_id: str, kappa: float) -> Record:
    return Record(material_id, Structure(Lattice.cubic(4.0), ["Po"], [[0, 0, 0]]), kappa, None, "somewhere")


def test_ids_of_two_sources_get_the_sources_name():
    joined = join_sources({"first": [record("a", 1.0), record("b", 2.0)], "second": [record("a", 3.0)]})
    assert [(item.material_id, item.kappa_w_per_m_k) for item in joined] == [
        ("a (first)", 1.0), ("b", 2.0), ("a (second)", 3.0)
    ]  # fmt: skip


def test_all_accurate_rows_are_in_it():
    config = load_config().data
    parts = [load_dataset(name, config) for name in ("togo15", "hh143", "phonix")]
    found = load_dataset("accurate", config)
    assert len(found) == sum(map(len, parts))
    assert len(found.rejected) == sum(len(part.rejected) for part in parts)
    values = pd.concat([part.table for part in parts])
    assert found.table[schema.KAPPA].tolist() == values[schema.KAPPA].tolist()
    assert found.selected_by_label.sum() == parts[2].selected_by_label.sum()
