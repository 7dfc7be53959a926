"""Measures the command `screen` from its start to its end: `python -m benchmarks.screening --help`.

Crystals are drawn from a table of structures and strained a little, so that no two are equal and no cache helps beyond
what it would do in real life. Memory and processor time are those of the whole process tree. With an interpreter that
has matgl, its MEGNet predicts one by one.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import orjson
from pymatgen.core.periodic_table import Element
from rich.console import Console
from rich.table import Table

from benchmarks.machine import describe_machine
from benchmarks.protocol import PREDICT_SINGLE, Crystal, write_crystals
from benchmarks.worker import Worker
from paraisite import DEFAULT_MODEL
from paraisite.data.structure_columns import FRACTIONAL, LATTICE, SPECIES
from paraisite.data.structure_files.reading import read_file
from paraisite.errors import ParaisiteError
from paraisite.screening.chunks import Source
from paraisite.screening.output import SUMMARY_FILE
from paraisite.screening.records import ScreenedCrystal, read_chunk
from paraisite.screening.sources import open_source

N_PEER: Final = 60
"""Structures that matgl predicts one by one, again and again."""

N_MODEL: Final = 9
"""How many models of its kind an interval would take: as many as the paper has splits."""

PEER_SECONDS: Final = 10.0
"""How long it is given before the screening, and once more after it: the pace of a virtual machine varies."""

MAX_STRAIN: Final = 0.02
PAGE_KIB: Final = 4
SECONDS_BETWEEN_SAMPLES: Final = 1.0


def write_synthetic(path: Path, templates: list[dict[str, Any]], n_row: int) -> None:
    """Write JSON lines of crystals whose cells are templates', each strained by up to 2 % along its own directions."""
    rng = np.random.default_rng(0)
    with path.open("wb") as file:
        for number in range(n_row):
            template = templates[number % len(templates)]
            strain = np.eye(3) + np.diag(rng.uniform(-MAX_STRAIN, MAX_STRAIN, 3))
            lattice = (np.reshape(template[LATTICE], (3, 3)) @ strain).ravel().tolist()
            file.write(orjson.dumps(template | {"material_id": f"synthetic-{number}", LATTICE: lattice}) + b"\n")


def read_templates(path: Path) -> list[dict[str, Any]]:
    """Return the crystals of a file of many, as a table of this project would hold them."""
    crystals = [found.crystal for found in read_file(path) if not isinstance(found.crystal, str)]
    return [
        {
            LATTICE: crystal.lattice_angstrom.ravel().tolist(),
            SPECIES: [Element.from_Z(int(number)).symbol for number in crystal.atomic_number],
            FRACTIONAL: crystal.frac_coords.ravel().tolist(),
        }
        for crystal in crystals
    ]


class MemoryWatch:
    """Samples the resident memory of a process and its descendants, in a thread of its own."""

    def __init__(self, pid: int, count_done: Path) -> None:
        """Prepare.

        Args:
            pid: Of the process.
            count_done: Folder whose parquet files tell how far the work is.
        """
        self._process = Path("/proc") / str(pid)
        self.samples: list[dict[str, float]] = []
        self._count_done, self._stop = count_done, threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "MemoryWatch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        start = time.perf_counter()
        while not self._stop.wait(SECONDS_BETWEEN_SAMPLES):
            tree = list(_descendants(self._process))
            self.samples.append(
                {
                    "seconds": time.perf_counter() - start,
                    "n_part": len(list(self._count_done.glob("part-*.parquet"))),
                    "rss_mib": sum(map(_resident_kib, tree)) / 1024,
                }
            )


def _descendants(process: Path) -> Iterator[Path]:
    yield process
    for task in process.glob("task/*/children"):
        try:
            children = task.read_text().split()
        except OSError:
            continue  # it ended meanwhile
        for child in children:
            yield from _descendants(Path("/proc") / child)


def _resident_kib(process: Path) -> int:
    try:
        return int((process / "statm").read_text().split()[1]) * PAGE_KIB
    except OSError:
        return 0


def measure(source: Path, model: str, folder: Path, *, n_process: int, chunk_size: int) -> dict[str, Any]:
    """Run the command once, from its start to its end, into a new folder; return rate and memory."""
    command = [sys.executable, "-m", "paraisite", "screen", source, "--model", model, "--output", folder]
    options = ["--processes", n_process, "--chunk-size", chunk_size]
    start, before = time.perf_counter(), _processor_seconds()
    with subprocess.Popen([*map(str, [*command, *options])], stderr=subprocess.PIPE, text=True) as process:
        with MemoryWatch(process.pid, folder) as watch:
            _, errors = process.communicate()
        seconds = time.perf_counter() - start
    if process.returncode:
        raise ParaisiteError(errors)
    summary = json.loads((folder / SUMMARY_FILE).read_text())
    return {
        "n_row": summary["n_row"],
        "n_scored": summary["n_scored"],
        "seconds": seconds,
        "rows_per_second": summary["n_row"] / seconds,
        "processor_seconds": _processor_seconds() - before,
        "samples": watch.samples,
    } | steadiness(watch.samples, chunk_size)


def _processor_seconds() -> float:
    """Return the processor time of this process and of those that it has started and that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def steadiness(samples: list[dict[str, float]], chunk_size: int) -> dict[str, float]:
    """Return memory and rate in the second and in the last quarter of the parts: equal ones are flat and linear."""
    n_part = max((sample["n_part"] for sample in samples), default=0)
    found: dict[str, float] = {}
    for name, low, high in (("second_quarter", 0.25, 0.5), ("last_quarter", 0.75, 1.0)):
        inside = [sample for sample in samples if low * n_part <= sample["n_part"] <= high * n_part]
        if len(inside) < 2:
            continue
        parts = inside[-1]["n_part"] - inside[0]["n_part"]
        seconds = inside[-1]["seconds"] - inside[0]["seconds"]
        found[f"{name}_rss_mib"] = max(sample["rss_mib"] for sample in inside)
        found[f"{name}_rows_per_second"] = parts * chunk_size / seconds
    return found


class Matgl:
    """matgl's model in a process of its own, to be used with ``with``."""

    def __init__(self, source: Source, python: Path, folder: Path) -> None:
        """Start it on the first structures of the source; its log goes into the folder."""
        rows = [row for row in read_chunk(next(source.chunks(4 * N_PEER))) if isinstance(row, ScreenedCrystal)]
        records = folder / "peer.json"
        write_crystals(records, [_as_record(row) for row in rows])
        self._worker = Worker(
            "matgl", python.absolute(), "benchmarks.peer_matgl", (str(records),), log=folder / "matgl.log"
        )
        self._n_structure, self._seconds = 0, 0.0

    def __enter__(self) -> "Matgl":
        self._worker.wait_until_ready()
        return self

    def __exit__(self, *_: object) -> None:
        self._worker.close()

    def predict(self) -> None:
        """Let it predict for ``PEER_SECONDS``."""
        end = self._seconds + PEER_SECONDS
        while self._seconds < end:
            found = self._worker.ask(PREDICT_SINGLE)
            self._n_structure, self._seconds = self._n_structure + found.n_structure, self._seconds + found.seconds

    @property
    def per_second(self) -> float:
        """How many structures a second it has predicted, one by one."""
        return self._n_structure / self._seconds


def _as_record(row: ScreenedCrystal) -> Crystal:
    return Crystal(
        material_id=row.material_id,
        lattice_angstrom=row.arrays.lattice_angstrom[0].tolist(),
        species=[Element.from_Z(int(number)).symbol for number in row.arrays.atomic_number],
        frac_coords=row.arrays.frac_coords.tolist(),
        kappa_w_per_m_k=1.0,
    )


def main() -> None:
    """Measure, print, save."""
    parser = _parser()
    arguments = parser.parse_args()
    if arguments.synthetic and arguments.templates is None:
        parser.error("--synthetic needs --templates")
    console = Console()
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(dir=arguments.output.parent) as name:
            results = _run(arguments, Path(name), console)
    except ParaisiteError as error:
        sys.exit(str(error))
    table = Table("", "value")
    for key, value in results.items():
        if isinstance(value, int | float):
            table.add_row(key.replace("_", " "), f"{value:,.1f}")
    console.print(table)
    arguments.output.write_text(json.dumps(results, indent=2) + "\n")
    console.print(f"saved as {arguments.output}")


def _run(arguments: argparse.Namespace, folder: Path, console: Console) -> dict[str, Any]:
    machine = describe_machine()
    console.print(machine)
    source = arguments.source
    if arguments.synthetic:
        source = folder / "synthetic.jsonl"
        write_synthetic(source, read_templates(arguments.templates), arguments.synthetic)
    measure_ours = partial(
        measure,
        source,
        arguments.model,
        folder / "out",
        n_process=arguments.processes,
        chunk_size=arguments.chunk_size,
    )
    if arguments.matgl_python is None:
        return {"machine": machine, **measure_ours()}
    with Matgl(open_source(source), arguments.matgl_python, folder) as matgl:
        matgl.predict()
        results = measure_ours()
        matgl.predict()
    over_one = results["rows_per_second"] / matgl.per_second
    return {
        "machine": machine,
        **results,
        "matgl_per_second": matgl.per_second,
        "ours_over_matgl": over_one,
        "ours_over_nine_of_matgl": N_MODEL * over_one,
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, epilog="See benchmarks/README.md.")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--source", type=Path, help="folder or file to screen")
    what.add_argument("--synthetic", type=int, metavar="N", help="screen N strained crystals of --templates")
    parser.add_argument("--templates", type=Path, help="a file of many crystals, as `predict` reads it")
    parser.add_argument("--model", default=DEFAULT_MODEL, help="as `screen` takes it")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--chunk-size", type=int, default=1024)
    parser.add_argument("--matgl-python", type=Path, help="interpreter of an environment with matgl 4.1.2")
    parser.add_argument("--output", type=Path, default=Path("build/benchmarks/screening.json"))
    return parser


if __name__ == "__main__":
    main()
