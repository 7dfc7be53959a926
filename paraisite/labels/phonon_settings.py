"""All that a conductivity under a potential depends on besides crystal and potential, as data.

``PUBLISHED`` is what the published conductivities of machine-learned potentials were computed with; ``LABELS`` costs a
tenth and stays within 10 % of it; both are measured by ``paraisite label settings`` and ``check settings``.

Source: Pota et al., arXiv 2408.00755 (protocol of the published values); Togo, Chaput and Tanaka, PRB 91, 094306
(2015), 10.1103/PhysRevB.91.094306 (phono3py); Seko and Togo, PRB 110, 214302 (2024), 10.1103/PhysRevB.110.214302
(constants fitted to random displacements).
"""

from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
from pymatgen.core.lattice import Lattice

Repeats = tuple[int, int, int]
Opposites = Literal["always", "where symmetry does not give them", "never"]

_TOLERANCE_ANGSTROM: Final = 1e-3


@dataclass(frozen=True)
class SupercellSize:
    """How large a supercell is chosen.

    Attributes:
        min_angstrom: Least distance of opposite faces.
        max_atoms: The supercell stops growing before it has more.
    """

    min_angstrom: float
    max_atoms: int


@dataclass(frozen=True)
class PhononSettings:
    """Settings of a conductivity.

    Attributes:
        cell: The cell that supercells are multiples of.
        harmonic_supercell: For force constants of second order: how large, or its repeats.
        cubic_supercell: For those of third order.
        relaxes: Whether cell and positions are relaxed, symmetry kept.
        force_tolerance_ev_per_angstrom: Where relaxation ends.
        harmonic_displacement_angstrom: Of single atoms.
        harmonic_opposites: Whether displacements come with their opposites.
        cubic_scheme: One or two atoms at a time, as symmetry asks for; or all atoms in random directions, the constants
            fitted.
        cubic_displacement_angstrom: Of each atom.
        cubic_opposites: Random displacements know "always" and "never" only. Without opposites fourth-order terms count
            as third-order ones: AlSb loses 20 to 30 %.
        equations_per_constant: Random displacements: equations that the forces give, for each free constant of third
            order. 1.0 is not enough; 1.25 gives Nequix-MP-PFT's values, SevenNet-l3i5's need 2.
        cubic_cutoff_angstrom: Triplets of atoms farther apart have no constants; for pairs of displacements: pairs
            farther apart are not displaced. None: no cutoff.
        subtracts_residual: Whether forces of the undisplaced supercell are subtracted.
        mesh: Wave vectors along each reciprocal axis of the primitive cell, or the length in Å that their number times
            the cell's length has.
        scatters_isotopes: Whether natural isotopes scatter. Without them a mode can be unscattered, and the
            conductivity infinite.
        has_coherence: Whether the wave-like term (Wigner's equation) is added.
        averages_origin: Whether Fourier transforms of third order are averaged over the choices of the first atom;
            without, solving takes half the time, and zinc blendes lose 2 to 7 %.
        seed: Of random displacements.
    """

    cell: Literal["conventional", "primitive"]
    harmonic_supercell: SupercellSize | Repeats
    cubic_supercell: SupercellSize | Repeats
    relaxes: bool = True
    force_tolerance_ev_per_angstrom: float = 1e-3
    harmonic_displacement_angstrom: float = 0.03
    harmonic_opposites: Opposites = "where symmetry does not give them"
    cubic_scheme: Literal["systematic", "random"] = "systematic"
    cubic_displacement_angstrom: float = 0.03
    cubic_opposites: Opposites = "where symmetry does not give them"
    equations_per_constant: float = 1.25
    cubic_cutoff_angstrom: float | None = None
    subtracts_residual: bool = False
    mesh: Repeats | float = (19, 19, 19)
    scatters_isotopes: bool = True
    has_coherence: bool = True
    averages_origin: bool = True
    seed: int = 1


PUBLISHED: Final = PhononSettings(cell="conventional", harmonic_supercell=(4, 4, 4), cubic_supercell=(2, 2, 2))
"""Of cubic crystals: 512 and 64 atoms for rocksalts and zinc blendes."""

PUBLISHED_WURTZITE: Final = replace(
    PUBLISHED, harmonic_supercell=(5, 5, 3), cubic_supercell=(3, 3, 2), mesh=(19, 19, 15)
)

LABELS: Final = PhononSettings(
    cell="conventional",
    harmonic_supercell=SupercellSize(min_angstrom=16.0, max_atoms=256),
    cubic_supercell=SupercellSize(min_angstrom=10.0, max_atoms=96),
    cubic_scheme="random",
    cubic_opposites="always",
    mesh=45.0,
)
"""For labels of any crystal. Faces of 12 Å for the second order would cost AlSb 13 % (Nequix-MP-PFT) to 65 %
(SevenNet-l3i5). The origin is averaged: without, zinc blendes lose 6 %."""

FORMER: Final = PhononSettings(
    cell="primitive",
    harmonic_supercell=(3, 3, 3),
    cubic_supercell=(3, 3, 3),
    force_tolerance_ev_per_angstrom=5e-3,
    harmonic_displacement_angstrom=0.01,
    harmonic_opposites="always",
    cubic_scheme="random",
    cubic_opposites="never",
    equations_per_constant=4.0,
    subtracts_residual=True,
    mesh=(10, 10, 10),
    scatters_isotopes=False,
    has_coherence=False,
)
"""What the project's first conductivities were computed with, for two-atom cells, and why these were wrong by a factor
of two: too small a supercell for second order, and random displacements without their opposites."""

MAX_FREE_CONSTANTS: Final = 3000
"""Free constants of third order, as symmetry lets expect them, from which on labels leave out triplets that reach
beyond ``_CUTOFF_ANGSTROM``, with more equations for each constant, so that what is left out averages out: it costs
rocksalt 2 %, zinc blende 5 to 15 %."""

_CUTOFF_ANGSTROM: Final = 6.0


def cut_off(settings: PhononSettings) -> PhononSettings:
    """Return the settings with a cutoff for third-order constants, for crystals that have very many."""
    return replace(settings, cubic_cutoff_angstrom=_CUTOFF_ANGSTROM, equations_per_constant=2.5)


def choose_repeats(lattice: Lattice, n_atom: int, size: SupercellSize | Repeats) -> Repeats:
    """Return how often a cell is repeated along its axes; axes whose faces are equally far apart alike.

    Args:
        lattice: Of the cell.
        n_atom: Atoms in it.
        size: How large the supercell is to be, or the repeats.
    """
    if not isinstance(size, SupercellSize):
        return size
    heights = 1.0 / np.linalg.norm(np.linalg.inv(lattice.matrix), axis=0)
    repeats = np.ones(3, dtype=int)
    while (reach := repeats * heights).min() < size.min_angstrom - _TOLERANCE_ANGSTROM:
        shortest = reach < reach.min() + _TOLERANCE_ANGSTROM * repeats.max()
        grown = repeats + shortest
        if n_atom * grown.prod() > size.max_atoms:
            break
        repeats = grown
    return (int(repeats[0]), int(repeats[1]), int(repeats[2]))
