"""Measures how long a CIF takes to be read, here and by pymatgen: `python -m benchmarks.reading --help`.

The crystals of a file are written as CIFs by pymatgen, once with all atoms and once with symmetry, and each is read as
a file of its own. Processor time of one process is what counts, so that other work on the machine matters little.
"""

import argparse
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

from pymatgen.io.cif import CifParser, CifWriter
from rich.console import Console
from rich.table import Table

from benchmarks.machine import describe_machine
from paraisite.data.structure_files.reading import read_file

SYMMETRY_PRECISION_ANGSTROM = 0.01


def write_cifs(source: Path, folder: Path, n_crystal: int) -> dict[str, list[Path]]:
    """Write some of a file's crystals; return the CIFs by their style."""
    crystals = [found.crystal for found in read_file(source) if not isinstance(found.crystal, str)]
    styles: dict[str, list[Path]] = {"all atoms": [], "with symmetry": []}
    for number, crystal in enumerate(crystals[:: max(len(crystals) // n_crystal, 1)]):
        for style, precision in zip(styles, (None, SYMMETRY_PRECISION_ANGSTROM), strict=True):
            path = folder / f"{number}-{style.replace(' ', '-')}.cif"
            path.write_text(str(CifWriter(crystal.structures()[0], symprec=precision)))
            styles[style].append(path)
    return styles


def measure(read: Callable[[Path], object], files: Sequence[Path]) -> float:
    """Return the processor time per file in milliseconds, after one round that is not counted."""
    for path in files[:10]:
        read(path)
    start = time.process_time()
    for path in files:
        read(path)
    return (time.process_time() - start) / len(files) * 1e3


def read_by_pymatgen(path: Path) -> object:
    """Return the first crystal of a CIF, with pymatgen's own comparison of formulas."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return CifParser(path).parse_structures(primitive=False)[0]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, epilog="See benchmarks/README.md.")
    parser.add_argument("--source", type=Path, required=True, help="a file of many crystals, as `predict` reads it")
    parser.add_argument("--crystals", type=int, default=200, help="how many of them are written")
    arguments = parser.parse_args()
    console = Console()
    console.print(describe_machine())
    table = Table("CIFs", "files", "here, ms", "pymatgen, ms", "ratio")
    with tempfile.TemporaryDirectory() as name, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for style, files in write_cifs(arguments.source, Path(name), arguments.crystals).items():
            ours, theirs = measure(read_file, files), measure(read_by_pymatgen, files)
            table.add_row(style, str(len(files)), f"{ours:.2f}", f"{theirs:.2f}", f"{theirs / ours:.1f}")
    console.print(table)


if __name__ == "__main__":
    main()
