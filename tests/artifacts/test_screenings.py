"""What a screening's folder says of its source."""

from pathlib import Path

import pytest

from paraisite.artifacts.screenings import source_of_screening
from paraisite.errors import DataError, MissingInputError


def complete(folder: Path, summary: str) -> Path:
    folder.mkdir()
    (folder / "_summary.json").write_text(summary)
    return folder


def test_what_is_recorded_goes_before_the_folders_name(tmp_path: Path) -> None:
    folder = complete(tmp_path / "togo15-gptg15", '{"n_row": 1, "n_scored": 1, "source": "/data/mine"}')
    assert source_of_screening(folder) == "/data/mine"


def test_a_screening_of_version_0_1_is_named_after_its_source(tmp_path: Path) -> None:
    summary = '{"n_row": 1, "n_scored": 1}'
    assert source_of_screening(complete(tmp_path / "my-data-gptg15", summary)) == "my-data"
    with pytest.raises(DataError, match="does not say what was screened"):
        source_of_screening(complete(tmp_path / "screened", summary))


def test_an_incomplete_or_damaged_screening_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MissingInputError, match="holds no complete screening"):
        source_of_screening(tmp_path)
    with pytest.raises(DataError, match="no readable summary"):
        source_of_screening(complete(tmp_path / "mine-gp", "{"))
