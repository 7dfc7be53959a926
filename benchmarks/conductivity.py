"""Measures what solving Boltzmann's equation costs: `python -m benchmarks.conductivity --help`.

Linewidths by phonons and by isotopes, here and by phono3py, from the same force constants under Nequix, on the mesh of
labels; with --whole, each of the settings' twelve compounds from structure to row. Processor time is what counts, so
that other work on the machine matters little. Needs what `predict --refine` does.
"""

import argparse
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from phono3py import Phono3py
from phono3py.conductivity.factory import conductivity_calculator
from phono3py.other.isotope import get_mass_variances
from pymatgen.core.lattice import Lattice
from pymatgen.core.structure import Structure
from rich.console import Console
from rich.table import Table

from benchmarks.machine import describe_machine
from paraisite.data.sources.nequix_weights import resolve_nequix_weights
from paraisite.labels.conductivity import TEMPERATURE_KELVIN, settle, solve_modes
from paraisite.labels.force_constants import compute_cubic_constants, compute_harmonic_constants
from paraisite.labels.isotope_scattering import compute_isotope_rates
from paraisite.labels.nequix_potential import NequixCalculator
from paraisite.labels.phonon_interaction import compute_linewidths
from paraisite.labels.phonon_labels import label_phonons
from paraisite.labels.phonon_settings import LABELS
from paraisite.labels.settings_study import COMPOUNDS, build_compound
from paraisite.schema import KAPPA_POTENTIAL

CRYSTALS = {
    "NaCl": Structure.from_spacegroup("Fm-3m", Lattice.cubic(5.69), ["Na", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]]),
    "ZnO": Structure.from_spacegroup(
        "P6_3mc", Lattice.hexagonal(3.28, 5.3), ["Zn", "O"], [[1 / 3, 2 / 3, 0], [1 / 3, 2 / 3, 0.38]]
    ),
}


def solve_crystal(crystal: Structure, calculator: NequixCalculator) -> Phono3py:
    """Return a crystal's phonons on their grid, with force constants of third order."""
    cell = settle(crystal, calculator, LABELS)
    harmonic = compute_harmonic_constants(cell, calculator, LABELS)
    cubic = compute_cubic_constants(cell, calculator, LABELS)
    return solve_modes(harmonic, cubic, LABELS)


def run_phono3py(phonons: Phono3py, *, with_isotopes: bool) -> Any:
    """Return phono3py's calculation, done."""
    variances = np.array(get_mass_variances(phonons.primitive)) if with_isotopes else None
    calculation = conductivity_calculator(
        phonons.phph_interaction,
        np.array([TEMPERATURE_KELVIN]),
        [None],
        is_isotope=with_isotopes,
        mass_variances=variances,
    )
    calculation.run()
    return calculation


def measure(compute: Callable[[], Any]) -> tuple[float, Any]:
    """Return processor seconds and what was computed."""
    start = time.process_time()
    value = compute()
    return time.process_time() - start, value


def measure_scattering(calculator: NequixCalculator) -> Table:
    """Return what linewidths cost, here and by phono3py."""
    table = Table("crystal", "mesh", "scattered by", "here, s", "phono3py, s", "ratio", "largest difference")
    for name, crystal in CRYSTALS.items():
        phonons = solve_crystal(crystal, calculator)
        variances = np.array(get_mass_variances(phonons.primitive))
        seconds, plain = measure(partial(run_phono3py, phonons, with_isotopes=False))
        with_isotopes, both = measure(partial(run_phono3py, phonons, with_isotopes=True))
        points = plain.grid_points
        for few in (True, False):  # the first round, of one wave vector, compiles
            some = points[:1] if few else points
            by_phonons, widths = measure(
                partial(compute_linewidths, phonons, some, temperature_kelvin=TEMPERATURE_KELVIN)
            )
            by_isotopes, rates = measure(partial(compute_isotope_rates, phonons, some, variances))
        mesh = "×".join(str(number) for number in phonons.mesh_numbers)
        for kind, ours, theirs, found, expected in (
            ("phonons", by_phonons, seconds, widths, plain.gamma[0, 0]),
            ("isotopes", by_isotopes, with_isotopes - seconds, rates, both.gamma_isotope[0]),
        ):
            difference = np.abs(found - expected).max() / expected.max()
            table.add_row(name, mesh, kind, f"{ours:.1f}", f"{theirs:.1f}", f"{theirs / ours:.1f}", f"{difference:.0e}")
    return table


def measure_whole(calculator: NequixCalculator) -> Table:
    """Return what each compound costs from structure to row; the second time, as the first compiles."""
    table = Table("compound", "force calls", "s", "the first time, s", "kappa, W/m/K")
    for name in COMPOUNDS:
        compute = partial(label_phonons, name, build_compound(name), calculator, LABELS)
        first, _ = measure(compute)
        seconds, row = measure(compute)
        table.add_row(name, str(row["n_force_call"]), f"{seconds:.0f}", f"{first:.0f}", f"{row[KAPPA_POTENTIAL]:.4g}")
    return table


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, epilog="See benchmarks/README.md.")
    parser.add_argument("--weights", type=Path, help="Nequix's (those that `predict --refine` takes)")
    parser.add_argument("--whole", action="store_true", help="the twelve compounds, from structure to row")
    arguments = parser.parse_args()
    console = Console()
    console.print(describe_machine())
    calculator = NequixCalculator(arguments.weights or resolve_nequix_weights())
    console.print(measure_whole(calculator) if arguments.whole else measure_scattering(calculator))


if __name__ == "__main__":
    main()
