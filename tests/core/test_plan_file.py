"""A folder goes on only with the plan that it was begun with."""

from pathlib import Path

import pytest

from paraisite.core.plan_file import claim_plan, read_plan
from paraisite.errors import DataError


def test_the_same_plan_goes_on_whatever_the_metadata(tmp_path: Path) -> None:
    path = tmp_path / "_plan.json"
    claim_plan(path, {"seed": 1}, metadata={"version": "a"})
    claim_plan(path, {"seed": 1}, metadata={"version": "b"})
    assert read_plan(path) == {"seed": 1, "version": "a"}


def test_another_value_may_be_taken_back(tmp_path: Path) -> None:
    path = tmp_path / "_plan.json"
    claim_plan(path, {"format": 1, "seed": 1}, metadata={})
    with pytest.raises(DataError, match="begun with seed = 1, now it is 2: take the old value back"):
        claim_plan(path, {"format": 1, "seed": 2}, metadata={})


def test_another_format_cannot(tmp_path: Path) -> None:
    path = tmp_path / "_plan.json"
    claim_plan(path, {"seed": 1, "format": 1}, metadata={})
    with pytest.raises(DataError, match=r"another version of paraisite, in format 1, not 2: choose another folder"):
        claim_plan(path, {"seed": 2, "format": 2}, metadata={})
