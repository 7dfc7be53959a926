"""One member's training epoch taken apart, in one worker alone: `python -m benchmarks.where_time_goes --help`.

Packing, copying, the epoch program and the validation are timed as they are. Inside the program nothing can be timed,
so it is run again with the table's smallest crystal in place of every crystal, which leaves head, optimiser and fixed
costs, and once more without the head. With a smaller program more of Adam's state stays in the cache: what is counted
for head and Adam is a lower bound.
"""

import argparse
import dataclasses
import math
import time
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from benchmarks import ours_data
from benchmarks.protocol import PROFILE, Measurement, Tasks, read_crystals, serve, worker_parser
from paraisite.config import TrainingConfig
from paraisite.data.datasets.splits import Split, draw_random_splits
from paraisite.models.architecture import ModelConfig, flatten
from paraisite.models.megnet import forward
from paraisite.models.runtime import tf, use_threads_per_operation
from paraisite.models.target_scaler import TargetScaler
from paraisite.training.batches import (
    TrainingData,
    train_batches,
    validation_batches,
    validation_plans,
    validation_shape,
)
from paraisite.training.checkpoint import TrainingState
from paraisite.training.initial_parameters import draw_parameters, stack
from paraisite.training.step import LabelledBatches
from paraisite.training.unit import TrainingTask, UnitTrainer

N_REPEAT: Final = 5

N_EPOCH: Final = 3


def prepare(arguments: argparse.Namespace) -> tuple[Tasks, dict[str, Any]]:
    """Compile all variants."""
    use_threads_per_operation(arguments.threads)
    crystals = read_crystals(arguments.records)
    kappas = ours_data.kappas_of(crystals)
    data = TrainingData(ours_data.build(ours_data.structures_of(crystals)), kappas, ours_data.MODEL)
    split = draw_random_splits(len(crystals), seeds=[1], train_fraction=arguments.train_fraction)[0]
    scaler = TargetScaler.fit([kappas[split.train]])
    tiny = _smallest_crystal_only(data)
    headless = dataclasses.replace(tiny, config=dataclasses.replace(data.config, head_hidden=()))
    one_row = Split(seed=split.seed, train=split.train, validation=split.validation[:1])
    start = time.perf_counter()
    whole = _Worker(data, split=split, scaler=scaler, batch_size=arguments.batch_size)
    shapes_seconds = time.perf_counter() - start
    compile_seconds = whole.epochs(1)
    small = _Worker(tiny, split=one_row, scaler=scaler, batch_size=arguments.batch_size)
    smallest = _Worker(headless, split=one_row, scaler=scaler, batch_size=arguments.batch_size)
    workers = (whole, small, smallest)
    for worker in workers:
        worker.epochs(1)
    validate = _validation(data, split)

    def profile() -> Measurement:
        start = time.perf_counter()
        packing_ms, copying_ms = _milliseconds(whole.pack), _milliseconds(whole.copy)
        whole_ms, small_ms, smallest_ms = (
            worker.epoch_milliseconds() - _milliseconds(worker.pack) - _milliseconds(worker.copy) for worker in workers
        )
        validation_ms = _milliseconds(validate)
        parts = {
            "packing (NumPy)": packing_ms,
            "copying to TensorFlow": copying_ms,
            "program: atoms and bonds": whole_ms - validation_ms - small_ms,
            "program: head and its Adam": small_ms - smallest_ms,
            "program: Adam of the rest, fixed costs": smallest_ms,
            "program: validation": validation_ms,
            "one epoch of one member": packing_ms + copying_ms + whole_ms,
        }
        return Measurement(len(split.train), time.perf_counter() - start, parts)

    about = {"shapes_seconds": shapes_seconds, "compile_seconds": compile_seconds, "n_train": len(split.train)}
    return {PROFILE: profile}, about


class _Worker:
    """One member as a worker trains it."""

    def __init__(self, data: TrainingData, *, split: Split, scaler: TargetScaler, batch_size: int) -> None:
        settings = TrainingConfig(batch_size=batch_size)
        self._data, self._split = data, split
        self._trainer = UnitTrainer(TrainingTask(data, (split,), scaler, settings))
        member = stack([draw_parameters(data.config, seed=0)])
        self._state = TrainingState.fresh(flatten(member, data.config))
        self._batches = self.pack()

    def epochs(self, n_epoch: int) -> float:
        """Return the seconds of the first epochs, always from the same state."""
        start = time.perf_counter()
        self._trainer.run([0], self._state, until=n_epoch, at_least_seconds=math.inf)
        return time.perf_counter() - start

    def epoch_milliseconds(self) -> float:
        """Return the time of one epoch, packing and copying included."""
        return float(np.median([self.epochs(N_EPOCH) for _ in range(3)])) / N_EPOCH * 1e3

    def pack(self) -> LabelledBatches:
        """Return one epoch's steps."""
        return train_batches(
            self._data,
            [self._split.train],
            shapes=self._trainer.train_shapes,
            rngs=[np.random.default_rng(0)],
        )

    def copy(self) -> None:
        """Hand one epoch's steps to TensorFlow."""
        tf.nest.map_structure(tf.constant, self._batches)


def _milliseconds(work: Callable[[], object]) -> float:
    """Return the median time of a few calls after a first one, which may compile."""
    work()
    seconds = []
    for _ in range(N_REPEAT):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return float(np.median(seconds)) * 1e3


def _smallest_crystal_only(data: TrainingData) -> TrainingData:
    smallest = int(np.argmin(data.graphs.n_bond))
    return dataclasses.replace(data, graphs=data.graphs.take(np.full(len(data.graphs), smallest)))


def _validation(data: TrainingData, split: Split) -> Callable[[], object]:
    """Return a call of the network alone over the validation rows, compiled as the epoch's program is."""
    shape = validation_shape(data.graphs)
    plans = validation_plans(data, [split.validation], shape)
    batches = tf.nest.map_structure(tf.constant, validation_batches(data, plans, shape))
    config: ModelConfig = data.config
    weights = {name: tf.constant(value) for name, value in stack([draw_parameters(config, seed=0)]).items()}

    @tf.function(jit_compile=True, autograph=False)
    def run(weights: Any, graphs: Any) -> Any:
        def add(i: Any, total: Any) -> tuple[Any, Any]:
            step = tf.nest.map_structure(lambda value: value[i], graphs)
            return i + 1, total + tf.reduce_sum(forward(weights, step, config=config, n_crystal=shape.n_crystal))

        n_step = graphs.atomic_number.shape[0]
        return tf.while_loop(lambda i, _: i < n_step, add, (tf.constant(0), tf.constant(0.0)))[1]

    return lambda: run(weights, batches.graphs).numpy()


def main() -> None:
    """Serve."""
    parser = worker_parser("Takes one member's training epoch apart.")
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--train-fraction", type=float, default=0.8, help="the rest is validated (0.8)")
    parser.add_argument("--threads", type=int, default=1, help="that share one operation (1, as in a training)")
    serve(parser, prepare)


if __name__ == "__main__":
    main()
