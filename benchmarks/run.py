"""Measures this project beside its peers in one run, in turn: `python -m benchmarks.run --help`."""

import argparse
import itertools
import json
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from benchmarks.machine import describe_machine
from benchmarks.protocol import (
    GRAPHS_FULL,
    GRAPHS_QUOTIENT,
    GRAPHS_QUOTIENT_ARRAYS,
    PREDICT_BATCH,
    PREDICT_DEFAULT,
    PREDICT_GRAPHS,
    PREDICT_SINGLE,
    PROFILE,
    Crystal,
    nine_members,
    train_task,
    write_crystals,
)
from benchmarks.tables import comparison_table, own_table, profile_table
from benchmarks.worker import Worker, WorkerError
from paraisite.config import GraphConfig, load_config
from paraisite.data.sources.aflow import load_aflow
from paraisite.errors import ParaisiteError
from paraisite.graphs.build import build_graphs

N_SHARED: Final = 400
"""Records that peers and we work on."""

TRAIN_FRACTION: Final = 0.96
"""384 of the shared records, whole steps at batch 8 and 128; the peers train on all 400 and validate none."""

OURS_PREDICT: Final = "ours"
OWN_PREDICT_TASKS: Final = (
    GRAPHS_FULL,
    GRAPHS_QUOTIENT,
    GRAPHS_QUOTIENT_ARRAYS,
    PREDICT_SINGLE,
    nine_members(PREDICT_SINGLE),
    PREDICT_DEFAULT,
    PREDICT_BATCH,
    nine_members(PREDICT_BATCH),
    PREDICT_GRAPHS,
    nine_members(PREDICT_GRAPHS),
)


@dataclass
class Results:
    """Everything measured.

    Attributes:
        rates: Structures per second of every round, by (worker, task).
        about: What each worker told about itself.
        profiles: Milliseconds of each part of an epoch, by batch size.
        failures: Sentences.
    """

    rates: dict[tuple[str, str], list[float]] = field(default_factory=lambda: defaultdict(list))
    about: dict[str, dict[str, Any]] = field(default_factory=dict)
    profiles: dict[int, dict[str, float]] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class WorkerSpec:
    """How to start a worker.

    Attributes:
        name: Its name in the results.
        module: Module of this package.
        arguments: Its command line.
        python: Its interpreter.
    """

    name: str
    module: str
    arguments: tuple[str, ...]
    python: Path = Path(sys.executable)


class Bench:
    """Starts workers, asks them in turn, keeps what they say."""

    def __init__(self, logs: Path, *, n_round: int, console: Console) -> None:
        self.logs, self.n_round, self.console = logs, n_round, console
        self._number = itertools.count(1)
        self.results = Results()

    @contextmanager
    def workers(self, specs: Sequence[WorkerSpec]) -> Iterator[dict[str, Worker]]:
        """Start these workers side by side; yield those that are ready."""
        started = [
            Worker(spec.name, spec.python, spec.module, spec.arguments, log=self.logs / f"{next(self._number)}.log")
            for spec in specs
        ]
        start = time.perf_counter()
        try:
            ready = {}
            for worker in started:
                try:
                    self.results.about[worker.name] = worker.wait_until_ready()
                    ready[worker.name] = worker
                except WorkerError as error:
                    self._fail(error, worker)
            self.console.log(f"{', '.join(ready)}: ready after {time.perf_counter() - start:.0f} s")
            yield ready
        finally:
            for worker in started:
                worker.close()

    def measure(self, turns: Sequence[tuple[Worker, str]]) -> None:
        """Ask for all these tasks, round by round, every other round backwards: drift hits all of them alike."""
        for number in range(self.n_round):
            self.console.log(f"round {number + 1} of {self.n_round}: {turns[0][1]} and {len(turns) - 1} more")
            for worker, task in turns if number % 2 == 0 else turns[::-1]:
                try:
                    found = worker.ask(task)
                    self.results.rates[worker.name, task].append(found.n_structure / found.seconds)
                except WorkerError as error:
                    self._fail(error, worker)

    def profile(self, worker: Worker, batch_size: int) -> None:
        """Ask where an epoch's time goes."""
        try:
            self.results.profiles[batch_size] = worker.ask(PROFILE).details
        except WorkerError as error:
            self._fail(error, worker)

    def _fail(self, error: WorkerError, worker: Worker) -> None:
        lines = worker.log.read_text(errors="replace").splitlines()[-5:]
        self.results.failures.append(str(error))
        self.console.log(str(error), *lines, sep="\n  ", markup=False)


def main() -> None:
    """Measure, print, save."""
    arguments = _parser().parse_args()
    console = Console()
    try:
        results, machine = _run(arguments, console)
    except ParaisiteError as error:
        sys.exit(str(error))
    _report(results, machine, console)
    _save(arguments.output, results, machine)
    console.print(f"saved as {arguments.output}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, epilog="See benchmarks/README.md.")
    parser.add_argument("--aflow-table", type=Path, help="AFLUX records; else PARAISITE_AFLOW_TABLE or params.yaml")
    parser.add_argument("--megnet-python", type=Path, help="interpreter of an environment with megnet 1.3.2")
    parser.add_argument("--matgl-python", type=Path, help="interpreter of an environment with matgl 4.1.2")
    parser.add_argument("--rounds", type=int, help="rounds of measurements; by default 4, or 2 with --quick")
    parser.add_argument("--quick", action="store_true", help="2 rounds, two trainings, no whole table, no profile")
    parser.add_argument(
        "--train-fraction",
        type=float,
        default=TRAIN_FRACTION,
        help=f"of our rows; the rest is validated after each epoch ({TRAIN_FRACTION})",
    )
    parser.add_argument("--output", type=Path, default=Path("build/benchmarks/results.json"))
    return parser


def _run(arguments: argparse.Namespace, console: Console) -> tuple[Results, dict[str, Any]]:
    machine = describe_machine()
    console.print(machine)
    if (machine["load_before"] or 0) > 0.3 * machine["n_core"]:
        console.print(f"[yellow]the machine is busy (load {machine['load_before']:.1f}): figures will be too low[/]")
    peers = {"megnet": arguments.megnet_python, "matgl": arguments.matgl_python}
    for peer in [peer for peer, python in peers.items() if python is None]:
        console.print(f"without --{peer}-python {peer} is not measured (benchmarks.make_peer_envs installs it)")
    quick = arguments.quick
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shared, whole = _write_records(arguments.aflow_table or load_config().data.aflow_table, folder, machine)
        logs = arguments.output.parent / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        bench = Bench(logs, n_round=arguments.rounds or (2 if quick else 4), console=console)
        peer_specs = [
            WorkerSpec(peer, f"benchmarks.peer_{peer}", (str(shared),), python.absolute())
            for peer, python in peers.items()
            if python is not None
        ]
        fraction = ("--train-fraction", str(arguments.train_fraction))
        with bench.workers(peer_specs) as ready:
            _graphs_and_predictions(bench, list(ready.values()), shared, None if quick else whole)
            for batch_size, members in ((8, (9,) if quick else (1, 9)), (128, (9,) if quick else (1, 9))):
                _training(bench, list(ready.values()), shared, fraction, batch_size=batch_size, members=members)
        if not quick:
            _whole_table(bench, whole, fraction)
    return bench.results, machine


def _write_records(table: Path, folder: Path, machine: dict[str, Any]) -> tuple[Path, Path]:
    """Write the records that have a graph, the first of them and all; return both files."""
    records, _ = load_aflow(table)
    settings = GraphConfig()
    _, rejected = build_graphs(
        [record.structure for record in records],
        [record.material_id for record in records],
        cutoff_angstrom=settings.cutoff_angstrom,
        distance_tolerance_angstrom=settings.distance_tolerance_angstrom,
    )
    without_graph = {item.row for item in rejected}
    crystals = [
        Crystal(
            material_id=record.material_id,
            lattice_angstrom=record.structure.lattice.matrix.tolist(),
            species=[site.specie.symbol for site in record.structure],
            frac_coords=record.structure.frac_coords.tolist(),
            kappa_w_per_m_k=record.kappa_w_per_m_k,
        )
        for row, record in enumerate(records)
        if row not in without_graph
    ]
    machine |= {"n_shared": min(N_SHARED, len(crystals)), "n_whole": len(crystals)}
    shared, whole = folder / "shared.json", folder / "whole.json"
    write_crystals(shared, crystals[:N_SHARED])
    write_crystals(whole, crystals)
    return shared, whole


def _graphs_and_predictions(bench: Bench, peers: Sequence[Worker], shared: Path, whole: Path | None) -> None:
    specs = [WorkerSpec(OURS_PREDICT, "benchmarks.ours_predict", (str(shared),))]
    if whole is not None:
        specs.append(WorkerSpec(f"{OURS_PREDICT}, whole table", "benchmarks.ours_predict", (str(whole),)))
    with bench.workers(specs) as ours:
        bench.measure(
            [
                (worker, task)
                for task in OWN_PREDICT_TASKS
                for worker in (*peers, *ours.values())
                if task in bench.results.about[worker.name]["tasks"]
            ]
        )


def _training_spec(name: str, records: Path, fraction: Sequence[str], *, batch_size: int, n_member: int) -> WorkerSpec:
    arguments = (str(records), "--batch-size", str(batch_size), "--n-member", str(n_member), *fraction)
    return WorkerSpec(name, "benchmarks.ours_train", arguments)


def _training(
    bench: Bench,
    peers: Sequence[Worker],
    shared: Path,
    fraction: Sequence[str],
    *,
    batch_size: int,
    members: Sequence[int],
) -> None:
    specs = [
        _training_spec(f"ours, {n} member{'s' * (n > 1)}", shared, fraction, batch_size=batch_size, n_member=n)
        for n in members
    ]
    with bench.workers(specs) as ours:
        bench.measure([(worker, train_task(batch_size)) for worker in (*peers, *ours.values())])


def _whole_table(bench: Bench, whole: Path, fraction: Sequence[str]) -> None:
    for batch_size in (8, 128):
        specs = [
            _training_spec("ours, 9 members, whole table", whole, fraction, batch_size=batch_size, n_member=9),
            WorkerSpec(
                f"profile, batch {batch_size}",
                "benchmarks.where_time_goes",
                (str(whole), "--batch-size", str(batch_size), *fraction),
            ),
        ]
        with bench.workers(specs) as ours:
            if specs[0].name in ours:
                bench.measure([(ours[specs[0].name], train_task(batch_size))])
            if specs[1].name in ours:
                bench.profile(ours[specs[1].name], batch_size)


def _report(results: Results, machine: dict[str, Any], console: Console) -> None:
    console.print(comparison_table(results.rates))
    own = own_table(results.rates)
    if own.row_count:
        console.print(own)
    for batch_size, parts in results.profiles.items():
        about = results.about[f"profile, batch {batch_size}"]
        console.print(profile_table(batch_size, parts, about, n_core=machine["n_core_usable"]))
    for failure in results.failures:
        console.print(f"[red]{failure}[/]")


def _save(path: Path, results: Results, machine: dict[str, Any]) -> None:
    content = {
        "machine": machine,
        "structures_per_second": [
            {"worker": worker, "task": task, "rounds": rates} for (worker, task), rates in results.rates.items()
        ],
        "workers": results.about,
        "profile_milliseconds": results.profiles,
        "failures": results.failures,
    }
    path.write_text(json.dumps(content, indent=2) + "\n")


if __name__ == "__main__":
    main()
