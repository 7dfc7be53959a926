"""Members of earlier stages: as they are where they are clean, trained anew without shared formulas elsewhere."""

import dataclasses
import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from paraisite.artifacts import earlier_stages
from paraisite.artifacts.earlier_stages import EarlierStages
from paraisite.artifacts.training_checkpoints import choose_checkpoint_folder
from paraisite.config import Config, load_config
from paraisite.data.datasets.table import Dataset, build_dataset
from paraisite.data.record import Record
from paraisite.data.sources.lab_tables import SOURCES
from paraisite.data.structure_types import rocksalt
from paraisite.errors import MissingInputError
from paraisite.labels.functional_correction import CorrectedLabels
from paraisite.models.ensemble import ENSEMBLE_FILE
from paraisite.models.target_scaler import TargetScaler
from paraisite.training.recipe_result import TrainedRecipe
from paraisite.training.recipe_training import StartingWeights
from paraisite.training.recipes import FEAF, RECIPES
from tests.pipeline import params_text
from tests.synthetic_result import make_ensemble, make_result

SCALER = TargetScaler(mean=np.ones(2), std=np.ones(2))


def data(name: str, *pairs: tuple[str, str]) -> Dataset:
    records = [
        Record(f"{name}-{number}", rocksalt(*pair, a_angstrom=5.5), 10.0, "rocksalt", "made up")
        for number, pair in enumerate(pairs)
    ]
    return build_dataset(name, records)


EVALUATED = data("togo15", ("Na", "Cl"), ("Mg", "O"))
OTHERS = data("aflow", ("K", "Br"), ("Ca", "O"), ("Li", "F"))
LEAKING = data("aflow", ("K", "Br"), ("Na", "Cl"), ("Li", "F"))


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    monkeypatch.chdir(tmp_path)
    Path("params.yaml").write_text(re.sub(r"seeds: \[.*\]", "seeds: [1, 2]", params_text("paper")))
    shipped = make_ensemble(SCALER, n_member=2)
    shipped.save(Path("weights/feaf") / ENSEMBLE_FILE)
    monkeypatch.setattr(earlier_stages, "attach_graphs", lambda dataset, _: (dataset, None))
    monkeypatch.setattr(
        earlier_stages,
        "resolve_starting_weights",
        lambda recipe, *_, **__: StartingWeights({}, None, f"what {recipe.name} starts from"),
    )
    monkeypatch.setattr(
        earlier_stages, "to_starting_weights", lambda ensemble, _, text, __: StartingWeights({}, SCALER, text)
    )
    return load_config()


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int, str]]:
    """Return what is trained: recipe, rows, start."""
    trained: list[tuple[str, int, str]] = []

    def run(recipe: Any, *, dataset: Dataset, start: StartingWeights, **_: object) -> TrainedRecipe:
        trained.append((recipe.name, len(dataset), start.description))
        ensembles = [make_ensemble(SCALER, n_member=2, seed=1) for _ in range(2)]
        return TrainedRecipe(make_result("FEAFTG15", seeds=(1, 2), n_row=20), *ensembles)

    monkeypatch.setattr(earlier_stages, "run_recipe", run)
    return trained


@pytest.fixture
def taught(monkeypatch: pytest.MonkeyPatch) -> Callable[[Dataset], None]:
    return lambda dataset: monkeypatch.setattr(earlier_stages, "load_data", lambda *_: dataset)


def test_clean_members_are_taken_as_they_are(
    config: Config, runs: list[tuple[str, int, str]], taught: Callable[[Dataset], None]
) -> None:
    taught(OTHERS)
    stages = EarlierStages(config, run_id="run", without=EVALUATED)
    found = stages.load_members(FEAF).parameters["atom_embedding"]
    np.testing.assert_array_equal(found, make_ensemble(SCALER, n_member=2).parameters["atom_embedding"])
    assert stages.start_of(RECIPES["FEAFTG15"], config).description == "what FEAFTG15 starts from"
    assert not runs


def test_where_nothing_has_to_be_left_out_no_data_are_read(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(earlier_stages, "load_data")
    assert EarlierStages(config, run_id="run").load_members(FEAF).n_member == 2


def test_members_that_saw_a_formula_are_trained_anew_without_it_once(
    config: Config, runs: list[tuple[str, int, str]], taught: Callable[[Dataset], None]
) -> None:
    taught(LEAKING)
    for _ in range(2):  # the second time they are on disk
        stages = EarlierStages(config, run_id="run", without=EVALUATED)
        found = stages.load_members(FEAF).parameters["atom_embedding"]
        expected = make_ensemble(SCALER, n_member=2, seed=1).parameters["atom_embedding"]
        np.testing.assert_array_equal(found, expected)
    assert runs == [("FEAF", 2, "what FEAF starts from")]
    description = stages.start_of(RECIPES["FEAFTG15"], config).description
    assert description == "FEAF without togo15's formulas"
    EarlierStages(config, run_id="run", without=data("mine", ("Li", "F"))).load_members(FEAF)
    assert len(runs) == 2, "other formulas are another training"


def test_labels_that_an_evaluated_formula_has_corrected_are_corrected_without_it(
    config: Config, taught: Callable[[Dataset], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    records = [Record("rocksalt:Y-N", rocksalt("Y", "N", a_angstrom=4.9), 12.0, "rocksalt", SOURCES["kappa"])]
    taught(build_dataset("kappa", records))
    trained: list[float] = []

    def run(*_: object, dataset: Dataset, **__: object) -> TrainedRecipe:
        trained.extend(dataset.table["kappa_w_per_m_k"])
        ensembles = [make_ensemble(SCALER, n_member=2, seed=1) for _ in range(2)]
        return TrainedRecipe(make_result("FEAFTG15", seeds=(1, 2), n_row=20), *ensembles)

    monkeypatch.setattr(earlier_stages, "run_recipe", run)
    correction = SimpleNamespace(
        known=None, correct_without=lambda formulas: CorrectedLabels(np.array([100.0 + len(formulas)]), ()), digest="a"
    )
    monkeypatch.setattr(earlier_stages, "LabelCorrection", SimpleNamespace(load=lambda *_: correction))
    make_ensemble(SCALER, n_member=2).save(Path("weights/lfekappa") / ENSEMBLE_FILE)
    for fitting, expected in ((["KBr"], []), (["KBr", "NaCl"], [102.0])):
        monkeypatch.setattr(earlier_stages, "list_fitting_formulas", lambda _, fitting=fitting: fitting)
        EarlierStages(config, run_id="", without=EVALUATED).load_members(RECIPES["LFEKAPPA"])
        assert trained == expected


def test_other_settings_and_other_values_are_another_training(
    config: Config, runs: list[tuple[str, int, str]], taught: Callable[[Dataset], None]
) -> None:
    """Members of 300 epochs were taken where 2,000 were asked for."""
    taught(LEAKING)
    EarlierStages(config, run_id="run", without=EVALUATED).load_members(FEAF)
    longer = dataclasses.replace(config, training=dataclasses.replace(config.training, epochs=2000))
    for _ in range(2):
        EarlierStages(longer, run_id="run", without=EVALUATED).load_members(FEAF)
    assert len(runs) == 2
    taught(LEAKING.replace_kappa(np.array([True, False, False]), np.array([11.0])))
    EarlierStages(longer, run_id="run", without=EVALUATED).load_members(FEAF)
    assert len(runs) == 3
    EarlierStages(config, run_id="run", without=EVALUATED).load_members(FEAF)
    assert len(runs) == 4, "of these values the shorter one was not trained"


def test_a_training_is_taken_from_its_folder_where_its_start_is_clean(
    config: Config, runs: list[tuple[str, int, str]], taught: Callable[[Dataset], None]
) -> None:
    result = make_result("FEAFTG15", seeds=(1, 2), n_row=20)
    stages = EarlierStages(config, run_id="run", without=EVALUATED)
    taught(OTHERS)
    with pytest.raises(MissingInputError, match="`python -m paraisite train FEAFTG15` trains it"):
        stages.load_training(RECIPES["FEAFTG15"], result.dataset, None)
    result.save(Path("build/feaftg15/result"))
    assert stages.load_training(RECIPES["FEAFTG15"], result.dataset, None).splits_digest == result.splits_digest
    with pytest.raises(MissingInputError, match="trained on other values"):
        stages.load_training(RECIPES["FEAFTG15"], EVALUATED, None)
    assert not runs
    taught(LEAKING)
    EarlierStages(config, run_id="run", without=EVALUATED).load_training(RECIPES["FEAFTG15"], EVALUATED, None)
    assert [name for name, *_ in runs] == ["FEAF", "FEAFTG15"]


def test_a_training_goes_on_whatever_its_start_is_called(config: Config) -> None:
    """The run that was killed has registered what it read from a file; named by that, its checkpoints were lost."""
    weights = {"weights": np.arange(3.0, dtype=np.float32)}

    def folder_of(start: StartingWeights, config: Config = config) -> Path:
        return choose_checkpoint_folder("feaftg15", config=config, dataset=EVALUATED, start=start)

    first = folder_of(StartingWeights(weights, None, "shipped FEAF"))
    assert folder_of(StartingWeights(weights, None, "registry FEAF version 1", "1")) == first
    assert folder_of(StartingWeights({"weights": np.zeros(3, np.float32)}, None, "shipped FEAF")) != first
    for name, is_same in (("checkpoint_every_epochs", True), ("epochs", False)):
        training = dataclasses.replace(config.training, **{name: 7})
        changed = dataclasses.replace(config, training=training)
        assert (folder_of(StartingWeights(weights, None, ""), changed) == first) is is_same
