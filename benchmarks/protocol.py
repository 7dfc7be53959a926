"""What `run` and its worker processes agree on; plain Python, because peers run it in their own environments.

A worker is told a file of records, prepares its model, prints one JSON line ``{"ready": true, …}``, then reads one task
per line from its input and prints one JSON line per task, a `Measurement` (or ``{"error": …}``). So several workers can
be measured in turn, many times, each compiled and warmed up once.
"""

import argparse
import json
import os
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, TextIO

GRAPHS_FULL = "graphs full"
GRAPHS_QUOTIENT = "graphs quotient"
GRAPHS_QUOTIENT_ARRAYS = "graphs quotient from arrays"
PREDICT_SINGLE = "predict one by one"
PREDICT_BATCH = "predict in batch"
PREDICT_DEFAULT = "predict in batch, default model"
PREDICT_GRAPHS = "predict from graphs"
PROFILE = "profile"


def train_task(batch_size: int) -> str:
    """Return the name of a training task."""
    return f"train batch {batch_size}"


def nine_members(task: str) -> str:
    """Return the name of a prediction task for nine members instead of one."""
    return f"{task}, nine members"


@dataclass(frozen=True)
class Measurement:
    """What one task measured.

    Attributes:
        n_structure: Structures worked on; in training, times the epochs and the members.
        seconds: Wall time.
        details: Anything else worth keeping.
    """

    n_structure: int
    seconds: float
    details: dict[str, Any]


@dataclass(frozen=True)
class Crystal:
    """One record as every worker receives it.

    Attributes:
        material_id: Its id.
        lattice_angstrom: Cell vectors in rows, Å.
        species: Element symbol of each atom.
        frac_coords: Fractional coordinates of each atom.
        kappa_w_per_m_k: Its label, W/m/K.
    """

    material_id: str
    lattice_angstrom: list[list[float]]
    species: list[str]
    frac_coords: list[list[float]]
    kappa_w_per_m_k: float


def write_crystals(path: Path, crystals: list[Crystal]) -> None:
    """Write the records that all workers share."""
    path.write_text(json.dumps([asdict(crystal) for crystal in crystals]))


def read_crystals(path: Path) -> list[Crystal]:
    """Read what `write_crystals` wrote."""
    return [Crystal(**values) for values in json.loads(path.read_text())]


def timed(work: Callable[[], int], **details: Any) -> Measurement:
    """Return how long ``work`` takes; it returns the number of structures."""
    start = time.perf_counter()
    n_structure = work()
    return Measurement(n_structure, time.perf_counter() - start, details)


Tasks = dict[str, Callable[[], Measurement]]
Prepare = Callable[[argparse.Namespace], tuple[Tasks, dict[str, Any]]]
"""Makes the tasks by name, and what to tell about the worker (versions, sizes, seconds of compilation)."""


def versions(*packages: str) -> dict[str, str]:
    """Return the installed versions of those packages that are installed."""
    found = {}
    for package in packages:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def worker_parser(description: str) -> argparse.ArgumentParser:
    """Return the arguments that every worker has."""
    parser = argparse.ArgumentParser(description=f"{description} Reads task names from its input, prints JSON lines.")
    parser.add_argument("records", type=Path, help="JSON file of crystals, as benchmarks.run writes it for its workers")
    return parser


def serve(parser: argparse.ArgumentParser, prepare: Prepare) -> None:
    """Prepare, then answer one task per input line until the input ends."""
    arguments = parser.parse_args()
    answers = _take_standard_output()
    try:
        tasks, about = prepare(arguments)
    except Exception as error:  # the parent prints it: whatever went wrong, it is this worker's last word
        _send(answers, _failure(error))
        os._exit(1)
    _send(answers, {"ready": True, "tasks": list(tasks), **about})
    for line in sys.stdin:
        task = line.strip()
        try:
            _send(answers, {"task": task, **asdict(tasks[task]())})
        except Exception as error:  # one failed task must not cost the other tasks
            _send(answers, {"task": task, **_failure(error)})
    answers.flush()
    os._exit(0)  # a training in the background would go on


def _take_standard_output() -> TextIO:
    """Keep standard output for answers: what libraries print goes to standard error instead."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    return answers


def _send(answers: TextIO, message: dict[str, Any]) -> None:
    answers.write(json.dumps(message) + "\n")
    answers.flush()


def _failure(error: Exception) -> dict[str, str]:
    traceback.print_exc()
    return {"error": f"{type(error).__name__}: {error}"}
