"""A result's folder and its split table."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from paraisite.errors import DataError
from paraisite.models.ensemble import Ensemble
from paraisite.training.recipe_result import RecipeResult, TrainedRecipe
from tests.synthetic_result import make_ensemble, make_result


def test_a_saved_result_comes_back_whole(tmp_path: Path) -> None:
    result = make_result(seeds=(4, 1), n_row=20, diverged=(1,))
    result.save(tmp_path / "feaftg15")
    loaded = RecipeResult.load(tmp_path / "feaftg15")
    for name in ("curves", "predictions", "metrics"):
        pd.testing.assert_frame_equal(getattr(loaded, name), getattr(result, name))
    for name in ("best_epoch", "diverged"):
        pd.testing.assert_series_equal(getattr(loaded, name), getattr(result, name))
    for found, expected in zip(loaded.splits, result.splits, strict=True):
        assert found.seed == expected.seed
        np.testing.assert_array_equal(found.train, expected.train)
        np.testing.assert_array_equal(found.validation, expected.validation)
    assert loaded.recipe is result.recipe
    assert loaded.dataset.digest == result.dataset.digest
    assert (loaded.started_from, loaded.parent_version) == (result.started_from, result.parent_version)
    assert (loaded.parameters, loaded.seconds) == (result.parameters, result.seconds)


def test_members_are_kept_beside_the_result(tmp_path: Path) -> None:
    best, last = (make_ensemble(None, n_member=2, seed=seed) for seed in (1, 2))
    TrainedRecipe(make_result(seeds=(4, 1), n_row=20), best, last).save_members(tmp_path)
    for name, ensemble in (("best", best), ("last", last)):
        loaded = Ensemble.load(tmp_path / f"{name}.safetensors")
        for parameter, value in ensemble.parameters.items():
            np.testing.assert_array_equal(loaded.parameters[parameter], value)


def test_an_interrupted_save_is_not_taken_for_a_result(tmp_path: Path) -> None:
    result = make_result(seeds=(1, 2), n_row=20)
    result.save(tmp_path)
    (tmp_path / "result.json").unlink()
    with pytest.raises(DataError, match="no complete result"):
        RecipeResult.load(tmp_path)


def test_an_unknown_recipe_is_named(tmp_path: Path) -> None:
    make_result(seeds=(1, 2), n_row=20).save(tmp_path)
    facts = json.loads((tmp_path / "result.json").read_text())
    (tmp_path / "result.json").write_text(json.dumps(facts | {"recipe": "FEXY"}))
    with pytest.raises(DataError, match="unknown recipe 'FEXY'"):
        RecipeResult.load(tmp_path)


def test_every_row_is_in_each_split_once() -> None:
    result = make_result(seeds=(1, 2), n_row=20)
    table = result.tabulate_splits()
    for _, rows in table.groupby("split_seed"):
        assert sorted(rows["row"]) == list(range(20))
        assert (rows["part"] == "validation").sum() == 4
    assert (table["material_id"] == result.dataset.table["material_id"].to_numpy()[table["row"]]).all()


def test_the_digest_of_splits_changes_with_them() -> None:
    digests = {make_result(seeds=seeds, n_row=20).splits_digest for seeds in ((1, 2), (2, 1), (1, 3))}
    assert len(digests) == 3
    assert make_result(seeds=(1, 2), n_row=20, seed=5).splits_digest in digests
