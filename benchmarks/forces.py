"""Measures what the forces of a supercell cost under Nequix: `python -m benchmarks.forces --help`.

Here and by the package's own ASE calculator with both of its backends, for displaced copies of the same supercells, one
after the other on one core; each first makes one copy that is not counted, in which JAX and Numba compile. Processor
time is what counts, so that other work on the machine matters little. Needs what `predict --refine` does.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from ase import Atoms
from ase.build import bulk
from nequix.calculator import NequixCalculator as OwnCalculator
from phonopy.structure.atoms import PhonopyAtoms
from rich.console import Console
from rich.table import Table

from benchmarks.machine import describe_machine
from paraisite.arrays import Floats
from paraisite.data.sources.nequix_weights import resolve_nequix_weights
from paraisite.labels.nequix_potential import NequixCalculator
from paraisite.labels.supercell_forces import compute_forces

DISPLACEMENT_ANGSTROM = 0.03

SUPERCELLS = {
    "AlSb, 64 atoms": bulk("AlSb", "zincblende", a=6.22, cubic=True).repeat(2),
    "MgO, 64 atoms": bulk("MgO", "rocksalt", a=4.25, cubic=True).repeat(2),
    "AlSb, 216 atoms": bulk("AlSb", "zincblende", a=6.22, cubic=True).repeat(3),
}


def displace(atoms: Atoms, n_copy: int, *, all_atoms: bool) -> list[Atoms]:
    """Return copies with one displaced atom, as second order asks for, or with all displaced, as third order does."""
    rng = np.random.default_rng(0)
    copies = []
    for _ in range(n_copy):
        moved = atoms.copy()
        directions = rng.normal(size=(len(atoms) if all_atoms else 1, 3))
        directions *= DISPLACEMENT_ANGSTROM / np.linalg.norm(directions, axis=1, keepdims=True)
        moved.positions[: len(directions)] += directions
        copies.append(moved)
    return copies


def measure(compute: Callable[[list[Atoms]], Floats], copies: list[Atoms]) -> tuple[float, Floats]:
    """Return the processor seconds per copy, and the forces, after one copy that is not counted."""
    compute(copies[:1])
    start = time.process_time()
    forces = compute(copies)
    return (time.process_time() - start) / len(copies), forces


def compute_together(calculator: NequixCalculator) -> Callable[[list[Atoms]], Floats]:
    """Return what this project does with the copies of a supercell."""

    def compute(copies: list[Atoms]) -> Floats:
        cells = [PhonopyAtoms(numbers=each.numbers, cell=each.cell.array, positions=each.positions) for each in copies]
        return compute_forces(cells, calculator)

    return compute


def compute_one_by_one(calculator: Any) -> Callable[[list[Atoms]], Floats]:
    """Return what an ASE calculator's user writes."""

    def compute(copies: list[Atoms]) -> Floats:
        for each in copies:
            each.calc = calculator
        return np.array([each.get_forces() for each in copies])

    return compute


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, epilog="See benchmarks/README.md.")
    parser.add_argument("--weights", type=Path, help="Nequix's (those that `predict --refine` takes)")
    parser.add_argument("--copies", type=int, default=4, help="displaced copies of each supercell")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    console = Console()
    console.print(describe_machine())
    weights = arguments.weights or resolve_nequix_weights()
    ours = NequixCalculator(weights)
    table = Table(
        "supercell", "displaced", "here, s", "PyTorch, s", "ratio", "JAX, s", "ratio", "largest difference, eV/Å"
    )
    with tempfile.TemporaryDirectory() as folder:
        # The package keeps the converted weights beside those that it converts.
        own_weights = Path(folder) / weights.name
        own_weights.write_bytes(weights.read_bytes())
        own = {
            backend: OwnCalculator(model_path=str(own_weights), backend=backend, use_kernel=False)
            for backend in ("torch", "jax")
        }
        for name, atoms in SUPERCELLS.items():
            for kind in ("one atom", "all atoms"):
                copies = displace(atoms, arguments.copies, all_atoms=kind == "all atoms")
                seconds, forces = measure(compute_together(ours), copies)
                cells, difference = [f"{seconds:.2f}"], 0.0
                for calculator in own.values():
                    theirs, of_own = measure(compute_one_by_one(calculator), copies)
                    difference = max(difference, float(np.abs(of_own - forces).max()))
                    cells += [f"{theirs:.2f}", f"{theirs / seconds:.1f}"]
                table.add_row(name, kind, *cells, f"{difference:.0e}")
    console.print(table)


if __name__ == "__main__":
    main()
