"""Data sets by name: what they hold, and what a name gives that is not known."""

from pathlib import Path

import pandas as pd
import pytest

from paraisite.config import DataConfig
from paraisite.data.datasets.loaders import DATASET_NAMES, load_dataset
from paraisite.data.datasets.table import Dataset
from paraisite.errors import DataError, MissingInputError

DATA = Path(__file__).parents[3] / "data"
CONFIG = DataConfig(
    aflow_table=Path("absent.jsonl.gz"), formation_energy_weights=Path("absent.hdf5"), lab=Path("absent")
)


def test_mix_is_togo15_then_hh143() -> None:
    parts = [load_dataset(name, CONFIG, DATA).table for name in ("togo15", "hh143")]
    mix = load_dataset("mix", CONFIG, DATA)
    pd.testing.assert_frame_equal(mix.table, pd.concat(parts, ignore_index=True))
    assert len(mix) == 238


def test_aflow_is_read_from_the_configured_path(tmp_path: Path) -> None:
    with pytest.raises(MissingInputError, match=r"absent\.jsonl\.gz not found"):
        load_dataset("aflow", CONFIG, DATA)


def test_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(
        DataError, match="unknown data set 'togo'; known ones are togo15, hh143, mix, phonix, accurate, aflow"
    ):
        load_dataset("togo", CONFIG, DATA)


def test_names_are_those_that_recipes_train_on() -> None:
    from paraisite.training.recipes import RECIPES

    assert {recipe.train_on for recipe in RECIPES.values()} == set(DATASET_NAMES)


def test_shared_aflow_table_keeps_its_digest_when_saved(shared_data: Path, tmp_path: Path) -> None:
    config = DataConfig(
        aflow_table=shared_data / "aflow_agl.jsonl.gz", formation_energy_weights=Path("absent.hdf5"), lab=Path("absent")
    )
    dataset = load_dataset("aflow", config, DATA)
    assert len(dataset) == 2923
    dataset.save(tmp_path)
    assert Dataset.load(tmp_path).digest == dataset.digest
