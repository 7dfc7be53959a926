"""What refines predictions is read where it was measured or shipped, or said to be of another version."""

import json
from pathlib import Path

import pytest

from paraisite.artifacts.refinements import load_refinement, write_refinement
from paraisite.errors import DataError, MissingInputError
from tests.inference.test_refinement import make_refinement


def test_a_refinement_is_read_as_it_was_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_refinement(make_refinement())
    assert load_refinement().to_json() == make_refinement().to_json()


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"format": "paraisite-refinement-1"}, "expected 'paraisite-refinement-2'"),
        ({"errors_dex": {}}, "names no crystal"),
        ({"intervals": None}, "not subscriptable"),
    ],
)
def test_another_version_is_named_with_file_and_remedy(
    changed: dict[str, object], reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = write_refinement(make_refinement())
    file.write_text(json.dumps(make_refinement().to_json() | changed))
    with pytest.raises(
        DataError, match=rf"refinement\.json is no refinement of this version .*{reason}.*check refined"
    ):
        load_refinement()


def test_where_there_is_none_the_command_that_makes_one_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = write_refinement(make_refinement())
    file.unlink()
    with pytest.raises(MissingInputError, match="check refined"):
        load_refinement()
