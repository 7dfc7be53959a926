"""Phonix's table: what it holds, what is rejected, and how a corrupted one fails."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from paraisite.config import DataConfig
from paraisite.data.datasets.loaders import load_dataset
from paraisite.data.datasets.table import Dataset
from paraisite.data.sources import phonix
from paraisite.data.sources.phonix import SCHEMA, load_phonix
from paraisite.data.structure_labels import label_structure_type
from paraisite.errors import DataError, MissingInputError

CONFIG = DataConfig(
    aflow_table=Path("absent.jsonl.gz"), formation_energy_weights=Path("absent.hdf5"), lab=Path("absent")
)
ROW: dict[str, Any] = {
    "mp_id": "mp-1",
    "space_group": 225,
    "prototype": "AB_cF8_225_a_b",
    "cell": [3.96, 3.96, 3.96, 60.0, 60.0, 60.0],
    "species": ["Na", "Cl"],
    "positions_fractional": [0.0, 0.0, 0.0, 0.5, 0.5, 0.5],
    "kappa_w_per_m_k": 6.5,
    "benchmark_split": "random_test",
    "suspect": "",
}


@pytest.fixture(scope="module")
def dataset(bundled_data: Path) -> Dataset:
    return load_dataset("phonix", CONFIG, bundled_data)


def write(folder: Path, *rows: dict[str, Any], schema: pa.Schema = SCHEMA) -> Path:
    pq.write_table(pa.Table.from_pylist(list(rows), schema=schema), folder / phonix.FILE_NAME)
    return folder / phonix.FILE_NAME


def test_usable_rows_and_those_with_a_doubtful_value(dataset: Dataset) -> None:
    assert (len(dataset), len(dataset.rejected)) == (2938, 30)
    assert dataset.rejected["reason"].str.startswith("doubtful value: ").all()
    assert Counter(dataset.table["benchmark_split"]) == {
        "random_test": 1095,
        "spacegroup_test": 898,
        "ood_lowkappa_test": 945,
    }
    assert dataset.table["formula"].nunique() == 2768
    assert dataset.table["prototype"].nunique() == 1306
    assert dataset.table["space_group"].nunique() == 143


def test_the_table_is_the_one_of_the_source(dataset: Dataset, shared_data: Path) -> None:
    source = pd.read_json(shared_data / "phonix_sample.jsonl.gz", lines=True, precise_float=True).set_index("mp_id")
    table = dataset.table.set_index("material_id")
    source, suspect = source.loc[table.index], source[source["suspect_label"]].index
    assert set(suspect) == set(dataset.rejected["material_id"])
    for own, theirs in (("kappa_w_per_m_k", "kappa_300K_w_per_m_k"), *((name,) * 2 for name in ("space_group",))):
        np.testing.assert_array_equal(table[own], source[theirs])
    assert (table["formula"] == source["formula"]).all()
    for row in range(0, len(dataset), 50):
        structure, known = dataset.structures[row], source.iloc[row]
        np.testing.assert_allclose(structure.lattice.parameters, known["geometry"], atol=1e-6)
        np.testing.assert_allclose(structure.frac_coords, known["positions_fractional"], atol=1e-12)
        assert [site.specie.symbol for site in structure] == known["species"]


def test_rows_of_the_test_set_of_low_values_are_selected_by_label(dataset: Dataset) -> None:
    assert (dataset.selected_by_label == (dataset.table["benchmark_split"] == "ood_lowkappa_test")).all()
    assert dataset.table["kappa_w_per_m_k"][dataset.selected_by_label].max() < 1.0


def test_structure_types_are_those_of_the_labels(dataset: Dataset) -> None:
    for row in range(0, len(dataset), 120):
        assert dataset.table["prototype"][row] == label_structure_type(dataset.structures[row])


def test_the_peers_predictions_are_in_no_table_of_training_data(dataset: Dataset, bundled_data: Path) -> None:
    assert not [name for name in (*SCHEMA.names, *dataset.table) if "aliegnn" in name]
    peer = pd.read_csv(bundled_data / "phonix_aliegnn.csv")
    assert list(peer) == ["mp_id", "aliegnn_w_per_m_k"]
    assert len(peer) == 1104


def test_an_unusable_crystal_or_value_is_rejected_with_its_reason(tmp_path: Path) -> None:
    overlapping = ROW | {"mp_id": "mp-2", "positions_fractional": [0.0, 0.0, 0.0, 0.01, 0.0, 0.0]}
    negative = ROW | {"mp_id": "mp-3", "kappa_w_per_m_k": -1.0}
    doubtful = ROW | {"mp_id": "mp-4", "suspect": "an outlier"}
    flat = ROW | {"mp_id": "mp-5", "cell": [4.0, 4.0, 4.0, 60.0, 60.0, 190.0]}
    short = ROW | {"mp_id": "mp-6", "species": ["Na", "Cl", "Cl"]}
    records, rejections = load_phonix(write(tmp_path, ROW, overlapping, negative, doubtful, flat, short))
    (record,) = records
    assert (record.material_id, record.space_group, record.selected_by_label) == ("mp-1", 225, False)
    reasons = {rejection.material_id: rejection.reason for rejection in rejections}
    assert "overlap" in reasons["mp-2"]
    assert "expected a positive number" in reasons["mp-3"]
    assert reasons["mp-4"] == "doubtful value: an outlier"
    assert "angles below 180" in reasons["mp-5"]
    assert "3 atoms with 6 coordinates" in reasons["mp-6"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"mp_id": "1"}, "mp_id is '1', expected a form like mp-1234"),
        ({"space_group": 231}, "space_group is 231"),
        ({"benchmark_split": "test"}, "benchmark_split is 'test'"),
        ({"kappa_w_per_m_k": None}, "a value is missing"),
    ],
)
def test_a_row_that_breaks_the_schema_is_an_error(change: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=message):
        load_phonix(write(tmp_path, ROW | change))


def test_an_id_twice_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"\(mp-1\): duplicate id"):
        load_phonix(write(tmp_path, ROW, ROW))


@pytest.mark.parametrize(
    ("damage", "error", "message"),
    [
        (Path.unlink, MissingInputError, r"phonix\.parquet not found: get the project's own tables with `dvc pull"),
        (lambda path: path.write_bytes(path.read_bytes()[:100]), DataError, "is damaged"),
        (lambda path: write(path.parent), DataError, "no rows"),
        (
            lambda path: write(path.parent, ROW, schema=SCHEMA.remove(SCHEMA.get_field_index("suspect"))),
            DataError,
            "columns are .*, expected mp_id, space_group",
        ),
    ],
)
def test_a_damaged_table_is_an_error(
    damage: Callable[[Path], Any], error: type[Exception], message: str, tmp_path: Path
) -> None:
    path = write(tmp_path, ROW)
    damage(path)
    with pytest.raises(error, match=message):
        load_phonix(path)


def test_a_saved_data_set_keeps_what_was_selected(dataset: Dataset, tmp_path: Path) -> None:
    some = dataset.take(range(0, len(dataset), 100))
    some.save(tmp_path)
    loaded = Dataset.load(tmp_path)
    pd.testing.assert_frame_equal(loaded.table, some.table)
    assert (loaded.digest, loaded.selected_by_label.sum()) == (some.digest, some.selected_by_label.sum())
    assert 0 < some.selected_by_label.sum() < len(some)
