"""Our training through the real engine, one configuration per process: `python -m benchmarks.ours_train --help`.

TensorFlow's number of threads can be set once per process, and one member uses it differently from nine.
"""

import argparse
from typing import Any

from benchmarks import ours_data
from benchmarks.paced_fit import PacedFit
from benchmarks.protocol import Measurement, Tasks, read_crystals, serve, train_task, versions, worker_parser
from paraisite.config import TrainingConfig
from paraisite.data.datasets.splits import draw_random_splits
from paraisite.models.target_scaler import TargetScaler
from paraisite.training.batches import TrainingData
from paraisite.training.engine import fit

N_EPOCH = 100_000
"""More than any measurement will see."""


def prepare(arguments: argparse.Namespace) -> tuple[Tasks, dict[str, Any]]:
    """Build graphs and compile."""
    crystals = read_crystals(arguments.records)
    kappas = ours_data.kappas_of(crystals)
    data = TrainingData(ours_data.build(ours_data.structures_of(crystals)), kappas, ours_data.MODEL)
    seeds = range(1, arguments.n_member + 1)
    splits = draw_random_splits(len(crystals), seeds=seeds, train_fraction=arguments.train_fraction)
    n_train = len(splits[0].train)
    scaler = TargetScaler.fit([kappas[split.train] for split in splits])
    initial = ours_data.untrained(arguments.n_member)
    settings = TrainingConfig(epochs=N_EPOCH, batch_size=arguments.batch_size)
    training = PacedFit(
        lambda callback: fit(initial, data=data, splits=splits, scaler=scaler, settings=settings, callbacks=[callback]),
        n_member=arguments.n_member,
    )

    def train() -> Measurement:
        n_member_epoch, seconds = training.measure(arguments.turns)
        return Measurement(n_member_epoch * n_train, seconds, {"n_member_epoch": n_member_epoch})

    return {train_task(arguments.batch_size): train}, {
        "n_structure": len(crystals),
        "n_train": n_train,
        "n_worker": training.n_worker,
        "seconds_to_first_result": training.first_turn_seconds,
        "versions": versions("paraisite", "tensorflow", "numpy", "pymatgen", "pymatgen-core"),
    }


def main() -> None:
    """Serve."""
    parser = worker_parser("Measures this project's training.")
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--n-member", type=int, default=9)
    parser.add_argument("--train-fraction", type=float, default=0.8, help="the rest is validated (0.8)")
    parser.add_argument("--turns", type=int, default=2, help="turns of each worker in one measurement, about 2 s each")
    serve(parser, prepare)


if __name__ == "__main__":
    main()
