"""The validated data set: contents, digest, saving."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pymatgen.core import Lattice, Structure

from paraisite.config import DataConfig
from paraisite.data.datasets.loaders import load_dataset
from paraisite.data.datasets.table import CARD_FILE, Dataset, build_dataset
from paraisite.data.record import Record, Rejection
from paraisite.data.snapshot import MATERIALS_FILE, REJECTED_FILE
from paraisite.data.structure_types import rocksalt, wurtzite
from paraisite.errors import DataError, MissingInputError

DATA = Path(__file__).parents[3] / "data"
CONFIG = DataConfig(
    aflow_table=Path("absent.jsonl.gz"), formation_energy_weights=Path("absent.hdf5"), lab=Path("absent")
)


def _records() -> list[Record]:
    gallium_nitride = wurtzite("Ga", "N", a_angstrom=3.2, c_angstrom=5.2, u=0.377)
    return [
        Record("b", rocksalt("Na", "Cl", a_angstrom=5.6), 8.0, "rocksalt", "here"),
        Record("a", gallium_nitride, 300.0, None, "there"),
        Record("c", rocksalt("Li", "H", a_angstrom=4.0), 0.1 + 0.2, "rocksalt", "here"),
    ]


@pytest.fixture
def dataset() -> Dataset:
    return build_dataset("test", _records(), [Rejection("d", "kappa is NaN")])


def test_table_has_the_schemas_columns_in_record_order(dataset: Dataset) -> None:
    expected = pd.DataFrame(
        {
            "material_id": ["b", "a", "c"],
            "formula": ["NaCl", "GaN", "LiH"],
            "prototype": ["rocksalt", None, "rocksalt"],
            "kappa_w_per_m_k": [8.0, 300.0, 0.1 + 0.2],
            "source": ["here", "there", "here"],
        }
    )
    pd.testing.assert_frame_equal(dataset.table, expected)
    assert [structure.formula for structure in dataset.structures] == ["Na1 Cl1", "Ga2 N2", "Li1 H1"]
    assert dataset.rejected.to_dict("records") == [{"material_id": "d", "reason": "kappa is NaN"}]


def test_a_data_set_is_joined_with_another_of_fewer_columns_and_some_of_its_ids(dataset: Dataset) -> None:
    selected = dataclasses.replace(dataset, table=dataset.table.assign(selected_by_label=[True, False, True]))
    own = dataclasses.replace(dataset.take([1, 2]), name="mine")
    joined = selected.join(own)
    assert joined.name == f"{dataset.name}-with-mine"
    assert joined.table["material_id"].tolist() == ["b", "a", "c", "a (mine)", "c (mine)"]
    assert joined.table["formula"].tolist() == ["NaCl", "GaN", "LiH", "GaN", "LiH"]
    assert joined.selected_by_label.tolist() == [True, False, True, False, False]
    assert [structure.formula for structure in joined.structures[3:]] == ["Ga2 N2", "Li1 H1"]
    assert joined.digest == joined.take(range(5)).digest
    assert len(joined.rejected) == 2


def test_values_and_volumes_can_be_others(dataset: Dataset) -> None:
    other = dataset.replace_kappa(np.array([True, False, True]), np.array([2.0, 3.0]))
    assert other.table["kappa_w_per_m_k"].tolist() == [2.0, 300.0, 3.0]
    assert dataset.table["kappa_w_per_m_k"][0] == 8.0
    larger = dataset.scale_volumes(1.1)
    for new, old in zip(larger.structures, dataset.structures, strict=True):
        assert new.volume == pytest.approx(1.1 * old.volume)
        np.testing.assert_allclose(new.lattice.angles, old.lattice.angles)
        np.testing.assert_allclose(new.frac_coords, old.frac_coords)
    assert len({dataset.digest, other.digest, larger.digest}) == 3


def test_saved_dataset_comes_back_exactly(dataset: Dataset, tmp_path: Path) -> None:
    dataset.save(tmp_path / "new" / "folder")
    loaded = Dataset.load(tmp_path / "new" / "folder")
    pd.testing.assert_frame_equal(loaded.table, dataset.table)
    pd.testing.assert_frame_equal(loaded.rejected, dataset.rejected)
    assert (loaded.name, loaded.digest) == (dataset.name, dataset.digest)
    for saved, original in zip(loaded.structures, dataset.structures, strict=True):
        np.testing.assert_array_equal(saved.lattice.matrix, original.lattice.matrix)
        np.testing.assert_array_equal(saved.frac_coords, original.frac_coords)
        assert saved.species == original.species


def test_dataset_without_prototypes_and_rejections_comes_back_exactly(tmp_path: Path) -> None:
    """A column of missing values only, and an empty table, must keep their types in parquet."""
    original = build_dataset("plain", _records()[1:2])
    original.save(tmp_path)
    loaded = Dataset.load(tmp_path)
    pd.testing.assert_frame_equal(loaded.table, original.table)
    pd.testing.assert_frame_equal(loaded.rejected, original.rejected)


def test_saving_twice_writes_the_same_bytes(dataset: Dataset, tmp_path: Path) -> None:
    dataset.save(tmp_path / "one")
    Dataset.load(tmp_path / "one").save(tmp_path / "two")
    for name in (CARD_FILE, MATERIALS_FILE, REJECTED_FILE):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


@pytest.mark.parametrize(
    ("name", "digest"),
    [
        ("togo15", "ffce1ce616753b3384eff891938941a5ba99f7f74fb857ae3a36c144bdc84012"),
        ("hh143", "411f34df14134a8fa8ecb678d4adfe8d3a83f9334ba69f774639108222568016"),
    ],
)
def test_digest_of_the_fact_tables_is_the_same_everywhere(name: str, digest: str) -> None:
    """Recorded on Linux x86-64; checkpoints and runs name these digests."""
    assert load_dataset(name, CONFIG, DATA).digest == digest


def test_digest_ignores_the_last_bits_of_a_platforms_arithmetic(dataset: Dataset) -> None:
    records = _records()
    jittered = [
        Record(
            record.material_id,
            Structure(
                Lattice(record.structure.lattice.matrix * (1 + 4e-16)),
                record.structure.species,
                record.structure.frac_coords,
            ),
            record.kappa_w_per_m_k,
            record.prototype,
            record.source,
        )
        for record in records
    ]
    assert any(
        (a.structure.lattice.matrix != b.structure.lattice.matrix).any() for a, b in zip(records, jittered, strict=True)
    )
    assert build_dataset("test", jittered).digest == dataset.digest


@pytest.mark.parametrize(
    "change",
    [
        {"material_id": "z"},
        {"kappa_w_per_m_k": np.nextafter(8.0, 9.0)},
        {"structure": rocksalt("Na", "Cl", a_angstrom=5.600001)},
        {"structure": rocksalt("Na", "Br", a_angstrom=5.6)},
        {"structure": rocksalt("Cl", "Na", a_angstrom=5.6)},
    ],
)
def test_digest_changes_with_id_target_and_structure(dataset: Dataset, change: dict[str, object]) -> None:
    first = {
        "material_id": "b",
        "structure": rocksalt("Na", "Cl", a_angstrom=5.6),
        "kappa_w_per_m_k": 8.0,
        "prototype": "rocksalt",
        "source": "here",
    }
    same = build_dataset("other name", [Record(**first), *_records()[1:]])  # type: ignore[arg-type]
    other = build_dataset("test", [Record(**(first | change)), *_records()[1:]])  # type: ignore[arg-type]
    assert same.digest == dataset.digest
    assert other.digest != dataset.digest


def test_take_keeps_rows_and_structures_together(dataset: Dataset) -> None:
    taken = dataset.take([2, 0])
    assert taken.table["material_id"].tolist() == ["c", "b"]
    assert taken.table.index.tolist() == [0, 1]
    assert [structure.formula for structure in taken.structures] == ["Li1 H1", "Na1 Cl1"]
    assert taken.digest == build_dataset("test", [_records()[2], _records()[0]]).digest
    assert dataset.take(np.array([True, False, True])).table["material_id"].tolist() == ["b", "c"]


@pytest.mark.parametrize("rows", [[0, 0], [-1, 2], []])
def test_take_refuses_a_row_twice_and_no_row(dataset: Dataset, rows: list[int]) -> None:
    with pytest.raises(DataError, match=f"at least one row and none twice, found {len(rows)}"):
        dataset.take(np.array(rows, dtype=int))


def test_no_usable_material_names_the_commonest_reason() -> None:
    rejections = [Rejection("a", "rare"), Rejection("b", "common"), Rejection("c", "common")]
    with pytest.raises(DataError, match="no usable material: 3 rows were rejected, most often: common"):
        build_dataset("test", [], rejections)


def test_duplicate_id_is_an_error() -> None:
    with pytest.raises(DataError, match=r"b occurs twice: 8\.0 W/m/K from here"):
        build_dataset("test", [*_records(), _records()[0]])


def test_disordered_structure_is_an_error() -> None:
    structure = Structure(Lattice.cubic(4.0), [{"Na": 0.5, "K": 0.5}], [[0, 0, 0]])
    with pytest.raises(DataError, match="x: site 0 is not fully occupied"):
        build_dataset("test", [Record("x", structure, 1.0, None, "here")])


@pytest.mark.parametrize("kappa", [0.0, float("nan")])
def test_impossible_target_is_an_error(kappa: float) -> None:
    with pytest.raises(DataError, match="test: x: thermal conductivity is"):
        build_dataset("test", [Record("x", rocksalt("Na", "Cl", a_angstrom=5.6), kappa, None, "here")])


def test_oxidation_states_play_no_part(tmp_path: Path) -> None:
    charged = rocksalt("Na", "Cl", a_angstrom=5.6).add_oxidation_state_by_element({"Na": 1, "Cl": -1})
    dataset = build_dataset("test", [Record("x", charged, 1.0, None, "here")])
    assert dataset.table["formula"].tolist() == ["NaCl"]
    dataset.save(tmp_path)
    assert Dataset.load(tmp_path).structures[0] == rocksalt("Na", "Cl", a_angstrom=5.6)


def test_absent_folder_says_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(MissingInputError, match="not found: make it with `dvc repro prepare@NAME`"):
        Dataset.load(tmp_path / "absent")


@pytest.mark.parametrize("name", [CARD_FILE, MATERIALS_FILE, REJECTED_FILE])
def test_damaged_file_is_an_error(dataset: Dataset, tmp_path: Path, name: str) -> None:
    dataset.save(tmp_path)
    content = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(content[: len(content) // 2])
    with pytest.raises(DataError, match="holds no readable data set"):
        Dataset.load(tmp_path)


def test_missing_column_is_an_error(dataset: Dataset, tmp_path: Path) -> None:
    dataset.save(tmp_path)
    dataset.table.to_parquet(tmp_path / MATERIALS_FILE)
    with pytest.raises(DataError, match="holds no readable data set"):
        Dataset.load(tmp_path)


def test_content_that_is_not_the_cards_is_an_error(dataset: Dataset, tmp_path: Path) -> None:
    dataset.save(tmp_path)
    card = json.loads((tmp_path / CARD_FILE).read_text())
    (tmp_path / CARD_FILE).write_text(json.dumps(card | {"digest": "0" * 64}))
    with pytest.raises(DataError, match=f"content has digest {dataset.digest}, dataset.json names 0000"):
        Dataset.load(tmp_path)


def test_description_of_togo15_has_the_designs_log_statistics() -> None:
    text = load_dataset("togo15", CONFIG, DATA).describe()
    assert text.startswith("togo15: 95 materials, kappa 0.508 to 1769 W/m/K (median 19.9)")
    assert "mean 1.440 std 0.754" in text
