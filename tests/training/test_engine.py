"""Training as a whole: it learns, it can be stopped anywhere, and a member's numbers are its own."""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from paraisite.config import TrainingConfig
from paraisite.data.datasets.splits import Split
from paraisite.graphs.batch import BatchShape, GraphBatch
from paraisite.models.architecture import Parameters
from paraisite.models.megnet import forward
from paraisite.models.runtime import tf
from paraisite.models.target_scaler import TargetScaler
from paraisite.training import worker_processes
from paraisite.training.batches import validation_batches, validation_plans
from paraisite.training.engine import FitResult, fit
from paraisite.training.loss import kappa_from_output, relative_error_sum
from paraisite.training.schedule import compute_learning_rates
from tests.models.numpy_megnet import numpy_forward
from tests.training.tiny import (
    CONFIG,
    N_MEMBER,
    SETTINGS,
    STEPS_PER_EPOCH,
    tiny_data,
    tiny_initial,
    tiny_scaler,
    tiny_splits,
)

CURVES = ("train_error", "validation_error", "gradient_norm", "n_skipped")
SCALER = tiny_scaler()


@dataclass
class Recorder:
    """Notes every call; raises at one of them if asked to."""

    fail_at_epoch: int | None = None
    started: list[dict[str, int]] = field(default_factory=list)
    epochs: list[tuple[int, int, float, float]] = field(default_factory=list)
    n_end: int = 0

    def on_start(self, *, n_member: int, n_epoch: int, n_epoch_done: int) -> None:
        self.started.append({"n_member": n_member, "n_epoch": n_epoch, "n_epoch_done": n_epoch_done})

    def on_epoch(self, *, member: int, epoch: int, train_error: float, validation_error: float) -> None:
        self.epochs.append((member, epoch, train_error, validation_error))
        if epoch == self.fail_at_epoch:
            raise RuntimeError("the disk is on fire")

    def on_end(self) -> None:
        self.n_end += 1


def train(
    settings: TrainingConfig = SETTINGS,
    *,
    members: Sequence[int] = range(N_MEMBER),
    initial: Parameters | None = None,
    splits: Sequence[Split] | None = None,
    **options: Any,
) -> FitResult:
    members, splits, initial = list(members), splits or tiny_splits(), initial or tiny_initial()
    return fit(
        {name: value[members] for name, value in initial.items()},
        data=tiny_data(),
        splits=[splits[member] for member in members],
        scaler=TargetScaler(mean=SCALER.mean[members], std=SCALER.std[members]),
        settings=settings,
        n_worker=1,  # more are processes of their own, with a compilation each: see tests/integration
        **options,
    )


def bits(result: FitResult, members: Sequence[int]) -> dict[str, bytes]:
    """Return all that training some members left, byte for byte."""
    members = list(members)
    found = {name: getattr(result, name)[members].tobytes() for name in (*CURVES, "best_epoch")}
    for kind in ("last", "best"):
        found |= {f"{kind} {name}": value[members].tobytes() for name, value in getattr(result, kind).items()}
    return found


@pytest.fixture(scope="module")
def result() -> FitResult:
    """Four epochs of all three members, never interrupted."""
    return train()


@pytest.fixture(scope="module")
def long_result() -> FitResult:
    """Enough epochs to learn eight crystals by heart."""
    return train(replace(SETTINGS, epochs=300))


def test_learning_rate_is_a_cosine_down_to_its_floor():
    """Golden, by hand: 1e-3 · (0.01 + 0.99 · (1 + cos(pi epoch / 1000)) / 2)."""
    rates = compute_learning_rates(TrainingConfig(epochs=1200))
    assert rates.shape == (1200,)
    golden = {0: 1e-3, 250: 8.550178566873410e-4, 299: 7.972103549313659e-4, 500: 5.05e-4}
    golden |= {750: 1.549821433126590e-4, 1000: 1e-5, 1199: 1e-5}
    for epoch, expected in golden.items():
        assert rates[epoch] == pytest.approx(expected, rel=1e-12), epoch
    assert (np.diff(rates) <= 0).all()


def test_result_has_every_curve(result: FitResult):
    for name in CURVES:
        assert getattr(result, name).shape == (N_MEMBER, 4)
        assert np.isfinite(getattr(result, name)).all()
    np.testing.assert_array_equal(result.learning_rate, compute_learning_rates(SETTINGS))
    assert not result.n_skipped.any()
    assert not result.diverged.any()
    assert result.seconds > 0


def test_training_overfits_eight_crystals(long_result: FitResult):
    assert (long_result.train_error[:, 0] > 0.3).all()
    assert (long_result.train_error.min(axis=1) < 0.1).all()  # the rate is high: it jitters


def test_best_epoch_is_the_lowest_validation_error(long_result: FitResult):
    np.testing.assert_array_equal(long_result.best_epoch, long_result.validation_error.argmin(axis=1) + 1)
    assert (long_result.best_epoch < 300).all()


def numpy_validation_error(parameters: Parameters, member: int) -> float:
    data, rows = tiny_data(), tiny_splits()[member].validation
    own = {name: value[member] for name, value in parameters.items()}
    output = numpy_forward(CONFIG, own, data.graphs.take(rows))
    predicted = 10.0 ** np.minimum(output * SCALER.std[member] + SCALER.mean[member], 4.0) - 1.0
    kappa = data.target[rows]
    return float(np.mean(np.abs(predicted - kappa) / kappa))


def test_weights_belong_to_the_reported_errors(long_result: FitResult):
    """MAPE of NumPy's predictions, one crystal at a time, with the weights kept; 1e-3 relative."""
    for member in range(N_MEMBER):
        best, last = long_result.validation_error[member].min(), long_result.validation_error[member, -1]
        assert numpy_validation_error(long_result.best, member) == pytest.approx(best, rel=1e-3)
        assert numpy_validation_error(long_result.last, member) == pytest.approx(last, rel=1e-3)
        assert best < 0.98 * last


@pytest.mark.parametrize("n_crystal", [1, 3, 32])
def test_metrics_do_not_depend_on_the_batch_size_of_evaluation(result: FitResult, n_crystal: int):
    """Eager evaluation in other shapes against the error that the compiled epoch reports; 1e-4 relative."""
    data = tiny_data()
    shape = BatchShape(n_crystal, 16 * n_crystal, 64 * n_crystal)
    plans = validation_plans(data, [split.validation for split in tiny_splits()], shape)
    batches = validation_batches(data, plans, shape)
    total = np.zeros(N_MEMBER)
    for step in range(len(batches.target)):
        graphs = GraphBatch(*(values[step] for values in batches.graphs))
        output = forward(result.last, graphs, config=CONFIG, n_crystal=n_crystal)
        mean, std = tf.constant(SCALER.mean, tf.float32), tf.constant(SCALER.std, tf.float32)
        kappa = kappa_from_output(output, mean, std, max_log10_one_plus_kappa=4.0)
        total += relative_error_sum(batches.target[step], kappa, batches.present[step]).numpy()
    np.testing.assert_allclose(total / 4, result.validation_error[:, -1], rtol=1e-4)


@pytest.mark.parametrize("stop", [1, 2, 3])
def test_two_and_two_epochs_equal_four(result: FitResult, stop: int, tmp_path: Path):
    """Bit-identical, wherever the training stopped."""
    first = train(checkpoint_folder=tmp_path, stop_after_epoch=stop)
    assert first.validation_error.shape == (N_MEMBER, stop)
    assert first.learning_rate.shape == (stop,)
    recorder = Recorder()
    second = train(checkpoint_folder=tmp_path, callbacks=[recorder])
    assert recorder.started[0]["n_epoch_done"] == N_MEMBER * stop
    assert bits(second, range(N_MEMBER)) == bits(result, range(N_MEMBER))


def test_what_came_after_the_last_checkpoint_is_repeated(
    result: FitResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """A failure in epoch 3, checkpoints every 2 epochs: the last one resumes, and ends bit-identical."""
    monkeypatch.setattr(worker_processes, "SECONDS_PER_TURN", 0.0)  # one epoch each in turn
    with pytest.raises(RuntimeError, match="the disk is on fire"):
        train(checkpoint_folder=tmp_path, callbacks=[Recorder(fail_at_epoch=3)])
    recorder = Recorder()
    resumed = train(checkpoint_folder=tmp_path, callbacks=[recorder])
    assert recorder.started[0]["n_epoch_done"] == 2 * N_MEMBER
    assert {epoch for _, epoch, *_ in recorder.epochs} == {3, 4}
    assert bits(resumed, range(N_MEMBER)) == bits(result, range(N_MEMBER))


def test_a_finished_training_is_not_repeated(result: FitResult, tmp_path: Path):
    train(checkpoint_folder=tmp_path)
    recorder = Recorder()
    again = train(checkpoint_folder=tmp_path, callbacks=[recorder])
    assert recorder.started == [{"n_member": N_MEMBER, "n_epoch": 4, "n_epoch_done": 4 * N_MEMBER}]
    assert recorder.epochs == []
    assert recorder.n_end == 1
    assert bits(again, range(N_MEMBER)) == bits(result, range(N_MEMBER))


def test_a_damaged_checkpoint_costs_only_its_members(result: FitResult, tmp_path: Path):
    train(checkpoint_folder=tmp_path, stop_after_epoch=2)
    files = sorted(path for path in tmp_path.rglob("*") if path.is_file())
    assert len(files) == N_MEMBER
    files[0].write_bytes(files[0].read_bytes()[:500])
    recorder = Recorder()
    resumed = train(checkpoint_folder=tmp_path, callbacks=[recorder])
    assert recorder.started[0]["n_epoch_done"] == 2 * (N_MEMBER - 1)
    assert bits(resumed, range(N_MEMBER)) == bits(result, range(N_MEMBER))


CHANGED = {
    "rate": {"settings": replace(SETTINGS, learning_rate=2e-2)},
    "seed": {"settings": replace(SETTINGS, seed=43)},
    "start": {"initial": {name: value * np.float32(1.01) for name, value in tiny_initial().items()}},
    "rows": {"splits": (*tiny_splits()[1:], tiny_splits()[0])},
}


@pytest.mark.parametrize("what", CHANGED)
def test_a_checkpoint_of_another_training_is_left_alone(what: str, tmp_path: Path):
    train(checkpoint_folder=tmp_path, stop_after_epoch=2)
    recorder = Recorder()
    train(checkpoint_folder=tmp_path, stop_after_epoch=2, callbacks=[recorder], **CHANGED[what])
    assert recorder.started[0]["n_epoch_done"] == 0


def test_how_often_a_checkpoint_is_written_may_change(tmp_path: Path):
    train(checkpoint_folder=tmp_path, stop_after_epoch=2)
    recorder = Recorder()
    train(replace(SETTINGS, checkpoint_every_epochs=1), checkpoint_folder=tmp_path, callbacks=[recorder])
    assert recorder.started[0]["n_epoch_done"] == 2 * N_MEMBER


def moved(split: Split) -> Split:
    """Return the split with one more row in its validation part, in the same order."""
    return replace(split, train=split.train[:-1], validation=np.append(split.train[-1:], split.validation))


@pytest.mark.parametrize(
    "what",
    [
        "another fraction",
        "another seed",
    ],
)
def test_a_checkpoint_of_another_division_is_left_alone(what: str, tmp_path: Path):
    train(checkpoint_folder=tmp_path, stop_after_epoch=2)
    change = {"another fraction": moved, "another seed": lambda split: replace(split, seed=split.seed + 10)}[what]
    recorder = Recorder()
    splits = [change(split) for split in tiny_splits()]
    train(checkpoint_folder=tmp_path, stop_after_epoch=2, splits=splits, callbacks=[recorder])
    assert recorder.started[0]["n_epoch_done"] == 0


@pytest.mark.parametrize("member", range(N_MEMBER))
def test_a_member_alone_equals_that_member_among_others(result: FitResult, member: int):
    """Bit-identical on a CPU."""
    assert bits(train(members=[member]), [0]) == bits(result, [member])


def test_members_train_on_their_own_split(result: FitResult):
    """The same weights and scaler on other rows, and in another order, end elsewhere."""
    assert len({bits(result, [member])["last head/1/kernel"] for member in range(N_MEMBER)}) == N_MEMBER
    same_start = {name: np.repeat(value[:1], N_MEMBER, axis=0) for name, value in tiny_initial().items()}
    split = tiny_splits()[0]
    found = train(initial=same_start, splits=[split, replace(split, seed=99), split])
    np.testing.assert_allclose(found.train_error[0, 0], found.train_error[1, 0], rtol=0.5)
    assert bits(found, [0])["last head/1/kernel"] != bits(found, [1])["last head/1/kernel"]


def test_a_poisoned_member_is_reported_and_harms_no_other(result: FitResult):
    initial = {name: value.copy() for name, value in tiny_initial().items()}
    initial["readout/0/kernel"][1, 3, 2] = np.nan
    found = train(initial=initial)
    np.testing.assert_array_equal(found.diverged, [False, True, False])
    assert bits(found, [0, 2]) == bits(result, [0, 2])
    assert (found.n_skipped[1] == STEPS_PER_EPOCH).all()
    assert np.isnan(found.validation_error[1]).all()
    assert found.best_epoch[1] == 4  # never a finite error: the last epoch


def test_callbacks_hear_of_every_epoch_once(tmp_path: Path):
    recorder, second = Recorder(), Recorder()
    found = train(callbacks=[recorder, second])
    assert recorder.started == [{"n_member": N_MEMBER, "n_epoch": 4, "n_epoch_done": 0}]
    assert recorder.n_end == second.n_end == 1
    assert sorted(recorder.epochs) == sorted(second.epochs)
    assert sorted(recorder.epochs) == [
        (member, epoch + 1, found.train_error[member, epoch], found.validation_error[member, epoch])
        for member in range(N_MEMBER)
        for epoch in range(4)
    ]
    for member in range(N_MEMBER):
        assert [epoch for one, epoch, *_ in recorder.epochs if one == member] == [1, 2, 3, 4]


def test_a_failure_ends_the_training_with_its_error():
    recorder = Recorder(fail_at_epoch=2)
    with pytest.raises(RuntimeError, match="the disk is on fire"):
        train(replace(SETTINGS, epochs=100), callbacks=[recorder])
    assert recorder.n_end == 1


def test_one_stack_of_all_members_trains_as_workers_do(result: FitResult, monkeypatch: pytest.MonkeyPatch):
    """The layout for a GPU, run on the CPU: 1e-3 on weights that moved by a few hundredths."""
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind=None: ["a GPU"] if kind == "GPU" else [])
    found = train()
    for name, value in result.last.items():
        np.testing.assert_allclose(found.last[name], value, rtol=0, atol=1e-3, err_msg=name)
    np.testing.assert_allclose(found.validation_error, result.validation_error, rtol=1e-2)
    assert np.abs(result.last["readout/1/kernel"] - tiny_initial()["readout/1/kernel"]).max() > 0.02
    np.testing.assert_array_equal(found.best_epoch, result.best_epoch)
    assert {name.name for name in fields(found)} == {name.name for name in fields(result)}
