"""Measures what one prediction takes: `python -m benchmarks.single --help`.

Cold: the command `predict FILE` in a process of its own, from start to exit. Warm: a loaded default predictor, one
crystal after another, from structure to intervals and nearest materials. Processor time is given beside the clock: it
is what a busy machine tells.
"""

import argparse
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from pymatgen.core.structure import Structure
from rich.console import Console
from rich.table import Table

from benchmarks.machine import describe_machine
from paraisite import DEFAULT_MODEL
from paraisite.artifacts.predictors import find_predictor
from paraisite.data.structure_files.reading import read_file, to_structure

MAX_ATOMS = 30
"""Of a crystal that is predicted warm."""


def measure_cold(file: Path, model: str) -> tuple[float, float]:
    """Return seconds on the clock and of processors for one command."""
    before, start = _processor_seconds(resource.RUSAGE_CHILDREN), time.perf_counter()
    command = [sys.executable, "-m", "paraisite", "predict", str(file), "--model", model]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start, _processor_seconds(resource.RUSAGE_CHILDREN) - before


def measure_warm(predict: Callable[[Structure], object], structures: list[Structure]) -> tuple[float, float]:
    """Return the medians over crystals of seconds on the clock and of processors."""
    wall, processor = [], []
    for structure in structures:
        before, start = _processor_seconds(resource.RUSAGE_SELF), time.perf_counter()
        predict(structure)
        wall.append(time.perf_counter() - start)
        processor.append(_processor_seconds(resource.RUSAGE_SELF) - before)
    return median(wall), median(processor)


def _processor_seconds(who: int) -> float:
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, epilog="See benchmarks/README.md.")
    parser.add_argument("--file", type=Path, required=True, help="a structure file, as `predict` reads it")
    parser.add_argument("--crystals", type=Path, help="a file of many crystals for the warm calls (the same file)")
    parser.add_argument("--model", default=DEFAULT_MODEL)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    console = Console()
    console.print(describe_machine())
    structures = [to_structure(found.crystal) for found in read_file(arguments.crystals or arguments.file)]
    small = [found for found in structures if isinstance(found, Structure) and len(found) <= MAX_ATOMS]
    measure_cold(arguments.file, arguments.model)  # compiles Python's files
    cold = [measure_cold(arguments.file, arguments.model) for _ in range(arguments.rounds)]
    predictor = find_predictor(arguments.model)
    predictor.predict(small[:1])
    warm = [measure_warm(lambda structure: predictor.predict([structure]), small) for _ in range(arguments.rounds)]
    table = Table("ms, median of the rounds", "clock", "processors")
    for title, rounds in (("cold, the whole command", cold), (f"warm, {len(small)} crystals one by one", warm)):
        table.add_row(title, *(f"{1e3 * median(values):.1f}" for values in zip(*rounds, strict=True)))
    console.print(table)


if __name__ == "__main__":
    main()
