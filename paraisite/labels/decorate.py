"""Candidates: prototypes decorated with elements whose common charges cancel.

The order is fixed by a seed, so that a campaign that stops and goes on sees the same candidates in the same places.
"""

import math
import random
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Final

import numpy as np
from pymatgen.core.composition import Composition
from pymatgen.core.periodic_table import Element
from pymatgen.core.structure import Structure

from paraisite.labels.prototypes import PROTOTYPES, Prototype

ANION_CHARGES: Final = {
    **dict.fromkeys(("F", "Cl", "Br", "I"), -1),
    **dict.fromkeys(("O", "S", "Se", "Te"), -2),
    **dict.fromkeys(("N", "P", "As", "Sb", "Bi"), -3),
    **dict.fromkeys(("C", "Si", "Ge", "Sn"), -4),
}
"""Charge of each element that may take an anion's place."""

_CATIONS: Final = """
    Li Na K Rb Cs Be Mg Ca Sr Ba Sc Y La Ce Nd Gd Er Lu Ti Zr Hf V Nb Ta Cr Mo W Mn Re Fe Ru Os Co Rh Ir Ni Pd Pt
    Cu Ag Au Zn Cd Hg B Al Ga In Tl Si Ge Sn Pb P As Sb Bi Te
"""
CATIONS: Final = tuple(_CATIONS.split())
"""Elements that may take a cation's place, each with its common positive charges."""

_MORE_CHARGES: Final = {"Cu": (1,), "Ti": (3,), "V": (3, 4), "Mn": (3,), "Mo": (2,)}
"""Charges that solids show often and pymatgen's list of common ones leaves out."""

MIN_TOLERANCE: Final = 0.87
MAX_TOLERANCE: Final = 1.1
"""Bounds of Goldschmidt's tolerance factor with Slater's atomic radii; SrTiO3 has 0.92, CsPbI3 0.88."""

_DRAWS_PER_CANDIDATE: Final = 400
"""Draws without a new candidate after which a prototype counts as exhausted."""


@dataclass(frozen=True)
class Candidate:
    """A structure to be computed.

    Attributes:
        candidate_id: Prototype and elements; unique.
        prototype: Name of the structure type.
        structure: Primitive cell at a guessed volume.
    """

    candidate_id: str
    prototype: str
    structure: Structure


def decorate(
    *,
    seed: int,
    excluded_formulas: Collection[str],
    prototypes: tuple[Prototype, ...] = PROTOTYPES,
) -> Iterator[tuple[Prototype, dict[str, str]]]:
    """Yield prototypes in turn, as often as their weights say, with other elements each time, until all are exhausted.

    Args:
        seed: Decides which, and in which order.
        excluded_formulas: Reduced formulas that may not occur.
        prototypes: Structure types.
    """
    draws = [(prototype, _draws(prototype, seed, frozenset(excluded_formulas))) for prototype in prototypes]
    while draws:
        still = []
        for prototype, draw in draws:
            decorations = [(prototype, elements) for elements in islice(draw, prototype.weight)]
            yield from decorations
            if decorations:
                still.append((prototype, draw))
        draws = still


def candidate(prototype: Prototype, elements: dict[str, str]) -> Candidate:
    """Build the structure of a decoration, its nearest cation and anion as far apart as their atoms' radii add up to.

    Source: Slater, J. Chem. Phys. 41, 3199 (1964), 10.1063/1.1725697: radii whose sums give bond lengths within 0.1 Å,
    in ionic and in covalent solids.
    """
    structure = prototype.build(elements, volume_per_atom_cubic_angstrom=20.0)
    anions = {elements[slot] for slot in prototype.anions}
    is_anion = np.array([site.specie.symbol in anions for site in structure])
    radius = np.array([site.specie.atomic_radius for site in structure], dtype=float)
    apart = structure.distance_matrix[np.ix_(~is_anion, is_anion)]
    scale = float(np.max((radius[~is_anion][:, None] + radius[is_anion]) / apart))
    structure = structure.scale_lattice(structure.volume * scale**3)
    name = "-".join(elements[slot] for slot in prototype.slots)
    return Candidate(f"{prototype.name}:{name}", prototype.name, structure)


def _draws(prototype: Prototype, seed: int, excluded: frozenset[str]) -> Iterator[dict[str, str]]:
    rng = random.Random(f"{seed} {prototype.name}")
    amounts = _amounts(prototype)
    seen: set[tuple[str, ...]] = set()
    idle = 0
    while idle < _DRAWS_PER_CANDIDATE * len(amounts) ** 2:
        idle += 1
        elements = {slot: rng.choice(tuple(ANION_CHARGES) if slot in prototype.anions else CATIONS) for slot in amounts}
        key = tuple(elements.values())
        if key in seen or not _is_sensible(prototype, elements, amounts):
            continue
        formula = Composition({elements[slot]: amount for slot, amount in amounts.items()}).reduced_formula
        if formula in excluded:
            continue
        seen.add(key)
        idle = 0
        yield elements


@cache
def _amounts(prototype: Prototype) -> dict[str, int]:
    """Return how many atoms of the primitive cell each slot has."""
    stand_ins = dict(zip(prototype.slots, ("Na", "Mg", "Al", "Si", "P"), strict=False))
    composition = prototype.build(stand_ins, volume_per_atom_cubic_angstrom=20.0).composition
    return {slot: int(composition[element]) for slot, element in stand_ins.items()}


def _is_sensible(prototype: Prototype, elements: dict[str, str], amounts: dict[str, int]) -> bool:
    """Return whether elements differ, anions attract electrons most, atoms fit, and some common charges cancel."""
    if len(set(elements.values())) < len(elements):
        return False
    attraction = {slot: Element(symbol).X for slot, symbol in elements.items()}
    anions = [slot for slot in elements if slot in prototype.anions]
    cations = [slot for slot in elements if slot not in prototype.anions]
    if min(attraction[slot] for slot in anions) <= max(attraction[slot] for slot in cations):
        return False
    if prototype.octahedral and not MIN_TOLERANCE < _tolerance_factor(prototype, elements) < MAX_TOLERANCE:
        return False
    charges = {sum(amounts[slot] * ANION_CHARGES[elements[slot]] for slot in anions)}
    for slot in cations:
        charges = {total + amounts[slot] * charge for total in charges for charge in _positive(elements[slot])}
    return 0 in charges


def _tolerance_factor(prototype: Prototype, elements: dict[str, str]) -> float:
    """Return Goldschmidt's ratio, 1 where filling and octahedra touch the corners alike, of atomic radii.

    Source: Goldschmidt, Naturwissenschaften 14, 477 (1926), 10.1007/BF01507527.
    """
    corner = _radius(elements[prototype.corner])
    octahedral = sum(_radius(elements[slot]) for slot in prototype.octahedral) / len(prototype.octahedral)
    return (_radius(elements[prototype.filling]) + corner) / (math.sqrt(2.0) * (octahedral + corner))


@cache
def _radius(symbol: str) -> float:
    return float(Element(symbol).atomic_radius or math.nan)


@cache
def _positive(symbol: str) -> tuple[int, ...]:
    common = tuple(int(charge) for charge in Element(symbol).common_oxidation_states if charge > 0)
    return common + _MORE_CHARGES.get(symbol, ())
