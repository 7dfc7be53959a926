"""Other losses, dropout, weight decay and freezing inside a compiled training, and what their defaults leave alone."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from paraisite.config import TrainingConfig
from paraisite.data.datasets.splits import Split
from paraisite.models.architecture import flatten
from paraisite.models.runtime import tf
from paraisite.models.target_scaler import TargetScaler
from paraisite.training.batches import TrainingData, validation_shape
from paraisite.training.engine import FitResult, _fingerprint, fit
from paraisite.training.freezing import list_frozen_parameters
from paraisite.training.loss import Objective
from paraisite.training.step import EpochSettings, _head_masks
from paraisite.training.unit import TrainingTask
from tests.training.tiny import CONFIG, N_MEMBER, SETTINGS, tiny_data, tiny_initial, tiny_scaler, tiny_splits

OPTIONS = {"loss": "mixture", "percentage_share": 0.3, "dropout": 0.5, "weight_decay": 0.1, "frozen": "embedding"}
CHANGED = dataclasses.replace(SETTINGS, **OPTIONS)
N_FIRST = len([field for field in dataclasses.fields(TrainingConfig) if field.name not in OPTIONS])


def train(
    members: list[int],
    *,
    folder: Path | None = None,
    stop_after_epoch: int | None = None,
    data: TrainingData | None = None,
) -> FitResult:
    splits: list[Split] = [tiny_splits()[member] for member in members]
    scaler = tiny_scaler()
    return fit(
        {name: value[members] for name, value in tiny_initial().items()},
        data=data or tiny_data(),
        splits=splits,
        scaler=TargetScaler(mean=scaler.mean[members], std=scaler.std[members]),
        settings=CHANGED,
        checkpoint_folder=folder,
        n_worker=1,
        stop_after_epoch=stop_after_epoch,
    )


def test_a_training_with_all_options_is_its_own_whatever_its_company_and_wherever_it_stopped(tmp_path: Path) -> None:
    result = train([0, 1, 2])
    assert np.isfinite(result.validation_error).all()
    for name, value in tiny_initial().items():
        is_frozen = name in list_frozen_parameters("embedding", CONFIG)
        assert (result.last[name] == value).all() == is_frozen, name
    train([1], folder=tmp_path, stop_after_epoch=2)
    alone = train([1], folder=tmp_path)
    np.testing.assert_array_equal(alone.validation_error[0], result.validation_error[1])
    for name, value in alone.last.items():
        assert value[0].tobytes() == result.last[name][1].tobytes(), name


def test_crystals_that_their_label_selected_change_what_is_learnt_and_each_member_weighs_its_own(
    tmp_path: Path,
) -> None:
    data = tiny_data()
    rank = np.argsort(np.argsort(data.target))
    selected = dataclasses.replace(data, selected=np.isin(rank, [1, 4, 7, 10]))
    result, plain = train([0, 1, 2], data=selected), train([0, 1, 2])
    assert np.isfinite(result.validation_error).all()
    assert (result.validation_error != plain.validation_error).any(axis=1).all()
    train([1], folder=tmp_path, stop_after_epoch=2, data=selected)
    alone = train([1], folder=tmp_path, data=selected)
    np.testing.assert_array_equal(alone.validation_error[0], result.validation_error[1])
    train([1], folder=tmp_path, stop_after_epoch=2)  # no checkpoint of the other training
    assert len(list(tmp_path.glob("*.safetensors"))) == 2


def settings_with_dropout(dropout: float) -> EpochSettings:
    return EpochSettings(
        config=CONFIG,
        train_shapes=(),
        validation_shape=validation_shape(tiny_data().graphs),
        gradient_clip_norm=1.0,
        objective=Objective.KAPPA_PERCENTAGE,
        max_log10_one_plus_kappa=4.0,
        dropout=dropout,
    )


def test_masks_leave_out_their_share_and_keep_the_mean() -> None:
    seeds = tf.constant([[1, 0], [2, 0], [1, 1]])
    masks = _head_masks(settings_with_dropout(0.25), seeds, n_crystal=64)
    assert [mask.shape for mask in masks] == [(3, 64, width) for width in CONFIG.head_hidden]
    values = np.concatenate([mask.numpy() for mask in masks], axis=-1)
    np.testing.assert_allclose(np.unique(values), [0.0, 4 / 3], rtol=1e-6)
    assert np.mean(values == 0) == pytest.approx(0.25, abs=0.01)
    assert values.mean() == pytest.approx(1.0, abs=0.01)
    assert (values[0] != values[1]).any()
    assert (values[0] != values[2]).any()


def test_a_members_masks_do_not_depend_on_its_company() -> None:
    settings = settings_with_dropout(0.5)
    together = _head_masks(settings, tf.constant([[1, 7], [2, 7]]), n_crystal=4)
    alone = _head_masks(settings, tf.constant([[2, 7]]), n_crystal=4)
    for both, one in zip(together, alone, strict=True):
        np.testing.assert_array_equal(both[1:], one)


def fingerprint(settings: TrainingConfig) -> str:
    task = TrainingTask(tiny_data(), tiny_splits(), tiny_scaler(), settings)
    return _fingerprint(task, list(range(N_MEMBER)), flatten(tiny_initial(), CONFIG))


def test_a_checkpoint_from_before_the_options_is_still_known() -> None:
    before = dataclasses.make_dataclass(
        "Before", [(field.name, field.type) for field in dataclasses.fields(TrainingConfig)[:N_FIRST]]
    )
    known = {name: value for name, value in dataclasses.asdict(SETTINGS).items() if name not in OPTIONS}
    assert fingerprint(before(**known)) == fingerprint(SETTINGS)


@pytest.mark.parametrize("name", OPTIONS)
def test_a_checkpoint_with_another_option_is_another(name: str) -> None:
    assert fingerprint(dataclasses.replace(SETTINGS, **{name: OPTIONS[name]})) != fingerprint(SETTINGS)
