"""Predictors that lie on this machine, by name."""

from pathlib import Path

import pytest

from paraisite import DEFAULT_MODEL
from paraisite.artifacts.predictors import find_predictor
from paraisite.artifacts.predictors_at_hand import list_predictors, read_card_of
from tests.inference.known_predictors import tiny_predictor


def test_what_was_trained_here_or_is_shipped_is_listed_after_the_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    assert list_predictors() == [DEFAULT_MODEL]
    for folder in ("build/zz/predictor", "weights/aa"):
        tiny_predictor().save(tmp_path / folder)
    (tmp_path / "weights" / "members_only").mkdir()
    assert list_predictors() == [DEFAULT_MODEL, "AA", "ZZ"]
    assert find_predictor("ZZ").digest == find_predictor("AA").digest


def test_a_card_is_read_where_there_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    assert read_card_of("ZZ") == {}
    (tmp_path / "build/zz/predictor").mkdir(parents=True)
    (tmp_path / "build/zz/predictor/card.json").write_text('{"dataset": "togo15"}')
    assert read_card_of("ZZ") == {"dataset": "togo15"}
    (tmp_path / "build/zz/predictor/card.json").write_text("cut o")
    assert read_card_of("ZZ") == {}
