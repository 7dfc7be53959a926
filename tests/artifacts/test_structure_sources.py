"""Sources of structures by name."""

from pathlib import Path

import pytest

from paraisite.artifacts import structure_sources
from paraisite.core.files import CACHE_VARIABLE
from paraisite.errors import MissingInputError
from tests.screening.materials import write_json_lines


def test_a_data_set_is_found_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    chunks = list(structure_sources.find_source("togo15").chunks(50))
    assert [chunk.n_row for chunk in chunks] == [50, 45]
    assert structure_sources.find_source("togo15").digest == structure_sources.find_source("togo15").digest


def test_a_path_is_found(tmp_path: Path) -> None:
    path = write_json_lines(tmp_path / "rows.jsonl", 3)
    assert sum(chunk.n_row for chunk in structure_sources.find_source(str(path)).chunks(2)) == 3


def test_what_is_neither_says_what_there_is() -> None:
    with pytest.raises(MissingInputError, match="neither a path nor a data set; known data sets are materials"):
        structure_sources.find_source("togo16")


def test_the_stable_materials_have_to_be_fetched_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(structure_sources, "EXTERNAL", tmp_path)
    with pytest.raises(MissingInputError, match="there is no snapshot"):
        structure_sources.find_source("materials_project")


def test_a_data_set_outside_of_a_clone_is_said_to_be_in_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Regression: `screen slack` in an installation asked for a `params.yaml`."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(MissingInputError, match="slack is no path here; the data set of that name is in a clone"):
        structure_sources.find_source("slack")
